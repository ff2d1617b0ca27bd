//! From scores to points, without losing a thousandth on the way.

use super::criterion::{Outcome, Slip};

/// All points there are, in thousandths.
const ALL: u32 = 100_000;

/// The points of each item, by weight, together exactly all there are. What division leaves over
/// goes to the first items.
pub(super) fn spread(weights: &[u32]) -> Vec<u32> {
    let whole: u32 = weights.iter().sum();
    let mut points: Vec<u32> =
        weights.iter().map(|weight| (ALL * weight).checked_div(whole).unwrap_or(0)).collect();
    let left: u32 = if whole == 0 { 0 } else { ALL - points.iter().sum::<u32>() };
    points.iter_mut().take(left as usize).for_each(|points| *points += 1);
    points
}

/// The points an item gives, and those each slip cost. Together they are what was possible.
pub(super) fn awarded(possible: u32, outcome: &Outcome) -> (u32, Vec<(u32, Slip)>) {
    let points = |score: u32| (u64::from(possible) * u64::from(score) / 1000) as u32;
    let mut score = 1000;
    let mut lost = Vec::new();
    for slip in outcome.slips() {
        let before = points(score);
        score -= slip.cost.min(score);
        let cost = before - points(score);
        if cost > 0 {
            lost.push((cost, slip.clone()));
        }
    }
    (points(score), lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_add_up_whatever_the_weights() {
        for weights in [
            vec![25, 15, 5, 25],
            vec![25, 25],
            vec![1, 1, 1],
            vec![7],
            vec![25, 15, 5, 25, 12, 8, 3, 5, 2],
        ] {
            assert_eq!(spread(&weights).iter().sum::<u32>(), ALL);
        }
        assert_eq!(spread(&[25, 15, 5, 25]), [35_715, 21_429, 7_142, 35_714]);
        assert_eq!(spread(&[]), Vec::<u32>::new());
    }
}
