//! The telemetry of a recording, in memory: what changed, and when each target was read.

use std::collections::BTreeMap;

use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::domain::telemetry::series::{
    Labels, MatchOp, Matcher, NAME, Point, Series, SeriesSource, SourceError, UnixMs, repeated,
};

const INSTANCE: &str = "instance";

/// Samples and log lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Telemetry {
    /// What was read.
    pub targets: Vec<Target>,
    /// The series, by metric name.
    pub series: BTreeMap<String, Vec<Kept>>,
    /// The log lines, oldest first.
    pub lines: Vec<LogLine>,
}

/// What was read, and when with success.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The job.
    pub job: String,
    /// The machine, or empty.
    pub node: String,
    /// The times of the reads that succeeded, oldest first.
    pub reads: Vec<UnixMs>,
}

/// A series of a target. A value holds at every later successful read, until the next one.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Name and labels.
    pub labels: Labels,
    /// The target, by its place in the list.
    pub target: usize,
    /// The values that differ from the one before, and stale markers.
    pub changes: Vec<Point>,
}

impl SeriesSource for Telemetry {
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        let accepted =
            |labels: &Labels| matchers.iter().all(|m| m.accepts(labels)).then(|| labels.clone());
        Ok(self.select_as(matchers, accepted, from, to))
    }
}

impl Telemetry {
    /// How many series have the name that these matchers ask for.
    pub fn count_named(&self, matchers: &[Matcher]) -> usize {
        self.named(matchers).len()
    }

    /// The series of the name that these matchers ask for, each under the labels that `called`
    /// gives it, with the samples in `[from, to]`; left out are those to which it gives none.
    pub fn select_as(
        &self,
        matchers: &[Matcher],
        called: impl Fn(&Labels) -> Option<Labels>,
        from: UnixMs,
        to: UnixMs,
    ) -> Vec<Series> {
        let selected = self.named(matchers).into_iter().filter_map(|kept| {
            Some(Series { labels: called(&kept.labels)?, points: self.points(kept, from, to) })
        });
        selected.filter(|series| !series.points.is_empty()).collect()
    }

    fn named(&self, matchers: &[Matcher]) -> Vec<&Kept> {
        let name = matchers.iter().find_map(|m| match &m.op {
            MatchOp::Equal(name) if m.label == NAME => Some(name.as_str()),
            _ => None,
        });
        match name {
            Some(name) => self.series.get(name).into_iter().flatten().collect(),
            None => self.series.values().flatten().collect(),
        }
    }

    /// Gives scraped series the label `instance` that recordings of before do not have. Whether
    /// this is one of them.
    pub(super) fn name_instances(&mut self) -> bool {
        let has_instance = |kept: &Kept| kept.labels.0.contains_key(INSTANCE);
        if self.series.values().flatten().any(has_instance) {
            return false;
        }
        for kept in self.series.values_mut().flatten() {
            let Some(target) = self.targets.get(kept.target) else { continue };
            // What tells of the reading itself names job and machine in its labels.
            let (job, node) = match target.job.as_str() {
                "scrape" => (kept.labels.get("job"), kept.labels.get("node")),
                job => (job, target.node.as_str()),
            };
            if let Some(instance) = catalogue::instance(job, node) {
                kept.labels.0.insert(INSTANCE.to_owned(), instance);
            }
        }
        true
    }

    fn points(&self, kept: &Kept, from: UnixMs, to: UnixMs) -> Vec<Point> {
        let within = |times: &[UnixMs]| {
            (times.partition_point(|at| *at < from), times.partition_point(|at| *at <= to))
        };
        let reads = self.targets.get(kept.target).map_or(&[][..], |t| &t.reads);
        let (first, last) = within(reads);
        let begin = kept.changes.partition_point(|p| p.at < from).saturating_sub(1);
        let end = kept.changes.partition_point(|p| p.at <= to);
        repeated(&kept.changes[begin..end.max(begin)], &reads[first..last.max(first)], from)
    }
}

impl LogSource for Telemetry {
    fn lines(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, SourceError> {
        let (first, last) = (
            self.lines.partition_point(|l| l.at < from),
            self.lines.partition_point(|l| l.at <= to),
        );
        Ok(self.lines[first..last.max(first)].iter().filter(|l| wanted(&l.node)).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(job: &str, node: &str) -> Target {
        Target { job: job.to_owned(), node: node.to_owned(), reads: Vec::new() }
    }

    #[test]
    fn a_recording_of_before_gets_its_instances_and_a_later_one_is_left_alone() {
        let mut telemetry = Telemetry {
            targets: vec![read("kafka", "kafka-1"), read("scrape", ""), read("cluster", "")],
            ..Telemetry::default()
        };
        let up = |job, node| Labels::of("up", [("job", job), ("node", node)]);
        let kept = [
            (0, Labels::of("jvm_threads_current", [("node", "kafka-1")])),
            (1, up("service", "billing")),
            (1, up("container", "billing")),
            (2, Labels::of("kafka_brokers", [])),
        ];
        for (target, labels) in kept {
            let of_name = telemetry.series.entry(labels.name().to_owned()).or_default();
            of_name.push(Kept { labels, target, changes: Vec::new() });
        }
        assert!(telemetry.name_instances());
        let instances = |name: &str| {
            let series = &telemetry.series[name];
            series.iter().map(|kept| kept.labels.get(INSTANCE)).collect::<Vec<_>>()
        };
        assert_eq!(instances("jvm_threads_current"), ["kafka-1:7071"]);
        assert_eq!(instances("up"), ["billing:8080", ""]);
        assert_eq!(instances("kafka_brokers"), [""]);
        let named = telemetry.clone();
        assert!(!telemetry.name_instances(), "it has them");
        assert_eq!(telemetry, named);
    }
}
