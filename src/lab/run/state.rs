//! `run.json`: what anybody may know of a run.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::scenario::Level;
use crate::domain::telemetry::series::UnixMs;

/// The version of the format.
pub(super) const FORMAT: u32 = 1;

/// The steps of a run. Each transition is on disk before the next step begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// The folder is there, nothing else.
    Created,
    /// Containers are created and started.
    Booting,
    /// Waiting for the healthy baseline.
    Settling,
    /// The fault is staged.
    Breaking,
    /// Waiting for its symptom.
    Confirming,
    /// Paged: the learner may work.
    Open,
    /// Stopped; the record stays.
    Closed,
    /// Never opened, or spoiled: not to be graded.
    Invalid,
}

impl RunState {
    /// Whether the lab is being staged.
    pub fn is_staging(self) -> bool {
        matches!(
            self,
            Self::Created | Self::Booting | Self::Settling | Self::Breaking | Self::Confirming
        )
    }

    /// Whether containers of the run may stand.
    pub fn is_live(self) -> bool {
        self.is_staging() || self == Self::Open
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Booting => "booting",
            Self::Settling => "settling",
            Self::Breaking | Self::Confirming => "waiting for the page",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Invalid => "invalid",
        })
    }
}

/// Why a run is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    /// The step it failed in.
    pub during: RunState,
    /// What was expected and what was observed, without a word on the cause.
    pub reason: String,
}

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// Version of the format.
    pub format: u32,
    /// The run's id.
    pub id: String,
    /// The family.
    pub family: String,
    /// Where it stands.
    pub state: RunState,
    /// When `start` was given.
    pub created_at: UnixMs,
    /// When the healthy baseline was complete.
    #[serde(default)]
    pub settled_at: Option<UnixMs>,
    /// How long the baseline had held then, in milliseconds.
    #[serde(default)]
    pub baseline_ms: Option<i64>,
    /// When the alert fired.
    #[serde(default)]
    pub paged_at: Option<UnixMs>,
    /// When the learner could begin.
    #[serde(default)]
    pub opened_at: Option<UnixMs>,
    /// When it was stopped.
    #[serde(default)]
    pub closed_at: Option<UnixMs>,
    /// SHA-256 over the salted truth, in hexadecimal: made when the run opens, opened when it is
    /// graded.
    #[serde(default)]
    pub commitment: Option<String>,
    /// Why it is invalid.
    #[serde(default)]
    pub invalid: Option<Invalid>,
    /// The score in thousandths and whether it passed, once graded.
    #[serde(default)]
    pub graded: Option<Graded>,
    /// How many hints were taken.
    #[serde(default)]
    pub hints: u32,
    /// Whether the table of causes was read before it was graded.
    #[serde(default)]
    pub causes_read: bool,
    /// Whether who started it chose what is broken, by a seed or by name: then nothing of it can be
    /// spoiled.
    #[serde(default)]
    pub known: bool,
    /// The level of the drill.
    #[serde(default)]
    pub level: Level,
    /// Whether it is an exam.
    #[serde(default)]
    pub exam: bool,
    /// So long after it opened it may be worked on and handed in, in milliseconds; without an end
    /// when not given.
    #[serde(default)]
    pub time_limit_ms: Option<i64>,
    /// For how long the machine had slept since it was started when the run opened, in
    /// milliseconds: what it sleeps from then on is not charged.
    #[serde(default)]
    pub slept_before_ms: Option<i64>,
    /// Whether the truth was opened without a grade.
    #[serde(default)]
    pub given_up: bool,
    /// The image its machines were started from.
    pub image: String,
}

/// The outcome of grading, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    /// Thousandths of 100 points.
    pub score: u32,
    /// Whether it passed.
    pub passed: bool,
}

impl RunFile {
    /// A run that begins now.
    pub fn new(id: &str, family: &str, image: &str, created_at: UnixMs) -> Self {
        Self {
            format: FORMAT,
            id: id.to_owned(),
            family: family.to_owned(),
            state: RunState::Created,
            created_at,
            settled_at: None,
            baseline_ms: None,
            paged_at: None,
            opened_at: None,
            closed_at: None,
            commitment: None,
            invalid: None,
            graded: None,
            hints: 0,
            causes_read: false,
            known: false,
            level: Level::default(),
            exam: false,
            time_limit_ms: None,
            slept_before_ms: None,
            given_up: false,
            image: image.to_owned(),
        }
    }

    /// Whether it is not graded and can be.
    pub fn can_be_graded(&self) -> bool {
        let is_over = self.graded.is_some() || self.given_up || self.state == RunState::Invalid;
        // One that was stopped before it opened is never graded.
        let never_opened = self.state == RunState::Closed && self.opened_at.is_none();
        !(is_over || never_opened)
    }

    /// Whether it can still be graded, and its cause is not known to who works on it.
    pub fn can_be_spoiled(&self) -> bool {
        self.can_be_graded() && !self.known
    }

    /// How much of the time limit is left at an instant (`keeper::clock::charged`), in milliseconds, below zero when it is
    /// over; nothing without a limit, and before the run opened.
    pub fn time_left_ms(&self, at: UnixMs) -> Option<i64> {
        Some(self.opened_at? + self.time_limit_ms? - at)
    }
}
