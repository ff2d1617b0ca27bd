//! `chaoslab exec`: one recorded command on a machine of the lab.

use std::io::{IsTerminal, Write};

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::input;
use crate::drill::exec::{Chunk, exec};

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
    let has_input = !std::io::stdin().is_terminal();
    let (node, command) = (arguments.node.as_deref(), &arguments.command);
    let mut running = exec(&chosen, node, command, has_input, &context.output).await?;
    let feeding = running.input().map(|input| tokio::spawn(input::pass_on(input)));
    loop {
        let chunk = tokio::select! {
            chunk = running.next() => chunk?,
            // Vanishing is what ends the command: the keeper sees to it.
            _ = tokio::signal::ctrl_c() => return Err(Failure::Passed(130)),
        };
        match chunk {
            // That nobody reads it is no reason to stop.
            Some(Chunk::StdErr(bytes)) => drop(std::io::stderr().lock().write_all(&bytes)),
            Some(Chunk::StdOut(bytes)) => context.output.bytes(&bytes)?,
            None => break,
        }
    }
    if let Some(feeding) = feeding {
        feeding.abort();
    }
    match running.end(&context.output).await? {
        0 => Ok(()),
        code => Err(Failure::Passed(u8::try_from(code).unwrap_or(255))),
    }
}
