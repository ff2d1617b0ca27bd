//! Each claim against the record: true, false or not verifiable, with the reason and what was
//! observed; and what makes a true claim worth nothing. All of it follows from the document and the
//! run's own record. The truth lies in a room above and cannot be reached.

mod command;
mod effort;
mod equality;
mod fact;
mod intervention;
mod log;
mod promql;
mod show;
mod siblings;
mod timeline;
mod vacuous;

use std::collections::BTreeMap;

pub use effort::{Effort, Metered};
use serde::Serialize;
pub use show::{number, observed, query_command};
pub use timeline::{holding, looks, seen_at, since_when, since_when_met, times};

use super::analysis::{Claim, Item, Resolved, Source, resolve};
use super::document::Document;
use super::record::{Command, Facts, Record, Span};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::SourceError;
use crate::domain::yaml::{Position, Problem};

/// What checking a document says.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The document, understood, and its problems.
    pub resolved: Resolved,
    /// The evidence, in the order of the document.
    pub evidence: Vec<Finding>,
    /// The claims about the impact, in the order of the document.
    pub impact: Vec<Finding>,
}

/// What the record says of one claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The claim's id.
    pub id: String,
    /// Its place in the file.
    #[serde(skip)]
    pub place: Position,
    /// What it is drawn from.
    pub source: Source,
    /// Whether it is so.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: String,
    /// What the record shows there.
    pub observed: String,
    /// The time that was looked at: one instant, or a range.
    pub at: Span,
    /// When the claim was true, if it is false where it was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub was_true: Vec<Span>,
    /// What makes it worth nothing, true or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weaknesses: Vec<Weakness>,
    /// A command that shows what was looked at.
    pub look: String,
}

/// Whether a claim is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The record bears it out.
    True,
    /// The record contradicts it.
    False,
    /// The record cannot tell.
    Unverifiable {
        /// Whether that is the record's fault and costs nothing.
        excused: bool,
    },
}

/// Why a claim proves nothing about a cause, even when it is true.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weakness {
    /// It was as true while everything was healthy: in so many of a thousand looks at the baseline,
    /// siblings included.
    Vacuous(u32),
    /// A healthy run reaches it with time: a number that only grows.
    GrowsAnyway,
    /// It compares a measurement, by this metric, for equality.
    Equality(String),
    /// It depends on the clock, or looks at another time than the one it gives.
    Clock,
    /// It was taken after the learner's first change, by this command.
    Late(u32),
    /// It became true only with this command of the learner.
    SelfMade(u32),
    /// No tool known to read the lab printed it.
    NoTool,
    /// The text stands in the command line itself.
    OwnText,
    /// The quote holds only names.
    NamesOnly,
    /// It says what this claim says.
    Duplicate(String),
}

impl Weakness {
    /// The weakness in a sentence.
    pub fn says(&self) -> String {
        match self {
            Self::Vacuous(share) => {
                format!("it was true in {} % of the looks at the healthy baseline too, so it shows nothing", share / 10)
            }
            Self::GrowsAnyway => "this number grows on a healthy cluster too and gets there with time; compare its rate".to_owned(),
            Self::Equality(metric) => {
                format!("`{metric}` is measured: an equality that holds once holds nowhere else; use `>`, `<`, `>=` or `<=`")
            }
            Self::Clock => "it depends on the clock or on another time than the one it gives, so it tells nothing apart".to_owned(),
            Self::Late(command) => {
                format!("it was taken after your first change (command {command}); proof of the cause comes from before")
            }
            Self::SelfMade(command) => format!("it became true only with your own command {command}"),
            Self::NoTool => "no tool known to read the lab printed this output".to_owned(),
            Self::OwnText => "this text stands in the command line itself; quote something the tool found".to_owned(),
            Self::NamesOnly => "the quote holds only names; include the value or state beside them".to_owned(),
            Self::Duplicate(first) => format!("it says what {first} says already"),
        }
    }
}

impl Finding {
    /// Whether it is true and nothing makes it worthless.
    pub fn stands(&self) -> bool {
        self.verdict == Verdict::True && self.weaknesses.is_empty()
    }

    /// Whether it repeats an earlier claim.
    pub fn is_duplicate(&self) -> bool {
        self.weaknesses.iter().any(|w| matches!(w, Weakness::Duplicate(_)))
    }
}

/// Checks a document against the record of its run.
///
/// Fails only when the record cannot be read.
pub fn check(document: &Document, record: &Record<'_>) -> Result<Checked, SourceError> {
    let resolved = resolve(document, record.facts);
    let evidence = findings(&resolved.analysis.evidence, record)?;
    let impact = findings(&resolved.analysis.impact, record)?;
    Ok(Checked { resolved, evidence, impact })
}

