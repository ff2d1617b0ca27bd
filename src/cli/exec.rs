//! `chaoslab exec`: one recorded command on a machine of the lab.

use std::io::{IsTerminal, Write};

use clap::Args;
use futures_util::StreamExt;

use super::context::Context;
use super::exit::Failure;
use super::input;
use super::recorded::{Entry, Recorded};
use crate::domain::rca::commands::{Nature, judge};
use crate::domain::yaml::nearest;
use crate::lab::engine::{Chunk, Exec, Lab};

/// Arguments of `exec`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab exec -- kafka-topics.sh --describe --under-replicated-partitions\n  chaoslab exec kafka-2 -- ss -ti"
)]
pub struct Arguments {
    /// The machine: a node, a service or the toolbox; the toolbox when not given
    node: Option<String>,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.open()?;
    let lab = chosen.lab()?;
    let node = arguments.node.as_deref().unwrap_or(lab.toolbox());
    known_machine(&lab, node)?;
    let engine = chosen.engine().await?;
    let text = command_line(&arguments.command);
    let mutating = matches!(judge(&text).nature, Nature::Mutating(_));
    let mut recorded =
        Recorded::begin(context, &chosen, Entry { kind: "exec", node, text: &text, mutating })
            .await?;

    let has_input = !std::io::stdin().is_terminal();
    let argv: Vec<_> = arguments.command.iter().map(String::as_str).collect();
    let exec = engine.create_exec(&lab, node, &argv, has_input).await?;
    recorded.drives(&exec).await?;
    let (mut output, input) = engine.start_exec(&exec).await?;
    let feeding = has_input.then(|| tokio::spawn(input::pass_on(input)));
    loop {
        let chunk = tokio::select! {
            chunk = output.next() => chunk,
            // Vanishing is what ends the command: the keeper sees to it.
            _ = tokio::signal::ctrl_c() => return Err(Failure::Passed(130)),
        };
        let Some(chunk) = chunk else { break };
        match chunk? {
            Chunk::StdErr(bytes) => {
                recorded.output(&String::from_utf8_lossy(&bytes)).await?;
                let _ = std::io::stderr().lock().write_all(&bytes);
            }
            Chunk::StdOut(bytes) => {
                recorded.output(&String::from_utf8_lossy(&bytes)).await?;
                context.output.bytes(&bytes)?;
            }
        }
    }
    if let Some(feeding) = feeding {
        feeding.abort();
    }
    let exit = engine.exec_exit(&exec).await?.unwrap_or(-1);
    recorded.end(Some(exit)).await?;
    match exit {
        0 => Ok(()),
        code => Err(Failure::Passed(u8::try_from(code).unwrap_or(255))),
    }
}

/// A command line as it would be typed: arguments with blanks are quoted.
fn command_line(arguments: &[String]) -> String {
    let plain = |a: &str| {
        !a.is_empty() && a.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c))
    };
    let quoted =
        |a: &String| if plain(a) { a.clone() } else { format!("'{}'", a.replace('\'', "'\\''")) };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Refuses a machine the lab does not have, with the nearest name.
pub fn known_machine(lab: &Lab, machine: &str) -> Result<(), Failure> {
    let machines: Vec<_> = lab.machines().collect();
    if machines.contains(&machine) {
        return Ok(());
    }
    let near = nearest(machine, machines.iter().copied())
        .map(|n| format!("did you mean {n}? "))
        .unwrap_or_default();
    Err(Failure::Usage(format!(
        "the lab has no machine `{machine}`; {near}It has {}",
        machines.join(", ")
    )))
}
