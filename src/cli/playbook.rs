//! `chaoslab playbook`: how to investigate a symptom.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use crate::domain::yaml::nearest;
use crate::lab::library::Library;

/// Arguments of `playbook`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab playbook isr-shrink")]
pub struct Arguments {
    /// The symptom; that of the run unless given
    symptom: Option<String>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let library = Library::open()?;
    let all = library.playbooks();
    let symptom = match &arguments.symptom {
        Some(symptom) => symptom.clone(),
        None => match context.chosen() {
            Ok(chosen) => chosen.file.family,
            Err(_) if context.output.json => return context.output.value(&all),
            Err(_) => return context.output.line(all.join("\n")),
        },
    };
    let text = library.playbook(&symptom).ok_or_else(|| {
        let near = nearest(&symptom, all.iter().map(String::as_str))
            .map(|n| format!(", did you mean `{n}`?"))
            .unwrap_or_default();
        Failure::Usage(format!(
            "there is no playbook `{symptom}`{near}; there are {}",
            all.join(", ")
        ))
    })?;
    if context.output.json {
        return context.output.value(&serde_json::json!({"symptom": symptom, "text": text}));
    }
    context.output.text(&text)
}
