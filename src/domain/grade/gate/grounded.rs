//! G3: the analysis stands on evidence.

use super::Gate;
use crate::domain::grade::case::Case;

/// It stands on evidence.
pub struct Grounded;

impl Gate for Grounded {
    fn name(&self) -> &'static str {
        "G3"
    }

    fn demands(&self) -> &'static str {
        "it stands on evidence: one true piece is worth half at least, and at most a third of the pieces \
         that count are false"
    }

    fn cap(&self) -> u32 {
        64
    }

    fn judge(&self, case: &Case<'_>, _score: &dyn Fn(&str) -> Option<u32>) -> (bool, String) {
        let best = case.weighed.iter().filter(|w| w.counted).map(|w| w.worth).max().unwrap_or(0);
        // What shows nothing does not make up for what is false.
        let shows = case.weighed.iter().filter(|w| w.counted && w.worth > 0).count();
        let wrong = case.false_ones();
        let all = shows + wrong;
        (
            best >= 500 && wrong * 3 <= all,
            format!(
                "the best piece is worth {} of 100; {wrong} of the {all} that count are false",
                best / 10
            ),
        )
    }
}
