//! One record cannot be decoded, and the consumer fails on it again and again (S32).

use serde::{Deserialize, Serialize};

use super::backlog::Backlog;
use super::{effect, must_be_service, names};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A record whose bytes are no document. The consumer's process ends on it without leaving its
/// group; its supervisor starts it again, it waits for the sessions of its dead members to end,
/// reads the record, and ends. All its members share the process, so the other partitions move in
/// bursts, between two ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoisonRecord {
    /// The consuming service.
    pub service: String,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// The record's value, each byte as two hexadecimal digits.
    pub value: String,
}

impl Primitive for PoisonRecord {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_service(&self.service, on);
        let partitions = on
            .topology
            .topics
            .iter()
            .find(|t| t.name == self.topic)
            .map_or(0, |t| t.assignment.len());
        if self.partition as usize >= partitions {
            problems.push(format!("there is no partition {}-{}", self.topic, self.partition));
        }
        if self.value.is_empty()
            || self.value.len() % 2 == 1
            || !self.value.bytes().all(|b| b.is_ascii_hexdigit())
        {
            problems.push(format!("`{}` is not bytes of two hexadecimal digits each", self.value));
        }
        problems
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        vec![Step::Do(Action::ProduceRecord {
            topic: self.topic.clone(),
            partition: self.partition,
            value: self.value.clone(),
        })]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let Self { service: name, topic, partition, .. } = self;
        let backlog = Backlog::of(name, on);
        let poisoned = Component::of(Kind::Partition, format!("{topic}-{partition}"));
        let topic_component = Component::of(Kind::Topic, topic);
        let offset = format!(
            "kafka_consumergroup_current_offset{{consumergroup=\"{}\", topic=\"{topic}\", partition=\"{partition}\"}}",
            backlog.group_id
        );
        let restarts = |least: u32| {
            format!("changes(process_start_time_seconds{{node=\"{name}\"}}[60s]) >= {least}")
        };
        let chain = vec![
            effect(
                "record.unreadable",
                [poisoned.clone(), topic_component.clone(), backlog.service.clone()],
                &[],
                format!("changes({offset}[12s]) == 0 and on () {}", restarts(1)),
            ),
            effect(
                "consumer.crashed",
                [backlog.service.clone(), backlog.group.clone(), poisoned.clone()],
                &[0],
                restarts(1),
            ),
            effect("process.crash_loop", [backlog.service.clone()], &[1], restarts(2)),
            effect(
                "commit.stopped",
                [poisoned.clone(), backlog.group.clone()],
                &[2],
                format!("changes({offset}[12s]) == 0"),
            ),
            backlog.lag_grew(3),
            backlog.freshness_breached(4),
        ];
        Account {
            class: "client.consumer.poison_record".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(poisoned, vec![topic_component, backlog.service.clone()])].into(),
                near: vec![backlog.group.clone()],
                victims: backlog.partitions.clone(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "process.dead_letter_handling",
                "process.schema_compatibility",
                "alert.consumer_progress",
                "alert.freshness",
                "alert.dead_letters",
            ]),
        }
    }
}
