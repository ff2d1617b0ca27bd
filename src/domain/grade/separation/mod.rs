//! What tells the true cause from the others. Recordings decide it, never declarations: a claim
//! separates the cause from a look-alike when it is true in every recording of the cause and false
//! in every one of the look-alike, entities and phases put in each other's place.

mod apart;
mod cast;
mod casting;
mod demand;
mod fit;
mod phase;
mod rename;
mod rules;
mod threshold;
mod twin;
mod verdict;
mod view;
mod words;

use std::collections::BTreeMap;

pub use self::twin::has_twin;
use self::verdict::Judge;
use crate::domain::fault::truth::{Counts, Truth};
use crate::domain::rca::analysis::Item;
use crate::domain::rca::check::{Effort, Finding};
use crate::domain::rca::record::Record;
use crate::domain::rca::vocab;
use crate::domain::recording::{Recording, Roles};
use crate::domain::telemetry::series::SourceError;

/// How much a look-alike weighs in which something was broken. A control, which heals, is told
/// apart by nearly anything and weighs one.
const BROKEN: u32 = 3;

/// The samples that may be looked at to compare one claim with all recordings: far more than an
/// honest claim needs, and not so many that eight of them keep anyone waiting.
const COMPARED: u64 = 30_000_000;

/// The recordings a run is compared with, and who plays which part in it.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// Who is who in the graded run.
    pub roles: Roles,
    /// The values its seed chose.
    pub drawn: BTreeMap<String, String>,
    /// Other runs of the same cause.
    pub own: Vec<Recording>,
    /// Runs of the other causes of the symptom.
    pub look_alikes: Vec<Recording>,
}

impl Comparison {
    /// Sorts a family's recordings for a run of this scenario. Another way to bring about the same
    /// cause, or one whose class is as right an answer, is no look-alike, nor is it the same run:
    /// it is left out.
    pub fn of(
        roles: Roles,
        drawn: BTreeMap<String, String>,
        scenario: &str,
        truth: &Truth,
        all: Vec<Recording>,
    ) -> Self {
        let (own, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|recording| recording.head.scenario == scenario);
        let look_alikes =
            others.into_iter().filter(|recording| !is_right(recording.class(), truth)).collect();
        Self { roles, drawn, own, look_alikes }
    }

    /// The classes of the look-alikes that are recorded.
    pub fn recorded(&self) -> std::collections::BTreeSet<&str> {
        self.look_alikes.iter().map(Recording::class).collect()
    }

    /// Whether there is anything that could be told apart.
    pub fn can_judge(&self) -> bool {
        !self.look_alikes.is_empty()
    }

    /// The recordings of the look-alikes, by class.
    fn by_class(&self) -> BTreeMap<&str, Vec<&Recording>> {
        let mut classes: BTreeMap<&str, Vec<&Recording>> = BTreeMap::new();
        for recording in &self.look_alikes {
            classes.entry(recording.class()).or_default().push(recording);
        }
        classes
    }
}

/// Whether naming this class is as right as naming the true one.
pub fn is_right(class: &str, truth: &Truth) -> bool {
    let causes = truth
        .causes
        .iter()
        .flat_map(|cause| std::iter::once(&cause.class).chain(&cause.equivalent));
    let preconditions =
        truth.preconditions.iter().filter(|p| p.counts == Counts::Equivalent).map(|p| &p.class);
    let canonical =
        |id: &str| vocab::class(id).map_or_else(|_| id.to_owned(), |class| class.id.to_owned());
    causes.chain(preconditions).any(|right| canonical(right) == canonical(class))
}

/// What a claim says of a run it was not made about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is so there, too.
    True,
    /// It is not so there.
    False,
    /// It cannot be asked there.
    Unknown,
}

/// From which other causes a claim tells the true one.
#[derive(Debug, Clone, PartialEq)]
pub struct Separation {
    /// What each look-alike's recordings say of it together, by class: false only when it is false
    /// in all of them.
    pub classes: BTreeMap<String, Said>,
    /// What the other recordings of the true cause say of it together: true only when it is true in
    /// all of them.
    pub own: Said,
    /// Limits on measurements that lie elsewhere in the other recordings of the true cause: here,
    /// and there.
    pub limits: Vec<(f64, f64)>,
    /// Whether comparing it takes more work than one claim may.
    pub is_costly: bool,
}

impl Separation {
    /// Compares one claim with all recordings; nothing when there is none to compare with, or when
    /// a claim of this kind cannot be.
    pub fn of(
        item: &Item,
        finding: &Finding,
        record: &Record<'_>,
        truth: &Truth,
        with: &Comparison,
    ) -> Result<Option<Self>, SourceError> {
        if !with.can_judge() {
            return Ok(None);
        }
        let effort = Effort::of(COMPARED);
        let compared = Self::compared(item, finding, record, truth, with, &effort);
        match effort.is_spent() {
            true => Ok(Some(Self::too_costly(with))),
            false => compared,
        }
    }

    fn compared(
        item: &Item,
        finding: &Finding,
        record: &Record<'_>,
        truth: &Truth,
        with: &Comparison,
        effort: &Effort<'_>,
    ) -> Result<Option<Self>, SourceError> {
        let judge = Judge::of(item, finding, record, truth, with, effort)?;
        let Some(judge) = judge else { return Ok(None) };
        let mut classes = BTreeMap::new();
        for (class, recordings) in with.by_class() {
            let mut said = Said::False;
            for recording in recordings {
                said = said.or(judge.said(recording)?);
            }
            classes.insert(class.to_owned(), said);
        }
        let (own, limits) = (judge.own(), judge.moved_limits());
        Ok(Some(Self { classes, own, limits, is_costly: false }))
    }

    /// What is known of a claim whose comparison takes more work than one may.
    fn too_costly(with: &Comparison) -> Self {
        let unknown = |class: &str| (class.to_owned(), Said::Unknown);
        Self {
            classes: with.recorded().into_iter().map(unknown).collect(),
            own: Said::Unknown,
            limits: Vec::new(),
            is_costly: true,
        }
    }

    /// Whether other recordings of the true cause do not bear it out: it fits this one run only.
    pub fn is_overfit(&self) -> bool {
        self.own == Said::False
    }

    /// Whether other recordings cannot say anything of it: nobody has its part there, or nothing
    /// was recorded that shows what it shows.
    pub fn is_unknown(&self) -> bool {
        self.own == Said::Unknown
    }

    /// The classes it tells the cause from.
    pub fn apart(&self) -> Vec<String> {
        let apart =
            self.classes.iter().filter(|(_, said)| self.own == Said::True && **said == Said::False);
        apart.map(|(class, _)| class.clone()).collect()
    }

    /// Whether it is never so where this class is the cause. Other runs of the true cause need not
    /// be able to show it.
    pub fn rules_out(&self, class: &str) -> bool {
        self.own != Said::False && self.classes.get(class) == Some(&Said::False)
    }

    /// The share of the look-alikes it tells the cause from, in thousandths.
    pub fn share(&self) -> u32 {
        let weight = |class: &str| if vocab::domain(class) == "none" { 1 } else { BROKEN };
        let all: u32 = self.classes.keys().map(|class| weight(class)).sum();
        let apart: u32 = self.apart().iter().map(|class| weight(class)).sum();
        (apart * 1000).checked_div(all).unwrap_or(0)
    }
}

impl Said {
    /// True when both are, false when one is.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::True,
        }
    }

    /// True when one is, false when both are.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            _ => Self::False,
        }
    }
}
