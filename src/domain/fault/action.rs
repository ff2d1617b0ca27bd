//! The whole vocabulary of actions: one thing an engine can do to a lab.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::topology::NodeId;
use crate::domain::workload::Behaviour;

/// One action. Engines perform it; plans and journals hold it as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Limits what a machine may send (`tc qdisc … tbf` on its own interface, inside its own
    /// network namespace).
    ShapeLink {
        /// The machine.
        node: String,
        /// Rate in kbit/s.
        rate_kbit: u32,
        /// Bucket in KiB: what may pass at once.
        burst_kb: u32,
        /// Longest time a packet waits in the queue before it is dropped, in milliseconds.
        latency_ms: u32,
    },
    /// Rolls a service out with these properties changed, and restarts it. A version that is not on
    /// its machine yet is put there beside the one before.
    DeployService {
        /// The service.
        service: String,
        /// Properties to set in its properties file; `service.version` among them says which
        /// release is to run.
        set: BTreeMap<String, String>,
        /// What the release does; what the one before does, unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        behaviour: Option<Behaviour>,
    },
    /// Stops a service; its machine stays.
    StopService {
        /// The service.
        service: String,
    },
    /// Starts a service again.
    StartService {
        /// The service.
        service: String,
    },
    /// Restarts the Kafka process of a machine cleanly; network, limits and data stay.
    RestartKafka {
        /// The machine.
        node: String,
    },
    /// Elects the preferred leader of every partition.
    ElectPreferredLeaders {},
    /// Alters the configuration of a topic; `null` takes a key back to its default.
    AlterTopicConfig {
        /// The topic.
        topic: String,
        /// Keys and their new values.
        set: BTreeMap<String, Option<String>>,
    },
    /// Alters the dynamic configuration of one broker.
    AlterBrokerConfig {
        /// The broker.
        broker: NodeId,
        /// Keys and their new values; `null` takes a key back to its static value.
        set: BTreeMap<String, Option<String>>,
    },
    /// Alters the quotas of a client id (`kafka-configs.sh --entity-type clients`).
    AlterQuota {
        /// The client id.
        client_id: String,
        /// `consumer_byte_rate` and the like; `null` removes a quota.
        set: BTreeMap<String, Option<f64>>,
    },
    /// Adds an access control entry.
    AddAcl(AclEntry),
    /// Removes an access control entry.
    RemoveAcl(AclEntry),
    /// Moves the replicas of a topic (`kafka-reassign-partitions.sh`), the preferred leader of each
    /// partition first.
    ReassignPartitions {
        /// The topic.
        topic: String,
        /// Replicas of each partition.
        assignment: Vec<Vec<NodeId>>,
    },
    /// Stops the Kafka process of a machine cleanly; the machine stays.
    StopKafka {
        /// The machine.
        node: String,
    },
    /// Starts the Kafka process of a machine again.
    StartKafka {
        /// The machine.
        node: String,
    },
    /// Changes what a machine starts Kafka with, and restarts it.
    ReconfigureKafka {
        /// The machine.
        node: String,
        /// Keys of `server.properties` and their new values; `null` removes a key.
        #[serde(default)]
        properties: BTreeMap<String, Option<String>>,
        /// Keys of `jvm.env` and their new values; `null` removes a key.
        #[serde(default)]
        jvm: BTreeMap<String, Option<String>>,
    },
    /// Sends a signal to the Kafka process of a machine.
    SignalKafka {
        /// The machine.
        node: String,
        /// The signal.
        signal: Signal,
    },
    /// Limits the processor time of a machine, in thousandths of a core; `null` lifts the limit.
    LimitCpu {
        /// The machine.
        node: String,
        /// Thousandths of a core.
        millicores: Option<u32>,
    },
    /// Limits the memory of a machine, in MiB; `null` lifts the limit. The kernel refuses a limit
    /// below what is in use.
    LimitMemory {
        /// The machine.
        node: String,
        /// MiB.
        mebibytes: Option<u32>,
    },
    /// Drops packets a machine sends: a rule of the chain OUTPUT in its own network namespace.
    DropPackets {
        /// The machine.
        node: String,
        /// What matches, as `iptables` takes it: `-p tcp --dport 19092`.
        matching: Vec<String>,
    },
    /// Fills a file system of a machine with one file.
    FillDisk {
        /// The machine.
        node: String,
        /// The file.
        path: String,
        /// What is left free, in KiB.
        leave_kib: u32,
    },
    /// Runs a job beside Kafka, under the machine's supervisor: `sv status NAME` shows it.
    StartJob {
        /// The machine.
        node: String,
        /// The name of its service.
        job: String,
        /// The shell script it runs.
        script: String,
    },
    /// Writes one record with these bytes as its value, with an ordinary client.
    ProduceRecord {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The value, each byte as two hexadecimal digits.
        value: String,
    },
}

