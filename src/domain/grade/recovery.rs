//! What became of the incident in the end, as the objectives and the alert saw it; and whether it
//! will stay so: the cause is gone, and everybody works as before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::chain::{Seen, first_effects, roots};
use super::intervention::is_plain_restart;
use crate::domain::fault::truth::Truth;
use crate::domain::rca::check::{holding, observed, query_command, seen_at, since_when_met};
use crate::domain::rca::record::{Objective, Record, Span};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::promql::expr::Expr;
use crate::domain::telemetry::promql::function::RangeFunction;
use crate::domain::telemetry::promql::{Query, Value};
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// What services do: the records a producer had acknowledged, and those a consumer processed.
const WORK: [&str; 2] =
    ["kafka_producer_record_send_total", "kafka_consumer_records_consumed_total"];

/// The share of the rate it had in the healthy time at which a service works as before: less is what
/// a service does that was slowed down, or that has nobody to work for.
const AS_BEFORE: f64 = 0.5;

/// How far back a step of the chain looks at the end, in milliseconds: what it saw before that may
/// be gone.
const LATELY: i64 = 10_000;

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
    Unfixed,
}

impl Ending {
    /// The ending in words.
    pub fn says(self) -> &'static str {
        match self {
            Self::Recovered => "recovered: every objective met, the alert quiet",
            Self::Mitigated => "mitigated: users relieved, something still missing",
            Self::Unfixed => "not fixed",
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
    /// The first objective that is not met at the end.
    pub unmet: Option<Unmet>,
    /// Producers and consumers that work less at the end than before the break: a quiet cluster
    /// without its work is not well.
    pub slower: Vec<String>,
    /// Whether the cause is gone. Where it is not, a restart may have brought some time.
    pub is_undone: bool,
    /// The end of the record.
    end: UnixMs,
}

/// An objective that is not met, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What the objective is called.
    pub name: String,
    /// What was observed.
    pub observed: String,
    /// A command that shows it.
    pub look: String,
}

impl Recovery {
    /// Looks at the end of a record.
    pub(super) fn of(
        record: &Record<'_>,
        truth: &Truth,
        chain: &[Seen<'_>],
    ) -> Result<Self, SourceError> {
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
        let slower = slower(record)?;
        let is_undone = truth.is_control() || is_undone(record, truth, chain)?;
        let is_well = slower.is_empty() && is_undone;
        let recovered = met.zip(quiet).map(|(met, quiet)| met.max(quiet)).filter(|_| is_well);
        let unmet = unmet(record)?;
        Ok(Self { mitigated, recovered, unmet, slower, is_undone, end: facts.recorded.to })
    }

    /// How it ended. Users who never felt it were not relieved.
    pub fn ending(&self, page: UnixMs) -> Ending {
        if self.is_recovered() {
            Ending::Recovered
        } else if self.is_mitigated() && self.mitigated.is_some_and(|since| since > page) {
            Ending::Mitigated
        } else {
            Ending::Unfixed
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

/// The first objective that is not met at the end, with its value there.
fn unmet(record: &Record<'_>) -> Result<Option<Unmet>, SourceError> {
    let (facts, end) = (record.facts, record.facts.recorded.to);
    for objective in &facts.objectives {
        if since_when_met(std::iter::once(objective), record)?.is_some() {
            continue;
        }
        let observed = match Query::parse(&objective.promql) {
            Ok(query) => observed(&query, record, seen_at(&query, record, end))?,
            Err(error) => error.to_string(),
        };
        return Ok(Some(Unmet {
            name: objective.name.clone(),
            observed,
            look: query_command(&objective.promql, end, facts.page),
        }));
    }
    Ok(None)
}

/// Whether what the cause begins with is gone at the end; or what it did first, by more than a
/// restart that does not cure it.
fn is_undone(record: &Record<'_>, truth: &Truth, chain: &[Seen<'_>]) -> Result<bool, SourceError> {
    let (facts, end) = (record.facts, record.facts.recorded.to);
    let changes = || facts.commands.iter().filter(|c| c.is_change());
    let since = changes().map(|c| c.over()).max().unwrap_or(end);
    let is_gone = |steps: &[&Seen<'_>]| -> Result<bool, SourceError> {
        for step in steps {
            let query = lately(&step.query, end - since);
            let at = seen_at(&query, record, end);
            let holds = match query.instant(record.series, at) {
                Ok(value) => query.holds(&value),
                Err(QueryError::Source(error)) => return Err(error),
                Err(_) => false,
            };
            if holds {
                return Ok(false);
            }
        }
        Ok(true)
    };
    if is_gone(&roots(chain))? {
        return Ok(true);
    }
    let cured = truth.causes.iter().all(|cause| cause.cured_by_restart);
    let effects = first_effects(chain);
    let is_more = cured || changes().any(|change| !is_plain_restart(change, facts));
    Ok(is_more && !effects.is_empty() && is_gone(&effects)?)
}

/// A condition with windows that do not reach back to before the last change: what events count, to
/// that change at most; what keeps a value that was, a few seconds.
fn lately(query: &Query, since_change: i64) -> Query {
    let mut expr = query.expr().clone();
    expr.walk_mut(&mut |expr| {
        if let Expr::OverRange(function, range) = expr {
            let most = match function {
                RangeFunction::Changes | RangeFunction::Increase => since_change.max(LATELY),
                _ => LATELY,
            };
            range.width = range.width.min(most);
        }
    });
    Query::from(expr)
}

/// The services that work less at the end than in the healthy time.
fn slower(record: &Record<'_>) -> Result<Vec<String>, SourceError> {
    let facts = record.facts;
    let mut slower = Vec::new();
    for metric in WORK {
        let Ok(query) = Query::parse(&format!("sum by (service) (rate({metric}[15s])) > 0")) else {
            continue;
        };
        let at_work = |at| match query.instant(record.series, at) {
            Ok(Value::Vector(elements)) => {
                let rates = elements.into_iter();
                let rates = rates.map(|(labels, rate)| (labels.get("service").to_owned(), rate));
                Ok(rates.collect::<BTreeMap<_, _>>())
            }
            Err(QueryError::Source(error)) => Err(error),
            _ => Ok(BTreeMap::new()),
        };
        let now = at_work(seen_at(&query, record, facts.recorded.to))?;
        for (service, before) in at_work(facts.baseline.to)? {
            if now.get(&service).is_none_or(|rate| *rate < before * AS_BEFORE) {
                slower.push(service);
            }
        }
    }
    Ok(slower)
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
