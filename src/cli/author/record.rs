//! `chaoslab author record`: the chosen run as a casefile; and, for scripts, a write-up filled for
//! it.

use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::drill::content::{pack, paper};

/// Arguments of `author record`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab author record drill.casefile")]
pub struct Arguments {
    /// Where to write it; FAMILY.SCENARIO.SEED.casefile unless given
    file: Option<PathBuf>,
}

/// Arguments of `author write-up`.
#[derive(Debug, Args)]
pub struct WriteUp {
    /// reference-rca.md or decoy-rca.md
    name: String,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let path = pack(&context.readable()?, arguments.file.as_deref())?;
    context.output.line(path.display().to_string())
}

pub fn write_up(context: &Context, arguments: &WriteUp) -> Result<(), Failure> {
    context.output.text(&paper(&context.readable()?, &arguments.name)?)
}
