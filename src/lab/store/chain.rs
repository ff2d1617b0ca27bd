//! The hash chain over what a person did and what was shown to them: commands as they began and as
//! they ended, entries of the change feed, detections. It starts from the commitment with which the
//! run opened; each link is SHA-256 over the link before it, in hexadecimal, followed by the row in
//! canonical JSON (RFC 8785). So a row that is edited, removed or added afterwards is found, unless
//! everything from there on is written anew: whoever has to rule that out keeps the newest link
//! elsewhere.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Change, Command, CommandEnd, CommandStart, Detected, Reader, StoreError};
use crate::domain::telemetry::series::UnixMs;

/// What a link is about. What is chained never changes: the end of a command is a row of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Row<'a> {
    CommandBegan {
        number: u32,
        at: UnixMs,
        /// Absent for the learner.
        #[serde(skip_serializing_if = "Option::is_none")]
        who: Option<&'a str>,
        kind: &'a str,
        node: &'a str,
        text: &'a str,
        mutating: bool,
    },
    CommandEnded {
        number: u32,
        at: UnixMs,
        exit: Option<i64>,
        /// SHA-256 of the beginning of the output, and of its end.
        head: String,
        tail: String,
        dropped: u64,
    },
    CommandChanged {
        number: u32,
        changed: &'a [String],
    },
    Change {
        number: u32,
        at: UnixMs,
        what: &'a str,
        by: &'a str,
    },
    Detection {
        number: u32,
        at: UnixMs,
        event: &'a str,
        on: &'a str,
        since: UnixMs,
        told: &'a str,
    },
}

impl<'a> Row<'a> {
    pub(super) fn began(number: u32, start: &'a CommandStart) -> Self {
        Self::CommandBegan {
            number,
            at: start.at,
            who: start.who.as_deref(),
            kind: &start.kind,
            node: &start.node,
            text: &start.text,
            mutating: start.mutating,
        }
    }

    pub(super) fn ended(number: u32, end: &CommandEnd) -> Self {
        Self::CommandEnded {
            number,
            at: end.at,
            exit: end.exit,
            head: sha256(&[&end.head]),
            tail: sha256(&[&end.tail]),
            dropped: end.dropped,
        }
    }

    pub(super) fn changed(number: u32, changed: &'a [String]) -> Self {
        Self::CommandChanged { number, changed }
    }

    pub(super) fn change(change: &'a Change) -> Self {
        let (what, by) = (change.what.as_str(), change.by.as_str());
        Self::Change { number: change.number, at: change.at, what, by }
    }

    pub(super) fn detection(detected: &'a Detected) -> Self {
        Self::Detection {
            number: detected.number,
            at: detected.at,
            event: &detected.event,
            on: &detected.on,
            since: detected.since,
            told: &detected.told,
        }
    }

    fn place(&self) -> Chained {
        match self {
            Self::CommandBegan { number, .. } => Chained::CommandBegan(*number),
            Self::CommandEnded { number, .. } => Chained::CommandEnded(*number),
            Self::CommandChanged { number, .. } => Chained::CommandChanged(*number),
            Self::Change { number, .. } => Chained::Change(*number),
            Self::Detection { number, .. } => Chained::Detection(*number),
        }
    }

    /// The link of this row to the one before it.
    fn link(&self, previous: &str) -> String {
        let row = serde_jcs::to_vec(self).expect("text and whole numbers have a canonical form");
        sha256(&[previous.as_bytes(), &row])
    }
}

fn sha256(parts: &[&[u8]]) -> String {
    let digest = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A row of the record that the chain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chained {
    /// The commitment with which the run opened.
    Opening,
    /// A command, as it began.
    CommandBegan(u32),
    /// A command's exit code and output.
    CommandEnded(u32),
    /// What a command changed.
    CommandChanged(u32),
    /// An entry of the change feed.
    Change(u32),
    /// A detection.
    Detection(u32),
}

impl Chained {
    /// As the table of links names it: the kind and the number of its row.
    fn stored(self) -> (&'static str, u32) {
        match self {
            Self::Opening => ("opening", 0),
            Self::CommandBegan(number) => ("command", number),
            Self::CommandEnded(number) => ("command-end", number),
            Self::CommandChanged(number) => ("command-changed", number),
            Self::Change(number) => ("change", number),
            Self::Detection(number) => ("detection", number),
        }
    }

    fn of(kind: &str, number: u32) -> Option<Self> {
        let all = [
            Self::Opening,
            Self::CommandBegan(number),
            Self::CommandEnded(number),
            Self::CommandChanged(number),
            Self::Change(number),
            Self::Detection(number),
        ];
        all.into_iter().find(|place| place.stored() == (kind, number))
    }
}

impl std::fmt::Display for Chained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Opening => f.write_str("the opening of the run"),
            Self::CommandBegan(number) => write!(f, "command {number}"),
            Self::CommandEnded(number) => write!(f, "the end of command {number}"),
            Self::CommandChanged(number) => write!(f, "what command {number} changed"),
            Self::Change(number) => write!(f, "change C{number}"),
            Self::Detection(number) => write!(f, "detection V{number}"),
        }
    }
}

/// A chain that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// How many rows it holds, the opening among them.
    pub links: usize,
    /// Its newest link: who keeps it elsewhere can tell later that nothing before it was changed.
    pub head: String,
}

