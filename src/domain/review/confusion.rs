//! Scenarios of a family against recordings of all of them: who is seen where, and which pairs
//! nothing separates.

use super::seen::{is_seen, unmet};
use crate::domain::recording::Recording;
use crate::domain::scenario::Plan;

/// Makes the plan of a scenario with a seed.
pub type Planner<'a> = dyn Fn(&str, u64) -> Option<Plan> + 'a;

/// Whether a scenario's signatures are seen in a recording, the names in them being those of the
/// recording. None when it has no signatures, as controls have none, or no plan with that seed.
pub fn seen_in(slug: &str, recording: &Recording, plan: &Planner<'_>) -> Option<bool> {
    let plan = plan(slug, recording.head.seed)?;
    let signatures = &plan.signatures;
    (!signatures.is_empty())
        .then(|| is_seen(signatures, &recording.record(), recording.head.phases.witnessed))
}

/// Pairs of scenarios for which nothing we know of the first is true in all of its recordings and
/// false in all of the other's. Pairs that are not recorded are left out.
pub fn unseparated(
    slugs: &[String],
    recordings: &[Recording],
    plan: &Planner<'_>,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for own in slugs {
        let asked = recordings.iter().filter_map(|recording| {
            Some((recording.head.scenario.as_str(), known_in(own, recording, plan)?))
        });
        let asked: Vec<_> = asked.collect();
        let of = |slug: &str| {
            asked
                .iter()
                .filter(|(scenario, _)| *scenario == slug)
                .map(|(_, known)| known)
                .collect::<Vec<_>>()
        };
        let own_recordings = of(own);
        let Some(count) =
            own_recordings.first().map(|known| known.len()).filter(|count| *count > 0)
        else {
            continue;
        };
        for other in slugs.iter().filter(|other| *other != own) {
            let others = of(other);
            let separates = (0..count).any(|k| {
                own_recordings.iter().all(|known| known.get(k) == Some(&true))
                    && others.iter().all(|known| known.get(k) == Some(&false))
            });
            if !others.is_empty() && !separates {
                pairs.push((own.clone(), other.clone()));
            }
        }
    }
    pairs
}

/// Which of what is known of a scenario holds when a recording was witnessed, the names in it being
/// those of the recording.
fn known_in(slug: &str, recording: &Recording, plan: &Planner<'_>) -> Option<Vec<bool>> {
    let (record, at) = (recording.record(), recording.head.phases.witnessed);
    let holds = |conditions: Vec<String>| {
        unmet(conditions.iter().map(String::as_str), &record, at).is_empty()
    };
    Some(predicates(&plan(slug, recording.head.seed)?).into_iter().map(holds).collect())
}

/// What is known to be true of a scenario when it is witnessed, each as conditions that hold
/// together: the signatures and the chain of a cause, one by one; of a control that the steady
/// state is back.
fn predicates(plan: &Plan) -> Vec<Vec<String>> {
    let steady = plan.is_control().then(|| plan.steady.conditions.clone());
    let chain = plan.account().chain.into_iter().map(|effect| vec![effect.shows]);
    plan.signatures.iter().map(|s| vec![s.expr.clone()]).chain(chain).chain(steady).collect()
}
