//! Writing the record: one transaction a second, values that did not change not written again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::{CommandEnd, CommandStart, FILE, Gap, Scrape, StoreError, Target, failed, schema};
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::series::{Labels, UnixMs, is_stale, stale};

/// The one writer of a run's record.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
    path: PathBuf,
    targets: HashMap<Target, Known>,
    open: bool,
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
        let mut writer = Self { connection, path, targets: HashMap::new(), open: false };
        writer.targets = writer.read_known().map_err(writer.failed("read"))?;
        Ok(writer)
    }

    fn failed(&self, operation: &'static str) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
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
            let value = from_sql(&value);
            let known = ids.get(&target).and_then(|t| targets.get_mut(t));
            if let (Some(known), Some(labels)) = (known, parse_labels(&labels)) {
                known
                    .series
                    .insert(labels, Last { id, bits: value.to_bits(), seen: !is_stale(value) });
            }
        }
        Ok(targets)
    }

    /// Begins the second's transaction unless it has begun.
    fn begin(&mut self) -> Result<(), StoreError> {
        if !self.open {
            self.connection
                .execute_batch("BEGIN IMMEDIATE")
                .map_err(self.failed("begin writing to"))?;
            self.open = true;
        }
        Ok(())
    }

    /// Ends the transaction: from now on readers see what was written.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.open {
            self.connection.execute_batch("COMMIT").map_err(self.failed("commit to"))?;
            self.open = false;
        }
        Ok(())
    }

    /// Records one read of a target. Series that were there before and are not now, or all of them
    /// when the read failed, end here.
    pub fn scrape(&mut self, scrape: &Scrape) -> Result<(), StoreError> {
        self.begin()?;
        let operation = self.failed("record a scrape in");
        let mut known = match self.targets.remove(&scrape.target) {
            Some(known) => known,
            None => Known {
                id: self.add_target(&scrape.target).map_err(&operation)?,
                series: HashMap::new(),
            },
        };
        let written = self.write_scrape(&mut known, scrape);
        self.targets.insert(scrape.target.clone(), known);
        written.map_err(operation)
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
        self.begin()?;
        let written =
            self.connection.prepare_cached("INSERT INTO log (node, at, line) VALUES (?, ?, ?)");
        let written =
            written.and_then(|mut insert| insert.execute(params![line.node, line.at, line.line]));
        written.map(|_| ()).map_err(self.failed("record a log line in"))
    }

    /// Gives a command its number and records that it began. Seen by readers at once.
    pub fn command_started(&mut self, start: &CommandStart) -> Result<u32, StoreError> {
        self.begin()?;
        let insert =
            "INSERT INTO command (kind, node, text, mutating, started) VALUES (?, ?, ?, ?, ?)";
        let written = self
            .connection
            .execute(insert, params![start.kind, start.node, start.text, start.mutating, start.at]);
        written.map_err(self.failed("record a command in"))?;
        let number = self.connection.last_insert_rowid();
        self.commit()?;
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Records how a command ended. Seen by readers at once.
    pub fn command_ended(&mut self, number: u32, end: &CommandEnd) -> Result<(), StoreError> {
        self.begin()?;
        let update = "UPDATE command SET ended = ?, exit = ?, head = ?, tail = ?, dropped = ? WHERE number = ?";
        let written = self.connection.execute(
            update,
            params![end.at, end.exit, end.head, end.tail, end.dropped as i64, number],
        );
        written.map_err(self.failed("record the end of a command in"))?;
        self.commit()
    }

    /// Adds an entry to the change feed.
    pub fn change(&mut self, at: UnixMs, what: &str, by: &str) -> Result<(), StoreError> {
        self.begin()?;
        let written = self
            .connection
            .execute("INSERT INTO change (at, what, who) VALUES (?, ?, ?)", params![at, what, by]);
        written.map_err(self.failed("record a change in"))?;
        self.commit()
    }

    /// Marks a stretch of time in which nothing was observed.
    pub fn gap(&mut self, gap: &Gap) -> Result<(), StoreError> {
        self.begin()?;
        let written = self
            .connection
            .execute("INSERT INTO gap VALUES (?, ?, ?)", params![gap.from, gap.to, gap.reason]);
        written.map_err(self.failed("record a gap in"))?;
        self.commit()
    }

    /// The time of the last recorded scrape.
    pub fn last_scrape(&self) -> Result<Option<UnixMs>, StoreError> {
        let last = self
            .connection
            .query_row("SELECT max(at) FROM scrape", [], |row| row.get(0))
            .optional();
        Ok(last.map_err(self.failed("read"))?.flatten())
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

pub(super) fn from_sql(value: &Value) -> f64 {
    match value {
        Value::Real(v) => *v,
        Value::Integer(v) => *v as f64,
        Value::Text(_) => f64::NAN,
        Value::Null | Value::Blob(_) => stale(),
    }
}
