//! What a follower asks its leaders for is dropped on the way, while its heartbeats and its clients
//! pass (S14).

use serde::{Deserialize, Serialize};

use super::{behind, effect, must_be_broker, names, topics};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::topology::INTERNAL_PORT;

/// A packet filter rule on the broker's machine that drops its own Fetch requests to the other
/// brokers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockedFetches {
    /// The broker's machine.
    pub node: String,
}

/// Matches packets whose payload begins with a request of API key 1, Fetch: past the IP header,
/// past the TCP header, the 16 bits behind the request's length.
const IS_FETCH: &str = "0>>22&0x3C@12>>26&0x3C@4>>16&0xFFFF=1";

impl Primitive for BlockedFetches {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_broker(&self.node, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        let port = INTERNAL_PORT.to_string();
        let matching = ["-p", "tcp", "--dport", &port, "-m", "u32", "--u32", IS_FETCH]
            .map(str::to_owned)
            .to_vec();
        vec![Step::Do(Action::DropPackets { node: self.node.clone(), matching })]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let id = on.topology.node(node).map_or(-1, |n| n.id);
        let broker = Component::of(Kind::Broker, id);
        let link = Component::of(Kind::Link, node);
        let others = on.topology.brokers().filter(|b| b.name != *node);
        let listeners: Vec<_> =
            others.map(|b| Component::of(Kind::Listener, format!("{}/INTERNAL", b.name))).collect();
        let chain = vec![
            effect(
                "packets.dropped",
                listeners.iter().cloned().chain([link.clone()]),
                &[],
                format!(
                    "node_filter_packets_total{{node=\"{node}\", chain=\"OUTPUT\", rule=~\".*DROP\"}} > 0"
                ),
            ),
            effect(
                "follower.stopped_fetching",
                [broker.clone()],
                &[0],
                format!(
                    "rate(kafka_server_brokertopicmetrics_replicationbytesin_total{{node=\"{node}\"}}[5s]) < 1"
                ),
            ),
            effect("follower.fell_behind", [broker.clone()], &[1], behind(id)),
            effect(
                "isr.shrunk",
                topics(on).chain([broker.clone()]),
                &[2],
                format!("kafka_topic_partition_replica_in_sync{{broker=\"{id}\"}} == 0"),
            ),
        ];
        Account {
            class: "network.partition.replication_blocked".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(link, vec![broker])].into(),
                near: listeners,
                victims: topics(on).collect(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "process.network_change_review",
                "alert.under_replicated",
                "alert.replica_lag",
                "process.change_verification",
            ]),
        }
    }
}
