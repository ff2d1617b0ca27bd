//! The analysis as meant: every name looked up, every time placed, every query parsed. What cannot
//! be is told with its place.

mod account;
mod cause;
mod claim;
mod resolve;
mod spelling;

pub use resolve::{Resolved, resolve};
pub use spelling::{called_here, instead_of, unknown_label};

use super::document::{Form, Severity, Verdict};
use super::vocab::Component;
use super::vocab::classes::Class;
use super::vocab::events::Event;
use crate::domain::telemetry::logql::LogQuery;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::UnixMs;
use crate::domain::yaml::Position;

/// Something of the document and where it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<T> {
    /// The thing.
    pub value: T,
    /// Its place in the file.
    pub place: Position,
}

/// What a document says.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// How much it answers.
    pub form: Form,
    /// Who wrote it.
    pub author: Option<String>,
    /// How bad it was.
    pub severity: Option<Severity>,
    /// First effect of the fault.
    pub onset: Option<Placed<UnixMs>>,
    /// When somebody knew.
    pub detected: Option<Placed<UnixMs>>,
    /// When users no longer felt it.
    pub mitigated: Option<Placed<UnixMs>>,
    /// When it was over.
    pub recovered: Option<Placed<UnixMs>>,
    /// What broke.
    pub causes: Vec<Cause>,
    /// What shows it.
    pub evidence: Vec<Item>,
    /// What users felt.
    pub impact: Vec<Item>,
    /// How the cause led to the symptom.
    pub chain: Vec<Placed<Link>>,
    /// Other causes considered.
    pub hypotheses: Vec<Hypothesis>,
    /// Classes named as what made it possible or worse. They never cost anything.
    pub contributing: Vec<Placed<&'static Class>>,
    /// What was done.
    pub mitigation: Vec<Mitigation>,
    /// What keeps it from coming back.
    pub prevention: Vec<Prevention>,
    /// Ids of evidence that the section on cause and mechanism cites.
    pub cited: Vec<String>,
    /// Where each list stands, to point at when something is missing in it.
    pub places: Places,
}

/// Where the parts of a document stand; its beginning for those it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Places {
    pub timeline: Position,
    pub root_cause: Position,
    pub evidence: Position,
    pub causal_chain: Position,
    pub impact: Position,
    pub hypotheses: Position,
    pub mitigation: Position,
    pub prevention: Position,
}

/// One cause.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Its class, a group perhaps.
    pub class: Placed<&'static Class>,
    /// Where it originates, the first named the one most meant.
    pub components: Vec<Placed<Component>>,
    /// What started it.
    pub trigger: Option<Placed<Trigger>>,
}

/// What started a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// An entry of the change feed.
    Change(u32),
    /// A change that the feed does not list.
    NotListed,
}

/// One claim that can be verified.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name in the document.
    pub id: String,
    /// What it claims.
    pub claim: Claim,
    /// Its place in the file.
    pub place: Position,
}

/// What is claimed.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // a document holds a few dozen
pub enum Claim {
    /// A condition held at an instant.
    Promql {
        /// The condition.
        query: Query,
        /// When.
        at: UnixMs,
    },
    /// Lines were logged, or were not.
    Log {
        /// Which lines.
        query: LogQuery,
        /// The first instant looked at.
        from: UnixMs,
        /// The last one.
        to: UnixMs,
        /// How many there are at least; none are claimed when it is nothing.
        min: Option<u32>,
    },
    /// A command's output has a text.
    Command {
        /// The command's number.
        number: u32,
        /// The text.
        contains: String,
    },
    /// A command made a condition end and another begin.
    Intervention {
        /// The command's number.
        number: u32,
        /// What held before it.
        before: Query,
        /// What holds since.
        after: Query,
    },
}

/// The kinds of sources a claim can be drawn from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Source {
    Metrics,
    Logs,
    Commands,
    Intervention,
}

impl Claim {
    /// The source it is drawn from.
    pub fn source(&self) -> Source {
        match self {
            Self::Promql { .. } => Source::Metrics,
            Self::Log { .. } => Source::Logs,
            Self::Command { .. } => Source::Commands,
            Self::Intervention { .. } => Source::Intervention,
        }
    }

    /// The claim in one line that is the same for claims that say the same.
    pub fn canonical(&self) -> String {
        match self {
            Self::Promql { query, at } => format!("promql {} @{at}", query.expr()),
            Self::Log { query, from, to, min } => {
                let text: String = query.text().split_whitespace().collect::<Vec<_>>().join(" ");
                format!("log {text} {from}..{to} {min:?}")
            }
            Self::Command { number, contains } => format!(
                "command {number} {}",
                contains.split_whitespace().collect::<Vec<_>>().join(" ")
            ),
            Self::Intervention { number, before, after } => {
                format!("intervention {number} {} {}", before.expr(), after.expr())
            }
        }
    }
}

/// A step of a causal chain.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// An entry of `chaoslab events`.
    Detected(u32),
    /// An event, told.
    Told {
        /// The event.
        event: &'static Event,
        /// The components it happened on.
        on: Vec<Component>,
        /// When.
        at: Option<UnixMs>,
        /// Ids of the evidence that shows it.
        evidence: Vec<String>,
    },
}

/// A cause considered.
#[derive(Debug, Clone)]
pub struct Hypothesis {
    /// Its class.
    pub class: &'static Class,
    /// What became of it.
    pub verdict: Verdict,
    /// Ids of the evidence that decides it.
    pub by: Vec<String>,
    /// Its place in the file.
    pub place: Position,
}

/// Something done about the incident.
#[derive(Debug, Clone)]
pub struct Mitigation {
    /// What was done, in words.
    pub action: String,
    /// The commands that did it.
    pub commands: Vec<u32>,
    /// Its place in the file.
    pub place: Position,
}

/// A measure against its return.
#[derive(Debug, Clone)]
pub struct Prevention {
    /// The measure.
    pub action: &'static super::vocab::preventions::Prevention,
    /// Who does it.
    pub owner: Option<String>,
    /// By when, as a date or a month.
    pub due: Option<String>,
    /// How one will know.
    pub done_when: Option<String>,
    /// Its place in the file.
    pub place: Position,
}

#[cfg(test)]
mod tests;
