//! The Docker engine, driven through bollard: the only place that names the library.

mod abilities;
mod about;
mod boot;
mod disclosed;
mod disk;
mod exec;
mod files;
mod image;
mod limits;
mod logs;
mod machine;
mod rescue;
mod reserve;
mod statistics;
mod sweep;
mod terminal;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;

use super::error::{failed, within};
use super::{EngineError, Refusal};

/// The label every container, network and volume of a run carries; its value is the run's id.
const RUN_LABEL: &str = "chaoslab.run";
/// The label that names a container's machine.
const NODE_LABEL: &str = "chaoslab.node";

/// How long the engine is waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Until it answers a question, or begins a stream.
    answers: Duration,
    /// Until something is made or started, or files are taken or given.
    works: Duration,
    /// Until a whole disk is taken or given. No request outlasts it.
    copies: Duration,
    /// Until all that carries a label is gone.
    sweeps: Duration,
    /// Until a build says something: the longest of its steps, with a slow line.
    builds: Duration,
}

const PATIENCE: Patience = Patience {
    answers: Duration::from_secs(20),
    works: Duration::from_secs(60),
    copies: Duration::from_secs(180),
    sweeps: Duration::from_secs(60),
    builds: Duration::from_secs(20 * 60),
};

/// Docker on this host.
#[derive(Debug, Clone)]
pub struct DockerEngine {
    docker: Docker,
    address: String,
    patience: Patience,
}

impl DockerEngine {
    /// The client for what is answered by a stream: its answers end when they like, but begin in
    /// time.
    fn streams(&self) -> Docker {
        self.docker.clone().with_timeout(self.patience.answers)
    }
}

/// Connects to the engine `DOCKER_HOST` names, or the default socket, and agrees on a version of
/// its API.
pub async fn connect() -> Result<DockerEngine, EngineError> {
    let address =
        std::env::var("DOCKER_HOST").unwrap_or_else(|_| "/var/run/docker.sock".to_owned());
    let unreachable =
        |reason: String| EngineError::Unreachable { address: address.clone(), reason };
    let docker = Docker::connect_with_defaults().map_err(|e| unreachable(e.to_string()))?;
    let docker = agreed(docker.with_timeout(PATIENCE.copies), PATIENCE.answers).await;
    let docker = docker.map_err(unreachable)?;
    Ok(DockerEngine { docker, address, patience: PATIENCE })
}

/// The client, once it and the engine have agreed on a version; or why they have not.
async fn agreed(docker: Docker, within: Duration) -> Result<Docker, String> {
    let seconds = within.as_secs();
    let agreed = tokio::time::timeout(within, docker.negotiate_version()).await;
    agreed.map_err(|_| format!("it did not answer within {seconds} s"))?.map_err(|e| e.to_string())
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::DockerResponseServerError { status_code: 404, message } => {
                Self::NotFound(message)
            }
            Error::DockerResponseServerError { status_code: 409, message } => {
                Self::Conflict(message)
            }
            Error::DockerResponseServerError { status_code: status, message } => {
                Self::Refused { status, message }
            }
            // Only what begins a stream has no deadline but the client's.
            Error::RequestTimeoutError => Self::Unanswered { seconds: PATIENCE.answers.as_secs() },
            other => Self::Transport(Box::new(other)),
        }
    }
}
