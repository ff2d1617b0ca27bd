//! The run's record as the keeper holds it: the one writer, the newest second, what could not be
//! written, and readers for conditions.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;

use super::clock::Clock;
use crate::domain::rca::record::Detection;
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::store::{CommandEnd, CommandStart, Gap, Reader, Scrape, StoreError, Writer};

/// A staging waits so long for a second: then the record, or what should write it, is broken.
const SILENT_AT_MOST: Duration = Duration::from_secs(20);
/// Seconds may come late where a host has much to do; when this many are missing, the record says
/// so.
const LATE_MS: i64 = 5_000;

/// Writes the record and tells when a second is complete.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    writer: RefCell<Writer>,
    clock: Clock,
    newest: watch::Sender<UnixMs>,
    /// Why nothing can be written now, since the last second that was.
    outage: RefCell<Option<Outage>>,
    /// Ends of commands that came during an outage.
    unwritten: RefCell<Vec<(u32, CommandEnd)>>,
    /// The end of the last gap.
    gap_until: Cell<UnixMs>,
    /// Set when something was changed: settings are read at the next second, not at the next fifth.
    changed: Cell<bool>,
}

/// A time in which the record cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The last second before it.
    pub since: UnixMs,
    /// Why, in a few words.
    pub reason: String,
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
            outage: RefCell::default(),
            unwritten: RefCell::default(),
            gap_until: Cell::new(0),
            changed: Cell::new(false),
        })
    }

    /// The keeper's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A reader of the record.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.folder)
    }

    /// Writes a second's scrapes and ends its transaction. When that fails, the second is not in
    /// the record at all; the next one that succeeds marks the gap.
    pub fn second(&self, at: UnixMs, scrapes: &[Scrape]) -> Result<(), StoreError> {
        self.noticed(self.write_second(at, scrapes))?;
        if let Some(outage) = self.outage.take() {
            tracing::info!(?outage, at, "the record can be written again");
        }
        self.newest.send_replace(at);
        self.noticed(self.write_ends())
    }

    /// Writes the ends of commands that came during an outage.
    fn write_ends(&self) -> Result<(), StoreError> {
        loop {
            let Some((number, end)) = self.unwritten.borrow_mut().pop() else { return Ok(()) };
            let written = self.writer.borrow_mut().command_ended(number, &end);
            if let Err(error) = written {
                self.unwritten.borrow_mut().push((number, end));
                return Err(error);
            }
        }
    }

    fn write_second(&self, at: UnixMs, scrapes: &[Scrape]) -> Result<(), StoreError> {
        let mut writer = self.writer.borrow_mut();
        let gap = self.gap_before(at);
        if let Some(gap) = &gap {
            writer.gap(gap)?;
        }
        for scrape in scrapes {
            writer.scrape(scrape)?;
        }
        writer.commit()?;
        if gap.is_some() {
            self.clock.take_breaks();
            self.gap_until.set(at);
        }
        Ok(())
    }

    /// What lies between the last second and this one, unless this one simply follows it.
    fn gap_before(&self, at: UnixMs) -> Option<Gap> {
        let last = *self.newest.borrow();
        let outage = self.outage.borrow();
        let mut reasons: Vec<_> = outage.iter().map(|o| o.reason.clone()).collect();
        reasons.extend(self.clock.breaks().iter().map(ToString::to_string));
        if reasons.is_empty() && last > 0 && at - last > LATE_MS {
            reasons.push("the keeper did not get to run".to_owned());
        }
        let from = outage.as_ref().map_or(last, |outage| outage.since);
        let reason = reasons.join("; ");
        (!reason.is_empty()).then_some(Gap {
            from: if from > 0 { from } else { at },
            to: at,
            reason,
        })
    }

    /// Remembers that a write failed, from the last second that did not.
    fn noticed<T>(&self, written: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &written {
            let mut outage = self.outage.borrow_mut();
            if outage.is_none() {
                tracing::error!(%error, "the record cannot be written; it is tried every second");
                let since = *self.newest.borrow();
                *outage = Some(Outage { since, reason: error.cause() });
            }
        }
        written
    }

    /// Why nothing can be written now; `None` while everything can.
    pub fn outage(&self) -> Option<Outage> {
        self.outage.borrow().clone()
    }

    /// Ends the record for now: all that was written is seen by readers.
    pub fn finish(&self) -> Result<(), StoreError> {
        self.writer.borrow_mut().commit()
    }

    /// Waits for the next complete second and returns its time. One that does not come within
    /// [`SILENT_AT_MOST`] is an error that says why.
    pub async fn next_second(&self) -> Result<UnixMs, StoreError> {
        let mut newest = self.newest.subscribe();
        newest.mark_unchanged();
        match tokio::time::timeout(SILENT_AT_MOST, newest.changed()).await {
            // The sender lives as long as `self`: it did change.
            Ok(_) => Ok(*newest.borrow()),
            Err(_) => {
                let reason = self.outage().map_or("no second was read".to_owned(), |o| o.reason);
                Err(StoreError::Silent { seconds: SILENT_AT_MOST.as_secs(), reason })
            }
        }
    }

    /// Writes a log line, at its place on the keeper's clock. During an outage it is lost with all
    /// else: the gap says so.
    pub fn log(&self, line: &LogLine) -> Result<(), StoreError> {
        if self.outage.borrow().is_some() {
            return Ok(());
        }
        let line = LogLine { at: self.clock.place(line.at), ..line.clone() };
        self.noticed(self.writer.borrow_mut().log(&line))
    }

    /// Numbers a command that begins.
    pub fn command_started(&self, start: &CommandStart) -> Result<u32, StoreError> {
        self.noticed(self.writer.borrow_mut().command_started(start))
    }

    /// Records how a command ended; as soon as it can be written, when it cannot be now.
    pub fn command_ended(&self, number: u32, end: CommandEnd) {
        self.changed.set(true);
        if self.noticed(self.writer.borrow_mut().command_ended(number, &end)).is_err() {
            self.unwritten.borrow_mut().push((number, end));
        }
    }

    /// Records what was found changed after a command.
    pub fn command_changed(&self, number: u32, changed: &[String]) -> Result<(), StoreError> {
        self.noticed(self.writer.borrow_mut().command_changed(number, changed))
    }

    /// Adds an entry to the change feed.
    pub fn change(&self, at: UnixMs, what: &str, by: &str) -> Result<(), StoreError> {
        self.noticed(self.writer.borrow_mut().change(at, what, by))
    }

    /// Records how far detection has read on, and what is new or has another end.
    pub fn detected_until(&self, until: UnixMs, changed: &[Detection]) -> Result<(), StoreError> {
        self.noticed(self.writer.borrow_mut().detected_until(until, changed))
    }

    /// Begins the chain of the record with the commitment the run opens with.
    pub fn begin_chain(&self, commitment: &str) -> Result<(), StoreError> {
        self.noticed(self.writer.borrow_mut().begin_chain(commitment))
    }

    /// Whether something was changed since this was last asked.
    pub fn take_changed(&self) -> bool {
        self.changed.take()
    }

    /// Marks the time since the last scrape as one in which nothing was observed; nothing when the
    /// record is new.
    pub fn mark_gap(&self, reason: &str) -> Result<(), StoreError> {
        let mut writer = self.writer.borrow_mut();
        if let Some(from) = writer.last_scrape()? {
            writer.gap(&Gap { from, to: self.clock.now(), reason: reason.to_owned() })?;
            writer.commit()?;
        }
        Ok(())
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
        let at = recorder.next_second().await?;
        // What was not seen did not hold.
        since = since.filter(|from| *from >= recorder.gap_until.get());
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

#[cfg(test)]
mod tests;
