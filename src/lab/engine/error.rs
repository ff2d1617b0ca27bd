//! What can go wrong with an engine, in words that name no library.

use std::time::Duration;

use tokio::time::timeout;

use super::{Leftover, Swept};
use crate::lab::kafka::wire::WireError;

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
    /// The engine did not do an operation.
    #[error("could not {operation}: {source}")]
    Operation {
        /// The operation and its subject: "create the container kafka-2".
        operation: String,
        /// What the engine said.
        source: Refusal,
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
    /// A command in a machine did not end in time, and was ended.
    #[error("`{command}` on {node} did not end within {seconds} s; it printed: {output}")]
    Unfinished {
        /// The machine.
        node: String,
        /// The command line.
        command: String,
        /// How long it was given.
        seconds: u64,
        /// What it had printed.
        output: String,
    },
    /// What an action would change cannot be put back, so it is not changed.
    #[error("{what} cannot be put back afterwards, so it is not changed: {why}")]
    NotRemembered {
        /// What was looked at, and where.
        what: String,
        /// What was seen.
        why: String,
    },
    /// A command line no machine can run.
    #[error("no machine can run this: {0}")]
    NoCommand(&'static str),
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
    /// Not everything could be removed; all that could has been.
    #[error("{} could not be removed; what removes each, once the engine lets it go:{}",
        left.len(), left.iter().map(|left| format!("\n  {left}")).collect::<String>())]
    Left {
        /// What was removed.
        swept: Swept,
        /// What is left.
        left: Vec<Leftover>,
    },
    /// Nothing free to take.
    #[error("{0}")]
    Exhausted(String),
}

impl EngineError {
    /// What the engine said, when it was the engine that did not do it.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Operation { source, .. } => Some(source),
            Self::Unreachable { .. }
            | Self::NodeFailed { .. }
            | Self::Late { .. }
            | Self::Command { .. }
            | Self::Unfinished { .. }
            | Self::NotRemembered { .. }
            | Self::NoCommand(_)
            | Self::Kafka(_)
            | Self::Taken { .. }
            | Self::Left { .. }
            | Self::Exhausted(_) => None,
        }
    }
}

/// Why an engine did not do an operation, as far as callers decide on it.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing on the engine.
    #[error("{0}")]
    NotFound(String),
    /// What is there stands in the way: a name in use, a removal under way, a machine not running.
    #[error("{0}")]
    Conflict(String),
    /// The engine answered with another refusal.
    #[error("{message} (status {status})")]
    Refused {
        /// The status, as HTTP numbers them.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The engine did not answer in time.
    #[error("the engine did not answer within {seconds} s")]
    Unanswered {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The engine could not be talked to.
    #[error("{0}")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Waits for the engine to do an operation, no longer than this: every call into an engine goes
/// through here.
pub(super) async fn within<T, E: Into<Refusal>>(
    operation: impl Into<String>,
    duration: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, EngineError> {
    let source = match timeout(duration, call).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => error.into(),
        Err(_) => Refusal::Unanswered { seconds: duration.as_secs() },
    };
    Err(EngineError::Operation { operation: operation.into(), source })
}

/// Names the operation a refusal belongs to.
pub(super) fn failed<E: Into<Refusal>>(
    operation: impl Into<String>,
) -> impl FnOnce(E) -> EngineError {
    let operation = operation.into();
    move |error| EngineError::Operation { operation, source: error.into() }
}
