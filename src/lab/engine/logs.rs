//! What the machines log.

use std::pin::Pin;

use futures_util::Stream;
use jiff::Timestamp;

use super::{EngineError, Lab};
use crate::domain::telemetry::series::UnixMs;

/// A line a machine wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// When the engine took it.
    pub at: Timestamp,
    /// The line, its end cut off.
    pub line: String,
}

/// What a machine logs, as it comes.
pub type Lines = Pin<Box<dyn Stream<Item = Result<Written, EngineError>> + Send>>;

/// Follows the logs of machines.
pub trait Logs {
    /// What a machine has logged since then, and goes on logging, until its container ends. Some
    /// lines of up to a second before may be among it.
    fn follow_log(&self, lab: &Lab, machine: &str, since: UnixMs) -> Lines;
}
