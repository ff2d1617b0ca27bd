//! Records are acknowledged and nobody may read them: acks=1 under `min.insync.replicas` (S09).

use serde::{Deserialize, Serialize};

use super::backlog::Backlog;
use super::{effect, must_be_broker, must_be_service, names};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A broker is drained of its leaders and stopped. The topic wants as many in-sync replicas as it
/// has: since Kafka 4.0 the high watermark does not move under `min.insync.replicas` (KIP-966),
/// while producers with acks=1 notice nothing.
///
/// Leaders are moved first, since a leader elected by the stop itself has a high watermark that
/// lags by a fetch: readers above it spin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BelowMinIsr {
    /// The broker's machine.
    pub node: String,
    /// The topic.
    pub topic: String,
    /// The service that reads it.
    pub reader: String,
}

impl Primitive for BelowMinIsr {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_broker(&self.node, on);
        problems.extend(must_be_service(&self.reader, on));
        let topic = on.topology.topics.iter().find(|t| t.name == self.topic);
        let wants = |t: &crate::domain::topology::Topic| {
            t.config.get("min.insync.replicas").and_then(|m| m.parse().ok())
        };
        let exact = topic.is_some_and(|t| {
            wants(t).is_some_and(|m: usize| t.assignment.iter().all(|replicas| replicas.len() == m))
        });
        if !exact {
            problems
                .push(format!("`min.insync.replicas` of {} is not the number of its replicas: losing one would not freeze it", self.topic));
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let id = on.topology.node(&self.node).map_or(-1, |n| n.id);
        let topic = on.topology.topics.iter().find(|t| t.name == self.topic);
        // The same replicas, the broker to be stopped last: nothing is copied.
        let last = |replicas: &Vec<i32>| {
            let (other, own): (Vec<i32>, Vec<i32>) = replicas.iter().partition(|r| **r != id);
            other.into_iter().chain(own).collect()
        };
        let assignment = topic.map(|t| t.assignment.iter().map(last).collect()).unwrap_or_default();
        vec![
            Step::Do(Action::ReassignPartitions { topic: self.topic.clone(), assignment }),
            Step::Do(Action::ElectPreferredLeaders {}),
            Step::Until {
                promql: format!(
                    "count(kafka_topic_partition_leader{{topic=\"{}\"}} != {id}) == {}",
                    self.topic,
                    topic.map_or(0, |t| t.assignment.len())
                ),
                hold_seconds: 2,
                deadline_seconds: 20,
            },
            Step::Do(Action::StopKafka { node: self.node.clone() }),
        ]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let topic = &self.topic;
        let id = on.topology.node(&self.node).map_or(-1, |n| n.id);
        let backlog = Backlog::of(&self.reader, on);
        let broker = Component::of(Kind::Broker, id);
        let of_topic: Vec<_> = backlog.topics.iter().chain(&backlog.partitions).cloned().collect();
        let stopped = format!("up{{job=\"kafka\", node=\"{}\"}} == 0", self.node);
        let shrunk = format!(
            "kafka_topic_partition_replica_in_sync{{topic=\"{topic}\", broker=\"{id}\"}} == 0"
        );
        let watermark = format!("kafka_topic_partition_current_offset{{topic=\"{topic}\"}}");
        let end = format!(
            "max by (topic, partition) (kafka_producer_last_acked_offset{{topic=\"{topic}\"}})"
        );
        let chain = vec![
            effect("process.exited", [broker.clone()], &[], stopped),
            effect("isr.shrunk", of_topic.iter().cloned().chain([broker.clone()]), &[0], shrunk),
            effect(
                "isr.below_min",
                of_topic.clone(),
                &[1],
                "sum(kafka_server_replicamanager_underminisrpartitioncount) > 0".to_owned(),
            ),
            effect(
                "watermark.stuck",
                of_topic.clone(),
                &[2],
                format!("{end} - on (topic, partition) {watermark} > 100"),
            ),
            backlog.freshness_breached(3),
        ];
        let at_topic = Component::of(Kind::Topic, topic);
        Account {
            class: "replication.acked_below_min_isr".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(at_topic, backlog.partitions.iter().cloned().chain([broker]).collect())]
                    .into(),
                near: on
                    .services
                    .iter()
                    .filter(|s| s.topics().any(|t| t == topic))
                    .map(|s| Component::of(Kind::Service, &s.name))
                    .collect(),
                victims: vec![backlog.group.clone()],
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "config.min_isr_below_replicas",
                "config.acks_all",
                "alert.under_replicated",
                "alert.at_min_isr",
                "alert.freshness",
                "process.graceful_restart",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::{Node, Role, Topic, Topology};

    fn lab(min_isr: &str) -> Topology {
        let node = |id| Node { name: format!("kafka-{id}"), id, role: Role::Broker };
        let mut topic = Topic::spread("orders", 3, 3, &[1, 2, 3]);
        topic.config.insert("min.insync.replicas".to_owned(), min_isr.to_owned());
        Topology { nodes: (1..=3).map(node).collect(), topics: vec![topic], ..Topology::default() }
    }

    fn fault() -> BelowMinIsr {
        BelowMinIsr { node: "kafka-2".into(), topic: "orders".into(), reader: "billing".into() }
    }

    #[test]
    fn the_broker_to_be_stopped_keeps_its_replicas_and_leads_none() {
        let topology = lab("3");
        let steps = fault().inject(Target { topology: &topology, services: &[] });
        let Step::Do(Action::ReassignPartitions { assignment, .. }) = &steps[0] else {
            panic!("{steps:?}")
        };
        assert_eq!(*assignment, [[1, 3, 2], [3, 1, 2], [3, 1, 2]]);
        assert!(
            matches!(steps.last(), Some(Step::Do(Action::StopKafka { node })) if node == "kafka-2"),
            "{steps:?}"
        );
    }

    #[test]
    fn a_topic_that_can_spare_a_replica_would_not_freeze() {
        let topology = lab("2");
        let problems = fault().check(Target { topology: &topology, services: &[] });
        assert!(
            problems.iter().any(|p| p.contains("is not the number of its replicas")),
            "{problems:?}"
        );
    }
}
