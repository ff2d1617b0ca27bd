//! `family.yaml`: one symptom a learner may meet, and the lab all of its causes are staged in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::draw::Choice;
use super::feed::Stock;
use super::level::Level;
use crate::domain::topology::Followers;
use crate::domain::topology::NodeId;
use crate::domain::topology::Storage;
use crate::domain::workload::{Behaviour, ServiceRole};

/// The version of the format this program reads.
pub const FORMAT: u32 = 1;

/// A family as written. Strings may use what was drawn, as `{{ victim }}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Version of this format.
    pub format: u32,
    /// The symptom in a few words.
    pub title: String,
    /// How hard its causes are to tell apart, 1 to 5, whatever the level of a drill.
    pub difficulty: u8,
    /// Minutes a drill takes.
    pub minutes: u32,
    /// What it trains, a line each.
    pub trains: Vec<String>,
    /// The situation the learner is in, before anything breaks.
    pub brief: String,
    /// What a seed chooses for every run of the family, whatever the cause.
    pub draw: BTreeMap<String, Choice>,
    /// The cluster: the union of what its causes need.
    pub cluster: Cluster,
    /// The client applications.
    pub services: Vec<ServiceSpec>,
    /// What pages the learner: the same words for every cause.
    pub alert: Alert,
    /// What must hold before the break, and for how long.
    pub steady: Steady,
    /// What "recovered" means.
    pub slo: Vec<Objective>,
    /// When a run opens.
    #[serde(default)]
    pub opens: Opens,
    /// What the change feeds of its runs are drawn from.
    #[serde(default)]
    pub changes: Stock,
}

/// The cluster of a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Number of brokers: `kafka-1` and on.
    pub brokers: u32,
    /// Topics to create.
    pub topics: Vec<TopicSpec>,
    /// Server properties of every node on top of the lab's own.
    #[serde(default)]
    pub server_properties: BTreeMap<String, String>,
    /// Kafka's own timings instead of the lab's short ones.
    #[serde(default)]
    pub production_timings: bool,
    /// What each broker's machine gets of the processor, in thousandths of a core; all there is
    /// unless given.
    #[serde(default)]
    pub broker_millicores: Option<u32>,
    /// Keys of every broker's `jvm.env` on top of the lab's own.
    #[serde(default)]
    pub jvm_env: BTreeMap<String, String>,
    /// Memory limit of every broker's machine, in MiB.
    #[serde(default)]
    pub memory_mib: Option<u32>,
    /// The disks of its machines.
    #[serde(default)]
    pub storage: Storage,
    /// The user brokers replicate as, when they have to prove who they are to each other.
    #[serde(default)]
    pub replication_user: Option<String>,
}

/// A topic of a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicSpec {
    /// Name.
    pub name: String,
    /// Number of partitions.
    pub partitions: usize,
    /// Replicas of each.
    pub replication_factor: usize,
    /// On which brokers they are.
    #[serde(default)]
    pub followers: Followers,
    /// The brokers its replicas are spread over; all of them when none is named.
    #[serde(default)]
    pub brokers: Vec<NodeId>,
    /// The log directory of its replicas, `data` or the name of a volume; each broker chooses when
    /// none is named.
    #[serde(default)]
    pub log_dir: Option<String>,
    /// Topic configuration.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

/// A client application of a family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// Name, host name too.
    pub name: String,
    /// What it does, in a few words.
    pub description: String,
    /// Whether it writes or reads.
    pub role: ServiceRole,
    /// The first level at which it is there: what is disturbed beside a fault.
    #[serde(default = "always")]
    pub from_level: Level,
    /// Its properties; `bootstrap.servers`, `client.id` and `service.role` are given by the lab.
    pub properties: BTreeMap<String, String>,
    /// What its code does before anything is changed.
    #[serde(default)]
    pub behaviour: Behaviour,
}

fn always() -> Level {
    Level::Guided
}

/// An alert rule, as Prometheus and Alertmanager would hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Name of the rule.
    pub name: String,
    /// Label `severity`.
    pub severity: String,
    /// PromQL that makes it pending while it holds.
    pub expr: String,
    /// Seconds it must hold before the alert fires.
    pub for_seconds: u32,
    /// Annotation `summary`.
    pub summary: String,
    /// Annotation `description`.
    pub description: String,
}

/// The healthy baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steady {
    /// Seconds for which all conditions must hold without a break: the recorded baseline.
    pub hold_seconds: u32,
    /// Seconds within which that must have happened.
    pub deadline_seconds: u32,
    /// PromQL conditions.
    pub conditions: Vec<String>,
}

/// One service level objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// What it promises, in a few words.
    pub name: String,
    /// PromQL that holds while it is met.
    pub expr: String,
    /// Whether users feel it when it is not met; otherwise it is about redundancy and backlog.
    pub felt: bool,
    /// Seconds it must hold before it counts as met again.
    pub for_seconds: u32,
}

/// How long after the page a run opens: drawn from a range, whatever the cause, so that the time
/// tells nothing of it. Long enough for the family's controls to be over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opens {
    /// Seconds after the page, at least.
    pub from_seconds: u32,
    /// Seconds after the page, at most, unless the witness needs longer.
    pub to_seconds: u32,
}
