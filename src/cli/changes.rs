//! `chaoslab changes`: the change feed.

use super::context::{Context, time};
use super::exit::Failure;
use crate::drill::changes::{Change, changes};

pub fn run(context: &Context) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let changes = changes(&chosen)?;
    if context.output.json {
        return context.output.value(&changes);
    }
    if changes.is_empty() {
        return context.output.line("no changes were announced");
    }
    let page = chosen.file.paged_at;
    let row = |c: &Change| vec![c.id.clone(), time(page, c.at), c.by.clone(), c.what.clone()];
    context.output.table(&["id", "time", "by", "what"], changes.iter().map(row))
}
