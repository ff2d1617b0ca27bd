//! The cluster of a lab: controllers, brokers, listeners, topics with explicit replica assignments.

pub mod names;
pub mod properties;

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// A node id of Kafka (`node.id`), unique over brokers and controllers.
pub type NodeId = i32;

/// The port clients inside the lab's network use.
pub const EXTERNAL_PORT: u16 = 9092;
/// The port brokers replicate over.
pub const INTERNAL_PORT: u16 = 19092;
/// The port the controller quorum answers on.
pub const CONTROLLER_PORT: u16 = 9093;
/// The port behind the one published on the host's loopback.
pub const HOST_PORT: u16 = 29092;

/// The cluster as it is to be built: what is the same for every lab of one draw, wherever it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// Controllers and brokers, in the order of their ids.
    pub nodes: Vec<Node>,
    /// The host name of the machine with tools for the learner. Labs staged before it was written
    /// down have the usual one.
    #[serde(default = "names::toolbox")]
    pub toolbox: String,
    /// The topics to create, with their replicas placed.
    pub topics: Vec<Topic>,
    /// Server properties on top of the lab's own, for every node.
    pub server_properties: BTreeMap<String, String>,
    /// Kafka's own timings instead of the lab's short ones.
    pub production_timings: bool,
    /// What each broker's machine gets of the processor, in thousandths of a core; all there is
    /// when not given.
    #[serde(default)]
    pub broker_millicores: Option<u32>,
    /// Keys of every broker's `jvm.env` on top of the lab's own: the heap, the class path of
    /// plugins.
    #[serde(default)]
    pub jvm_env: BTreeMap<String, String>,
    /// Memory limit of every broker's machine, in MiB; `None` for none.
    #[serde(default)]
    pub memory_mib: Option<u32>,
    /// The disks of its machines.
    #[serde(default)]
    pub storage: Storage,
    /// The user brokers replicate as, when they have to prove who they are: the listener INTERNAL
    /// asks for it, and an authorizer is in force for which all others, who are anonymous, are
    /// super users.
    #[serde(default)]
    pub replication_user: Option<String>,
}

impl Default for Topology {
    /// An empty cluster with nothing special about it.
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            toolbox: names::toolbox(),
            topics: Vec::new(),
            server_properties: BTreeMap::new(),
            production_timings: false,
            broker_millicores: None,
            jvm_env: BTreeMap::new(),
            memory_mib: None,
            storage: Storage::default(),
            replication_user: None,
        }
    }
}

/// What the machines that run Kafka have to write to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// What each machine may write to its disk, in KiB a second; without a limit when not given.
    /// Pages the kernel writes back by itself are not counted (cgroup v1), what is written directly
    /// or flushed is. On an engine that cannot limit it, nothing does.
    #[serde(default)]
    pub write_kib_per_second: Option<u32>,
    /// Volumes of each broker beside its first log directory, each one more log directory.
    #[serde(default)]
    pub volumes: Vec<Volume>,
}

/// A file system of its own, of a fixed size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Its name: it is mounted at `/var/lib/kafka/NAME`.
    pub name: String,
    /// Its size in MiB. It lies in memory, which it takes as it fills.
    pub mebibytes: u32,
}

impl Volume {
    /// Where it is mounted.
    pub fn path(&self) -> String {
        log_dir(&self.name)
    }
}

/// The path of a log directory by its name: `data`, which every node has, or a volume's.
pub fn log_dir(name: &str) -> String {
    format!("/var/lib/kafka/{name}")
}

/// One machine that runs Kafka.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Host name in the lab: `kafka-2`, `controller`.
    pub name: String,
    /// `node.id`.
    pub id: NodeId,
    /// What it does.
    pub role: Role,
}

/// What a node does (`process.roles`). A lab has no combined nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Takes part in the metadata quorum.
    Controller,
    /// Holds partitions and serves clients.
    Broker,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Controller => "controller",
            Self::Broker => "broker",
        })
    }
}

/// A topic with its replicas placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Name.
    pub name: String,
    /// Replicas of each partition, the preferred leader first.
    pub assignment: Vec<Vec<NodeId>>,
    /// Topic configuration.
    pub config: BTreeMap<String, String>,
    /// The log directory of all its replicas; each broker chooses when not given.
    #[serde(default)]
    pub log_dir: Option<String>,
}

