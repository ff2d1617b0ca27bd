//! `scenario.yaml`: one cause inside a family, or a control.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::draw::Choice;
use crate::domain::fault::truth::Precondition;
use crate::domain::fault::{Fault, Requirement};
use crate::domain::grade::Damage;

/// A scenario as written. Strings may use what was drawn for the family and for itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of the format.
    pub format: u32,
    /// What a seed chooses for this cause only.
    #[serde(default)]
    pub draw: BTreeMap<String, Choice>,
    /// What is done to the cluster.
    #[serde(with = "crate::domain::yaml::one_key")]
    pub fault: Fault,
    /// The work that started it: one of the kinds of the family's feed, which says how it is told.
    pub trigger: String,
    /// Within how many seconds of the fault the lab must be confirmed.
    pub window_seconds: u32,
    /// For how many seconds symptom and signatures must hold together.
    pub hold_seconds: u32,
    /// PromQL that shows this cause and not a sibling's.
    pub signatures: Vec<Signature>,
    /// Commands that do not repair it, though they come to mind first: a restart, an election. A
    /// rehearsal sees that it resists them.
    #[serde(default)]
    pub resists: Vec<Command>,
    /// The commands that fix it, as a learner would type them.
    #[serde(default)]
    pub fix: Vec<Command>,
    /// Within how many seconds of the fix the objectives must be met again.
    #[serde(default)]
    pub recovery_seconds: u32,
    /// What would keep it from happening again: names of the prevention vocabulary.
    #[serde(default)]
    pub preventions: Vec<String>,
    /// Whether a grade that passes needs the fault fixed.
    #[serde(default)]
    pub recovery_required: bool,
    /// Damage that fixing it may do and that costs nothing.
    #[serde(default)]
    pub allows: Vec<Damage>,
    /// PromQL that shows who feels it while it lasts, or what it puts at risk.
    #[serde(default)]
    pub impact: Vec<Signature>,
    /// What was already so before the fault and an analysis might name, and how it counts as a
    /// cause.
    #[serde(default)]
    pub preconditions: Vec<Precondition>,
    /// What the engine must let a lab do besides what the fault's own steps require: elsewhere the
    /// scenario is not drawn.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// Help for a learner who is stuck: a nudge, a direction, a near-answer, each dearer than the
    /// one before.
    #[serde(default)]
    pub hints: Vec<String>,
}

/// A condition that tells this cause from its siblings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// What it shows, in a few words: taught in the debrief.
    pub shows: String,
    /// PromQL.
    pub expr: String,
}

/// A command on a machine of the lab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The program's own arguments: `service billing rollback`, `exec kafka-2 -- tc
    /// qdisc del dev eth0 root`.
    pub run: String,
}
