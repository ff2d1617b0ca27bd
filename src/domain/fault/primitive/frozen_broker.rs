//! A broker's process is stopped, not ended: it gets no time until it is continued (S07).

use serde::{Deserialize, Serialize};

use super::{effect, must_be_broker, names, topics};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Signal, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// SIGSTOP to the broker's process. Its sockets stay open and answer nothing, its session runs out,
/// and the controller takes it out of every ISR, that of idle partitions too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenBroker {
    /// The broker's machine.
    pub node: String,
}

impl Primitive for FrozenBroker {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_broker(&self.node, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        vec![Step::Do(Action::SignalKafka { node: self.node.clone(), signal: Signal::Stop })]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let id = on.topology.node(node).map_or(-1, |n| n.id);
        let broker = Component::of(Kind::Broker, id);
        let moved = "kafka_topic_partition_leader_is_preferred == 0 and on (topic, partition) kafka_topic_partition_preferred_leader";
        let chain = vec![
            effect(
                "process.frozen",
                [broker.clone()],
                &[],
                format!("up{{job=\"kafka\", node=\"{node}\"}} == 0"),
            ),
            effect(
                "heartbeat.late",
                [broker.clone()],
                &[0],
                format!(
                    "kafka_controller_kafkacontroller_timesincelastheartbeatreceivedms{{broker=\"{id}\"}} > 3000"
                ),
            ),
            effect(
                "broker.fenced",
                [broker.clone()],
                &[1],
                format!("kafka_broker_fenced{{broker=\"{id}\"}} == 1"),
            ),
            effect(
                "isr.shrunk",
                topics(on).chain([broker.clone()]),
                &[2],
                format!("kafka_topic_partition_replica_in_sync{{broker=\"{id}\"}} == 0"),
            ),
            effect(
                "leader.moved",
                topics(on).chain([broker.clone()]),
                &[2],
                format!("{moved} == {id}"),
            ),
        ];
        Account {
            class: "broker.process.frozen".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(broker, Vec::new())].into(),
                near: Vec::new(),
                victims: topics(on).collect(),
            },
            chain,
            cured_by_restart: true,
            preventions: names([
                "alert.broker_fenced",
                "process.health_checks",
                "process.runbook",
                "alert.under_replicated",
            ]),
        }
    }
}
