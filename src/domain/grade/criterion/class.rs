//! Item 1: the class of the cause. Near misses in the tree get part of it, a look-alike of this
//! symptom nothing.

use super::{Criterion, Outcome, Slip, first_look};
use crate::domain::fault::truth::{Account, Counts, Truth};
use crate::domain::grade::case::Case;
use crate::domain::rca::vocab;
use crate::domain::rca::vocab::classes::Class as Entry;
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

/// The credit a claimed class gets for a true cause, in thousandths.
pub(in crate::domain::grade) fn credit(claimed: &Entry, account: &Account, truth: &Truth) -> u32 {
    let names = |id: &str| vocab::class(id).map(|c| c.id == claimed.id).unwrap_or(id == claimed.id);
    let equivalent = truth
        .preconditions
        .iter()
        .filter(|p| p.counts == Counts::Equivalent)
        .map(|p| p.class.as_str());
    let right = std::iter::once(account.class.as_str())
        .chain(account.equivalent.iter().map(String::as_str))
        .chain(equivalent);
    if right.into_iter().any(names) {
        return 1000;
    }
    let rejected =
        truth.preconditions.iter().filter(|p| p.counts == Counts::Rejected).map(|p| &p.class);
    if truth.look_alikes.iter().map(|other| &other.class).chain(rejected).any(|id| names(id)) {
        return 0;
    }
    let true_paths: Vec<&str> = match vocab::class(&account.class) {
        Ok(class) => std::iter::once(class.id).chain(class.also.iter().copied()).collect(),
        Err(_) => vec![account.class.as_str()],
    };
    let claimed_paths = || std::iter::once(claimed.id).chain(claimed.also.iter().copied());
    true_paths
        .iter()
        .flat_map(|path| claimed_paths().map(move |claimed| relation(claimed, path)))
        .max()
        .unwrap_or(0)
}

/// How near two places of the tree are.
fn relation(claimed: &str, truth: &str) -> u32 {
    let above = vocab::parent(truth);
    if Some(claimed) == above {
        500
    } else if Some(claimed) == above.and_then(vocab::parent)
        || (above.is_some() && vocab::parent(claimed) == above)
    {
        250
    } else if vocab::domain(claimed) == vocab::domain(truth) {
        100
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::truth::Precondition;
    use crate::domain::grade::tests::capped_link;

    #[test]
    fn a_precondition_counts_as_its_author_says() {
        let mut truth = capped_link();
        let precondition = |class: &str, counts| Precondition {
            class: class.into(),
            counts,
            reason: "it was so before".into(),
        };
        truth.preconditions = vec![
            precondition("replication.acks_one_loss", Counts::Equivalent),
            precondition("network.quality.packet_loss", Counts::Rejected),
            precondition("reassignment.unthrottled", Counts::Contributing),
        ];
        let credit_of =
            |id: &str| credit(vocab::class(id).expect("it exists"), &truth.causes[0], &truth);
        // An unthrottled reassignment also stands in the group of the cause.
        assert_eq!(
            [
                credit_of("replication.acks_one_loss"),
                credit_of("network.quality.packet_loss"),
                credit_of("reassignment.unthrottled")
            ],
            [1000, 0, 250]
        );
        assert_eq!(
            [credit_of("network.capacity.reassignment_traffic"), credit_of("storage.disk.slow")],
            [250, 0]
        );
        let told = nearness("reassignment.unthrottled", 250, &truth.causes[0], &truth);
        assert_eq!(
            told,
            "`reassignment.unthrottled` contributed to it but is not the cause: it was so before"
        );
    }

    #[test]
    fn the_nearer_in_the_tree_the_more_credit() {
        let truth = "broker.memory.heap_exhausted";
        let near = [
            "broker.memory",
            "broker",
            "broker.memory.plugin_leak",
            "broker.cpu.starved",
            "broker.cpu",
            "network.capacity.link_capped",
        ];
        assert_eq!(near.map(|claimed| relation(claimed, truth)), [500, 250, 250, 100, 100, 0]);
        let shallow = "replication.unclean_election";
        assert_eq!(
            ["replication", "replication.acks_one_loss", "leadership"]
                .map(|claimed| relation(claimed, shallow)),
            [500, 250, 0]
        );
    }
}
