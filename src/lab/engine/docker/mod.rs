//! The Docker engine, driven through bollard: the only place that names the library.

mod abilities;
mod about;
mod actions;
mod boot;
mod disclosed;
mod disk;
mod exec;
mod files;
mod image;
mod limits;
mod logs;
mod machine;
mod node;
mod rescue;
mod reserve;
mod statistics;
mod sweep;
mod terminal;

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;

use super::error::{failed, within};
use super::{EngineError, Refusal};

/// The label every container, network and volume of a run carries; its value is the run's id.
const RUN_LABEL: &str = "chaoslab.run";
/// The label that names a container's machine.
const NODE_LABEL: &str = "chaoslab.node";

/// How long the engine may take to answer a question, or to begin a stream ...
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// ... to make or start something, or to take or give files ...
const WORKS_WITHIN: Duration = Duration::from_secs(60);
/// ... and to take or give a whole disk. No request outlasts it.
const COPIES_WITHIN: Duration = Duration::from_secs(180);

/// Docker on this host.
#[derive(Debug, Clone)]
pub struct DockerEngine {
    docker: Docker,
}

impl DockerEngine {
    /// The client for what is answered by a stream: its answers end when they like, but begin in
    /// time.
    fn streams(&self) -> Docker {
        self.docker.clone().with_timeout(ANSWERS_WITHIN)
    }
}

/// Connects to the engine `DOCKER_HOST` names, or the default socket, and agrees on a version of
/// its API.
pub async fn connect() -> Result<DockerEngine, EngineError> {
    let unreachable = |reason: String| EngineError::Unreachable { address: address(), reason };
    let docker = Docker::connect_with_defaults().map_err(|e| unreachable(e.to_string()))?;
    let docker = docker.with_timeout(ANSWERS_WITHIN);
    let docker = tokio::time::timeout(ANSWERS_WITHIN, docker.negotiate_version())
        .await
        .map_err(|_| unreachable(format!("no answer within {} s", ANSWERS_WITHIN.as_secs())))?
        .map_err(|e| unreachable(e.to_string()))?;
    Ok(DockerEngine { docker: docker.with_timeout(COPIES_WITHIN) })
}

/// Where the engine is.
fn address() -> String {
    std::env::var("DOCKER_HOST").unwrap_or_else(|_| "/var/run/docker.sock".to_owned())
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
            Error::RequestTimeoutError => Self::Unanswered { seconds: ANSWERS_WITHIN.as_secs() },
            other => Self::Transport(Box::new(other)),
        }
    }
}
