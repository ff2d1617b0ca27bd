//! What a group leaves unread, and how that shows: the end of every chain in which records wait.

use super::super::Target;
use super::super::truth::Effect;
use super::effect;
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::workload::Service;

/// A consuming service, its group, and what they read.
pub(super) struct Backlog {
    pub(super) service: Component,
    pub(super) group: Component,
    pub(super) group_id: String,
    pub(super) topics: Vec<Component>,
    pub(super) partitions: Vec<Component>,
}

impl Backlog {
    /// Of a service that consumes.
    pub(super) fn of(service: &str, on: Target<'_>) -> Self {
        let spec = on.services.iter().find(|s| s.name == service);
        let group_id = spec.and_then(Service::group).unwrap_or_default().to_owned();
        let names: Vec<_> = spec.into_iter().flat_map(Service::topics).collect();
        let read = on.topology.topics.iter().filter(|t| names.contains(&t.name.as_str()));
        let partition =
            |(topic, p): (&str, usize)| Component::of(Kind::Partition, format!("{topic}-{p}"));
        Self {
            service: Component::of(Kind::Service, service),
            group: Component::of(Kind::Group, &group_id),
            group_id,
            topics: names.iter().map(|t| Component::of(Kind::Topic, t)).collect(),
            partitions: read
                .flat_map(|t| (0..t.assignment.len()).map(|p| (t.name.as_str(), p)))
                .map(partition)
                .collect(),
        }
    }

    /// Selects this group's series of a metric.
    pub(super) fn series(&self, metric: &str) -> String {
        format!("{metric}{{consumergroup=\"{}\"}}", self.group_id)
    }

    /// The group, its service, and what they read.
    pub(super) fn victims(&self) -> Vec<Component> {
        [&self.group, &self.service]
            .into_iter()
            .chain(&self.topics)
            .chain(&self.partitions)
            .cloned()
            .collect()
    }

    /// The group and what it reads, where commits stand still.
    pub(super) fn uncommitted(&self) -> Vec<Component> {
        std::iter::once(&self.group).chain(&self.partitions).cloned().collect()
    }

    /// The group gets on with less than this share of what is written.
    pub(super) fn below_production(&self, share: f64) -> String {
        let offsets = self.series("kafka_consumergroup_current_offset");
        format!(
            "sum(rate({offsets}[15s])) < {share} * sum(rate(kafka_producer_record_send_total[15s]))"
        )
    }

    /// Lag grew, after this step of the chain: records of more than a second of a healthy lab are
    /// left for four. A group that is well leaves as many for an instant, between two commits, and
    /// never for as long.
    pub(super) fn lag_grew(&self, after: usize) -> Effect {
        let on = self.victims().into_iter().filter(|c| c.kind != Kind::Service);
        effect(
            "lag.grew",
            on,
            &[after],
            format!("sum(min_over_time({}[4s])) > 300", self.series("kafka_consumergroup_lag")),
        )
    }

    /// The promise is broken, after this step of the chain.
    pub(super) fn freshness_breached(&self, after: usize) -> Effect {
        let on = [&self.group, &self.service].into_iter().chain(&self.topics).cloned();
        let age = self.series("kafka_consumergroup_oldest_uncommitted_age_seconds");
        effect("freshness.breached", on, &[after], format!("max({age}) > 10"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rca::check::times;
    use crate::domain::rca::record::Span;
    use crate::domain::telemetry::series::{Labels, Point, Series};

    /// When lag grew, seen of a group whose two partitions are this far behind in each second.
    fn grew(lag: [&[i64]; 2]) -> Vec<Span> {
        let group = Component::of(Kind::Group, "billing");
        let service = Component::of(Kind::Service, "billing");
        let backlog = Backlog {
            service,
            group,
            group_id: "billing".to_owned(),
            topics: Vec::new(),
            partitions: Vec::new(),
        };
        let of = |(partition, lags): (usize, &&[i64])| Series {
            labels: Labels::of(
                "kafka_consumergroup_lag",
                [("consumergroup", "billing"), ("partition", ["0", "1"][partition])],
            ),
            points: lags
                .iter()
                .enumerate()
                .map(|(s, lag)| Point { at: s as i64 * 1000, value: *lag as f64 })
                .collect(),
        };
        let series: Vec<Series> = lag.iter().enumerate().map(of).collect();
        times(&backlog.lag_grew(0).shows, &series, Span { from: 0, to: 20_000 }).expect("readable")
    }

    #[test]
    fn a_group_that_commits_late_once_is_not_behind() {
        let late: Vec<i64> = [63, 61, 61, 252, 170, 170, 61, 81, 16, 132].repeat(2);
        assert_eq!(grew([&late, &late]), vec![]);
    }

    #[test]
    fn one_partition_that_nobody_reads_is_enough() {
        let unread: Vec<i64> = (0..20).map(|s| s * 50).collect();
        let from: Vec<i64> =
            grew([&[30, 0].repeat(10), &unread]).iter().map(|span| span.from).collect();
        assert_eq!(from, vec![11_000], "more than 300 records, four seconds ago");
    }
}
