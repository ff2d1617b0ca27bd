//! `chaoslab history`: the numbered record of what was run.

use clap::Args;

use super::context::{Context, time};
use super::exit::Failure;
use crate::domain::telemetry::series::UnixMs;
use crate::drill::history::{Command, command, history};

/// Arguments of `history`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab history --mutating")]
pub struct Arguments {
    /// Only commands that changed the lab
    #[arg(long)]
    mutating: bool,
    /// Show what this command printed
    #[arg(value_name = "NUMBER")]
    number: Option<u32>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let (out, chosen) = (context.output, context.readable()?);
    if let Some(number) = arguments.number {
        let command = command(&chosen, number)?;
        return if out.json { out.value(&command) } else { out.text(&command.output) };
    }
    let commands = history(&chosen, arguments.mutating)?;
    if out.json {
        return out.value(&commands);
    }
    let heading = ["no", "time", "kind", "node", "exit", "command", "changed"];
    out.table(&heading, commands.into_iter().map(|c| row(c, chosen.file.paged_at)))
}

fn row(command: Command, page: Option<UnixMs>) -> Vec<String> {
    let exit = match (command.ended, command.exit) {
        (None, _) => "running".to_owned(),
        (Some(_), None) => "cut off".to_owned(),
        (Some(_), Some(exit)) => exit.to_string(),
    };
    let mark = if command.mutating { " *" } else { "" };
    let changed = match (&command.changed, command.mutating) {
        (Some(changed), _) => changed.join("; "),
        (None, true) => "as its words say".to_owned(),
        (None, false) => String::new(),
    };
    vec![
        format!("#{}", command.number),
        time(page, command.started),
        command.kind + mark,
        command.node,
        exit,
        command.command,
        changed,
    ]
}
