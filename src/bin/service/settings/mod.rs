//! The service's settings: its own keys, read and checked, and librdkafka's, passed on as they are
//! written.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    time::Duration,
};

use crate::keys::KeyDistribution;

mod read;
mod reader;

pub use read::read;

/// What the service is and does.
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
    Producer(Production),
    /// Works orders off.
    Consumer(Consumption),
}

impl Role {
    /// As the properties have it.
    pub fn name(&self) -> &'static str {
        match self {
            Role::Producer(_) => "producer",
            Role::Consumer(_) => "consumer",
        }
    }
}

/// What a producer sends.
#[derive(Debug)]
pub struct Production {
    /// Records a second, over all members.
    pub rate: f64,
    /// Bytes of a record's value.
    pub record_size: usize,
    /// Which keys.
    pub keys: KeyDistribution,
    /// Records after which a client is closed and the next one made; 0 for never.
    pub records_per_client: u64,
    /// When a transaction is committed; nothing without a `transactional.id`.
    pub transactions: Option<TransactionLimits>,
}

/// A transaction is committed at the first of these.
#[derive(Debug, Clone, Copy)]
pub struct TransactionLimits {
    /// Time since it began.
    pub interval: Duration,
    /// Records in it.
    pub records: u64,
}

/// How a consumer works.
#[derive(Debug)]
pub struct Consumption {
    /// Time one record takes, for members without an entry in `processing_of`.
    pub processing: Duration,
    /// Time one record takes, of single members.
    pub processing_of: BTreeMap<u32, Duration>,
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
    /// Members that stay in the group but take no records.
    pub maintenance: BTreeSet<u32>,
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
