//! `chaoslab report`: a graded run again.

use clap::{Args, ValueEnum};

use super::context::Context;
use super::exit::Failure;
use crate::drill::report::{Known, Opening, Report, dispute, latest, needs_review, report};

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chaoslab report r-7f3a91 --format html > report.html\n  \
    chaoslab report --dispute L3 'E2 is true: the drops began at T-00:00:40, as its output shows'")]
pub struct Arguments {
    /// The run; the latest graded one unless given
    #[arg(value_name = "RUN")]
    graded: Option<String>,
    /// How to show it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Ask for a person's review of a finding, and say why it is wrong
    #[arg(long, num_args = 2, value_names = ["FINDING", "REASON"], conflicts_with = "format")]
    dispute: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// All of it, for programs
    Json,
    /// One page with the timeline
    Html,
    /// A line an item, for spreadsheets
    Csv,
    /// Items and gates as test cases, for CI servers
    Junit,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let named = arguments.graded.clone().or(context.run.clone());
    let id = named.map_or_else(|| latest(&context.home), Ok)?;
    let context = Context { run: Some(id), ..context.clone() };
    let chosen = context.readable()?;
    if let (Some([finding, reason]), false) = (arguments.dispute.as_deref(), chosen.file.given_up) {
        let open = dispute(&chosen, finding, reason)?;
        return Err(needs_review(&chosen, open).into());
    }
    match report(&chosen)? {
        Known::GivenUp(opening) => print_opening(&context, &opening),
        Known::Graded(report, open) => {
            show(&context, &report, arguments.format)?;
            if open.is_empty() { Ok(()) } else { Err(needs_review(&chosen, open).into()) }
        }
    }
}

fn show(context: &Context, report: &Report, format: Format) -> Result<(), Failure> {
    let text = match format {
        Format::Text => return print(context, report),
        Format::Html => report.html()?,
        Format::Json => report.json()?.to_string() + "\n",
        Format::Csv => report.csv()?,
        Format::Junit => report.junit(),
    };
    context.output.text(&text)
}

/// Prints a report as the context asks for.
pub fn print(context: &Context, report: &Report) -> Result<(), Failure> {
    let out = context.output;
    if out.json {
        return out.value(&report.json()?);
    }
    out.text(&report.text(out.colours())?)
}

/// Prints the truth of a run that was given up.
pub fn print_opening(context: &Context, opening: &Opening) -> Result<(), Failure> {
    let out = context.output;
    if out.json {
        return out.value(&opening.value()?);
    }
    out.text(&opening.text(out.colours())?)
}
