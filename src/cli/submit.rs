//! `chaoslab submit`: grade the write-up; from then on everything is open.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::report::{print, print_opening};
use crate::drill::submit::{give_up, submit};

/// Arguments of `submit`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab submit")]
pub struct Arguments {
    /// The file; the run's own unless given
    file: Option<PathBuf>,
    /// Open everything and end the drill unscored
    #[arg(long, conflicts_with = "file")]
    give_up: bool,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.readable()?;
    if arguments.give_up {
        return print_opening(context, &give_up(&chosen)?);
    }
    let report = submit(&chosen, arguments.file.as_deref())?;
    print(context, &report)?;
    context.output.remark(format!("\n{}", report.page().display()));
    if report.grade.passed { Ok(()) } else { Err(Failure::NotPassed) }
}
