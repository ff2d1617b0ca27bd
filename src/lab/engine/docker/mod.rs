//! The Docker engine, driven through bollard.

pub mod abilities;
mod actions;
mod boot;
pub mod disk;
pub mod exec;
mod files;
mod limits;
mod machine;
mod node;
mod rescue;
pub mod reserve;
pub mod shell;
pub mod sweep;

use bollard::Docker;

use super::{Engine, EngineError, Lab, Swept};
use crate::domain::fault::{Action, Prior};
use crate::domain::topology::{Placement, Topology};
use crate::domain::workload::Service;

/// The label every container, network and volume of a run carries; its value is the run's id.
pub const RUN_LABEL: &str = "chaoslab.run";
/// The label that names a container's machine.
pub const NODE_LABEL: &str = "chaoslab.node";

/// Docker, for one run.
#[derive(Debug, Clone)]
pub struct DockerEngine {
    docker: Docker,
    run: String,
    image: String,
}

impl DockerEngine {
    /// The engine for a run whose machines start from `image`.
    pub fn new(docker: Docker, run: &str, image: &str) -> Self {
        Self { docker, run: run.to_owned(), image: image.to_owned() }
    }

    /// The client itself, for what only the Docker engine offers: logs, statistics, terminals.
    pub fn docker(&self) -> &Docker {
        &self.docker
    }
}

/// Connects to the engine `DOCKER_HOST` names, or the default socket, and agrees on a version of
/// its API.
pub async fn connect() -> Result<Docker, EngineError> {
    let address = address();
    let unreachable =
        |reason: String| EngineError::Unreachable { address: address.clone(), reason };
    let docker = Docker::connect_with_defaults().map_err(|e| unreachable(e.to_string()))?;
    docker.negotiate_version().await.map_err(|e| unreachable(e.to_string()))
}

/// Where the engine is.
fn address() -> String {
    std::env::var("DOCKER_HOST").unwrap_or_else(|_| "/var/run/docker.sock".to_owned())
}

/// Names the operation an error came from.
fn failed(operation: impl Into<String>) -> impl FnOnce(bollard::errors::Error) -> EngineError {
    let operation = operation.into();
    move |source| EngineError::Operation { operation, source }
}

/// Whether the engine answered with this HTTP status.
fn has_status(error: &bollard::errors::Error, status: u16) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code, .. } if *status_code == status)
}

impl Engine for DockerEngine {
    async fn reserve(
        &self,
        topology: &Topology,
        services: &[Service],
    ) -> Result<Placement, EngineError> {
        reserve::reserve(self, topology, services).await
    }

    async fn boot(&self, lab: &Lab) -> Result<(), EngineError> {
        boot::boot(self, lab).await
    }

    async fn populate(&self, lab: &Lab) -> Result<(), EngineError> {
        boot::populate(self, lab).await
    }

    async fn observe(&self, lab: &Lab, action: &Action) -> Result<Prior, EngineError> {
        actions::observe(self, lab, action).await
    }

    async fn perform(&self, lab: &Lab, action: &Action) -> Result<(), EngineError> {
        actions::perform(self, lab, action).await
    }

    async fn undo(&self, lab: &Lab, action: &Action, prior: &Prior) -> Result<(), EngineError> {
        actions::undo(self, lab, action, prior).await
    }

    async fn sweep(&self) -> Result<Swept, EngineError> {
        sweep::sweep(&self.docker, Some(&self.run)).await
    }
}
