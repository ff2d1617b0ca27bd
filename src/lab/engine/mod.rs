//! Where containers live. An engine builds a lab, performs actions on it and sweeps it away; it
//! knows no fault.

pub mod docker;
pub mod scripted;

use serde::{Deserialize, Serialize};

use crate::domain::fault::{Action, Prior};
use crate::domain::topology::{Placement, Topology};
use crate::domain::workload::Service;
use crate::lab::kafka::wire::WireError;

/// A lab as it stands on this host: what commands need to reach its machines. Written to the run's
/// folder; free of spoilers, since it is what the lab was before the break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lab {
    /// The run it belongs to.
    pub run: String,
    /// The cluster.
    pub topology: Topology,
    /// The client applications.
    pub services: Vec<Service>,
    /// Where it was put.
    pub placement: Placement,
}

/// The machine a learner lands on.
pub const TOOLBOX: &str = "toolbox";

impl Lab {
    /// Host names of all machines: controllers and brokers, services, the toolbox.
    pub fn machines(&self) -> impl Iterator<Item = &str> {
        let nodes = self.topology.nodes.iter().map(|n| n.name.as_str());
        nodes.chain(self.services.iter().map(|s| s.name.as_str())).chain([TOOLBOX])
    }

    /// The name of a machine's container on the engine.
    pub fn container(&self, machine: &str) -> String {
        format!("{}-{machine}", self.run)
    }
}

/// What was removed from the engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Containers.
    pub containers: usize,
    /// Networks.
    pub networks: usize,
    /// Volumes.
    pub volumes: usize,
}

/// Where containers live: Docker, or a script in tests. Driven from one thread: its futures need
/// not be `Send`.
#[allow(async_fn_in_trait)]
pub trait Engine {
    /// Takes a subnet and loopback ports for a lab, so that several can stand side by side.
    async fn reserve(
        &self,
        topology: &Topology,
        services: &[Service],
    ) -> Result<Placement, EngineError>;

    /// Creates and starts the nodes of the cluster in parallel, and returns once every broker lists
    /// all brokers unfenced.
    async fn boot(&self, lab: &Lab) -> Result<(), EngineError>;

    /// Creates the other machines and the topics, and starts the services.
    async fn populate(&self, lab: &Lab) -> Result<(), EngineError>;

    /// Reads what the action would change.
    async fn observe(&self, lab: &Lab, action: &Action) -> Result<Prior, EngineError>;

    /// Performs the action.
    async fn perform(&self, lab: &Lab, action: &Action) -> Result<(), EngineError>;

    /// Takes the action back, to the state it found. Safe to repeat.
    async fn undo(&self, lab: &Lab, action: &Action, prior: &Prior) -> Result<(), EngineError>;

    /// Removes every container, network and volume that carries the run's label. Safe to repeat.
    async fn sweep(&self) -> Result<Swept, EngineError>;
}

/// How to get an engine that labs can stand on.
pub const ENGINE_ADVICE: &str = "Docker Engine on this Linux machine is needed. Debian: `apt-get install docker.io iptables`, then start \
    `dockerd`; or `make drill`, which does both. If one runs, this user must be allowed to talk to it (group `docker`), and DOCKER_HOST, \
    when set, must lead to it";

/// Why an engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No engine answers.
    #[error("no container engine answers at {address}: {reason}. {ENGINE_ADVICE}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What was seen.
        reason: String,
    },
    /// The engine refused an operation.
    #[error("could not {operation}: {source}")]
    Operation {
        /// The operation and its subject: "create the container kafka-2".
        operation: String,
        /// What the engine said.
        source: bollard::errors::Error,
    },
    /// A node's Kafka did not come up.
    #[error("{node} did not come up: {reason}. Its last lines:\n{last_lines}")]
    NodeFailed {
        /// The node.
        node: String,
        /// What was seen.
        reason: String,
        /// The end of its log.
        last_lines: String,
    },
    /// A condition was not met in time.
    #[error("{what} was not seen within {seconds} s; last seen: {last}")]
    Late {
        /// The condition.
        what: String,
        /// For how long it was waited for.
        seconds: u64,
        /// What was seen last.
        last: String,
    },
    /// A command in a machine failed.
    #[error("`{command}` on {node} ended with exit code {exit}: {output}")]
    Command {
        /// The machine.
        node: String,
        /// The command line.
        command: String,
        /// Its exit code.
        exit: i64,
        /// What it printed.
        output: String,
    },
    /// Kafka refused.
    #[error(transparent)]
    Kafka(#[from] WireError),
    /// What was reserved was taken by somebody else before it could be used; reserving again
    /// chooses another.
    #[error("could not {operation}: {reason}")]
    Taken {
        /// The operation and its subject.
        operation: String,
        /// What the engine said.
        reason: String,
    },
    /// Nothing free to take.
    #[error("{0}")]
    Exhausted(String),
}
