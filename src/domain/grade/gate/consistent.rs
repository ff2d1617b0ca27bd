//! G4: the analysis does not contradict itself, nor the record in what it claims of the end.

use super::Gate;
use crate::domain::grade::case::Case;
use crate::domain::rca::document::Verdict;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::vocab::covers;

/// It does not contradict itself.
pub struct Consistent;

/// How long before all is well it may be called so, in milliseconds.
const EARLY: i64 = 60_000;

/// How long before it began somebody may be said to have known, in milliseconds: clocks differ.
const NOTICED: i64 = 15_000;

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
    let is_own = |ruled: &str| {
        let claimed = analysis.causes.iter().map(|cause| cause.class.value.id);
        claimed.into_iter().any(|class| class == ruled || covers(ruled, class))
    };
    if let Some(own) = ruled_out.into_iter().find(|h| is_own(h.class.id)) {
        return Some(match analysis.causes.iter().any(|c| c.class.value.id == own.class.id) {
            true => format!("`{}` is named as the cause and ruled out", own.class.id),
            false => format!("`{}` is ruled out, and the cause belongs to it", own.class.id),
        });
    }
    if let Some(says) = times(case) {
        return Some(says);
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
    if let Some(says) = unfounded_mitigation(case) {
        return Some(says);
    }
    let claimed = analysis.recovered?;
    match case.recovery.recovered {
        Some(since) if claimed.value >= since - EARLY => None,
        Some(since) => Some(format!(
            "it is called recovered at {}, but was so from {} on",
            since_page(claimed.value, page),
            since_page(since, page)
        )),
        None if case.recovery.unmet.is_none() && !case.recovery.slower.is_empty() => Some(format!(
            "it is called recovered at {}, but {} does not work as before at the end",
            since_page(claimed.value, page),
            case.recovery.slower.join(" and ")
        )),
        None if case.recovery.unmet.is_none() && !case.recovery.is_undone => Some(format!(
            "it is called recovered at {}, but what caused it is still there at the end",
            since_page(claimed.value, page)
        )),
        None => Some(format!(
            "it is called recovered at {}, but not every objective is met at the end",
            since_page(claimed.value, page)
        )),
    }
}

/// What is wrong with when it began and when somebody knew, if anything is. Both are often written
/// down a little late.
fn times(case: &Case<'_>) -> Option<String> {
    let (facts, page) = (case.record.facts, case.record.facts.page);
    let onset = case.analysis.onset?.value;
    if let Some(detected) = case.analysis.detected
        && detected.value < onset - EARLY.min(if detected.value < page { NOTICED } else { EARLY })
    {
        return Some(format!(
            "it is called detected at {}, before it began, {}",
            since_page(detected.value, page),
            since_page(onset, page)
        ));
    }
    // The alert held when it paged.
    let is_late = onset > page + EARLY && onset > facts.page && case.truth.onset.is_some();
    is_late.then(|| {
        format!(
            "it is said to have begun at {}, but the alert had fired by then",
            since_page(onset, page)
        )
    })
}

/// A claimed end of what users felt when they felt it at all times after.
fn unfounded_mitigation(case: &Case<'_>) -> Option<String> {
    let (recovery, page) = (&case.recovery, case.record.facts.page);
    let claimed = case.analysis.mitigated?;
    let unmet = recovery.unmet.as_ref().filter(|_| recovery.mitigated.is_none())?;
    Some(format!(
        "it is called mitigated at {}, but \"{}\" is not met at the end",
        since_page(claimed.value, page),
        unmet.name
    ))
}
