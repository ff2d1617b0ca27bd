//! What an action found before it was performed, as much of it as takes the action back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::AclEntry;
use crate::domain::topology::NodeId;

/// The state an action found, with the place it was found in: restoring it takes the action back,
/// whatever has become of it since. It needs no action beside it, so that none can be the wrong
/// one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// How a machine's link was shaped.
    Link {
        /// The machine.
        node: String,
        /// Its token bucket; `None` for the kernel's own queueing discipline.
        shape: Option<LinkShape>,
    },
    /// How a service was deployed.
    Deployment {
        /// The service.
        service: String,
        /// The text of its properties file.
        properties: String,
        /// The versions there were on its machine.
        #[serde(default)]
        releases: BTreeSet<String>,
        /// Whether it was running.
        running: bool,
    },
    /// Whether a service was running.
    Service {
        /// The service.
        service: String,
        /// Whether it was.
        running: bool,
    },
    /// Whether the Kafka of a machine was running.
    Kafka {
        /// The machine.
        node: String,
        /// Whether it was.
        running: bool,
    },
    /// Values of a topic's configuration keys.
    TopicConfig {
        /// The topic.
        topic: String,
        /// Those that were set explicitly; `None` for those that were not.
        values: BTreeMap<String, Option<String>>,
    },
    /// Values of a broker's dynamic configuration keys.
    BrokerConfig {
        /// The broker.
        broker: NodeId,
        /// Those that were set explicitly; `None` for those that were not.
        values: BTreeMap<String, Option<String>>,
    },
    /// Quotas of a client id.
    Quotas {
        /// The client id.
        client_id: String,
        /// Those that were set; `None` for those that were not.
        values: BTreeMap<String, Option<f64>>,
    },
    /// Whether there was an access control entry.
    Acl {
        /// The entry.
        entry: AclEntry,
        /// Whether it was there.
        present: bool,
    },
    /// The replicas of a topic.
    Replicas {
        /// The topic.
        topic: String,
        /// Those of each partition.
        assignment: Vec<Vec<NodeId>>,
    },
    /// What a machine started Kafka with.
    Startup {
        /// The machine.
        node: String,
        /// The text of `server.properties`.
        properties: String,
        /// The text of `jvm.env`.
        jvm: String,
        /// Whether Kafka was running.
        running: bool,
    },
    /// What the Kafka process of a machine was doing.
    Process {
        /// The machine.
        node: String,
        /// What it was doing.
        state: ProcessState,
    },
    /// The limit of a machine's processor time.
    CpuLimit {
        /// The machine.
        node: String,
        /// Thousandths of a core; `None` for none.
        millicores: Option<u32>,
    },
    /// The limit of a machine's memory.
    MemoryLimit {
        /// The machine.
        node: String,
        /// MiB; `None` for none.
        mebibytes: Option<u32>,
    },
    /// Whether a machine dropped packets.
    PacketFilter {
        /// The machine.
        node: String,
        /// What matches, as `iptables` takes it.
        matching: Vec<String>,
        /// Whether the rule was there.
        present: bool,
    },
    /// A file that fills a file system.
    File {
        /// The machine.
        node: String,
        /// The file.
        path: String,
        /// Its size in bytes; `None` when it was not there.
        bytes: Option<u64>,
    },
    /// A job beside Kafka.
    Job {
        /// The machine.
        node: String,
        /// The name of its service.
        job: String,
        /// The text of its run file; `None` when there was no such job.
        run: Option<String>,
    },
    /// What was done cannot be taken back.
    Irreversible(Irreversible),
}

/// The token bucket of a link, in the units it is set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinkShape {
    /// Rate in kbit/s.
    pub rate_kbit: u32,
    /// Bucket in KiB.
    pub burst_kb: u32,
    /// Longest time a packet waits, in milliseconds.
    pub latency_ms: u32,
}

/// What a process is doing, as far as signals change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessState {
    /// It runs.
    Running,
    /// It was stopped by a signal and waits to be continued.
    Stopped,
    /// There is no such process.
    Absent,
}

/// Actions that cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Irreversible {
    /// A restart: the process is another one.
    Restart,
    /// An election: leaders move on by themselves.
    Election,
    /// A record was written: a log only grows.
    Record,
}
