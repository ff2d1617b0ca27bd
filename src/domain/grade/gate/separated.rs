//! G7: in an exam the evidence tells the cause from another one of the same symptom.

use super::Gate;
use crate::domain::grade::case::Case;
use crate::domain::rca::vocab;

/// It tells the cause from another one.
pub struct Separated;

impl Gate for Separated {
    fn name(&self) -> &'static str {
        "G7"
    }

    fn demands(&self) -> &'static str {
        "one piece of evidence tells the cause from another one that shows the same symptom"
    }

    fn cap(&self) -> u32 {
        66
    }

    fn applies(&self, case: &Case<'_>) -> bool {
        case.terms.exam && case.with.can_judge() && !case.truth.is_control()
    }

    fn judge(&self, case: &Case<'_>, _score: &dyn Fn(&str) -> Option<u32>) -> (bool, String) {
        let counted = case.weighed.iter().filter(|w| w.counted && w.worth > 0);
        // That something was broken at all is told by anything.
        let broken = |class: &str| vocab::domain(class) != "none";
        let apart = |number: usize| {
            case.separation(number)
                .map_or(0, |s| s.apart().iter().filter(|class| broken(class)).count())
        };
        let most = counted.map(|w| apart(w.number)).max().unwrap_or(0);
        let others = case.with.recorded().into_iter().filter(|class| broken(class)).count();
        (
            most > 0 || others == 0,
            format!("the best piece tells it from {most} of {others} other causes"),
        )
    }
}
