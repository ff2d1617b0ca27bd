//! Writing the record: one transaction a second, values that did not change not written again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params};

use super::chain::{self, Row};
use super::{
    Change, CommandEnd, CommandStart, Detected, FILE, Gap, Reader, Scrape, StoreError, Target,
    failed, schema,
};
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::series::{Labels, UnixMs, is_stale, stale};

/// The one writer of a run's record.
#[derive(Debug)]
pub struct Writer {
    pub(super) connection: Connection,
    path: PathBuf,
    targets: HashMap<Target, Known>,
    /// Whether the second's transaction has begun.
    open: bool,
    /// Whether what is known may differ from the record: a transaction was taken back.
    stale: bool,
}

/// What was last written of a target.
#[derive(Debug, Default)]
struct Known {
    id: i64,
    series: HashMap<Labels, Last>,
}

#[derive(Debug)]
struct Last {
    id: i64,
    bits: u64,
    /// Whether the series was in the target's last scrape.
    seen: bool,
}

impl Writer {
    /// Opens the record in a run's folder, making it when there is none. A record that was cut off
    /// is continued: what was alive then is known again.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let connection = Connection::open(&path).map_err(failed("open", &path))?;
        schema::prepare(&connection, &path)?;
        let mut writer =
            Self { connection, path, targets: HashMap::new(), open: false, stale: false };
        writer.targets = writer.read_known().map_err(writer.failed("read"))?;
        Ok(writer)
    }

    pub(super) fn failed(
        &self,
        operation: &'static str,
    ) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
        failed(operation, &self.path)
    }

    fn read_known(&self) -> rusqlite::Result<HashMap<Target, Known>> {
        let mut targets = HashMap::new();
        let mut ids = HashMap::new();
        let mut rows = self.connection.prepare("SELECT id, job, node FROM target")?;
        for row in
            rows.query_map([], |r| Ok((r.get(0)?, Target { job: r.get(1)?, node: r.get(2)? })))?
        {
            let (id, target): (i64, Target) = row?;
            ids.insert(id, target.clone());
            targets.insert(target, Known { id, series: HashMap::new() });
        }
        let query = "SELECT series.id, target, labels, (SELECT value FROM sample WHERE series = series.id ORDER BY at DESC LIMIT 1) FROM series";
        let mut rows = self.connection.prepare(query)?;
        for row in
            rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get::<_, String>(2)?, r.get(3)?)))?
        {
            let (id, target, labels, value): (i64, i64, String, Value) = row?;
            let value = from_sql((&value).into());
            let known = ids.get(&target).and_then(|t| targets.get_mut(t));
            if let (Some(known), Some(labels)) = (known, parse_labels(&labels)) {
                known
                    .series
                    .insert(labels, Last { id, bits: value.to_bits(), seen: !is_stale(value) });
            }
        }
        Ok(targets)
    }

    /// Begins the second's transaction unless it has begun. After one that was taken back, what is
    /// known is read from the record first.
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.stale {
            self.end_failed().map_err(self.failed("take back what was being written to"))?;
            self.targets = self.read_known().map_err(self.failed("read"))?;
            self.stale = false;
        }
        if !self.open {
            self.connection
                .execute_batch("BEGIN IMMEDIATE")
                .map_err(self.failed("begin writing to"))?;
            self.open = true;
        }
        Ok(())
    }

    /// Writes within the second's transaction. When that fails the whole second was never written:
    /// half of one would look like machines that did not answer.
    pub(super) fn write<T>(
        &mut self,
        operation: &'static str,
        write: impl FnOnce(&mut Self) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.begin()?;
        write(self).map_err(|source| self.take_back(operation, source))
    }

    fn take_back(&mut self, operation: &'static str, source: rusqlite::Error) -> StoreError {
        (self.open, self.stale) = (false, true);
        if let Err(error) = self.end_failed() {
            tracing::error!(%error, "a failed write cannot be taken back yet; it is tried again");
        }
        failed(operation, &self.path)(source)
    }

    /// Ends the transaction of a failed write. SQLite has ended it itself after some errors.
    fn end_failed(&self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            Ok(())
        } else {
            self.connection.execute_batch("ROLLBACK")
        }
    }

    /// Ends the transaction: from now on readers see what was written.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.open {
            let committed = self.connection.execute_batch("COMMIT");
            committed.map_err(|source| self.take_back("commit to", source))?;
            self.open = false;
        }
        Ok(())
    }

    /// Records one read of a target. Series that were there before and are not now, or all of them
    /// when the read failed, end here.
    pub fn scrape(&mut self, scrape: &Scrape) -> Result<(), StoreError> {
        self.write("record a scrape in", |writer| {
            let mut known = match writer.targets.remove(&scrape.target) {
                Some(known) => known,
                None => Known { id: writer.add_target(&scrape.target)?, series: HashMap::new() },
            };
            writer.write_scrape(&mut known, scrape)?;
            writer.targets.insert(scrape.target.clone(), known);
            Ok(())
        })
    }

    fn write_scrape(&self, known: &mut Known, scrape: &Scrape) -> rusqlite::Result<()> {
        let mut insert =
            self.connection.prepare_cached("INSERT OR REPLACE INTO sample VALUES (?, ?, ?)")?;
        if let Some(samples) = &scrape.samples {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO scrape VALUES (?, ?)")?
                .execute(params![known.id, scrape.at])?;
            known.series.values_mut().for_each(|last| last.seen = false);
            for (labels, value) in samples {
                let bits = value.to_bits();
                match known.series.get_mut(labels) {
                    Some(last) if last.bits == bits => last.seen = true,
                    Some(last) => {
                        insert.execute(params![last.id, scrape.at, to_sql(*value)])?;
                        (last.bits, last.seen) = (bits, true);
                    }
                    None => {
                        let id = self.add_series(known.id, labels)?;
                        insert.execute(params![id, scrape.at, to_sql(*value)])?;
                        known.series.insert(labels.clone(), Last { id, bits, seen: true });
                    }
                }
            }
        } else {
            known.series.values_mut().for_each(|last| last.seen = false);
        }
        for last in known
            .series
            .values_mut()
            .filter(|last| !last.seen && !is_stale(f64::from_bits(last.bits)))
        {
            insert.execute(params![last.id, scrape.at, Value::Null])?;
            last.bits = stale().to_bits();
        }
        Ok(())
    }

    fn add_target(&self, target: &Target) -> rusqlite::Result<i64> {
        self.connection.execute(
            "INSERT INTO target (job, node) VALUES (?, ?)",
            params![target.job, target.node],
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    fn add_series(&self, target: i64, labels: &Labels) -> rusqlite::Result<i64> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO series (target, name, labels) VALUES (?, ?, ?)")?;
        insert.execute(params![target, labels.name(), write_labels(labels)])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Records a log line.
    pub fn log(&mut self, line: &LogLine) -> Result<(), StoreError> {
        self.write("record a log line in", |writer| {
            writer
                .connection
                .prepare_cached("INSERT INTO log (node, at, line) VALUES (?, ?, ?)")?
                .execute(params![line.node, line.at, line.line])
                .map(|_| ())
        })
    }

    /// Gives a command its number and records that it began. Seen by readers at once.
    pub fn command_started(&mut self, start: &CommandStart) -> Result<u32, StoreError> {
        let number = self.write("record a command in", |writer| {
            let insert = "INSERT INTO command (kind, node, text, mutating, started, who)
                          VALUES (?, ?, ?, ?, ?, ?)";
            let CommandStart { at, who, kind, node, text, mutating } = start;
            writer.connection.execute(insert, params![kind, node, text, mutating, at, who])?;
            let number = writer.number();
            chain::append(&writer.connection, &Row::began(number, start))?;
            Ok(number)
        })?;
        self.commit()?;
        Ok(number)
    }

    /// Records how a command ended. Seen by readers at once.
    pub fn command_ended(&mut self, number: u32, end: &CommandEnd) -> Result<(), StoreError> {
        self.write("record the end of a command in", |writer| {
            let update = "UPDATE command SET ended = ?, exit = ?, head = ?, tail = ?, dropped = ?
                          WHERE number = ?";
            let CommandEnd { at, exit, head, tail, dropped } = end;
            let dropped = i64::try_from(*dropped).unwrap_or(i64::MAX);
            writer.connection.execute(update, params![at, exit, head, tail, dropped, number])?;
            chain::append(&writer.connection, &Row::ended(number, end))
        })?;
        self.commit()
    }

    /// Records what was found changed after a command. Seen by readers at once.
    pub fn command_changed(&mut self, number: u32, changed: &[String]) -> Result<(), StoreError> {
        self.write("record what a command changed in", |writer| {
            let lines = serde_json::to_string(changed).expect("a list of lines is JSON");
            let insert = "INSERT INTO effect (number, changed) VALUES (?, ?)";
            writer.connection.execute(insert, params![number, lines])?;
            chain::append(&writer.connection, &Row::changed(number, changed))
        })?;
        self.commit()
    }

    /// Adds an entry to the change feed.
    pub fn change(&mut self, at: UnixMs, what: &str, by: &str) -> Result<(), StoreError> {
        self.write("record a change in", |writer| {
            let insert = "INSERT INTO change (at, what, who) VALUES (?, ?, ?)";
            writer.connection.execute(insert, params![at, what, by])?;
            let (what, by) = (what.to_owned(), by.to_owned());
            let change = Change { number: writer.number(), at, what, by };
            chain::append(&writer.connection, &Row::change(&change))
        })?;
        self.commit()
    }

    /// Records a detection when it is first seen. Its number must be the next one.
    pub fn detected(&mut self, detected: &Detected) -> Result<(), StoreError> {
        self.write("record a detection in", |writer| {
            let insert = "INSERT INTO detection (number, at, event, places, since, told)
                          VALUES (?, ?, ?, ?, ?, ?)";
            let Detected { number, at, event, on, since, told } = detected;
            writer.connection.execute(insert, params![number, at, event, on, since, told])?;
            chain::append(&writer.connection, &Row::detection(detected))
        })?;
        self.commit()
    }

    /// Begins the chain with the commitment with which the run opens, and links what there is by
    /// then: the change feed above all. From then on every command, change and detection is linked
    /// in the transaction that writes it.
    pub fn begin_chain(&mut self, commitment: &str) -> Result<(), StoreError> {
        let reader = Reader::open_at(&self.path)?;
        self.commit()?;
        let (commands, changes) = (reader.commands()?, reader.changes()?);
        let detections = reader.detected()?;
        let mut rows: Vec<Row<'_>> = changes.iter().map(Row::change).collect();
        for command in &commands {
            rows.push(Row::began(command.number, &command.start));
            rows.extend(command.end.as_ref().map(|end| Row::ended(command.number, end)));
            rows.extend(command.changed.as_ref().map(|c| Row::changed(command.number, c)));
        }
        rows.extend(detections.iter().map(Row::detection));
        self.write("begin the chain of", |writer| {
            chain::begin(&writer.connection, commitment)?;
            rows.iter().try_for_each(|row| chain::append(&writer.connection, row))
        })?;
        self.commit()
    }

    /// Marks a stretch of time in which nothing was observed. Seen by readers with the second's
    /// samples.
    pub fn gap(&mut self, gap: &Gap) -> Result<(), StoreError> {
        self.write("record a gap in", |writer| {
            let insert = "INSERT INTO gap (from_at, to_at, reason) VALUES (?, ?, ?)";
            writer.connection.execute(insert, params![gap.from, gap.to, gap.reason]).map(|_| ())
        })
    }

    /// The number of the row that was just written.
    fn number(&self) -> u32 {
        u32::try_from(self.connection.last_insert_rowid()).unwrap_or(u32::MAX)
    }

    /// The time of the last recorded scrape.
    pub fn last_scrape(&self) -> Result<Option<UnixMs>, StoreError> {
        let query = "SELECT max((SELECT max(at) FROM scrape WHERE target = target.id)) FROM target";
        let last = self.connection.query_row(query, [], |row| row.get(0));
        last.map_err(self.failed("read"))
    }
}

#[cfg(test)]
impl Writer {
    /// Lets the file grow by so many pages and no more: what a full disk is to SQLite.
    pub(in crate::lab) fn room_for(&self, pages: i64) {
        let used: i64 =
            self.connection.query_row("PRAGMA page_count", [], |r| r.get(0)).expect("counts");
        let most = format!("PRAGMA max_page_count = {}", used + pages);
        self.connection.query_row(&most, [], |_| Ok(())).expect("limits");
    }

    /// The disk has room again.
    pub(in crate::lab) fn room_again(&self) {
        self.connection
            .query_row("PRAGMA max_page_count = 1073741823", [], |_| Ok(()))
            .expect("limits");
    }

    /// Everything that is known, and everything the record says: the same, or unchanged values
    /// would be taken for written.
    pub(super) fn known_and_recorded(&self) -> [Vec<String>; 2] {
        [self.targets.iter(), self.read_known().expect("readable").iter()].map(|targets| {
            let mut shown: Vec<_> = targets
                .flat_map(|(target, known)| {
                    known.series.iter().map(move |(labels, last)| {
                        let Last { id, bits, seen } = last;
                        format!("{target:?} {} {labels:?} {id} {bits:x} {seen}", known.id)
                    })
                })
                .collect();
            shown.sort();
            shown
        })
    }
}

/// A label set as stored: JSON, keys in order.
pub(super) fn write_labels(labels: &Labels) -> String {
    serde_json::to_string(&labels.0).expect("a map of strings is JSON")
}

pub(super) fn parse_labels(text: &str) -> Option<Labels> {
    serde_json::from_str(text).ok().map(Labels)
}

fn to_sql(value: f64) -> Value {
    match value {
        v if is_stale(v) => Value::Null,
        v if v.is_nan() => Value::Text("NaN".to_owned()),
        v => Value::Real(v),
    }
}

pub(super) fn from_sql(value: ValueRef<'_>) -> f64 {
    match value {
        ValueRef::Real(v) => v,
        ValueRef::Integer(v) => v as f64,
        ValueRef::Text(_) => f64::NAN,
        ValueRef::Null | ValueRef::Blob(_) => stale(),
    }
}
