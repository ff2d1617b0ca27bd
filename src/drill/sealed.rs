//! What was sealed of a run: its truth, opened for grading and whoever has given up.

use super::choose::Chosen;
use super::error::{DrillError, Integrity};
use crate::domain::fault::truth::Truth;
use crate::domain::report::{Sealed, Staged};
use crate::domain::scenario::Plan;
use crate::lab::run::Briefing;

/// Truth, salt and plan of a run.
#[derive(Debug)]
pub(super) struct Secret {
    pub(super) truth: Truth,
    pub(super) plan: Plan,
    salt: [u8; 32],
}

/// The sealed plan of a run.
pub(super) fn plan(chosen: &Chosen) -> Result<Plan, DrillError> {
    let so = "nothing can be known of it";
    let missing = || Integrity::Missing { what: "plan", run: chosen.file.id.clone(), so };
    Ok(chosen.run.sealed().read("plan")?.ok_or_else(missing)?)
}

impl Secret {
    /// Opens what was sealed.
    pub(super) fn of(chosen: &Chosen) -> Result<Self, DrillError> {
        let sealed = chosen.run.sealed();
        let so = "the run cannot be graded";
        let missing = |what| Integrity::Missing { what, run: chosen.file.id.clone(), so };
        Ok(Self {
            truth: sealed
                .read("truth")
                .map_err(Integrity::Sealed)?
                .ok_or_else(|| missing("truth"))?,
            salt: sealed
                .read("salt")
                .map_err(Integrity::Sealed)?
                .ok_or_else(|| missing("salt of the commitment"))?,
            plan: sealed.read("plan").map_err(Integrity::Sealed)?.ok_or_else(|| missing("plan"))?,
        })
    }

    /// Refuses a truth that is not the one committed to when the run opened, and an alert or
    /// objectives that are not those it was opened with.
    pub(super) fn verify(&self, chosen: &Chosen) -> Result<(), DrillError> {
        let commitment = self.truth.commitment(&self.salt).map_err(Integrity::Canonical)?;
        let changed = |what| Integrity::Changed { what, run: chosen.file.id.clone() };
        if chosen.file.commitment.as_ref() != Some(&commitment) {
            return Err(changed("the truth").into());
        }
        if chosen.briefing()? != Briefing::from(&self.plan) {
            return Err(changed("the briefing (briefing.json)").into());
        }
        Ok(())
    }

    /// As reports tell it.
    pub(super) fn sealed<'a>(&'a self, chosen: &'a Chosen) -> Sealed<'a> {
        let staged = Staged {
            family: &self.plan.family,
            scenario: &self.plan.scenario,
            seed: self.plan.seed,
            level: self.plan.level,
        };
        Sealed {
            truth: &self.truth,
            salt: &self.salt,
            commitment: chosen.file.commitment.as_deref().unwrap_or_default(),
            staged,
        }
    }
}
