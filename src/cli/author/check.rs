//! `chaoslab author check`: everything about content that can be known without staging it.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::unreadable;
use crate::drill::content::check;
use crate::drill::rehearsal;

/// Arguments of `author check`.
#[derive(Debug, Args)]
#[command(after_help = "Example: CHAOSLAB_LIBRARY=. chaoslab author check isr-shrink")]
pub struct Arguments {
    /// The family; all of them unless given
    family: Option<String>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let review = check(arguments.family.as_deref(), &given)?;
    if context.output.json {
        context.output.value(&review)?;
    } else {
        review.remarks.iter().try_for_each(|remark| context.output.line(remark))?;
    }
    if !review.problems.is_empty() {
        return Err(Failure::Invalid(review.problems.iter().map(ToString::to_string).collect()));
    }
    context.output.remark(format!(
        "{} scenarios of {}: nothing is wrong with them",
        review.scenarios,
        review.families.join(", ")
    ));
    Ok(())
}

/// Whether a learner could give this command.
fn given(line: &str) -> Result<(), String> {
    let arguments = rehearsal::arguments(line).ok_or("it is not one plain command")?;
    if !matches!(arguments.first().map(String::as_str), Some("exec" | "service" | "node")) {
        return Err("a fix is given with `exec`, `service` or `node`".to_owned());
    }
    unreadable(&arguments).map_or(Ok(()), Err)
}
