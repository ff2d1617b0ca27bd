//! The run's record as the keeper holds it: the one writer, the newest second, and readers for
//! conditions.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::clock::Clock;
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::store::{CommandEnd, CommandStart, Gap, Reader, Scrape, StoreError, Writer};

/// Writes the record and tells when a second is complete.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    writer: RefCell<Writer>,
    clock: Clock,
    newest: watch::Sender<UnixMs>,
    /// Set when something was changed: settings are read at the next second, not at the next fifth.
    changed: Cell<bool>,
}

impl Recorder {
    /// Opens the record of a run. When it was cut off, the stretch since then is marked as a gap
    /// once observation goes on.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, StoreError> {
        let writer = Writer::open(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            writer: RefCell::new(writer),
            clock,
            newest: watch::Sender::new(0),
            changed: Cell::new(false),
        })
    }

    /// The keeper's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// A reader of the record.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.folder)
    }

    /// Writes a second's scrapes and ends its transaction.
    pub fn second(&self, at: UnixMs, scrapes: &[Scrape]) -> Result<(), StoreError> {
        let mut writer = self.writer.borrow_mut();
        for scrape in scrapes {
            writer.scrape(scrape)?;
        }
        writer.commit()?;
        self.newest.send_replace(at);
        Ok(())
    }

    /// Ends the record for now: all that was written is seen by readers.
    pub fn finish(&self) -> Result<(), StoreError> {
        self.writer.borrow_mut().commit()
    }

    /// Waits for the next complete second and returns its time.
    pub async fn next_second(&self) -> UnixMs {
        let mut newest = self.newest.subscribe();
        newest.mark_unchanged();
        // The sender lives as long as `self`.
        let _ = newest.changed().await;
        *newest.borrow()
    }

    /// Writes a log line.
    pub fn log(&self, line: &LogLine) -> Result<(), StoreError> {
        self.writer.borrow_mut().log(line)
    }

    /// Numbers a command that begins.
    pub fn command_started(&self, start: &CommandStart) -> Result<u32, StoreError> {
        self.writer.borrow_mut().command_started(start)
    }

    /// Records how a command ended.
    pub fn command_ended(&self, number: u32, end: &CommandEnd) -> Result<(), StoreError> {
        self.changed.set(true);
        self.writer.borrow_mut().command_ended(number, end)
    }

    /// Adds an entry to the change feed.
    pub fn change(&self, at: UnixMs, what: &str, by: &str) -> Result<(), StoreError> {
        self.writer.borrow_mut().change(at, what, by)
    }

    /// Whether something was changed since this was last asked.
    pub fn take_changed(&self) -> bool {
        self.changed.take()
    }

    /// Marks the time since the last scrape as one in which nothing was observed; nothing when the
    /// record is new.
    pub fn mark_gap(&self, reason: &str) -> Result<(), StoreError> {
        let mut writer = self.writer.borrow_mut();
        match writer.last_scrape()? {
            Some(from) => {
                writer.gap(&Gap { from, to: self.clock.now(), reason: reason.to_owned() })
            }
            None => Ok(()),
        }
    }
}

/// Conditions that must hold together, and for how long they have.
#[derive(Debug)]
pub struct Conditions {
    queries: Vec<Query>,
}

impl Conditions {
    /// Parses PromQL conditions. They were checked when the plan was made.
    pub fn new<'a>(
        promql: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, crate::domain::telemetry::QueryError> {
        Ok(Self { queries: promql.into_iter().map(Query::parse).collect::<Result<_, _>>()? })
    }

    /// All of them as one text.
    fn text(&self) -> String {
        self.queries.iter().map(Query::text).collect::<Vec<_>>().join(" and ")
    }

    /// The conditions that do not hold at this time, with what was seen instead.
    pub fn unmet(&self, reader: &Reader, at: UnixMs) -> BTreeMap<String, String> {
        let judge = |query: &Query| match query.instant(reader, at) {
            Ok(value) if query.holds(&value) => None,
            Ok(_) => Some((query.text().to_owned(), "it did not hold".to_owned())),
            Err(error) => Some((query.text().to_owned(), error.to_string())),
        };
        self.queries.iter().filter_map(judge).collect()
    }
}

/// Waits until conditions hold for `hold_ms` without a break, asking at every second; the first and
/// last second of the stretch when they did, what was missing last when the deadline passed.
pub async fn hold(
    recorder: &Recorder,
    conditions: &Conditions,
    hold_ms: i64,
    deadline: UnixMs,
) -> Result<Held, StoreError> {
    hold_without(recorder, conditions, &[], hold_ms, deadline).await
}

/// Waits like [`hold`], and for none of `others` to hold as a whole in the meantime: what they show
/// is something else.
pub async fn hold_without(
    recorder: &Recorder,
    conditions: &Conditions,
    others: &[Conditions],
    hold_ms: i64,
    deadline: UnixMs,
) -> Result<Held, StoreError> {
    let reader = recorder.reader()?;
    let mut since = None;
    let mut unmet;
    loop {
        let at = recorder.next_second().await;
        unmet = conditions.unmet(&reader, at);
        for other in others.iter().filter(|other| other.unmet(&reader, at).is_empty()) {
            unmet.insert(other.text(), "it held, and shows another cause".to_owned());
        }
        since = if unmet.is_empty() { since.or(Some(at)) } else { None };
        match since {
            Some(from) if at - from >= hold_ms => return Ok(Held::Yes { from, to: at }),
            _ if at >= deadline => return Ok(Held::No { unmet }),
            _ => {}
        }
    }
}

/// What came of waiting for conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// They held from one second to another.
    Yes {
        /// The first second of the stretch.
        from: UnixMs,
        /// The second at which it was long enough.
        to: UnixMs,
    },
    /// The deadline passed.
    No {
        /// The conditions that did not hold then, with what was seen; empty when they held, but not
        /// for long enough.
        unmet: BTreeMap<String, String>,
    },
}
