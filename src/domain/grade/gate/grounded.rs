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
        "it stands on evidence: one true piece is worth half at least, and not more than a third is false"
    }

    fn cap(&self) -> u32 {
        64
    }

    fn judge(&self, case: &Case<'_>, _score: &dyn Fn(&str) -> Option<u32>) -> (bool, String) {
        let best = case.weighed.iter().filter(|w| w.counted).map(|w| w.worth).max().unwrap_or(0);
        let (wrong, all) = case.false_of_all();
        (
            best >= 500 && wrong * 3 <= all,
            format!("the best piece is worth {} of 100; {wrong} of {all} are false", best / 10),
        )
    }
}
