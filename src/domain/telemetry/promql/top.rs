//! The largest or smallest of some values, with the ties of Prometheus: which of equal values stays
//! depends on the order in which a binary heap gives them up, so this is the textbook heap that
//! Go's `container/heap` is.

/// Which values come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// The largest, for `topk`.
    Largest,
    /// The smallest, for `bottomk`.
    Smallest,
}

impl Rank {
    /// Whether `a` has to give way to `b`; NaN always has.
    fn below(self, a: f64, b: f64) -> bool {
        a.is_nan()
            || match self {
                Self::Largest => a < b,
                Self::Smallest => a > b,
            }
    }
}

/// The first `count` candidates by rank, best first, each with what identifies it.
pub fn top<T: Copy>(
    count: usize,
    rank: Rank,
    candidates: impl Iterator<Item = (f64, T)>,
) -> Vec<(f64, T)> {
    let mut heap: Vec<(f64, T)> = Vec::new();
    for candidate in candidates {
        if heap.len() < count {
            heap.push(candidate);
            rise(&mut heap, rank);
        } else if heap.first().is_some_and(|worst| rank.below(worst.0, candidate.0)) {
            heap.swap_remove(0);
            sink(&mut heap, rank);
            heap.push(candidate);
            rise(&mut heap, rank);
        }
    }
    // Stable, so that ties leave in the order of the heap.
    heap.sort_by(|a, b| match (a.0.is_nan(), b.0.is_nan()) {
        (false, false) => rank.below(a.0, b.0).cmp(&rank.below(b.0, a.0)),
        (a, b) => a.cmp(&b),
    });
    heap
}

/// Moves the last element up to where it belongs.
fn rise<T>(heap: &mut [(f64, T)], rank: Rank) {
    let mut child = heap.len().saturating_sub(1);
    while child > 0 {
        let parent = (child - 1) / 2;
        if !rank.below(heap[child].0, heap[parent].0) {
            break;
        }
        heap.swap(child, parent);
        child = parent;
    }
}

/// Moves the first element down to where it belongs.
fn sink<T>(heap: &mut [(f64, T)], rank: Rank) {
    let mut parent = 0;
    loop {
        let (left, right) = (2 * parent + 1, 2 * parent + 2);
        if left >= heap.len() {
            break;
        }
        let child = if right < heap.len() && rank.below(heap[right].0, heap[left].0) {
            right
        } else {
            left
        };
        if !rank.below(heap[child].0, heap[parent].0) {
            break;
        }
        heap.swap(child, parent);
        parent = child;
    }
}
