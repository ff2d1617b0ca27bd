//! `chaoslab playbook`: how to investigate a symptom, and what may cause it.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::{input, output};
use crate::drill::playbook::{causes, method, symptoms};

/// Arguments of `playbook`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab playbook isr-shrink\n  chaoslab playbook isr-shrink --causes"
)]
pub struct Arguments {
    /// The symptom; that of the run unless given
    symptom: Option<String>,
    /// What may cause it, and how each cause is repaired: 5 points of a run that is not graded
    #[arg(long)]
    causes: bool,
    /// Take the causes without being asked
    #[arg(long, short, requires = "causes")]
    yes: bool,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let symptom = match &arguments.symptom {
        Some(symptom) => symptom.clone(),
        None => match context.chosen() {
            Ok(chosen) => chosen.file.family,
            // Without a run there is no symptom; these there are.
            Err(_) if context.output.json => return context.output.value(&symptoms()?),
            Err(_) => return context.output.line(symptoms()?.join("\n")),
        },
    };
    let playbook = match arguments.causes {
        false => method(&symptom)?,
        true => {
            let causes = causes(&context.home, &symptom)?;
            if let Some((cost, runs)) = causes.cost() {
                // Its cost is said first, also to those who want no remarks.
                let runs = runs.join(", ");
                output::warn(format!(
                    "the table of causes costs {cost} points of 100 when {runs} is graded"
                ));
                if !arguments.yes && !input::is_wanted("the table of causes costs points")? {
                    return Ok(());
                }
            }
            causes.take()?
        }
    };
    if context.output.json {
        return context.output.value(&playbook);
    }
    context.output.text(&playbook.text)
}
