//! What became of the incident in the end, as the objectives and the alert saw it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::rca::check::{holding, since_when_met};
use crate::domain::rca::record::{Objective, Record, Span};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::promql::{Query, Value};
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// What services do: the records a producer had acknowledged, and those a consumer processed.
const WORK: [&str; 2] =
    ["kafka_producer_record_send_total", "kafka_consumer_records_consumed_total"];

/// For how long objectives must have been met at the end, in milliseconds.
const SETTLED: i64 = 10_000;

/// How an incident ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// All is well again.
    Recovered,
    /// Users are relieved, and something is still missing.
    Mitigated,
    /// It goes on.
    #[default]
    Unmended,
}

impl Ending {
    /// The ending in words.
    pub fn says(self) -> &'static str {
        match self {
            Self::Recovered => "recovered: every objective met, the alert quiet",
            Self::Mitigated => "mitigated: users relieved, something still missing",
            Self::Unmended => "not mended",
        }
    }
}

/// What became of the incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Since when users feel nothing of it any more, up to the end of the record.
    pub mitigated: Option<UnixMs>,
    /// Since when every objective is met and the alert is quiet, up to the end of the record.
    pub recovered: Option<UnixMs>,
    /// Producers and consumers that worked before the break and stand still at the end: a quiet
    /// cluster without its work is not well.
    pub idle: Vec<String>,
    /// The end of the record.
    end: UnixMs,
}

impl Recovery {
    /// Looks at the end of a record.
    pub fn of(record: &Record<'_>) -> Result<Self, SourceError> {
        let facts = record.facts;
        let felt = || facts.objectives.iter().filter(|o| o.felt);
        let met = since_when_met(facts.objectives.iter(), record)?;
        let quiet = quiet_since(record)?;
        // Where no objective is about users, they feel what the alert tells.
        let users: Vec<&Objective> = felt().collect();
        let mitigated = if users.is_empty() {
            met.zip(quiet).map(|(a, b)| a.max(b))
        } else {
            since_when_met(felt(), record)?
        };
        let idle = idle(record)?;
        let recovered =
            met.zip(quiet).map(|(met, quiet)| met.max(quiet)).filter(|_| idle.is_empty());
        Ok(Self { mitigated, recovered, idle, end: facts.recorded.to })
    }

    /// How it ended. Users who never felt it were not relieved.
    pub fn ending(&self, page: UnixMs) -> Ending {
        if self.is_recovered() {
            Ending::Recovered
        } else if self.is_mitigated() && self.mitigated.is_some_and(|since| since > page) {
            Ending::Mitigated
        } else {
            Ending::Unmended
        }
    }

    /// Whether users had been relieved for a while at the end.
    fn is_mitigated(&self) -> bool {
        self.mitigated.is_some_and(|since| since + SETTLED <= self.end)
    }

    /// Whether all had been well for a while at the end.
    pub fn is_recovered(&self) -> bool {
        self.recovered.is_some_and(|since| since + SETTLED <= self.end)
    }
}

/// The services that worked in the healthy time and do not at the end.
fn idle(record: &Record<'_>) -> Result<Vec<String>, SourceError> {
    let facts = record.facts;
    let mut idle = Vec::new();
    for metric in WORK {
        let Ok(query) = Query::parse(&format!("sum by (service) (increase({metric}[15s])) > 0"))
        else {
            continue;
        };
        let at_work = |at| match query.instant(record.series, at) {
            Ok(Value::Vector(elements)) => Ok(elements
                .into_iter()
                .map(|(labels, _)| labels.get("service").to_owned())
                .collect::<BTreeSet<_>>()),
            Err(QueryError::Source(error)) => Err(error),
            _ => Ok(BTreeSet::new()),
        };
        idle.extend(at_work(facts.baseline.to)?.difference(&at_work(facts.recorded.to)?).cloned());
    }
    Ok(idle)
}

/// Since when the alert's condition does not hold, up to the end; nothing when it holds there.
fn quiet_since(record: &Record<'_>) -> Result<Option<UnixMs>, SourceError> {
    let recorded = record.facts.recorded;
    let Ok(alert) = Query::parse(&record.facts.alert.promql) else { return Ok(None) };
    let last = holding(&alert, record.series, recorded)?
        .unwrap_or_default()
        .last()
        .copied()
        .unwrap_or(Span { from: recorded.from, to: recorded.from });
    Ok((last.to + 1_000 < recorded.to).then_some(last.to + 1_000))
}
