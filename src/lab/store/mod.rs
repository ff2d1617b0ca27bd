//! The telemetry of a run: one SQLite file, written by its keeper alone and read by everybody.

mod chain;
mod detections;
mod reader;
mod schema;
mod whole;
mod writer;

pub use chain::{Chain, ChainError, Chained};
pub use reader::Reader;
pub use writer::Writer;

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::domain::rca::record::Detection;
use crate::domain::telemetry::series::{Labels, SourceError, UnixMs};

/// The file's name in the run's folder.
pub const FILE: &str = "telemetry.db";

/// One read of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Scrape {
    /// When it began: the time of all its samples.
    pub at: UnixMs,
    /// What was read.
    pub target: Target,
    /// The samples, or nothing when the target did not answer in time.
    pub samples: Option<Vec<(Labels, f64)>>,
}

/// What is read: a job and the machine it reads, as in `up{job,node}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The job.
    pub job: String,
    /// The machine; empty for jobs that read the cluster as a whole.
    pub node: String,
}

/// A command a learner ran, as it is begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandStart {
    /// When.
    pub at: UnixMs,
    /// The person who gave it, by the name they work under; `None` for the learner.
    pub who: Option<String>,
    /// How it was given: `exec`, `shell`, `query`, `logs`, `service`, `node`.
    pub kind: String,
    /// The machine it ran on, empty for those that ran on none.
    pub node: String,
    /// The command line.
    pub text: String,
    /// Whether it may change the lab.
    pub mutating: bool,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandEnd {
    /// When.
    pub at: UnixMs,
    /// Its exit code; `None` when it was cut off.
    pub exit: Option<i64>,
    /// The beginning of its output.
    pub head: Vec<u8>,
    /// The end of its output, when it did not fit into the head.
    pub tail: Vec<u8>,
    /// Bytes between head and tail that were not kept.
    pub dropped: u64,
}

/// A numbered command of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its number.
    pub number: u32,
    /// How it began.
    pub start: CommandStart,
    /// How it ended; `None` while it runs, and for good when the record was cut off.
    pub end: Option<CommandEnd>,
    /// What was found changed after it, a line each; `None` when no comparison was made or could
    /// tell.
    pub changed: Option<Vec<String>>,
}

impl Command {
    /// What it printed, with a line where something in the middle was left out.
    pub fn output(&self) -> String {
        let Some(end) = &self.end else { return String::new() };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match end.dropped {
            0 => text(&end.head) + &text(&end.tail),
            dropped => {
                format!("{}\n[{dropped} bytes left out]\n{}", text(&end.head), text(&end.tail))
            }
        }
    }
}

/// An entry of the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its number: C1, C2, ...
    pub number: u32,
    /// When it was made.
    pub at: UnixMs,
    /// What was changed.
    pub what: String,
    /// Who or what changed it.
    pub by: String,
}

/// A detection as the keeper first saw it. Its end comes later and is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// Its number: 7 for `V7`.
    pub number: u32,
    /// The last second that had been recorded when it was seen.
    pub at: UnixMs,
    /// The event of the vocabulary.
    pub event: String,
    /// The components it happened on, as a JSON list.
    pub on: String,
    /// When it began.
    pub since: UnixMs,
    /// What can be said of it in a few words.
    pub told: String,
}

impl Detected {
    /// A detection as it is seen at this second.
    pub fn of(detection: &Detection, at: UnixMs) -> Self {
        let on = serde_json::to_string(&detection.on).expect("a list of names is JSON");
        let (event, told) = (detection.event.clone(), detection.told.clone());
        Self { number: detection.number, at, event, on, since: detection.span.from, told }
    }
}

/// A stretch of time in which nothing was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The last sample before it.
    pub from: UnixMs,
    /// The first sample after it.
    pub to: UnixMs,
    /// Why.
    pub reason: String,
}

/// Why the record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("could not {operation} {}: {source}", path.display())]
    Sqlite {
        /// The operation.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file is of another format.
    #[error("{} is a record of format {found}; this program {does}. It was left untouched: use the version that wrote it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// What this program can do with records.
        does: String,
    },
    /// No second has been recorded for longer than a staging waits.
    #[error("nothing has been recorded for {seconds} s: {reason}")]
    Silent {
        /// For how long.
        seconds: u64,
        /// Why, as far as is known.
        reason: String,
    },
    /// What was asked of it could not be answered.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl StoreError {
    /// What is in the way, in a few words.
    pub fn cause(&self) -> String {
        let Self::Sqlite { source, .. } = self else { return self.to_string() };
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
            Some(ErrorCode::SystemIoFailure) => format!("the disk fails ({source})"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another program holds the record".to_owned()
            }
            // SQLite has many more, and they say what they mean.
            Some(_) | None => source.to_string(),
        }
    }
}

/// Copies the record in a run's folder into one compact file, whether or not it is being written. A
/// copy that fails may leave a part of the file.
pub fn copy(folder: &Path, to: &Path) -> Result<(), StoreError> {
    let path = folder.join(FILE);
    let connection = rusqlite::Connection::open(&path).map_err(failed("open", &path))?;
    schema::check(&connection, &path)?;
    connection
        .execute("VACUUM INTO ?", [to.to_string_lossy()])
        .map(|_| ())
        .map_err(failed("copy", &path))
}

/// Names operation and file of an error.
fn failed(operation: &'static str, path: &Path) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Sqlite { operation, path: path.clone(), source }
}

#[cfg(test)]
mod chain_tests;
#[cfg(test)]
mod failure_tests;
#[cfg(test)]
mod tests;
