//! What is graded, one file an item. To add one: write its file and its line in [`CRITERIA`].

pub mod class;
pub mod component;
pub mod evidence;
pub mod hypotheses;
pub mod impact;
pub mod mechanism;
pub mod mitigation;
pub mod onset;
pub mod prevention;

use super::ScaledOut;
use super::case::Case;
use crate::domain::telemetry::series::{SourceError, UnixMs};
use crate::domain::yaml::Position;

/// An item of the grade.
pub trait Criterion: Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// Its weight among all items, in points.
    fn weight(&self) -> u32;
    /// Why it is not asked here, if it is not.
    fn not_asked(&self, _case: &Case<'_>) -> Option<String> {
        None
    }
    /// How well it was done.
    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError>;
}

/// Every item that is graded, in the order of the report.
pub const CRITERIA: &[&dyn Criterion] = &[
    &class::Class,
    &component::Component,
    &onset::Onset,
    &evidence::Evidence,
    &hypotheses::Hypotheses,
    &mechanism::Mechanism,
    &impact::Impact,
    &mitigation::Mitigation,
    &prevention::Prevention,
];

/// The items that are asked, and those that are not.
pub(super) fn asked(case: &Case<'_>) -> (Vec<&'static dyn Criterion>, Vec<ScaledOut>) {
    let mut asked = Vec::new();
    let mut scaled_out = Vec::new();
    for criterion in CRITERIA {
        match criterion.not_asked(case) {
            None => asked.push(*criterion),
            Some(why) => scaled_out.push(ScaledOut {
                item: criterion.name().into(),
                weight: criterion.weight(),
                why,
            }),
        }
    }
    (asked, scaled_out)
}

/// How well an item was done: from 1000 down, slip by slip.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    slips: Vec<Slip>,
}

/// Something that cost part of an item.
#[derive(Debug, Clone)]
pub struct Slip {
    /// What it cost, in thousandths of the item. More than is left costs what is left.
    pub cost: u32,
    /// Why.
    pub says: String,
    /// The place in the document.
    pub place: Position,
    /// The time in the telemetry, if there is one.
    pub at: Option<UnixMs>,
    /// What the record shows there.
    pub observed: String,
    /// A command that shows it.
    pub look: String,
}

impl Outcome {
    /// Everything right.
    pub fn full() -> Self {
        Self::default()
    }

    /// One slip more; one that costs nothing is none.
    pub fn slip(&mut self, slip: Slip) {
        if slip.cost > 0 {
            self.slips.push(slip);
        }
    }

    /// The slips, in the order in which they cost.
    pub fn slips(&self) -> &[Slip] {
        &self.slips
    }

    /// What is left, in thousandths.
    pub fn score(&self) -> u32 {
        self.slips.iter().fold(1000, |score: u32, slip| score.saturating_sub(slip.cost))
    }
}

/// Where the truth shows first: when, what is seen there, and the command that shows it.
pub(super) fn first_look(case: &Case<'_>) -> (Option<UnixMs>, String, String) {
    match case.first_seen() {
        Some((seen, span)) => {
            let page = case.record.facts.page;
            let since = crate::domain::rca::moment::since_page(span.from, page);
            let observed = format!("`{}` holds from {since} on", seen.effect.shows);
            (
                Some(span.from),
                observed,
                crate::domain::rca::check::query_command(&seen.effect.shows, span.from, page),
            )
        }
        None => (None, String::new(), String::new()),
    }
}
