//! Item 1: the class of the cause. Near misses in the tree get part of it, a look-alike of this
//! symptom nothing.

use super::{Criterion, Outcome, Slip, first_look};
use crate::domain::fault::truth::{Account, Counts, Truth};
use crate::domain::grade::case::Case;
use crate::domain::telemetry::series::SourceError;

/// The class of the cause.
pub struct Class;

impl Criterion for Class {
    fn name(&self) -> &'static str {
        "class"
    }

    fn weight(&self) -> u32 {
        25
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let claimed = case.analysis.causes.len();
        let of = claimed.max(case.truth.causes.len()).max(1) as u32;
        let sum: u32 = case.pairs.iter().map(|pair| pair.credit).sum();
        let score = sum / of;
        let (at, observed, look) = first_look(case);
        let mut outcome = Outcome::full();
        let mut slip = |cost, says, place| {
            outcome.slip(Slip {
                cost,
                says,
                place,
                at,
                observed: observed.clone(),
                look: look.clone(),
            });
        };
        let mut left = 1000 - score;
        for pair in &case.pairs {
            let (says, place) = match pair.claimed {
                Some((_, cause)) => {
                    let id = cause.class.value.id;
                    let how_near =
                        nearness(id, pair.credit, &case.truth.causes[pair.truth], case.truth);
                    (how_near, cause.class.place)
                }
                None => (
                    "there is a second, independent cause that is not named".to_owned(),
                    case.analysis.places.root_cause,
                ),
            };
            let cost = ((1000 - pair.credit) / of).min(left);
            left -= cost;
            slip(cost, says, place);
        }
        // What is left of the loss is the price of naming too many.
        let surplus = case.analysis.causes.iter().enumerate().find(|(n, _)| !is_paired(case, *n));
        let (says, place) = match surplus {
            Some((_, cause)) => (
                format!(
                    "{claimed} causes are named where there is {}: the credit is divided by their number",
                    case.truth.causes.len()
                ),
                cause.class.place,
            ),
            None => (
                "the credit is divided by the number of causes".to_owned(),
                case.analysis.places.root_cause,
            ),
        };
        slip(left, says, place);
        Ok(outcome)
    }
}

fn is_paired(case: &Case<'_>, claimed: usize) -> bool {
    case.pairs.iter().any(|pair| pair.claimed.is_some_and(|(n, _)| n == claimed))
}

/// Why a claimed class got no more than it did.
fn nearness(id: &str, credit: u32, account: &Account, truth: &Truth) -> String {
    if let Some(precondition) =
        truth.preconditions.iter().find(|p| p.class == id && p.counts != Counts::Equivalent)
    {
        let counts = if precondition.counts == Counts::Contributing {
            "contributed to it but is not the cause"
        } else {
            "is not the cause"
        };
        return format!("`{id}` {counts}: {}", precondition.reason);
    }
    let truth_id = &account.class;
    match credit {
        500 => format!("`{id}` is the group to which the cause belongs: `{truth_id}`"),
        250 => format!("`{id}` is near the cause in the tree, but it was `{truth_id}`"),
        100 => format!("`{id}` is of the right domain, but the cause was `{truth_id}`"),
        _ if truth.look_alikes.iter().any(|other| other.class == id) => {
            format!("`{id}` shows the same symptom, but the cause was `{truth_id}`")
        }
        _ => format!("the cause was not `{id}` but `{truth_id}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::truth::Precondition;
    use crate::domain::grade::tests::capped_link;

    #[test]
    fn a_precondition_is_explained_in_its_authors_words() {
        let mut truth = capped_link();
        truth.preconditions = vec![Precondition {
            class: "reassignment.unthrottled".into(),
            counts: Counts::Contributing,
            reason: "it was so before".into(),
        }];
        let says = nearness("reassignment.unthrottled", 250, &truth.causes[0], &truth);
        assert_eq!(
            says,
            "`reassignment.unthrottled` contributed to it but is not the cause: it was so before"
        );
    }
}
