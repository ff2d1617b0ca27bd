//! `chaoslab rca`: the write-up. Nothing here can reach the truth.

mod add;
mod check;
mod new;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;

/// What to do with the write-up.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin one: a form to fill in, with what the record already knows
    New(new::Arguments),
    /// Add an entry, touching nothing else in the file
    #[command(subcommand)]
    Add(add::Addition),
    /// Verify it: schema, and each claim against the record
    Check(check::Arguments),
}

pub fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::New(arguments) => new::run(context, arguments),
        Command::Add(addition) => add::run(context, addition),
        Command::Check(arguments) => check::run(context, arguments),
    }
}
