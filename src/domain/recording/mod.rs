//! A rehearsed run, compact: what other runs of its family are compared with. It is read whole into
//! memory, and claims are checked against it as against any record.

mod roles;
mod telemetry;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use roles::Roles;
pub use telemetry::{Kept, Target, Telemetry};
pub use text::TextError;

use super::fault::truth::Truth;
use super::rca::record::{Facts, Record, Span};
use super::telemetry::series::UnixMs;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// A recording.
#[derive(Debug, Clone)]
pub struct Recording {
    /// What is known of the run.
    pub head: Head,
    /// Its samples and log lines.
    pub telemetry: Telemetry,
}

/// What is known of a recorded run besides its telemetry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Version of the format.
    pub format: u32,
    /// The family.
    pub family: String,
    /// The scenario, by its folder.
    pub scenario: String,
    /// The seed it was staged with.
    pub seed: u64,
    /// The level it was staged at, 1 to 4.
    #[serde(default = "usual_level")]
    pub level: u8,
    /// The values drawn, the scenario's own among them.
    pub drawn: BTreeMap<String, String>,
    /// The facts claims are checked against.
    pub facts: Facts,
    /// What was true.
    pub truth: Truth,
    /// Who is who in it.
    pub roles: Roles,
    /// Its phases.
    pub phases: Phases,
    /// Metrics that a run has and this recording has not: of them it says nothing, neither yes nor
    /// no.
    pub left_out: BTreeSet<String>,
    /// Outputs of diagnostic commands, the same commands for every recording.
    pub battery: Vec<Taken>,
}

/// The level of a recording that says none: there was no other.
fn usual_level() -> u8 {
    2
}

/// The phases of a recorded run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phases {
    /// Everything was healthy.
    pub baseline: Span,
    /// From the injection to the page.
    pub onset: Span,
    /// From the page to the end of the recording: nothing was repaired yet.
    pub steady: Span,
    /// The last instant at which the witness saw symptom and signatures, or, of a control, the
    /// steady state again.
    pub witnessed: UnixMs,
}

/// When an output of the battery was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// While it was broken, or, of a control, after it had healed.
    Steady,
    /// After it was repaired.
    Recovered,
}

/// The output of one command of the battery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// When.
    pub phase: Phase,
    /// The machine it ran on.
    pub machine: String,
    /// The command line, as a learner would type it.
    pub line: String,
    /// Its exit code.
    pub exit: i64,
    /// What it printed; the middle of a long output is left out.
    pub output: String,
}

impl Recording {
    /// The record, to check claims against.
    pub fn record(&self) -> Record<'_> {
        Record { series: &self.telemetry, logs: &self.telemetry, facts: &self.head.facts }
    }

    /// The class of the cause that was staged.
    pub fn class(&self) -> &str {
        self.head.truth.causes.first().map_or("none.healthy", |cause| &cause.class)
    }

    /// The name of its file: family, scenario and seed.
    pub fn name(&self) -> String {
        format!("{}.{}.{}", self.head.family, self.head.scenario, self.head.seed)
    }

    /// The recording as text: a line of JSON, and a line for every target, series and log line.
    pub fn write(&self) -> String {
        text::write(self)
    }

    /// Reads what [`Recording::write`] wrote.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        text::parse(text)
    }
}
