//! Where containers live. An engine builds labs, performs actions on them and sweeps them away; it
//! knows no fault. What it does is a handful of roles, one file each, and who uses an engine asks
//! for the roles it needs.
//!
//! Another engine is a folder of its own beside `docker`, and the two lines that name one here.

mod act;
mod build;
mod docker;
mod error;
mod exec;
mod files;
mod images;
mod limits;
mod logs;
pub mod ports;
pub mod releases;
pub mod scripted;
mod statistics;
pub mod supervisor;
mod survey;
mod sweep;
mod terminal;

use serde::{Deserialize, Serialize};

pub use self::act::Act;
pub use self::build::Build;
/// The engine labs stand on, and how it is reached.
pub use self::docker::{DockerEngine as Host, connect};
pub use self::error::{ENGINE_ADVICE, EngineError, Refusal};
pub use self::exec::{Chunk, Chunks, Exec, Input, Output, QUICKLY, SHELL};
pub use self::files::Files;
pub use self::images::{Built, Images, Recipe};
pub use self::limits::Limits;
pub use self::logs::{Lines, Logs, Written};
pub use self::statistics::{
    CpuUsage, Event, Events, Lifecycle, MemoryUsage, Statistics, Throttling, Traffic, Usage, Usages,
};
pub use self::survey::{About, Disclosed, Lacking, MachineEvent, Survey};
pub use self::sweep::{Leftover, Sweep, Swept};
pub use self::terminal::{MachineState, Printed, Terminal, Window};
use crate::domain::topology::{Placement, Topology};
use crate::domain::workload::Service;

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

impl Lab {
    /// Host names of all machines: controllers and brokers, services, the toolbox.
    pub fn machines(&self) -> impl Iterator<Item = &str> {
        let nodes = self.topology.nodes.iter().map(|n| n.name.as_str());
        nodes.chain(self.services.iter().map(|s| s.name.as_str())).chain([self.toolbox()])
    }

    /// The machine a learner lands on.
    pub fn toolbox(&self) -> &str {
        &self.topology.toolbox
    }

    /// The name of a machine's container on the engine.
    pub fn container(&self, machine: &str) -> String {
        format!("{}-{machine}", self.run)
    }
}
