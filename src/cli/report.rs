//! `chaoslab report`: a graded run again.

use clap::{Args, ValueEnum};

use super::context::Context;
use super::exit::Failure;
use super::rca::Opened;
use super::submit::{Secret, graded};
use crate::domain::report::{self, ReportInput};

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab report r-7f3a91 --format html > report.html")]
pub struct Arguments {
    /// The run; the latest graded one unless given
    #[arg(value_name = "RUN")]
    graded: Option<String>,
    /// How to show it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
    Html,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let id = arguments.graded.clone().or(context.run.clone()).map_or_else(|| latest(context), Ok)?;
    let context = Context { home: context.home.clone(), output: context.output, run: Some(id) };
    let chosen = context.readable()?;
    if chosen.file.graded.is_none() {
        return Err(Failure::Refused(format!("the run {} is not graded: `chaoslab submit` does that", chosen.file.id)));
    }
    let (grade, secret, opened) = (graded(&chosen)?, Secret::of(&chosen)?, Opened::of(&chosen)?);
    secret.verify(&chosen)?;
    let input = ReportInput { grade: &grade, record: &opened.record(), sealed: Some(secret.sealed(&chosen)) };
    let text = match arguments.format {
        Format::Text if context.output.json => return super::submit::print(&context, &input),
        Format::Text => report::text(&input, context.output.colours()),
        Format::Html => report::html(&input),
        Format::Json => report::json(&input).map(|v| v.to_string() + "\n"),
    };
    context.output.text(&text.map_err(|e| Failure::Integrity(e.to_string()))?)
}

fn latest(context: &Context) -> Result<String, Failure> {
    let runs = context.home.list()?;
    let graded = runs.iter().rev().find(|run| run.read().is_ok_and(|f| f.graded.is_some()));
    graded.map(|run| run.id.clone()).ok_or_else(|| Failure::Refused("no run is graded yet: `chaoslab submit` grades one".to_owned()))
}
