//! The whole vocabulary of deeds: one thing an engine can do to a lab, and what it must remember to take it back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::topology::NodeId;

/// One deed. Engines perform it; plans and journals hold it as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Limits what a machine may send (`tc qdisc … tbf` on its own interface, inside its own network namespace).
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
    /// Rolls a service out with these properties changed, and restarts it.
    DeployService {
        /// The service.
        service: String,
        /// Properties to set in its properties file.
        set: BTreeMap<String, String>,
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
}

/// The state an action found, read before it was performed: what its inverse restores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// The queueing discipline at the root of the machine's interface, as arguments of `tc qdisc replace`; `None` for the kernel's own.
    Qdisc(Option<Vec<String>>),
    /// The text of a service's properties file.
    Properties(String),
    /// Values of configuration keys that were set explicitly; `None` for those that were not.
    Config(BTreeMap<String, Option<String>>),
    /// Whether the service was running.
    Running(bool),
    /// The action has no inverse: a restart, an election.
    Nothing,
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
}
