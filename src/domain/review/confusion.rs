//! Scenarios of a family against recordings of all of them: who is seen where, and which pairs nothing separates.

use super::seen::{is_seen, unmet};
use crate::domain::rca::vocab::domain;
use crate::domain::recording::Recording;
use crate::domain::scenario::Plan;

/// Makes the plan of a scenario with a seed.
pub type Planner<'a> = dyn Fn(&str, u64) -> Option<Plan> + 'a;

/// Whether a scenario's signatures are seen in a recording, the names in them being those of the recording. None when it has no
/// signatures, as controls have none, or no plan with that seed.
pub fn seen_in(slug: &str, recording: &Recording, plan: &Planner<'_>) -> Option<bool> {
    let plan = plan(slug, recording.head.seed)?;
    let signatures = &plan.signatures;
    (!signatures.is_empty()).then(|| is_seen(signatures, &recording.record(), recording.head.phases.witnessed))
}

/// Pairs of scenarios for which nothing we know of the first is true in all of its recordings and false in
/// all of the other's. Pairs that are not recorded are left out.
pub fn unseparated(slugs: &[String], recordings: &[Recording], plan: &Planner<'_>) -> Vec<(String, String)> {
    let of = |slug: &str| recordings.iter().filter(|r| r.head.scenario == slug).collect::<Vec<_>>();
    let mut pairs = Vec::new();
    for own in slugs {
        let own_recordings = of(own);
        let Some(first) = own_recordings.first().and_then(|r| plan(own, r.head.seed)) else { continue };
        let count = predicates(&first).len();
        for other in slugs.iter().filter(|other| *other != own) {
            let others = of(other);
            if others.is_empty() || count == 0 {
                continue;
            }
            let is = |k: usize, recording: &Recording| {
                let plan = plan(own, recording.head.seed)?;
                let conditions = predicates(&plan).into_iter().nth(k)?;
                Some(unmet(conditions.iter().map(String::as_str), &recording.record(), recording.head.phases.witnessed).is_empty())
            };
            let separates =
                (0..count).any(|k| own_recordings.iter().all(|r| is(k, r) == Some(true)) && others.iter().all(|r| is(k, r) == Some(false)));
            if !separates {
                pairs.push((own.clone(), other.clone()));
            }
        }
    }
    pairs
}

/// What is known to be true of a scenario when it is witnessed, each as conditions that hold together: the signatures and the chain of a
/// cause, one by one; of a control that the steady state is back.
fn predicates(plan: &Plan) -> Vec<Vec<String>> {
    let account = plan.fault.primitive().truth(plan.target());
    let steady = (domain(&account.class) == "none").then(|| plan.steady.conditions.clone());
    let chain = account.chain.into_iter().map(|effect| vec![effect.shows]);
    plan.signatures.iter().map(|s| vec![s.expr.clone()]).chain(chain).chain(steady).collect()
}
