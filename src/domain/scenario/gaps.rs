//! Gaps in the metrics as production has them: at level 4 one exporter is not read now and then.

use serde::{Deserialize, Serialize};

use super::draw::pick;
use super::feed::Drawing;
use super::level::Level;
use crate::domain::telemetry::series::UnixMs;

/// The job whose exporter is not read: what tells of machines, and not of Kafka.
pub const JOB: &str = "node";

/// Scrapes that are missing: of every stretch of so many seconds the last few.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrapeGaps {
    /// The machine whose exporter of [`JOB`] is not read then.
    pub node: String,
    /// The length of a stretch, in seconds.
    pub every_seconds: i64,
    /// How much of it is missing, in seconds.
    pub for_seconds: i64,
}

impl ScrapeGaps {
    /// The gaps of a drawing, on one of these machines that none of the `needed` expressions names:
    /// neither alert nor objectives nor the witness go without.
    pub fn drawn<'a>(
        by: &Drawing,
        machines: impl Iterator<Item = &'a str>,
        needed: &[&str],
    ) -> Option<Self> {
        let is_named = |node: &str| needed.iter().any(|expr| expr.contains(&format!("\"{node}\"")));
        let free: Vec<_> = machines.filter(|node| !is_named(node)).collect();
        let node = free.get(pick(by.seed, "gaps/node", free.len()))?;
        let between = |purpose, from: i64, to: i64| {
            from + pick(by.seed, purpose, (to - from + 1) as usize) as i64
        };
        (by.level >= Level::Production).then(|| Self {
            node: (*node).to_owned(),
            every_seconds: between("gaps/every", 45, 90),
            for_seconds: between("gaps/for", 4, 12),
        })
    }

    /// Whether a scrape is missing at this instant.
    pub fn misses(&self, job: &str, node: &str, at: UnixMs) -> bool {
        let second = (at / 1000).rem_euclid(self.every_seconds.max(1));
        job == JOB && node == self.node && second >= self.every_seconds - self.for_seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(level: Level, needed: &[&str]) -> Option<ScrapeGaps> {
        let drawing = Drawing { level, ..Drawing::of(3) };
        ScrapeGaps::drawn(&drawing, ["kafka-1", "kafka-2"].into_iter(), needed)
    }

    #[test]
    fn a_few_seconds_of_each_stretch_are_missing_on_one_machine() {
        let gaps = ScrapeGaps { node: "kafka-1".to_owned(), every_seconds: 50, for_seconds: 5 };
        let missing = (0..200).filter(|s| gaps.misses("node", "kafka-1", s * 1000)).count();
        assert_eq!(missing, 4 * 5);
        assert!((0..200).all(|s| !gaps.misses("kafka", "kafka-1", s * 1000)));
        assert!((0..200).all(|s| !gaps.misses("node", "kafka-2", s * 1000)));
    }

    #[test]
    fn what_somebody_needs_is_read_always() {
        assert_eq!(drawn(Level::Misled, &[]), None);
        let free = drawn(Level::Production, &["up{node=\"kafka-1\"} == 1"]).expect("one is left");
        assert_eq!(free.node, "kafka-2");
        assert_eq!(drawn(Level::Production, &["\"kafka-1\"", "\"kafka-2\""]), None);
    }
}
