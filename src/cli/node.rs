//! `chaoslab node`: what an operator may do to a node.

use clap::{Args, Subcommand};

use super::context::Context;
use super::exit::Failure;
use super::recorded::{Entry, Recorded};
use crate::domain::yaml::nearest;
use crate::lab::engine::supervisor::{self, Control};

/// Arguments of `node`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab node kafka-2 restart")]
pub struct Arguments {
    /// The node
    name: String,
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    /// Restart its Kafka process; network, limits and data stay as they are
    Restart,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.open()?;
    let lab = chosen.lab()?;
    let name = &arguments.name;
    if lab.topology.node(name).is_none() {
        let names: Vec<_> = lab.topology.nodes.iter().map(|n| n.name.as_str()).collect();
        let near = nearest(name, names.iter().copied())
            .map(|n| format!("did you mean {n}? "))
            .unwrap_or_default();
        return Err(Failure::Usage(format!(
            "the lab has no node `{name}`; {near}It has {}",
            names.join(", ")
        )));
    }
    match arguments.deed {
        Deed::Restart => {
            let text = format!("chaoslab node {name} restart");
            let recorded = Recorded::begin(
                context,
                &chosen,
                Entry { kind: "node", node: name, text: &text, mutating: true },
            )
            .await?;
            let engine = chosen.engine().await?;
            supervisor::control(&engine, &lab, name, "kafka", Control::Restart).await?;
            let told = format!("Kafka on {name} was restarted\n");
            context.output.text(&told)?;
            recorded.end_with(&told).await
        }
    }
}
