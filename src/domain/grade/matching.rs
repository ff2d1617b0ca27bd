//! Which claimed cause stands for which true one, and what credit its class gets: near misses in
//! the tree get part of it, a look-alike of this symptom nothing.

use crate::domain::fault::truth::{Account, Counts, Truth};
use crate::domain::rca::analysis::{Analysis, Cause};
use crate::domain::rca::vocab;
use crate::domain::rca::vocab::classes::Class as Entry;

/// A true cause and the claimed cause that stands for it, if there is one.
pub struct Pair<'a> {
    /// The true cause, by its place in the truth.
    pub truth: usize,
    /// The claimed one, and its place in the document.
    pub claimed: Option<(usize, &'a Cause)>,
    /// The credit its class gets, in thousandths.
    pub credit: u32,
}

/// The matching of claimed and true causes with the most credit; of several such the one that comes
/// first in the document.
pub(super) fn pairs<'a>(analysis: &'a Analysis, truth: &Truth) -> Vec<Pair<'a>> {
    let credits_of = |account: &Account| -> Vec<u32> {
        analysis.causes.iter().map(|cause| credit(cause.class.value, account, truth)).collect()
    };
    let credits: Vec<Vec<u32>> = truth.causes.iter().map(credits_of).collect();
    let (_, assigned) = best(&credits, 0, &mut Vec::new());
    let pair = |(truth, claimed): (usize, Option<usize>)| Pair {
        truth,
        claimed: claimed.map(|c| (c, &analysis.causes[c])),
        credit: claimed.map_or(0, |c| credits[truth][c]),
    };
    assigned.into_iter().enumerate().map(pair).collect()
}

/// The most credit that the true causes from this one on can get from claims that are not taken,
/// and the claim each of them gets.
fn best(credits: &[Vec<u32>], truth: usize, taken: &mut Vec<usize>) -> (u32, Vec<Option<usize>>) {
    let Some(row) = credits.get(truth) else { return (0, Vec::new()) };
    let free: Vec<usize> = (0..row.len()).filter(|claimed| !taken.contains(claimed)).collect();
    let mut chosen: Option<(u32, Vec<Option<usize>>)> = None;
    for claimed in free {
        taken.push(claimed);
        let (rest, mut assigned) = best(credits, truth + 1, taken);
        taken.pop();
        let sum = row[claimed] + rest;
        if chosen.as_ref().is_none_or(|(most, _)| sum > *most) {
            assigned.insert(0, Some(claimed));
            chosen = Some((sum, assigned));
        }
    }
    chosen.unwrap_or_else(|| {
        let (rest, mut assigned) = best(credits, truth + 1, taken);
        assigned.insert(0, None);
        (rest, assigned)
    })
}

/// The credit a claimed class gets for a true cause, in thousandths.
pub(super) fn credit(claimed: &Entry, account: &Account, truth: &Truth) -> u32 {
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
