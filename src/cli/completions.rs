//! `chaoslab completions`: completions for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::context::Context;
use super::exit::Failure;

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example: source <(chaoslab completions bash)")]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Cli::command(), "chaoslab", &mut script);
    context.output.bytes(&script)
}
