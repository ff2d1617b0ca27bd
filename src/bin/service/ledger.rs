//! Which offsets this service knows of: acknowledged by brokers when it produces, processed when it
//! consumes. Set against what a topic holds, it shows whether an acknowledged record was lost or a
//! record was processed twice.

use std::collections::BTreeMap;

use serde::Serialize;

/// Offsets by topic and partition.
#[derive(Debug, Default)]
pub struct Ledger {
    topics: BTreeMap<String, BTreeMap<i32, Partition>>,
}

/// The offsets of one partition.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Records noted, those without an offset and repeats included.
    pub records: u64,
    /// Records whose offset was noted before: a broker handed the offset out again after losing its
    /// record, or a consumer read it again.
    pub repeated: u64,
    /// Records whose offset is not known (`acks=0`).
    pub unknown: u64,
    /// First and last offset of every gapless stretch, in order. Transactions' markers leave gaps
    /// of one.
    ranges: Vec<(i64, i64)>,
}

impl Ledger {
    /// Notes one record.
    pub fn note(&mut self, topic: &str, partition: i32, offset: i64) {
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.to_owned(), BTreeMap::new());
        }
        if let Some(partitions) = self.topics.get_mut(topic) {
            partitions.entry(partition).or_default().note(offset);
        }
    }

    /// All partitions, by topic and number.
    pub fn partitions(&self) -> impl Iterator<Item = (&str, i32, &Partition)> {
        self.topics.iter().flat_map(|(topic, partitions)| {
            partitions.iter().map(|(number, p)| (topic.as_str(), *number, p))
        })
    }

    /// The ledger as JSON:
    /// `[{"topic":"orders","partition":0,"records":12,"repeated":0,"unknown":0,"ranges":[[0,11]]}]`.
    pub fn json(&self) -> serde_json::Value {
        #[derive(Serialize)]
        struct Row<'a> {
            topic: &'a str,
            partition: i32,
            records: u64,
            repeated: u64,
            unknown: u64,
            ranges: &'a [(i64, i64)],
        }
        self.partitions()
            .map(|(topic, partition, p)| Row {
                topic,
                partition,
                records: p.records,
                repeated: p.repeated,
                unknown: p.unknown,
                ranges: &p.ranges,
            })
            .map(|row| serde_json::json!(row))
            .collect()
    }
}

impl Partition {
    /// The highest offset noted.
    pub fn highest(&self) -> Option<i64> {
        self.ranges.last().map(|(_, last)| *last)
    }

    fn note(&mut self, offset: i64) {
        self.records += 1;
        if offset < 0 {
            self.unknown += 1;
            return;
        }
        // The stretch that begins at or before the offset, if any, is the one before this index:
        // nearly always the last.
        let index = self.ranges.partition_point(|(first, _)| *first <= offset);
        if index > 0 && offset <= self.ranges[index - 1].1 {
            self.repeated += 1;
            return;
        }
        let joins_before = index > 0 && self.ranges[index - 1].1 + 1 == offset;
        let joins_after = self.ranges.get(index).is_some_and(|(first, _)| offset + 1 == *first);
        match (joins_before, joins_after) {
            (true, true) => {
                self.ranges[index - 1].1 = self.ranges[index].1;
                self.ranges.remove(index);
            }
            (true, false) => self.ranges[index - 1].1 = offset,
            (false, true) => self.ranges[index].0 = offset,
            (false, false) => self.ranges.insert(index, (offset, offset)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{
        ChaCha8Rng,
        rand_core::{Rng, SeedableRng},
    };

    use super::*;

    fn noted(offsets: &[i64]) -> Partition {
        let mut partition = Partition::default();
        offsets.iter().for_each(|offset| partition.note(*offset));
        partition
    }

    #[test]
    fn contiguous_offsets_are_one_stretch() {
        let partition = noted(&[5, 6, 7, 8]);
        assert_eq!(partition.ranges, [(5, 8)]);
        assert_eq!((partition.records, partition.repeated, partition.highest()), (4, 0, Some(8)));
    }

    #[test]
    fn gaps_stay_and_close() {
        assert_eq!(noted(&[0, 1, 3, 4]).ranges, [(0, 1), (3, 4)]);
        assert_eq!(noted(&[0, 1, 3, 4, 2]).ranges, [(0, 4)]);
        assert_eq!(noted(&[9, 0, 8, 1]).ranges, [(0, 1), (8, 9)]);
    }

    #[test]
    fn an_offset_given_out_again_is_told() {
        let partition = noted(&[0, 1, 2, 3, 2, 3, 4]);
        assert_eq!(partition.ranges, [(0, 4)]);
        assert_eq!((partition.records, partition.repeated), (7, 2));
    }

    #[test]
    fn a_record_without_an_offset_counts() {
        let partition = noted(&[-1, -1001]);
        assert_eq!((partition.records, partition.unknown, partition.highest()), (2, 2, None));
    }

    #[test]
    fn any_order_gives_the_same_stretches() {
        let mut offsets: Vec<i64> = (0..100).filter(|n| n % 17 != 0).collect();
        let expected = noted(&offsets);
        let mut chance = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..50 {
            for i in (1..offsets.len()).rev() {
                offsets.swap(i, chance.next_u32() as usize % (i + 1));
            }
            assert_eq!(noted(&offsets), expected);
        }
    }

    #[test]
    fn json() {
        let mut ledger = Ledger::default();
        ledger.note("orders", 1, 7);
        ledger.note("orders", 1, 8);
        ledger.note("orders", 0, -1);
        insta::assert_snapshot!(ledger.json(), @r#"[{"topic":"orders","partition":0,"records":1,"repeated":0,"unknown":1,"ranges":[]},{"topic":"orders","partition":1,"records":2,"repeated":0,"unknown":0,"ranges":[[7,8]]}]"#);
    }
}
