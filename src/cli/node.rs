//! `chaoslab node`: what an operator may do to a node.

use clap::{Args, Subcommand};

use super::context::Context;
use super::exit::Failure;
use crate::drill::node;

/// Arguments of `node`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab node kafka-2 restart")]
pub struct Arguments {
    /// The node
    name: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Restart its Kafka process; network, limits and data stay as they are
    Restart,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.open()?;
    let name = &arguments.name;
    match arguments.action {
        Action::Restart => {
            let restarted = node::restart(&chosen, name, &context.output).await?;
            let told = format!("Kafka on {name} was restarted\n");
            context.output.text(&told)?;
            Ok(restarted.shown(&told).await?)
        }
    }
}
