//! A broker's link is capped: its followers starve while its heartbeats pass (S04, egress form).

use serde::{Deserialize, Serialize};

use super::{effect, must_be_broker, names, topics};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A token bucket on what the broker sends. Under acks=1 load the partitions it leads lose their
/// followers; with acks=all the producers would be slowed instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkCap {
    /// The broker's machine.
    pub node: String,
    /// What it may still send, in kbit/s.
    pub rate_kbit: u32,
}

/// Small enough that the cap is felt at once.
const BURST_KB: u32 = 16;
/// Below a second, so that heartbeats still get through and the broker is not fenced.
const LATENCY_MS: u32 = 300;

impl Primitive for LinkCap {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_broker(&self.node, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        let node = self.node.clone();
        vec![Step::Do(Action::ShapeLink {
            node,
            rate_kbit: self.rate_kbit,
            burst_kb: BURST_KB,
            latency_ms: LATENCY_MS,
        })]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let id = on.topology.node(node).map_or(-1, |n| n.id);
        let others: Vec<_> = on
            .topology
            .brokers()
            .filter(|b| b.name != *node)
            .map(|b| Component::of(Kind::Broker, b.id))
            .collect();
        let link = Component::of(Kind::Link, node);
        let broker = Component::of(Kind::Broker, id);
        let led = on.topology.topics.iter().flat_map(|t| {
            let led = t
                .assignment
                .iter()
                .enumerate()
                .filter(move |(_, replicas)| replicas.first() == Some(&id));
            led.map(|(p, _)| Component::of(Kind::Partition, format!("{}-{p}", t.name)))
        });
        let led: Vec<_> = led.collect();
        let behind = led.iter().cloned().chain(others.clone());
        let led_by_it = format!("on (topic, partition) (kafka_topic_partition_leader == {id})");
        let chain = vec![
            effect(
                "link.capped",
                [link.clone(), broker.clone()],
                &[],
                format!("node_qdisc_bytes_total{{node=\"{node}\", kind=\"tbf\"}}"),
            ),
            effect(
                "link.saturated",
                [link.clone(), broker.clone()],
                &[0],
                format!(
                    "rate(node_qdisc_overlimits_total{{node=\"{node}\", kind=\"tbf\"}}[10s]) > 0"
                ),
            ),
            effect(
                "follower.fell_behind",
                behind,
                &[1],
                format!(
                    "max by (topic, partition) (kafka_producer_last_acked_offset) - on (topic, partition) \
                     min by (topic, partition) (kafka_log_log_logendoffset{{broker!=\"{id}\"}}) > 200 and {led_by_it}"
                ),
            ),
            effect(
                "isr.shrunk",
                led.into_iter().chain(topics(on)).chain(others.clone()),
                &[2],
                format!(
                    "kafka_topic_partition_replica_in_sync{{broker!=\"{id}\"}} == 0 and {led_by_it}"
                ),
            ),
        ];
        Account {
            class: "network.capacity.link_capped".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(link, vec![broker])].into(),
                near: Vec::new(),
                victims: others.into_iter().chain(topics(on)).collect(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "alert.link_saturated",
                "process.network_change_review",
                "capacity.bandwidth",
                "process.change_verification",
            ]),
        }
    }
}
