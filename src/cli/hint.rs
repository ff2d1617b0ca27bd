//! `chaoslab hint`: the next hint, its cost said first.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::{input, output};
use crate::drill::hint;

/// Arguments of `hint`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab hint --yes")]
pub struct Arguments {
    /// Take it without being asked
    #[arg(long, short)]
    yes: bool,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let offer = hint::next(&chosen)?;
    // Its cost is told first, also to those who want no remarks.
    output::warn(format!(
        "hint {} of {} costs {} points of 100 when {} is graded",
        offer.number, offer.of, offer.cost, chosen.file.id
    ));
    if !arguments.yes && !input::is_wanted("a hint costs points")? {
        return Ok(());
    }
    let hint = offer.take()?;
    if context.output.json {
        return context.output.value(&hint);
    }
    context.output.line(hint.hint.trim())?;
    context.output.remark(format!("more on this symptom: {}", hint.playbook));
    Ok(())
}
