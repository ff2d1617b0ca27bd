//! The metrics a lab records, from the page that defines them.

use serde::Serialize;

use super::error::{DrillError, InvalidRequest};
use crate::domain::telemetry::catalogue::{self, Kind};

/// A metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it tells.
    pub help: &'static str,
    /// Its labels, besides the name.
    pub labels: Vec<Label>,
    /// The unit of its value, `1` for an info series.
    pub unit: &'static str,
    /// `gauge` or `counter`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The job that reads it.
    pub job: &'static str,
    /// Seconds between two reads.
    pub cadence_seconds: u32,
    /// The MBean, request or collector it is read from.
    pub source: &'static str,
}

/// A label of a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Whether some series of the metric go without it.
    pub optional: bool,
}

impl From<&catalogue::Metric> for Metric {
    fn from(m: &catalogue::Metric) -> Self {
        let label = |l: &catalogue::Label| Label { name: l.name, optional: l.optional };
        Self {
            name: m.name,
            help: m.help,
            labels: m.labels.iter().map(label).collect(),
            unit: m.unit,
            kind: match m.kind {
                Kind::Gauge => "gauge",
                Kind::Counter => "counter",
            },
            job: m.job,
            cadence_seconds: m.cadence,
            source: m.source,
        }
    }
}

/// The metrics whose name, labels or meaning contain the words of a pattern, or whose whole name
/// fits one with `*` and `?`; all of them for an empty one.
pub fn search(pattern: &str) -> Result<Vec<Metric>, DrillError> {
    let found: Vec<_> = catalogue::search(pattern).map(Metric::from).collect();
    if found.is_empty() {
        let near = catalogue::near(pattern).iter().map(|m| m.name.to_owned()).collect();
        return Err(InvalidRequest::NoMetric { pattern: pattern.to_owned(), near }.into());
    }
    Ok(found)
}
