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
        let partition = |(topic, p): (&str, usize)| Component::of(Kind::Partition, format!("{topic}-{p}"));
        Self {
            service: Component::of(Kind::Service, service),
            group: Component::of(Kind::Group, &group_id),
            group_id,
            topics: names.iter().map(|t| Component::of(Kind::Topic, t)).collect(),
            partitions: read.flat_map(|t| (0..t.assignment.len()).map(|p| (t.name.as_str(), p))).map(partition).collect(),
        }
    }

    /// Selects this group's series of a metric.
    pub(super) fn series(&self, metric: &str) -> String {
        format!("{metric}{{consumergroup=\"{}\"}}", self.group_id)
    }

    /// The group, its service, and what they read.
    pub(super) fn victims(&self) -> Vec<Component> {
        [&self.group, &self.service].into_iter().chain(&self.topics).chain(&self.partitions).cloned().collect()
    }

    /// The group and what it reads, where commits stand still.
    pub(super) fn uncommitted(&self) -> Vec<Component> {
        std::iter::once(&self.group).chain(&self.partitions).cloned().collect()
    }

    /// Lag grew, after this step of the chain.
    pub(super) fn lag_grew(&self, after: usize) -> Effect {
        let on = self.victims().into_iter().filter(|c| c.kind != Kind::Service);
        effect("lag.grew", on, &[after], format!("sum({}) > 500", self.series("kafka_consumergroup_lag")))
    }

    /// The promise is broken, after this step of the chain.
    pub(super) fn freshness_breached(&self, after: usize) -> Effect {
        let on = [&self.group, &self.service].into_iter().chain(&self.topics).cloned();
        let age = self.series("kafka_consumergroup_oldest_uncommitted_age_seconds");
        effect("freshness.breached", on, &[after], format!("max({age}) > 10"))
    }
}

/// The prevention names of an account.
pub(super) fn names<const N: usize>(preventions: [&str; N]) -> Vec<String> {
    preventions.map(str::to_owned).to_vec()
}
