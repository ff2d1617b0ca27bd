//! `chaoslab author`: what authors of scenarios need.

mod check;
mod leaks;
mod new;
mod record;
mod rehearse;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;

/// What an author does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin a scenario: a folder with everything it needs, and what is left to write marked TODO
    New(new::Arguments),
    /// Check content without staging it: all problems at once, each with its place
    Check(check::Arguments),
    /// Stage scenarios for real, grade their analyses, fix them as a learner would, and take them
    /// down
    Rehearse(rehearse::Arguments),
    /// Search the open run for words that give its cause away, wherever a learner can look
    Leaks,
    /// Pack the chosen run into a casefile
    Record(record::Arguments),
    /// Print a scenario's write-up for the chosen run
    #[command(hide = true)]
    WriteUp(record::WriteUp),
}

pub async fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::New(arguments) => new::run(context, arguments),
        Command::Check(arguments) => check::run(context, arguments),
        Command::Rehearse(arguments) => rehearse::run(context, arguments).await,
        Command::Leaks => leaks::run(context).await,
        Command::Record(arguments) => record::run(context, arguments),
        Command::WriteUp(arguments) => record::write_up(context, arguments),
    }
}
