//! `chaoslab metrics`: the metrics a lab records, from the page that defines them.

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::exit::Failure;
use crate::domain::telemetry::catalogue::{self, Kind, Metric};

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
    let pattern = arguments.pattern.as_deref().unwrap_or("");
    let found: Vec<_> = catalogue::search(pattern).collect();
    if found.is_empty() {
        let near: Vec<_> =
            catalogue::near(pattern).iter().map(|m| format!("`{}`", m.name)).collect();
        let near = if near.is_empty() {
            String::new()
        } else {
            format!("; did you mean {}?", near.join(", "))
        };
        return Err(Failure::Usage(format!(
            "no metric matches `{pattern}`{near} (`chaoslab metrics` lists all)"
        )));
    }
    if context.output.json {
        return context.output.value(&found.iter().map(|m| value(m)).collect::<Vec<_>>());
    }
    context
        .output
        .table(&["name", "labels", "unit", "type", "meaning"], found.iter().map(|m| row(m)))
}

fn kind(metric: &Metric) -> &'static str {
    match metric.kind {
        Kind::Gauge => "gauge",
        Kind::Counter => "counter",
    }
}

fn value(metric: &Metric) -> Value {
    let labels: Vec<_> =
        metric.labels.iter().map(|l| json!({"name": l.name, "optional": l.optional})).collect();
    json!({"name": metric.name, "help": metric.help, "labels": labels, "unit": metric.unit, "type": kind(metric), "job": metric.job,
        "cadence_seconds": metric.cadence, "source": metric.source})
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
        kind(metric).to_owned(),
        metric.help.to_owned(),
    ]
}
