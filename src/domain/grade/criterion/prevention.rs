//! Item 9: what keeps it from coming back: the best two of the measures that fit the cause, the
//! stronger the better, each owned, dated and with a way to know that it is done.

use super::{Criterion, Outcome, Slip, first_look};
use crate::domain::grade::case::Case;
use crate::domain::rca::analysis::Prevention as Measure;
use crate::domain::rca::document::Form;
use crate::domain::telemetry::series::SourceError;

/// What keeps it from coming back.
pub struct Prevention;

/// How many measures count.
const MEASURES: usize = 2;
/// What is missing of a measure without an owner, a date, or a way to know that it is done.
const LOOSE: u32 = 200;

impl Criterion for Prevention {
    fn name(&self) -> &'static str {
        "prevention"
    }

    fn weight(&self) -> u32 {
        2
    }

    fn not_asked(&self, case: &Case<'_>) -> Option<String> {
        if case.analysis.form == Form::Short {
            return Some("the short form does not ask it".to_owned());
        }
        accepted(case).is_empty().then(|| "nothing has to be prevented here".to_owned())
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let mut outcome = Outcome::full();
        let accepted = accepted(case);
        let mut best: Vec<u32> = accepted.iter().map(|id| strength(id)).collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let full: u32 = best.iter().take(MEASURES).sum();
        let mut seen: Vec<&str> = Vec::new();
        let mut told: Vec<(u32, &Measure)> = Vec::new();
        for measure in case.analysis.prevention.iter().filter(|m| accepted.contains(&m.action.id)) {
            if !seen.contains(&measure.action.id) {
                seen.push(measure.action.id);
                told.push((
                    strength(measure.action.id) * (1000 - LOOSE * loose(measure).len() as u32)
                        / 1000,
                    measure,
                ));
            }
        }
        told.sort_by_key(|(worth, _)| std::cmp::Reverse(*worth));
        told.truncate(MEASURES);
        let (at, observed, look) = first_look(case);
        let mut slip = |cost, says, place| {
            outcome.slip(Slip {
                cost,
                says,
                place,
                at,
                observed: observed.clone(),
                look: look.clone(),
            })
        };
        let mut left = 1000
            - (told.iter().map(|(worth, _)| worth).sum::<u32>() * 1000)
                .checked_div(full)
                .unwrap_or(1000)
                .min(1000);
        for (_, measure) in &told {
            let missing = loose(measure);
            let cost = (strength(measure.action.id) * LOOSE * missing.len() as u32)
                .checked_div(full)
                .unwrap_or(0)
                .min(left);
            left -= cost;
            slip(
                cost,
                format!("`{}` lacks {}", measure.action.id, missing.join(", ")),
                measure.place,
            );
        }
        let others: Vec<_> =
            accepted.iter().filter(|id| !seen.contains(id)).map(|id| format!("`{id}`")).collect();
        let says = match others.is_empty() {
            true => "a stronger measure counts more".to_owned(),
            false => format!("what fits this cause as well: {}", others.join(", ")),
        };
        slip(left, says, case.analysis.places.prevention);
        Ok(outcome)
    }
}

fn accepted<'a>(case: &'a Case<'_>) -> Vec<&'a str> {
    let mut accepted: Vec<&str> =
        case.truth.causes.iter().flat_map(|cause| &cause.preventions).map(String::as_str).collect();
    accepted.sort_unstable();
    accepted.dedup();
    accepted
}

/// What makes a fault impossible or harmless is stronger than what makes people careful, and that
/// is stronger than noticing it sooner.
fn strength(id: &str) -> u32 {
    match id.split('.').next().unwrap_or("") {
        "config" | "limit" | "capacity" => 1000,
        "process" => 800,
        _ => 600,
    }
}

/// What a measure lacks to be done by somebody.
fn loose(measure: &Measure) -> Vec<&'static str> {
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let fields = [
        ("an owner", given(&measure.owner)),
        ("a date", given(&measure.due)),
        ("a way to know that it is done", given(&measure.done_when)),
    ];
    fields.into_iter().filter(|(_, given)| !given).map(|(name, _)| name).collect()
}
