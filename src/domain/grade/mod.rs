//! Grading: a document and the record of its run against the truth. Integers only, in thousandths;
//! the same input gives the same bytes.
//!
//! Criteria give points, gates cap them. Each is one file behind one list. Every lost point is a
//! loss that names its place in the document and in the telemetry.

mod association;
mod case;
mod chain;
mod chance;
mod collateral;
mod control;
pub mod criterion;
mod entities;
pub mod gate;
mod intervention;
mod matching;
mod points;
mod recovery;
pub mod review;
mod separation;

use serde::{Deserialize, Serialize};

use self::association::weigh;
use self::case::Case;
pub use self::chain::{Seen, seen};
pub use self::collateral::{Collateral, Damage};
pub use self::recovery::{Ending, Recovery};
pub use self::separation::{Comparison, has_twin, is_right};
use super::fault::truth::{Counts, Truth};
use super::rca::analysis::{Source, resolve};
use super::rca::check::findings;
use super::rca::document::{Document, Form};
use super::rca::record::{Record, Span};
use super::rca::vocab;
use super::telemetry::series::SourceError;
use super::yaml::Problem;

/// The version of the format a grade is written in.
pub const FORMAT: u32 = 1;

/// Points needed to pass, in thousandths.
pub const PASS: u32 = 70_000;

/// The most that hints may cost, in points.
pub const DEAREST_HINTS: u32 = 15;

/// What the table of causes costs, in points.
pub const COST_OF_CAUSES: u32 = 5;

/// What each hint costs, in points: a nudge, a direction, a near-answer.
const HINTS: [u32; 3] = [2, 5, 10];

/// What so many hints cost together, in points.
pub fn cost_of_hints(taken: u32) -> u32 {
    let costs =
        (0..taken as usize).map(|n| HINTS.get(n).copied().unwrap_or(HINTS[HINTS.len() - 1]));
    costs.sum::<u32>().min(DEAREST_HINTS)
}

/// What a grade depends on besides document, record and truth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// What the hints taken cost, in points.
    pub hints: u32,
    /// Whether the table of causes was read.
    pub causes_read: bool,
    /// Where to read how this symptom is investigated.
    pub playbook: Option<String>,
    /// Whether the fault has to be fixed.
    pub recovery_required: bool,
    /// Whether it is an exam.
    pub exam: bool,
    /// Damage that the scenario allows.
    pub allowed: Vec<Damage>,
}

/// Why there is no grade.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GradeError {
    /// The document is not valid; nothing was graded.
    #[error("the document is not valid:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Problem>),
    /// The record could not be read.
    #[error("the record cannot be read: {0}")]
    Record(#[from] SourceError),
}

/// The result of grading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grade {
    /// The format's version, [`FORMAT`].
    pub format: u32,
    /// The run.
    pub run: String,
    /// The document's form.
    pub form: Form,
    /// Whether it passed: enough points and every gate.
    pub passed: bool,
    /// The points in the end, in thousandths.
    pub total: u32,
    /// The points of all items together, before gates and hints.
    pub earned: u32,
    /// What hints and the table of causes cost, in thousandths.
    pub hints: u32,
    /// The items, in the order of the list.
    pub items: Vec<Item>,
    /// What was not asked; its weight is spread over the rest.
    pub scaled_out: Vec<ScaledOut>,
    /// The gates, in the order of the list.
    pub gates: Vec<GateResult>,
    /// Each piece of evidence and what it was worth.
    pub evidence: Vec<Evidence>,
    /// Each lost point, in the order of the items.
    pub losses: Vec<Loss>,
    /// How the incident ended.
    #[serde(default)]
    pub ending: Ending,
    /// What was damaged on the way to the end, and what it costs on top.
    #[serde(default)]
    pub collateral: Vec<Collateral>,
    /// What a reader must know to understand the numbers.
    pub notes: Vec<String>,
}

/// One item's points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The item's name.
    pub item: String,
    /// Its weight among all items, in points.
    pub weight: u32,
    /// The points it can give here, in thousandths.
    pub possible: u32,
    /// How well it was done, in thousandths.
    pub score: u32,
    /// The points it gives, in thousandths.
    pub earned: u32,
}

/// An item that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaledOut {
    /// The item's name.
    pub item: String,
    /// Its weight among all items, in points.
    pub weight: u32,
    /// Why.
    pub why: String,
}

/// Whether a gate was passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateResult {
    /// Its name, `G1`.
    pub gate: String,
    /// What it demands.
    pub demands: String,
    /// Whether that is so.
    pub passed: bool,
    /// Why.
    pub why: String,
    /// The most points there are when it is not, in thousandths.
    pub cap: u32,
}

/// A piece of evidence, graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its id.
    pub id: String,
    /// What it is drawn from.
    pub source: Source,
    /// `true`, `false` or `unverifiable`.
    pub verdict: String,
    /// What the record says.
    pub reason: String,
    /// What was observed.
    pub observed: String,
    /// The time that was looked at.
    pub at: Span,
    /// What it is worth, in thousandths.
    pub worth: u32,
    /// Why.
    pub why: String,
    /// A command that shows it.
    pub look: String,
    /// How many other causes of the symptom it was compared with.
    #[serde(default)]
    pub others: u32,
    /// From how many of them it tells the true one.
    #[serde(default)]
    pub apart: u32,
    /// Their classes, for when the truth is open.
    #[serde(default)]
    pub apart_from: Vec<String>,
    /// Where its limits lie in other runs, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
}

