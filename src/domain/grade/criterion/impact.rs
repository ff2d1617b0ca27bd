//! Item 7: what users felt, in claims that hold, and the times as the objectives saw them.

use super::{Criterion, Outcome, Slip};
use crate::domain::grade::case::Case;
use crate::domain::rca::analysis::Placed;
use crate::domain::rca::check::{Verdict, query_command};
use crate::domain::rca::document::Form;
use crate::domain::rca::moment::since_page;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// What users felt, and when.
pub struct Impact;

/// How many claims make a full account of the impact, and what each is worth, in thousandths of the
/// item.
const CLAIMS: (usize, u32) = (2, 250);
/// What each wrong or missing time costs.
const TIME: u32 = 167;
/// How far a time may be off, in milliseconds.
const NEAR: u64 = 60_000;

impl Criterion for Impact {
    fn name(&self) -> &'static str {
        "impact and times"
    }

    fn weight(&self) -> u32 {
        3
    }

    fn not_asked(&self, case: &Case<'_>) -> Option<String> {
        (case.analysis.form == Form::Short).then(|| "the short form does not ask it".to_owned())
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let mut outcome = Outcome::full();
        let page = case.record.facts.page;
        let alert = query_command(&case.record.facts.alert.promql, page, page);
        let held =
            case.impact.iter().filter(|f| f.verdict == Verdict::True && !f.is_duplicate()).count();
        for finding in
            case.impact.iter().filter(|f| f.verdict == Verdict::False && !f.is_duplicate())
        {
            let says = format!("{} is false: {}", finding.id, finding.reason);
            let (place, at, observed, look) = (
                finding.place,
                Some(finding.at.from),
                finding.observed.clone(),
                finding.look.clone(),
            );
            outcome.slip(Slip { cost: CLAIMS.1, says, place, at, observed, look });
        }
        for _ in held.min(CLAIMS.0)..CLAIMS.0 {
            let says =
                "two claims that hold make an account of what users felt; here one is missing"
                    .to_owned();
            let place = case.analysis.places.impact;
            outcome.slip(Slip {
                cost: CLAIMS.1,
                says,
                place,
                at: Some(page),
                observed: String::new(),
                look: alert.clone(),
            });
        }
        let after_page = |since: Option<UnixMs>| since.filter(|since| *since > page);
        let recovery = &case.recovery;
        let was_felt = after_page(recovery.mitigated).is_some() || recovery.mitigated.is_none();
        let times = [
            ("detected", case.analysis.detected, Some(page), true),
            ("mitigated", case.analysis.mitigated, after_page(recovery.mitigated), was_felt),
            ("recovered", case.analysis.recovered, recovery.recovered, true),
        ];
        for (name, claimed, seen, _) in times.into_iter().filter(|(.., counts)| *counts) {
            if let Some((says, place)) = off(name, claimed, seen, case) {
                let look = alert.clone();
                outcome.slip(Slip {
                    cost: TIME,
                    says,
                    place,
                    at: seen.or(Some(page)),
                    observed: String::new(),
                    look,
                });
            }
        }
        Ok(outcome)
    }
}

/// What is wrong with a time, if anything is.
fn off(
    name: &str,
    claimed: Option<Placed<UnixMs>>,
    seen: Option<UnixMs>,
    case: &Case<'_>,
) -> Option<(String, crate::domain::yaml::Position)> {
    let page = case.record.facts.page;
    let place = claimed.map_or(case.analysis.places.timeline, |c| c.place);
    match (claimed.map(|c| c.value), seen) {
        (None, None) => None,
        (Some(at), Some(seen)) if at.abs_diff(seen) <= NEAR => None,
        (Some(at), Some(seen)) => Some((
            format!(
                "`{name}` is given as {}, the objectives saw it at {}",
                since_page(at, page),
                since_page(seen, page)
            ),
            place,
        )),
        (Some(at), None) => Some((
            format!(
                "`{name}` is given as {}, but the objectives never saw it",
                since_page(at, page)
            ),
            place,
        )),
        (None, Some(seen)) => Some((
            format!("`{name}` is not given; the objectives saw it at {}", since_page(seen, page)),
            place,
        )),
    }
}
