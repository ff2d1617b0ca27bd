//! `chaoslab changes`: the change feed.

use serde_json::json;

use super::context::Context;
use super::exit::Failure;
use crate::domain::rca::moment::rfc3339;

pub fn run(context: &Context) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let changes = chosen.reader()?.changes()?;
    if context.output.json {
        let changes: Vec<_> =
            changes.iter().map(|c| json!({"id": format!("C{}", c.number), "at": rfc3339(c.at), "what": c.what, "by": c.by})).collect();
        return context.output.value(&changes);
    }
    if changes.is_empty() {
        return context.output.line("no changes were announced");
    }
    let row = |c: &crate::lab::store::Change| {
        vec![
            format!("C{}", c.number),
            context.time(&chosen.file, c.at),
            c.by.clone(),
            c.what.clone(),
        ]
    };
    context.output.table(&["id", "time", "by", "what"], changes.iter().map(row))
}
