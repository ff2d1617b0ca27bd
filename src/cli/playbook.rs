//! `chaoslab playbook`: how to investigate a symptom.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use crate::drill::playbook::{playbook, symptoms};

/// Arguments of `playbook`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab playbook isr-shrink")]
pub struct Arguments {
    /// The symptom; that of the run unless given
    symptom: Option<String>,
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
    let playbook = playbook(&symptom)?;
    if context.output.json {
        return context.output.value(&playbook);
    }
    context.output.text(&playbook.text)
}
