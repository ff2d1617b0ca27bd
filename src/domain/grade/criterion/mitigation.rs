//! Item 8: whether the fault was fixed, and nothing else broken on the way.

use super::{Criterion, Outcome, Slip};
use crate::domain::grade::Ending;
use crate::domain::grade::case::Case;
use crate::domain::grade::entities::Entities;
use crate::domain::rca::check::query_command;
use crate::domain::rca::moment::since_page;
use crate::domain::telemetry::series::SourceError;

/// Whether the fault was fixed.
pub struct Mitigation;

/// What it is worth that users were relieved, or that all is well at the price of something else.
const MITIGATED: u32 = 600;
/// What it is worth that what was to be done is described.
const DESCRIBED: u32 = 300;

impl Criterion for Mitigation {
    fn name(&self) -> &'static str {
        "mitigation and recovery"
    }

    fn weight(&self) -> u32 {
        5
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let mut outcome = Outcome::full();
        let facts = case.record.facts;
        let end = facts.recorded.to;
        let recovery = &case.recovery;
        let alert = || query_command(&facts.alert.promql, end, facts.page);
        let (observed, look) = match &recovery.unmet {
            Some(unmet) => {
                let says = format!(
                    "\"{}\" is not met at the end of the record, {}: {}",
                    unmet.name,
                    since_page(end, facts.page),
                    unmet.observed
                );
                (says, unmet.look.clone())
            }
            None if !recovery.slower.is_empty() => {
                let says = format!(
                    "in the last 15 s {} processed less than half of what it did before",
                    recovery.slower.join(" and ")
                );
                (says, "chaoslab status".to_owned())
            }
            None if !recovery.is_undone => {
                let root = case.first_seen().map(|(seen, _)| seen);
                let says = root.map(|seen| format!("`{}` holds at the end", seen.effect.shows));
                let look = root.map(|seen| query_command(&seen.effect.shows, end, facts.page));
                (says.unwrap_or_default(), look.unwrap_or_else(alert))
            }
            None => (String::new(), alert()),
        };
        let (score, says) = match case.recovery.ending(facts.page) {
            Ending::Recovered if case.collateral.is_empty() => (1000, ""),
            Ending::Recovered => {
                (MITIGATED, "all is well again, but not all of what was there before")
            }
            Ending::Mitigated if recovery.unmet.is_none() && !recovery.slower.is_empty() => {
                (MITIGATED, "users are relieved, but not everybody works as before")
            }
            Ending::Mitigated if recovery.unmet.is_none() && !recovery.is_undone => {
                (MITIGATED, "users are relieved, but what caused it is still there")
            }
            Ending::Mitigated => (MITIGATED, "users are relieved, but not every objective is met"),
            Ending::Unfixed if is_described(case) => {
                (DESCRIBED, "what was to be done is described, but the fault was not fixed")
            }
            Ending::Unfixed => {
                (0, "the fault was not fixed, and no action is described where it originates")
            }
        };
        let says = says.to_owned();
        outcome.slip(Slip {
            cost: 1000 - score,
            says,
            place: case.analysis.places.mitigation,
            at: Some(end),
            observed,
            look,
        });
        Ok(outcome)
    }
}

/// Whether an action that is described names a place where the cause originates. More is not read
/// out of words.
fn is_described(case: &Case<'_>) -> bool {
    let origins = Entities::origins(case.truth, &case.record.facts.inventory);
    case.analysis.mitigation.iter().any(|one| origins.touched_by_text(&one.action).is_some())
}
