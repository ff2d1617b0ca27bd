//! What the engine itself measures of a lab's machines, and what happens to them.

use std::collections::BTreeMap;
use std::pin::Pin;

use futures_util::Stream;

use super::{EngineError, Lab};

/// What a running machine uses, as the engine counts it: sums since the machine was started, but
/// for what is in use now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// The processor.
    pub cpu: Option<CpuUsage>,
    /// Memory.
    pub memory: Option<MemoryUsage>,
    /// Each network interface by its name.
    pub networks: BTreeMap<String, Traffic>,
    /// Bytes read from disks.
    pub read_bytes: u64,
    /// Bytes written to disks.
    pub written_bytes: u64,
    /// Processes and threads there are now.
    pub processes: u64,
}

/// Use of the processor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CpuUsage {
    /// Seconds of one processor.
    pub seconds: f64,
    /// What the limit did; nothing when the engine does not tell.
    pub throttling: Option<Throttling>,
}

/// What a limit of processor time did (CFS bandwidth control).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Throttling {
    /// Periods that have passed.
    pub periods: u64,
    /// Periods in which the machine had to wait.
    pub throttled_periods: u64,
    /// Seconds its threads waited.
    pub throttled_seconds: f64,
}

/// Use of memory now, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryUsage {
    /// All of it, the page cache included.
    pub used: u64,
    /// Of that, the part of the page cache that was not used lately.
    pub inactive_file: u64,
    /// Anonymous memory.
    pub rss: u64,
    /// The page cache.
    pub cache: u64,
    /// The limit in force; the host's memory where there is none.
    pub limit: u64,
}

/// Traffic of a network interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes received.
    pub received_bytes: u64,
    /// Bytes sent.
    pub sent_bytes: u64,
}

/// Something that happened to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The machine.
    pub machine: String,
    /// What happened.
    pub what: Lifecycle,
}

/// What can happen to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// It was started.
    Started,
    /// It ended with this exit code.
    Ended(i64),
    /// The kernel killed a process of it, for its memory was used up.
    OutOfMemory,
}

/// What a machine uses, about once a second.
pub type Usages = Pin<Box<dyn Stream<Item = Result<Usage, EngineError>> + Send>>;
/// What happens to machines, as it happens.
pub type Events = Pin<Box<dyn Stream<Item = Result<Event, EngineError>> + Send>>;

/// Follows what the engine measures.
pub trait Statistics {
    /// What a machine uses; nothing comes while it is not running.
    fn follow_usage(&self, lab: &Lab, machine: &str) -> Usages;

    /// What happens to the machines of a lab from now on.
    fn follow_events(&self, lab: &Lab) -> Events;
}
