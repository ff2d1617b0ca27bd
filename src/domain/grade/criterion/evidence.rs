//! Item 4: evidence. The best three pieces count; false ones cost.

use std::collections::BTreeSet;

use super::{Criterion, Outcome, Slip, first_look};
use crate::domain::grade::case::{Case, Weighed};
use crate::domain::rca::check::{Finding, Verdict};
use crate::domain::telemetry::series::SourceError;

/// Evidence.
pub struct Evidence;

/// How many pieces make a full proof.
const PIECES: usize = 3;
/// What is left, in thousandths, when all pieces come from one kind of source.
const ONE_SOURCE: u32 = 850;
/// The score from which on one kind of source is enough: what tells the cause from nearly all
/// others needs nothing to bear it out.
const ALONE: u32 = 900;
/// What each false piece costs.
const FALSE: u32 = 150;
/// What each unverifiable piece costs, the first left out.
const UNVERIFIABLE: u32 = 50;

impl Criterion for Evidence {
    fn name(&self) -> &'static str {
        "evidence"
    }

    fn weight(&self) -> u32 {
        25
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let mut outcome = Outcome::full();
        let mut best: Vec<&Weighed> = case.weighed.iter().filter(|w| w.counted).collect();
        best.sort_by_key(|w| (std::cmp::Reverse(w.worth), w.number));
        let sum: u32 = best.iter().take(PIECES).map(|w| w.worth).sum();
        let mut missed = 0;
        for piece in 0..PIECES {
            // Running sums keep the three costs together exactly what the three pieces lack.
            let lacking = 1000 - best.get(piece).map_or(0, |w| w.worth);
            let cost = (missed + lacking) / PIECES as u32 - missed / PIECES as u32;
            missed += lacking;
            outcome.slip(lacking_slip(case, best.get(piece).copied(), cost));
        }
        let score = 1000 - missed / PIECES as u32;
        let sources: BTreeSet<_> = case
            .weighed
            .iter()
            .filter(|w| w.counted && w.worth > 0)
            .map(|w| case.findings[w.number].source)
            .collect();
        if sources.len() == 1 && sum > 0 && score < ALONE {
            let first = best.first().map_or(0, |w| w.number);
            let says = "all of it comes from one kind of source; metrics, logs and commands bear each other out".to_owned();
            outcome.slip(of_finding(
                &case.findings[first],
                score - score * ONE_SOURCE / 1000,
                says,
            ));
        }
        let distinct = || case.findings.iter().filter(|f| !f.is_duplicate());
        for finding in distinct().filter(|f| f.verdict == Verdict::False) {
            outcome.slip(of_finding(
                finding,
                FALSE,
                format!("{} is false: {}", finding.id, finding.reason),
            ));
        }
        let unverifiable =
            distinct().filter(|f| f.verdict == Verdict::Unverifiable { excused: false });
        for finding in unverifiable.skip(1) {
            outcome.slip(of_finding(
                finding,
                UNVERIFIABLE,
                format!("{} cannot be verified: {}", finding.id, finding.reason),
            ));
        }
        Ok(outcome)
    }
}

fn of_finding(finding: &Finding, cost: u32, says: String) -> Slip {
    let (place, at) = (finding.place, Some(finding.at.from));
    Slip { cost, says, place, at, observed: finding.observed.clone(), look: finding.look.clone() }
}

/// What is said of one of the three pieces that is worth less than it could be, or is not there.
fn lacking_slip(case: &Case<'_>, piece: Option<&Weighed>, cost: u32) -> Slip {
    match piece {
        Some(piece) => {
            let finding = &case.findings[piece.number];
            of_finding(
                finding,
                cost,
                format!("{} is worth {} of 100: {}", finding.id, piece.worth / 10, piece.why),
            )
        }
        None => {
            let (at, observed, look) = first_look(case);
            let says = "three pieces of evidence make a full proof; here one is missing".to_owned();
            Slip { cost, says, place: case.analysis.places.evidence, at, observed, look }
        }
    }
}
