//! `chaoslab hint`: the next hint, its cost said first.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::output;
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
    if !arguments.yes && !is_wanted()? {
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

/// Asks on a terminal; elsewhere nobody can answer.
fn is_wanted() -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::Usage("a hint costs points: say `--yes` to take it".to_owned()));
    }
    // That nobody reads the question is no reason to stop: the answer decides.
    let _ = write!(std::io::stderr().lock(), "take it? [y/N] ");
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(Failure::io("read the answer"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
