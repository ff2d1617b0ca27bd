//! Building a lab and booting it.

use super::{EngineError, Lab};
use crate::domain::topology::properties::Startup;
use crate::domain::topology::{Placement, Topology};
use crate::domain::workload::Service;

/// Builds labs. Driven from one thread, as every role is: futures need not be `Send`.
#[allow(async_fn_in_trait)]
pub trait Build {
    /// Takes a subnet and loopback ports for the lab of a run, so that several can stand side by
    /// side.
    async fn reserve(
        &self,
        run: &str,
        topology: &Topology,
        services: &[Service],
    ) -> Result<Placement, EngineError>;

    /// Creates and starts the nodes of the cluster from the image in parallel, and returns once
    /// every broker lists all brokers unfenced.
    async fn boot(&self, lab: &Lab, image: &str, startup: Startup) -> Result<(), EngineError>;

    /// Creates the other machines and the topics, and starts the services.
    async fn populate(&self, lab: &Lab, image: &str) -> Result<(), EngineError>;
}
