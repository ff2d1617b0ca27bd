//! What a member is doing, for whoever asks the running process.

use std::{collections::BTreeMap, fmt, time::Instant};

use crate::figures::Partition;

/// What a member is doing now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// It makes its client.
    Starting,
    /// It waits for records.
    Polling,
    /// It processes a record of a batch.
    Processing {
        /// The record's partition.
        partition: Partition,
        /// Its offset.
        offset: i64,
        /// Its place in the batch, from 1.
        number: usize,
        /// Records of the batch.
        of: usize,
    },
    /// It commits offsets, or a transaction.
    Committing,
    /// It has nothing to send yet.
    Idle,
    /// It sends records.
    Sending,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => write!(f, "starting"),
            Self::Polling => write!(f, "poll"),
            Self::Processing { partition: (topic, partition), offset, number, of } => {
                write!(
                    f,
                    "process partition={topic}-{partition} offset={offset} record={number}/{of}"
                )
            }
            Self::Committing => write!(f, "commit"),
            Self::Idle => write!(f, "idle"),
            Self::Sending => write!(f, "send"),
        }
    }
}

/// What a member is doing and has open.
#[derive(Debug)]
pub struct Activity {
    /// What it is doing.
    pub doing: Doing,
    /// Since when.
    pub since: Instant,
    /// Since when it has its client.
    pub client_since: Instant,
    /// Clients it has had, this one among them.
    pub clients: u64,
    /// Its open transaction: since when, and with how many records.
    pub transaction: Option<(Instant, u64)>,
    /// Its partitions that are paused, and since when.
    pub paused: BTreeMap<Partition, Instant>,
}

impl Default for Activity {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            doing: Doing::Starting,
            since: now,
            client_since: now,
            clients: 0,
            transaction: None,
            paused: BTreeMap::new(),
        }
    }
}

impl Activity {
    /// It does something else from now on.
    pub fn turn_to(&mut self, doing: Doing) {
        (self.doing, self.since) = (doing, Instant::now());
    }

    /// It has a new client from now on.
    pub fn open_client(&mut self) {
        self.clients += 1;
        self.client_since = Instant::now();
    }
}