/// On which brokers the followers of a partition are; leaders are in turn either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Followers {
    /// Shifted by one more each time round, so that the followers of one broker's partitions are
    /// spread too (the scheme of Kafka's `StripedReplicaPlacer`, without its random start): what a
    /// broker leads goes to all others when it leaves.
    #[default]
    Striped,
    /// Always the brokers after the leader, in their order, as hand-written assignments often are:
    /// what a broker leads goes to the one after it when it leaves.
    Next,
}

impl Topic {
    /// A topic whose partitions are spread evenly, with striped followers.
    pub fn spread(
        name: &str,
        partitions: usize,
        replication_factor: usize,
        brokers: &[NodeId],
    ) -> Self {
        Self::placed(name, partitions, replication_factor, brokers, Followers::Striped)
    }

    /// A topic whose leaders are spread evenly, with its followers where they are wanted.
    pub fn placed(
        name: &str,
        partitions: usize,
        replication_factor: usize,
        brokers: &[NodeId],
        followers: Followers,
    ) -> Self {
        let n = brokers.len();
        let assignment = (0..partitions)
            .map(|p| {
                let shift =
                    if n > 1 && followers == Followers::Striped { (p / n) % (n - 1) } else { 0 };
                let follower = |k: usize| brokers[(p + 1 + (shift + k - 1) % (n - 1).max(1)) % n];
                std::iter::once(brokers[p % n])
                    .chain((1..replication_factor.min(n)).map(follower))
                    .collect()
            })
            .collect();
        Self { name: name.to_owned(), assignment, config: BTreeMap::new(), log_dir: None }
    }
}

impl Topology {
    /// The brokers, in the order of their ids.
    pub fn brokers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|n| n.role == Role::Broker)
    }

    /// The controllers, in the order of their ids.
    pub fn controllers(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|n| n.role == Role::Controller)
    }

    /// The node with this host name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.name == name)
    }

    /// The broker with this id.
    pub fn broker(&self, id: NodeId) -> Option<&Node> {
        self.brokers().find(|n| n.id == id)
    }

    /// The topic of this name.
    pub fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.iter().find(|t| t.name == name)
    }

    /// What clients inside the lab connect to: `kafka-1:9092,kafka-2:9092,kafka-3:9092`.
    pub fn bootstrap_servers(&self) -> String {
        self.brokers().map(|b| format!("{}:{EXTERNAL_PORT}", b.name)).collect::<Vec<_>>().join(",")
    }
}

/// Where a lab was put on this host: what differs between two labs of one draw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The lab's subnet, `172.30.0.16/28`.
    pub subnet: String,
    /// The address of every machine, services and toolbox among them, by host name.
    pub addresses: BTreeMap<String, Ipv4Addr>,
    /// The port on 127.0.0.1 that leads to each broker, by host name.
    pub host_ports: BTreeMap<String, u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_spread_over_leaders_and_followers() {
        let topic = Topic::spread("orders", 12, 3, &[1, 2, 3]);
        assert_eq!(
            topic.assignment[..4],
            [vec![1, 2, 3], vec![2, 3, 1], vec![3, 1, 2], vec![1, 3, 2]]
        );
        for broker in 1..=3 {
            for place in 0..3 {
                assert_eq!(
                    topic.assignment.iter().filter(|r| r[place] == broker).count(),
                    4,
                    "broker {broker} at place {place}"
                );
            }
        }
    }

    #[test]
    fn followers_may_stand_in_a_row() {
        let topic = Topic::placed("orders", 6, 3, &[1, 2, 3], Followers::Next);
        assert_eq!(
            topic.assignment[..4],
            [vec![1, 2, 3], vec![2, 3, 1], vec![3, 1, 2], vec![1, 2, 3]]
        );
    }

    #[test]
    fn no_partition_has_a_broker_twice() {
        for (n, rf) in [(1, 1), (2, 2), (3, 2), (5, 3), (6, 6)] {
            let brokers: Vec<_> = (1..=n).collect();
            for replicas in Topic::spread("t", 40, rf, &brokers).assignment {
                let distinct: std::collections::BTreeSet<_> = replicas.iter().collect();
                assert_eq!((distinct.len(), replicas.len()), (rf, rf), "{n} brokers: {replicas:?}");
            }
        }
    }
}
