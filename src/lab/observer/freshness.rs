//! Freshness: how old the oldest record is that was acknowledged to a producer and is not yet
//! committed by a group. Unlike lag it is honest when the high watermark stands still, and it is
//! what users feel.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::telemetry::series::UnixMs;

/// A partition.
pub type TopicPartition = (String, i32);

/// When which offsets had been acknowledged, per partition; as much of it as some group still
/// needs.
#[derive(Debug, Default)]
pub struct Freshness {
    acknowledged: BTreeMap<TopicPartition, VecDeque<(UnixMs, i64)>>,
}

impl Freshness {
    /// Notes the highest offset acknowledged by now.
    pub fn acknowledged(&mut self, partition: &TopicPartition, highest: i64, now: UnixMs) {
        let history = self.acknowledged.entry(partition.clone()).or_default();
        if history.back().is_none_or(|(_, last)| *last < highest) {
            history.push_back((now, highest));
        }
    }

    /// Age in seconds of the oldest record at or after `committed` that had been acknowledged by
    /// `now`; 0 when there is none, and nothing for a partition nobody was seen to write to.
    pub fn age(&self, partition: &TopicPartition, committed: i64, now: UnixMs) -> Option<f64> {
        let history = self.acknowledged.get(partition)?;
        let oldest = history.iter().find(|(_, highest)| *highest >= committed);
        Some(oldest.map_or(0.0, |(at, _)| (now - at).max(0) as f64 / 1000.0))
    }

    /// Forgets what every group has committed past. `needed` holds the lowest commit of each
    /// partition.
    pub fn forget(&mut self, needed: &BTreeMap<TopicPartition, i64>) {
        for (partition, committed) in needed {
            let Some(history) = self.acknowledged.get_mut(partition) else { continue };
            // The newest entry stays, so that the partition is still known to be written to.
            while history.len() > 1
                && history.front().is_some_and(|(_, highest)| highest < committed)
            {
                history.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> TopicPartition {
        ("orders".to_owned(), 0)
    }

    #[test]
    fn the_oldest_uncommitted_record_counts() {
        let mut freshness = Freshness::default();
        for (at, highest) in [(1000, 9), (2000, 19), (3000, 29)] {
            freshness.acknowledged(&partition(), highest, at);
        }
        // Offset 10 is the next to read: it was acknowledged between 1000 and 2000.
        assert_eq!(freshness.age(&partition(), 10, 5000), Some(3.0));
        assert_eq!(
            freshness.age(&partition(), 29, 5000),
            Some(2.0),
            "the last record is acknowledged and not committed"
        );
        assert_eq!(freshness.age(&partition(), 30, 5000), Some(0.0));
        assert_eq!(freshness.age(&("audit".to_owned(), 0), 0, 5000), None);
    }

    #[test]
    fn a_producer_that_stands_still_does_not_make_records_younger() {
        let mut freshness = Freshness::default();
        for at in [1000, 2000, 3000] {
            freshness.acknowledged(&partition(), 9, at);
        }
        assert_eq!(freshness.age(&partition(), 5, 61_000), Some(60.0));
    }

    #[test]
    fn what_is_committed_is_forgotten_and_changes_no_age() {
        let mut freshness = Freshness::default();
        (1..=100).for_each(|k| freshness.acknowledged(&partition(), k * 10, k * 1000));
        let before = freshness.age(&partition(), 505, 200_000);
        freshness.forget(&[(partition(), 505)].into());
        assert_eq!(freshness.age(&partition(), 505, 200_000), before);
        assert_eq!(freshness.acknowledged[&partition()].len(), 50);
        freshness.forget(&[(partition(), 5000)].into());
        assert_eq!(freshness.age(&partition(), 5000, 200_000), Some(0.0));
    }
}
