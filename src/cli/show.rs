//! `chaoslab show`: a family's brief and lab.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::exit::Failure;
use crate::domain::scenario::Level;
use crate::drill::families::family;

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab show consumer-lag")]
pub struct Arguments {
    /// The family
    family: String,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let family = family(&arguments.family)?;
    if context.output.json {
        return context.output.value(&json!({
            "family": arguments.family, "symptom": family.title, "difficulty": family.difficulty, "level": Level::default(),
            "levels": Level::ALL, "minutes": family.minutes,
            "trains": family.trains, "brief": family.brief.trim(), "brokers": family.cluster.brokers,
            "topics": family.cluster.topics, "services": family.services, "alert": family.alert, "slo": family.slo,
            "playbook": arguments.family,
        }));
    }
    let out = context.output;
    out.line(out.bold(&format!("{}: {}", arguments.family, family.title)))?;
    out.line(format!(
        "difficulty {} of 5, levels 1 to 4 (`start {} --level N`), about {} minutes",
        family.difficulty, arguments.family, family.minutes
    ))?;
    out.line(format!("\n{}", family.brief.trim()))?;
    out.line("\nTrains")?;
    for line in &family.trains {
        out.line(format!("  {line}"))?;
    }
    out.line(format!(
        "\nLab (names differ from run to run): {} brokers, a controller, a toolbox",
        family.cluster.brokers
    ))?;
    for topic in &family.cluster.topics {
        out.line(format!(
            "  topic {}: {} partitions, {} replicas",
            topic.name, topic.partitions, topic.replication_factor
        ))?;
    }
    for service in &family.services {
        out.line(format!("  service {}: {}", service.name, service.description))?;
    }
    out.line(format!("\nPages on: {}", family.alert.expr))?;
    out.line(format!("Playbook: `chaoslab playbook {}`", arguments.family))
}
