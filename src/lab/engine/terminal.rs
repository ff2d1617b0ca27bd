//! An interactive shell on a machine.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;

use super::{EngineError, Exec, Input, Lab};

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Width.
    pub columns: u16,
    /// Height.
    pub rows: u16,
}

/// Whether a shell can be had on a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineState {
    /// It runs.
    Up,
    /// It has ended, and its disk is there; what the engine says about it.
    Ended(String),
    /// There is nothing to look at; what the engine says about it.
    Away(String),
}

/// What a shell prints, as it comes.
pub type Printed = Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>> + Send>>;

/// Attaches terminals to machines. A shell is an exec: its exit code is asked as that of any other,
/// and it is ended as any other.
#[allow(async_fn_in_trait)]
pub trait Terminal: Exec {
    /// Whether a machine runs.
    async fn machine_state(&self, lab: &Lab, machine: &str) -> Result<MachineState, EngineError>;

    /// Prepares a shell: on a terminal of this size, or for a script when there is none. Gives the
    /// engine's id of it.
    async fn create_shell(
        &self,
        lab: &Lab,
        machine: &str,
        environment: Vec<String>,
        window: Option<Window>,
    ) -> Result<String, EngineError>;

    /// Starts a prepared shell, byte by byte when it is in a terminal.
    async fn start_shell(
        &self,
        shell: &str,
        in_terminal: bool,
    ) -> Result<(Printed, Input), EngineError>;

    /// Tells the shell's terminal its size.
    async fn resize_shell(&self, shell: &str, window: Window) -> Result<(), EngineError>;

    /// Starts a machine with a copy of what lies on the disk of one that is down, without a
    /// network, and gives its name. It carries the run's label, so that the run's end is its end,
    /// too.
    async fn rescue(&self, lab: &Lab, machine: &str, token: &str) -> Result<String, EngineError>;

    /// Removes a rescue machine; one that is gone already is no matter.
    async fn end_rescue(&self, lab: &Lab, rescue: &str) -> Result<(), EngineError>;
}