/// Why a chain does not hold: the first row that does not.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The record could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is of a format that has none, or its run never opened.
    #[error("the record has no chain: it is of an older format, or the run never opened")]
    Absent,
    /// The row is not what was recorded.
    #[error("{0} is not as it was recorded")]
    Changed(Chained),
    /// The row is gone.
    #[error("{0} was removed from the record")]
    Removed(Chained),
    /// The row was not written by the keeper of the run.
    #[error("{0} was added to the record")]
    Added(Chained),
    /// A link that no program writes, or that is missing.
    #[error("link {0} of the chain was changed or removed")]
    Link(i64),
}

/// Starts the chain with the commitment, and links what was recorded before it.
pub(super) fn begin(connection: &Connection, commitment: &str) -> rusqlite::Result<()> {
    insert(connection, 0, Chained::Opening, commitment)
}

/// Links a row to those before it; not before the chain has begun.
pub(super) fn append(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<()> {
    let last = connection
        .prepare_cached("SELECT number, chain FROM link ORDER BY number DESC LIMIT 1")?
        .query_row([], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?)))
        .optional()?;
    match last {
        Some((number, previous)) => {
            insert(connection, number + 1, row.place(), &row.link(&previous))
        }
        None => Ok(()),
    }
}

fn insert(
    connection: &Connection,
    number: i64,
    place: Chained,
    chain: &str,
) -> rusqlite::Result<()> {
    let (kind, row) = place.stored();
    connection
        .prepare_cached("INSERT INTO link (number, kind, row, chain) VALUES (?, ?, ?, ?)")?
        .execute(params![number, kind, row, chain])
        .map(|_| ())
}

struct Link {
    number: i64,
    kind: String,
    row: u32,
    chain: String,
}

/// What the chain may be about, as it is in the record now.
struct Recorded {
    commands: Vec<Command>,
    changes: Vec<Change>,
    detections: Vec<Detected>,
}

impl Recorded {
    fn row(&self, place: Chained) -> Option<Row<'_>> {
        let command = |number| self.commands.iter().find(|c| c.number == number);
        match place {
            Chained::Opening => None,
            Chained::CommandBegan(n) => command(n).map(|c| Row::began(n, &c.start)),
            Chained::CommandEnded(n) => command(n)?.end.as_ref().map(|end| Row::ended(n, end)),
            Chained::CommandChanged(n) => {
                command(n)?.changed.as_ref().map(|changed| Row::changed(n, changed))
            }
            Chained::Change(n) => self.changes.iter().find(|c| c.number == n).map(Row::change),
            Chained::Detection(n) => {
                self.detections.iter().find(|d| d.number == n).map(Row::detection)
            }
        }
    }

    fn places(&self) -> BTreeSet<Chained> {
        let began = self.commands.iter().map(|c| Chained::CommandBegan(c.number));
        let ended = self.commands.iter().filter(|c| c.end.is_some());
        let ended = ended.map(|c| Chained::CommandEnded(c.number));
        let compared = self.commands.iter().filter(|c| c.changed.is_some());
        let compared = compared.map(|c| Chained::CommandChanged(c.number));
        let changes = self.changes.iter().map(|c| Chained::Change(c.number));
        let detections = self.detections.iter().map(|d| Chained::Detection(d.number));
        began.chain(ended).chain(compared).chain(changes).chain(detections).collect()
    }
}

impl Reader {
    /// Looks whether everything the chain is about is as it was recorded, from the commitment the
    /// run opened with. The error names the first row that is not.
    pub fn verify_chain(&self, commitment: &str) -> Result<Chain, ChainError> {
        // One snapshot of all tables, whatever the writer does meanwhile.
        let _snapshot = self.snapshot()?;
        let links = self.links()?;
        let Some(opening) = links.first() else { return Err(ChainError::Absent) };
        if (opening.number, opening.kind.as_str(), opening.row) != (0, "opening", 0)
            || opening.chain != commitment
        {
            return Err(ChainError::Changed(Chained::Opening));
        }
        let recorded = Recorded {
            commands: self.commands()?,
            changes: self.changes()?,
            detections: self.detected()?,
        };
        let mut unlinked = recorded.places();
        let mut previous = commitment.to_owned();
        for (number, link) in (1..).zip(&links[1..]) {
            let place = Chained::of(&link.kind, link.row).filter(|_| link.number == number);
            let place = place.ok_or(ChainError::Link(number))?;
            let row = recorded.row(place).ok_or(ChainError::Removed(place))?;
            previous = row.link(&previous);
            if previous != link.chain {
                return Err(ChainError::Changed(place));
            }
            if !unlinked.remove(&place) {
                return Err(ChainError::Link(number));
            }
        }
        match unlinked.first() {
            Some(place) => Err(ChainError::Added(*place)),
            None => Ok(Chain { links: links.len(), head: previous }),
        }
    }

    fn links(&self) -> Result<Vec<Link>, StoreError> {
        if self.format() < super::schema::CHAINED {
            return Ok(Vec::new());
        }
        self.rows("SELECT number, kind, row, chain FROM link ORDER BY number", [], |r| {
            Ok(Link { number: r.get(0)?, kind: r.get(1)?, row: r.get(2)?, chain: r.get(3)? })
        })
    }
}