impl Action {
    /// What the engine must let a lab do for this, where not every engine does.
    pub fn requires(&self) -> Option<Requirement> {
        match self {
            Self::ShapeLink { .. } => Some(Requirement::LinkShaping),
            Self::DropPackets { .. } => Some(Requirement::PacketFilter),
            Self::DeployService { .. }
            | Self::StopService { .. }
            | Self::StartService { .. }
            | Self::RestartKafka { .. }
            | Self::ElectPreferredLeaders {}
            | Self::AlterTopicConfig { .. }
            | Self::AlterBrokerConfig { .. }
            | Self::AlterQuota { .. }
            | Self::AddAcl(_)
            | Self::RemoveAcl(_)
            | Self::ReassignPartitions { .. }
            | Self::StopKafka { .. }
            | Self::StartKafka { .. }
            | Self::ReconfigureKafka { .. }
            | Self::SignalKafka { .. }
            | Self::LimitCpu { .. }
            | Self::LimitMemory { .. }
            | Self::FillDisk { .. }
            | Self::StartJob { .. }
            | Self::ProduceRecord { .. } => None,
        }
    }
}

/// What not every engine lets a lab do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// Limit what a container writes to the disk below the engine.
    DiskWriteLimit,
    /// Shape what a machine sends (`tc`, tbf).
    LinkShaping,
    /// Drop packets by what they carry (`iptables`, u32).
    PacketFilter,
}

/// An access control entry, in the words of `kafka-acls.sh`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AclEntry {
    /// `User:alice`.
    pub principal: String,
    /// `READ`, `CLUSTER_ACTION`, ...
    pub operation: String,
    /// `ALLOW` or `DENY`.
    pub permission: String,
    /// `TOPIC`, `GROUP`, `CLUSTER`, ...
    pub resource_type: String,
    /// Name of the resource, `kafka-cluster` for the cluster; taken literally.
    pub resource: String,
}

impl AclEntry {
    /// What lets brokers that are this user fetch from each other.
    pub fn replication(user: &str) -> Self {
        Self {
            principal: format!("User:{user}"),
            operation: "CLUSTER_ACTION".to_owned(),
            permission: "ALLOW".to_owned(),
            resource_type: "CLUSTER".to_owned(),
            resource: "kafka-cluster".to_owned(),
        }
    }

    /// What lets such brokers ask a leader where its log begins, as a follower must whose end is no
    /// longer there: `ListOffsets` is judged by the topic, whoever asks
    /// (`KafkaApis.handleListOffsetRequest`).
    pub fn log_starts(user: &str) -> Self {
        Self {
            operation: "DESCRIBE".to_owned(),
            resource_type: "TOPIC".to_owned(),
            resource: "*".to_owned(),
            ..Self::replication(user)
        }
    }
}

/// A signal for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// SIGSTOP: the process gets no time until it is continued.
    Stop,
    /// SIGCONT.
    Cont,
    /// SIGKILL.
    Kill,
}

impl Signal {
    /// As `kill` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Cont => "CONT",
            Self::Kill => "KILL",
        }
    }
}

/// What a plan is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Perform an action.
    Do(Action),
    /// Wait until a condition holds.
    Until {
        /// PromQL that must hold ...
        promql: String,
        /// ... for this many seconds without a break,
        hold_seconds: u32,
        /// within this many seconds.
        deadline_seconds: u32,
    },
    /// Repeat steps as long as a condition holds before each round.
    While {
        /// PromQL that must hold for another round.
        promql: String,
        /// The steps of a round.
        steps: Vec<Step>,
        /// The most rounds there may be.
        max: u32,
    },
}

impl Step {
    /// Every action it may perform, those of rounds included.
    pub fn actions(&self) -> Vec<&Action> {
        match self {
            Self::Do(action) => vec![action],
            Self::Until { .. } => Vec::new(),
            Self::While { steps, .. } => steps.iter().flat_map(Self::actions).collect(),
        }
    }
}
