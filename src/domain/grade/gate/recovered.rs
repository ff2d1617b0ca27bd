//! G6: where the fault has to be fixed, it was.

use super::Gate;
use crate::domain::grade::case::Case;

/// The fault was fixed.
pub struct Recovered;

impl Gate for Recovered {
    fn name(&self) -> &'static str {
        "G6"
    }

    fn demands(&self) -> &'static str {
        "it was fixed: every objective is met at the end of the record and the alert is quiet"
    }

    fn cap(&self) -> u32 {
        64
    }

    fn applies(&self, case: &Case<'_>) -> bool {
        case.terms.recovery_required
    }

    fn judge(&self, case: &Case<'_>, _score: &dyn Fn(&str) -> Option<u32>) -> (bool, String) {
        match case.recovery.is_recovered() {
            true => (true, "all was well again at the end".to_owned()),
            false => (false, "all was not well again at the end".to_owned()),
        }
    }
}
