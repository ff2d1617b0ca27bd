//! `chaoslab metrics`: the metrics a lab records, from the page that defines them.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use crate::drill::metrics::{Metric, search};

/// Arguments of `metrics`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab metrics lag\n  chaoslab metrics 'kafka_topic_partition_*'\n  chaoslab metrics 'queue wait' --json"
)]
pub struct Arguments {
    /// Words that occur in name, labels or meaning, whatever their case; with `*` or `?` a pattern
    /// of the whole name
    pattern: Option<String>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let found = search(arguments.pattern.as_deref().unwrap_or(""))?;
    if context.output.json {
        return context.output.value(&found);
    }
    context.output.table(&["name", "labels", "unit", "type", "meaning"], found.iter().map(row))
}

fn row(metric: &Metric) -> Vec<String> {
    let labels: Vec<_> = metric
        .labels
        .iter()
        .map(|l| format!("{}{}", l.name, if l.optional { "?" } else { "" }))
        .collect();
    vec![
        metric.name.to_owned(),
        labels.join(","),
        metric.unit.to_owned(),
        metric.kind.to_owned(),
        metric.help.to_owned(),
    ]
}