/// Points that were lost, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Its name, `L1`, to refer to it in a dispute.
    pub loss: String,
    /// The item it belongs to.
    pub item: String,
    /// The points, in thousandths.
    pub lost: u32,
    /// Why, in a sentence or two.
    pub says: String,
    /// The line of the document, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The time in the telemetry, if there is one.
    pub at: Option<i64>,
    /// What the record shows there.
    pub observed: String,
    /// A command that shows it.
    pub look: String,
    /// Where to read more.
    pub playbook: Option<String>,
}

impl Grade {
    /// The grade in canonical JSON (RFC 8785), the same bytes for the same grade.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_jcs::to_vec(self)
    }

    /// The losses of one item.
    pub fn losses_of(&self, item: &str) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(move |loss| loss.item == item)
    }

    /// Sums, total and verdict, from the items, the gates, and what hints and damage cost.
    fn add_up(&mut self) {
        self.earned = self.items.iter().map(|item| item.earned).sum();
        let capped = self
            .gates
            .iter()
            .filter(|gate| !gate.passed)
            .map(|gate| gate.cap)
            .fold(self.earned, u32::min);
        let damage: u32 = self.collateral.iter().map(|damage| damage.cost).sum();
        self.total = capped.saturating_sub(self.hints + damage);
        self.passed = self.total >= PASS && self.gates.iter().all(|gate| gate.passed);
    }
}

/// Grades a document: against the truth, and against the recordings of this cause and of the others
/// that show the same symptom.
///
/// Fails when the document is not valid against the facts of its run, or when the record cannot be
/// read.
pub fn grade(
    document: &Document,
    record: &Record<'_>,
    truth: &Truth,
    with: &Comparison,
    terms: &Terms,
) -> Result<Grade, GradeError> {
    let resolved = resolve(document, record.facts);
    if !resolved.errors.is_empty() {
        return Err(GradeError::Invalid(resolved.errors));
    }
    let found = findings(&resolved.analysis.evidence, record)?;
    let impact = findings(&resolved.analysis.impact, record)?;
    let mut case = Case::new(&resolved.analysis, (found, impact), record, truth, with, terms)?;
    case.weighed = weigh(&case)?;
    let (asked, scaled_out) = criterion::asked(&case);
    let possible = points::spread(&asked.iter().map(|c| c.weight()).collect::<Vec<_>>());
    let mut items = Vec::new();
    let mut losses = Vec::new();
    for (criterion, possible) in asked.iter().zip(possible) {
        let outcome = criterion.judge(&case)?;
        let (earned, lost) = points::awarded(possible, &outcome);
        items.push(Item {
            item: criterion.name().into(),
            weight: criterion.weight(),
            possible,
            score: outcome.score(),
            earned,
        });
        losses.extend(lost.into_iter().map(|(points, slip)| Loss {
            loss: String::new(),
            item: criterion.name().into(),
            lost: points,
            says: slip.says,
            line: slip.place.line,
            column: slip.place.column,
            at: slip.at,
            observed: slip.observed,
            look: slip.look,
            playbook: terms.playbook.clone(),
        }));
    }
    for (number, loss) in losses.iter_mut().enumerate() {
        loss.loss = format!("L{}", number + 1);
    }
    let gates: Vec<GateResult> = gate::GATES
        .iter()
        .filter(|gate| gate.applies(&case))
        .map(|gate| gate::result(*gate, &case, &items))
        .collect();
    let causes = if terms.causes_read { COST_OF_CAUSES } else { 0 };
    let hints = (terms.hints.min(DEAREST_HINTS) + causes) * 1000;
    let mut grade = Grade {
        format: FORMAT,
        run: record.facts.run.clone(),
        form: resolved.analysis.form,
        passed: false,
        total: 0,
        earned: 0,
        hints,
        items,
        scaled_out,
        gates,
        evidence: case.weighed.iter().map(|w| w.shown(&case)).collect(),
        losses,
        ending: case.recovery.ending(record.facts.page),
        collateral: case.collateral.clone(),
        notes: notes(&case),
    };
    grade.add_up();
    Ok(grade)
}

fn notes(case: &Case<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if !case.with.can_judge() && !case.truth.is_control() {
        notes.push(
            "No run of another cause of this symptom is recorded yet: evidence counts when it is true, belongs to the incident and is not \
             true of a healthy run. Whether it tells this cause from others was not judged."
                .to_owned(),
        );
    }
    notes.extend(contributing(case));
    if let Some(change) = case.record.facts.first_change() {
        notes.push(format!(
            "Proof of the cause is taken before the first change of the lab, command {}.",
            change.number
        ));
    }
    notes
}

/// The contributing factors of a document that did contribute: they are shown as right, and a wrong
/// one costs nothing.
fn contributing(case: &Case<'_>) -> Vec<String> {
    let right = |id: &str| {
        case.truth.preconditions.iter().find(|p| {
            let counts = matches!(p.counts, Counts::Contributing | Counts::Equivalent);
            counts && vocab::class(&p.class).map_or(p.class == id, |class| class.id == id)
        })
    };
    let named = case.analysis.contributing.iter().map(|factor| factor.value.id);
    named
        .filter_map(|id| right(id).map(|p| format!("`{id}` did contribute: {}", p.reason)))
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;
