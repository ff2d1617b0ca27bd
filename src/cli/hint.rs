//! `chaoslab hint`: the next hint, its cost said first.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;
use serde_json::json;

use super::context::{Chosen, Context};
use super::exit::Failure;
use super::output;
use crate::domain::grade::cost_of_hints;
use crate::domain::scenario::Plan;

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
    let id = &chosen.file.id;
    if chosen.file.graded.is_some() || chosen.file.given_up {
        return Err(Failure::Refused(format!(
            "the truth of {id} is open: `chaoslab report` tells more than a hint could"
        )));
    }
    chosen.in_time()?;
    let hints = hints(&chosen)?;
    let taken = chosen.file.hints;
    let playbook = format!("chaoslab playbook {}", chosen.file.family);
    let Some(hint) = hints.get(taken as usize) else {
        let none =
            if hints.is_empty() { "there are no hints for" } else { "all hints were taken in" };
        return Err(Failure::Refused(format!(
            "{none} {id}; `{playbook}` says how this symptom is investigated"
        )));
    };
    let cost = cost_of_hints(taken + 1) - cost_of_hints(taken);
    let number = taken + 1;
    // Its cost is told first, also to those who want no remarks.
    output::warn(format!(
        "hint {number} of {} costs {cost} points of 100 when {id} is graded",
        hints.len()
    ));
    if !arguments.yes && !is_wanted()? {
        return Ok(());
    }
    // It is paid for before it is told.
    chosen.run.update(|file| file.hints = file.hints.max(number))?;
    if context.output.json {
        let spent = cost_of_hints(number);
        return context.output.value(&json!({
            "run": id, "hint": hint, "number": number, "of": hints.len(), "cost": cost, "spent": spent, "playbook": playbook
        }));
    }
    context.output.line(hint.trim())?;
    context.output.remark(format!("more on this symptom: {playbook}"));
    Ok(())
}

/// The hints of a run, the cheapest first.
fn hints(chosen: &Chosen) -> Result<Vec<String>, Failure> {
    let plan = chosen.run.sealed().read::<Plan>("plan")?;
    let missing = || {
        Failure::Integrity(format!(
            "the plan of {} is missing: there is nothing to take a hint from",
            chosen.file.id
        ))
    };
    Ok(plan.ok_or_else(missing)?.hints)
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
