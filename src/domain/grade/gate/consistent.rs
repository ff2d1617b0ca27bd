//! G4: the analysis does not contradict itself, nor the record in what it claims of the end.

use super::Gate;
use crate::domain::grade::case::Case;
use crate::domain::rca::document::Verdict;
use crate::domain::rca::moment::since_page;

/// It does not contradict itself.
pub struct Consistent;

/// How long before all is well it may be called so, in milliseconds.
const EARLY: i64 = 60_000;

impl Gate for Consistent {
    fn name(&self) -> &'static str {
        "G4"
    }

    fn demands(&self) -> &'static str {
        "it is consistent: its own cause is not ruled out, nothing ends before it began, and a claimed recovery took place"
    }

    fn cap(&self) -> u32 {
        64
    }

    fn judge(&self, case: &Case<'_>, _score: &dyn Fn(&str) -> Option<u32>) -> (bool, String) {
        match contradiction(case) {
            Some(says) => (false, says),
            None => (true, "nothing in it contradicts the rest".to_owned()),
        }
    }
}

fn contradiction(case: &Case<'_>) -> Option<String> {
    let (analysis, page) = (case.analysis, case.record.facts.page);
    let ruled_out = analysis.hypotheses.iter().filter(|h| h.verdict == Verdict::RuledOut);
    let own = ruled_out
        .into_iter()
        .find(|h| analysis.causes.iter().any(|cause| cause.class.value.id == h.class.id));
    if let Some(own) = own {
        return Some(format!("`{}` is named as the cause and ruled out", own.class.id));
    }
    let ends = [("mitigated", analysis.mitigated), ("recovered", analysis.recovered)];
    for (name, end) in ends {
        if let (Some(onset), Some(end)) = (analysis.onset, end)
            && end.value < onset.value
        {
            return Some(format!(
                "`{name}`, {}, is before `onset`, {}",
                since_page(end.value, page),
                since_page(onset.value, page)
            ));
        }
    }
    let claimed = analysis.recovered?;
    match case.recovery.recovered {
        Some(since) if claimed.value >= since - EARLY => None,
        Some(since) => Some(format!(
            "it is called recovered at {}, but was so from {} on",
            since_page(claimed.value, page),
            since_page(since, page)
        )),
        None if !case.recovery.idle.is_empty() => Some(format!(
            "it is called recovered at {}, but {} works no more at the end",
            since_page(claimed.value, page),
            case.recovery.idle.join(" and ")
        )),
        None => Some(format!(
            "it is called recovered at {}, but not every objective is met at the end",
            since_page(claimed.value, page)
        )),
    }
}
