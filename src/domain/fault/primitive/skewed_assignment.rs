//! A reassignment rewrote replica lists so that one broker comes first in most of them (S02).

use serde::{Deserialize, Serialize};

use super::leaders::Leaders;
use super::{effect, must_be_broker, must_be_topic, names, traffic_skewed};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::topology::{NodeId, Topic};

/// A reassignment after which a broker is the last of every list: it keeps its replicas and is
/// preferred nowhere. No data moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkewedAssignment {
    /// The topic.
    pub topic: String,
    /// The machine of the broker that is preferred nowhere any more.
    pub without: String,
}

impl SkewedAssignment {
    fn rewritten(&self, on: Target<'_>) -> Option<(Topic, NodeId)> {
        let (topic, broker) =
            (on.topology.topic(&self.topic)?, on.topology.node(&self.without)?.id);
        let moved_back = |replicas: &Vec<NodeId>| {
            let (last, first): (Vec<NodeId>, Vec<NodeId>) =
                replicas.iter().partition(|r| **r == broker);
            [first, last].concat()
        };
        let assignment = topic.assignment.iter().map(moved_back).collect();
        Some((Topic { assignment, ..topic.clone() }, broker))
    }
}

impl Primitive for SkewedAssignment {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_topic(&self.topic, on)
            .into_iter()
            .chain(must_be_broker(&self.without, on))
            .collect()
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let Some((topic, _)) = self.rewritten(on) else { return Vec::new() };
        vec![
            Step::Do(Action::ReassignPartitions {
                topic: topic.name,
                assignment: topic.assignment,
            }),
            // Reordering a list moves no leader: the election does.
            Step::Do(Action::ElectPreferredLeaders {}),
        ]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let name = &self.topic;
        let topic = Component::of(Kind::Topic, name);
        let (spec, without) =
            self.rewritten(on).unwrap_or_else(|| (Topic::spread(name, 0, 0, &[]), -1));
        let busiest = Component::of(Kind::Broker, Leaders::preferred(&spec).busiest());
        let without = Component::of(Kind::Broker, without);
        let before = on.topology.topic(name).map(|t| t.assignment.clone()).unwrap_or_default();
        let changed = before
            .iter()
            .zip(&spec.assignment)
            .enumerate()
            .filter(|(_, (was, is))| was.first() != is.first());
        let moved: Vec<_> =
            changed.map(|(p, _)| Component::of(Kind::Partition, format!("{name}-{p}"))).collect();
        let half = spec.assignment.len() / 2;
        let leads_half =
            |of: &str| format!("count({of}{{topic=\"{name}\"}} == {}) > {half}", busiest.name);
        let on_topic = || [topic.clone()].into_iter().chain(moved.clone());
        let chain = vec![
            effect(
                "config.changed",
                [topic.clone()],
                &[],
                leads_half("kafka_topic_partition_preferred_leader"),
            ),
            effect(
                "leader.moved",
                on_topic().chain([without.clone(), busiest.clone()]),
                &[0],
                format!("changes(kafka_topic_partition_leader{{topic=\"{name}\"}}[120s]) > 0"),
            ),
            effect(
                "leadership.skewed",
                [topic.clone(), busiest.clone()],
                &[1],
                leads_half("kafka_topic_partition_leader"),
            ),
            traffic_skewed(name, [busiest.clone(), topic.clone()], &[2]),
        ];
        Account {
            class: "leadership.skewed_assignment".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(topic, moved)].into(),
                near: vec![without],
                victims: vec![busiest],
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "process.assignment_tooling",
                "alert.leader_imbalance",
                "process.change_verification",
                "process.config_review",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::{Followers, Node, Role, Topology};

    #[test]
    fn the_broker_left_out_keeps_its_replicas_and_comes_last() {
        let node = |id: i32| Node { name: format!("kafka-{id}"), id, role: Role::Broker };
        let topology = Topology {
            nodes: (1..=3).map(node).collect(),
            topics: vec![Topic::placed("orders", 3, 3, &[1, 2, 3], Followers::Next)],
            ..Topology::default()
        };
        let fault = SkewedAssignment { topic: "orders".to_owned(), without: "kafka-2".to_owned() };
        let on = Target { topology: &topology, services: &[] };
        let assignment = vec![vec![1, 3, 2], vec![3, 1, 2], vec![3, 1, 2]];
        let reassign = Action::ReassignPartitions { topic: "orders".to_owned(), assignment };
        assert_eq!(fault.inject(on)[0], Step::Do(reassign));
        assert_eq!(fault.truth(on).place.victims, [Component::of(Kind::Broker, 3)]);
    }
}
