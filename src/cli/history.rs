//! `chaoslab history`: the numbered record of what was run.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::exit::Failure;
use crate::domain::rca::moment::rfc3339;
use crate::lab::store::Command;

/// Arguments of `history`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab history --mutating")]
pub struct Arguments {
    /// Only commands that may have changed the lab
    #[arg(long)]
    mutating: bool,
    /// Show what this command printed
    #[arg(value_name = "NUMBER")]
    number: Option<u32>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let commands = chosen.reader()?.commands()?;
    let value = |c: &Command| {
        json!({"number": c.number, "kind": c.start.kind, "node": c.start.node, "command": c.start.text, "mutating": c.start.mutating,
            "started": rfc3339(c.start.at), "ended": c.end.as_ref().map(|e| rfc3339(e.at)), "exit": c.end.as_ref().and_then(|e| e.exit), "output": c.output()})
    };
    if let Some(number) = arguments.number {
        let command = commands.iter().find(|c| c.number == number);
        let command = command.ok_or_else(|| {
            Failure::Usage(format!("there is no command {number}; `chaoslab history` lists them"))
        })?;
        return if context.output.json {
            context.output.value(&value(command))
        } else {
            context.output.text(&command.output())
        };
    }
    let wanted: Vec<_> =
        commands.iter().filter(|c| !arguments.mutating || c.start.mutating).collect();
    if context.output.json {
        return context.output.value(&wanted.into_iter().map(value).collect::<Vec<_>>());
    }
    let row = |c: &Command| {
        let exit = match &c.end {
            Some(end) => end.exit.map_or_else(|| "cut off".to_owned(), |e| e.to_string()),
            None => "running".to_owned(),
        };
        let kind =
            if c.start.mutating { format!("{} *", c.start.kind) } else { c.start.kind.clone() };
        vec![
            format!("#{}", c.number),
            context.time(&chosen.file, c.start.at),
            kind,
            c.start.node.clone(),
            exit,
            c.start.text.clone(),
        ]
    };
    context
        .output
        .table(&["no", "time", "kind", "node", "exit", "command"], wanted.into_iter().map(row))
}
