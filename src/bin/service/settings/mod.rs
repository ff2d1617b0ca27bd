//! The service's settings: its own keys, read and checked, and librdkafka's, passed on as they are
//! written.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

mod read;
mod reader;

pub use read::read;

/// What the service is, and how it is configured.
#[derive(Debug)]
pub struct Settings {
    /// `service.version`.
    pub version: String,
    /// `topic`.
    pub topics: Vec<String>,
    /// `members`.
    pub members: u32,
    /// `metrics.port`.
    pub metrics_port: u16,
    /// `service.role` and what goes with it.
    pub role: Role,
    /// librdkafka's properties.
    pub library: BTreeMap<String, String>,
    /// Every own key with the value in force, defaults included, in the order they were read.
    pub effective: Vec<(String, String)>,
}

/// `service.role`.
#[derive(Debug)]
pub enum Role {
    /// Places orders.
    Producer,
    /// Processes orders.
    Consumer(Consumption),
}

impl Role {
    /// As the properties have it.
    pub fn name(&self) -> &'static str {
        match self {
            Role::Producer => "producer",
            Role::Consumer(_) => "consumer",
        }
    }
}

/// How a consumer works.
#[derive(Debug)]
pub struct Consumption {
    /// Most records of one poll.
    pub poll_records: usize,
    /// Records after which offsets are committed.
    pub commit_records: u64,
    /// Time after which offsets are committed.
    pub commit_interval: Duration,
    /// Whether librdkafka commits by itself, and the service does not.
    pub auto_commit: bool,
    /// What a record that is no order does.
    pub on_undecodable: OnUndecodable,
}

/// `on.undecodable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUndecodable {
    /// The process ends with exit code 1.
    Exit,
    /// The record is logged and passed over.
    Skip,
}

impl FromStr for OnUndecodable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "exit" => Ok(Self::Exit),
            "skip" => Ok(Self::Skip),
            _ => Err(format!("`{text}` is neither exit nor skip")),
        }
    }
}

impl fmt::Display for OnUndecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Exit { "exit" } else { "skip" })
    }
}
