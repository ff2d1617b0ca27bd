//! `chaoslab author new`: begins a scenario.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::drill::content::begin;

/// Arguments of `author new`.
#[derive(Debug, Args)]
#[command(after_help = "Example: CHAOSLAB_LIBRARY=. chaoslab author new isr-shrink full-disk")]
pub struct Arguments {
    /// A family that is there
    family: String,
    /// The scenario's folder, named after its cause: small letters, digits and `-`
    slug: String,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    for path in begin(&arguments.family, &arguments.slug)? {
        context.output.line(path.display().to_string())?;
    }
    context
        .output
        .remark("what is marked TODO is yours; `chaoslab author check` tells what does not fit");
    Ok(())
}