/// The samples that may be looked at to verify one claim: far more than an honest one needs.
const CLAIM: u64 = 40_000_000;
/// The samples that may be looked at to verify a list of claims.
const LIST: u64 = 150_000_000;

/// Verifies claims, and marks those that repeat an earlier one.
pub fn findings(items: &[Item], record: &Record<'_>) -> Result<Vec<Finding>, SourceError> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut findings = Vec::with_capacity(items.len());
    let effort = Effort::of(LIST);
    for item in items {
        let metered = Metered::of(record, effort.part(CLAIM));
        let verified = verify(item, &metered.record());
        let mut finding = match metered.is_spent() {
            true => too_costly(item, record.facts),
            false => verified?,
        };
        // A false claim is no repetition of a true one.
        let fact = format!("{:?} {}", finding.verdict, fact::of(&item.claim));
        match seen.get(&fact) {
            Some(first) => finding.weaknesses.push(Weakness::Duplicate((*first).to_owned())),
            None => {
                seen.insert(fact, &item.id);
            }
        }
        findings.push(finding);
    }
    Ok(findings)
}

fn verify(item: &Item, record: &Record<'_>) -> Result<Finding, SourceError> {
    let observation = match &item.claim {
        Claim::Promql { query, at } => promql::verify(query, *at, record),
        Claim::Log { query, from, to, min } => {
            log::verify(query, Span { from: *from, to: *to }, *min, record)
        }
        Claim::Command { number, contains } => Ok(command::verify(*number, contains, record.facts)),
        Claim::Intervention { number, before, after } => {
            intervention::verify(*number, before, after, record)
        }
    }?;
    let Observation { verdict, reason, observed, at, was_true, weaknesses, look } = observation;
    let source = item.claim.source();
    Ok(Finding {
        id: item.id.clone(),
        place: item.place,
        source,
        verdict,
        reason,
        observed,
        at,
        was_true,
        weaknesses,
        look,
    })
}

/// What is said of a claim that takes more work than one may.
fn too_costly(item: &Item, facts: &Facts) -> Finding {
    let at = match &item.claim {
        Claim::Promql { at, .. } => Span { from: *at, to: *at },
        Claim::Log { from, to, .. } => Span { from: *from, to: *to },
        Claim::Command { .. } | Claim::Intervention { .. } => {
            Span { from: facts.page, to: facts.page }
        }
    };
    let says = "verifying it takes more work than a claim may, or than the claims before it leave; \
                ask for fewer series or a shorter window";
    Finding {
        id: item.id.clone(),
        place: item.place,
        source: item.claim.source(),
        verdict: Verdict::Unverifiable { excused: false },
        reason: says.to_owned(),
        observed: String::new(),
        at,
        was_true: Vec::new(),
        weaknesses: Vec::new(),
        look: String::new(),
    }
}

/// What one kind of claim finds out.
struct Observation {
    verdict: Verdict,
    reason: String,
    observed: String,
    at: Span,
    was_true: Vec<Span>,
    weaknesses: Vec<Weakness>,
    look: String,
}

/// An answer, or the sentence that says why there is none; a record that cannot be read is passed
/// on.
fn answered<T>(result: Result<T, QueryError>) -> Result<Result<T, String>, SourceError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(QueryError::Source(error)) => Err(error),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// Whether a condition only restates what the page says: all its metrics are those of the alert and
/// the objectives.
pub fn looks_like_symptom(query: &Query, facts: &Facts) -> bool {
    let said =
        std::iter::once(&facts.alert.promql).chain(facts.objectives.iter().map(|o| &o.promql));
    let said: Vec<Query> = said.filter_map(|promql| Query::parse(promql).ok()).collect();
    let said: std::collections::BTreeSet<&str> =
        said.iter().flat_map(|query| query.metrics()).collect();
    query.metrics().is_subset(&said)
}

/// The learner's first change, if it began before this instant.
fn change_before<'a>(record: &Record<'a>, at: i64) -> Option<&'a Command> {
    record.facts.first_change().filter(|change| change.started < at)
}

/// Problems of a document that concern its claims' verdicts, for those who want one list with
/// places.
impl Checked {
    /// What is wrong, unverifiable or weak, with its place, in the order of the file. Errors of the
    /// document are not among them.
    pub fn remarks(&self) -> Vec<Problem> {
        let mut remarks = self.resolved.advice.clone();
        for finding in self.evidence.iter().chain(&self.impact) {
            if finding.verdict != Verdict::True {
                remarks.push(Problem {
                    at: finding.place,
                    message: format!("{}: {}", finding.id, finding.reason),
                });
            }
            remarks.extend(finding.weaknesses.iter().map(|w| Problem {
                at: finding.place,
                message: format!("{}: {}", finding.id, w.says()),
            }));
        }
        remarks.sort();
        remarks
    }
}

#[cfg(test)]
mod tests;
