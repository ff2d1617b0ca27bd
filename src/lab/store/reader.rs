//! Reading the record, while it is written and long after.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::writer::{from_sql, parse_labels};
use super::{
    Change, Command, CommandEnd, CommandStart, Detected, FILE, Gap, StoreError, failed, schema,
};
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::domain::telemetry::series::{
    MatchOp, Matcher, NAME, Point, Series, SeriesSource, SourceError, UnixMs, is_stale, repeated,
};

/// A reader of a run's record.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
    format: u32,
}

impl Reader {
    /// Opens the record in a run's folder.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_at(&folder.join(FILE))
    }

    pub(super) fn open_at(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        // Not read-only: a reader of a WAL database must be able to make its shared memory file.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&path, flags).map_err(failed("open", &path))?;
        connection.pragma_update(None, "query_only", true).map_err(failed("open", &path))?;
        let format = schema::check(&connection, &path)?;
        Ok(Self { connection, path, format })
    }

    /// The format of the record.
    pub(super) fn format(&self) -> u32 {
        self.format
    }

    /// One state of the record, for as long as it is held.
    pub(super) fn snapshot(&self) -> Result<rusqlite::Transaction<'_>, StoreError> {
        self.connection.unchecked_transaction().map_err(failed("read", &self.path))
    }

    pub(super) fn rows<T>(
        &self,
        query: &str,
        params: impl rusqlite::Params,
        row: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let read = self
            .connection
            .prepare_cached(query)
            .and_then(|mut q| q.query_map(params, row)?.collect());
        read.map_err(failed("read", &self.path))
    }

    /// First and last recorded scrape.
    pub fn span(&self) -> Result<Option<(UnixMs, UnixMs)>, StoreError> {
        // By target, so that the index gives both ends and nothing between them is read.
        let query = "SELECT min(first), max(last) FROM (SELECT
                (SELECT min(at) FROM scrape WHERE target = target.id) AS first,
                (SELECT max(at) FROM scrape WHERE target = target.id) AS last FROM target)";
        let span = self.rows(query, [], |r| Ok(r.get::<_, Option<_>>(0)?.zip(r.get(1)?)))?;
        Ok(span.into_iter().next().flatten())
    }

    /// The commands learners ran, in order.
    pub fn commands(&self) -> Result<Vec<Command>, StoreError> {
        // Before there was a column for it, everything was typed by the learner.
        let who = if self.format < schema::CHAINED { "NULL" } else { "who" };
        let changed = match self.has_effects()? {
            true => "(SELECT changed FROM effect WHERE effect.number = command.number)",
            false => "NULL",
        };
        let query = format!(
            "SELECT number, kind, node, text, mutating, started, ended, exit, head, tail, dropped,
             {who}, {changed} FROM command ORDER BY number"
        );
        self.rows(&query, [], |r| {
            let start = CommandStart {
                kind: r.get(1)?,
                node: r.get(2)?,
                text: r.get(3)?,
                mutating: r.get(4)?,
                at: r.get(5)?,
                who: r.get(11)?,
            };
            let end = r.get::<_, Option<UnixMs>>(6)?.map(|at| {
                let dropped = r.get::<_, i64>(10)?.unsigned_abs();
                Ok::<_, rusqlite::Error>(CommandEnd {
                    at,
                    exit: r.get(7)?,
                    head: r.get(8)?,
                    tail: r.get(9)?,
                    dropped,
                })
            });
            let changed = r.get::<_, Option<String>>(12)?.map(|lines| {
                serde_json::from_str(&lines).map_err(|e| {
                    let text = rusqlite::types::Type::Text;
                    rusqlite::Error::FromSqlConversionFailure(12, text, Box::new(e))
                })
            });
            let (number, end, changed) = (r.get(0)?, end.transpose()?, changed.transpose()?);
            Ok(Command { number, start, end, changed })
        })
    }

    /// Whether it says what commands changed: older records do not.
    fn has_effects(&self) -> Result<bool, StoreError> {
        let query = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'effect'";
        let found = self.rows(query, [], |r| r.get::<_, i64>(0))?;
        Ok(found.first().is_some_and(|count| *count > 0))
    }

    /// The change feed, in order.
    pub fn changes(&self) -> Result<Vec<Change>, StoreError> {
        self.rows("SELECT number, at, what, who FROM change ORDER BY number", [], |r| {
            Ok(Change { number: r.get(0)?, at: r.get(1)?, what: r.get(2)?, by: r.get(3)? })
        })
    }

    /// Detections as the keeper first saw them, in order.
    pub fn detected(&self) -> Result<Vec<Detected>, StoreError> {
        if self.format < schema::CHAINED {
            return Ok(Vec::new());
        }
        let query = "SELECT number, at, event, places, since, told FROM detection ORDER BY number";
        self.rows(query, [], |r| {
            Ok(Detected {
                number: r.get(0)?,
                at: r.get(1)?,
                event: r.get(2)?,
                on: r.get(3)?,
                since: r.get(4)?,
                told: r.get(5)?,
            })
        })
    }

    /// Stretches of time in which nothing was observed.
    pub fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        self.rows("SELECT from_at, to_at, reason FROM gap ORDER BY from_at", [], |r| {
            Ok(Gap { from: r.get(0)?, to: r.get(1)?, reason: r.get(2)? })
        })
    }

    fn matching_series(&self, matchers: &[Matcher]) -> Result<Vec<Found>, StoreError> {
        let of_name: Vec<_> = matchers.iter().filter(|m| m.label == NAME).collect();
        let name = of_name.iter().find_map(|m| match &m.op {
            MatchOp::Equal(name) => Some(name.clone()),
            MatchOp::NotEqual(_) | MatchOp::Matches(_) | MatchOp::NotMatches(_) => None,
        });
        let query = "SELECT id, target, name, labels FROM series WHERE ?1 IS NULL OR name = ?1";
        let found = self.rows(query, params![name], |r| {
            // Labels are read only where the name may do: there are thousands of series.
            let name = r.get_ref(2)?.as_str()?;
            if !of_name.iter().all(|m| m.op.accepts(name)) {
                return Ok(None);
            }
            let labels = parse_labels(r.get_ref(3)?.as_str()?);
            let labels = labels.filter(|l| matchers.iter().all(|m| m.accepts(l)));
            let (id, target) = (r.get(0)?, r.get(1)?);
            Ok(labels.map(|labels| Found { id, target, labels }))
        })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The rows of a series that say what it was in `[from, to]`, the last one before `from` among
    /// them.
    fn stored(&self, series: i64, from: UnixMs, to: UnixMs) -> Result<Vec<Point>, StoreError> {
        let query = "SELECT at, value FROM sample WHERE series = ?1 AND at <= ?3
                     AND at >= coalesce((SELECT max(at) FROM sample WHERE series = ?1 AND at < ?2), ?2) ORDER BY at";
        self.rows(query, params![series, from, to], |r| {
            Ok(Point { at: r.get_ref(0)?.as_i64()?, value: from_sql(r.get_ref(1)?) })
        })
    }

    pub(super) fn failed(
        &self,
        operation: &'static str,
    ) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
        failed(operation, &self.path)
    }

    fn select_stored(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, StoreError> {
        // One snapshot for the whole selection, whatever the writer does meanwhile.
        let snapshot = self.snapshot()?;
        let mut scrapes: BTreeMap<i64, Vec<UnixMs>> = BTreeMap::new();
        let mut selected = Vec::new();
        for found in self.matching_series(matchers)? {
            if let Entry::Vacant(entry) = scrapes.entry(found.target) {
                let query =
                    "SELECT at FROM scrape WHERE target = ? AND at BETWEEN ? AND ? ORDER BY at";
                entry.insert(self.rows(query, params![found.target, from, to], |r| r.get(0))?);
            }
            let points = repeated(&self.stored(found.id, from, to)?, &scrapes[&found.target], from);
            if !points.is_empty() {
                selected.push(Series { labels: found.labels, points });
            }
        }
        drop(snapshot);
        Ok(selected)
    }

    /// The newest sample of each series, from its last row and the last scrape of its target.
    fn newest_stored(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, StoreError> {
        let snapshot = self.snapshot()?;
        let mut scraped: BTreeMap<i64, Option<UnixMs>> = BTreeMap::new();
        let mut newest = Vec::new();
        for found in self.matching_series(matchers)? {
            if let Entry::Vacant(entry) = scraped.entry(found.target) {
                let query = "SELECT max(at) FROM scrape WHERE target = ? AND at <= ?";
                let last = self.rows(query, params![found.target, to], |r| r.get(0))?;
                entry.insert(last.into_iter().next().flatten());
            }
            let query = "SELECT at, value FROM sample WHERE series = ? AND at <= ?
                         ORDER BY at DESC LIMIT 1";
            let last = self.rows(query, params![found.id, to], |r| {
                Ok(Point { at: r.get_ref(0)?.as_i64()?, value: from_sql(r.get_ref(1)?) })
            })?;
            let Some(mut point) = last.into_iter().next() else { continue };
            // What has not ended was seen again at the last scrape.
            if !is_stale(point.value) {
                point.at = scraped[&found.target].unwrap_or(point.at).max(point.at);
            }
            if point.at >= from {
                newest.push(Series { labels: found.labels, points: vec![point] });
            }
        }
        drop(snapshot);
        Ok(newest)
    }
}

struct Found {
    id: i64,
    target: i64,
    labels: crate::domain::telemetry::series::Labels,
}

impl SeriesSource for Reader {
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        self.select_stored(matchers, from, to).map_err(|e| SourceError(e.to_string()))
    }

    fn newest(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        self.newest_stored(matchers, from, to).map_err(|e| SourceError(e.to_string()))
    }
}

impl LogSource for Reader {
    fn lines(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, SourceError> {
        // From one node's first entry in the index to the next one's: the lines are not read.
        let nodes = "WITH RECURSIVE nodes (node) AS (SELECT min(node) FROM log UNION ALL
                SELECT (SELECT min(node) FROM log WHERE node > nodes.node) FROM nodes WHERE node NOT NULL)
            SELECT node FROM nodes WHERE node NOT NULL";
        let nodes = self
            .rows(nodes, [], |r| r.get::<_, String>(0))
            .map_err(|e| SourceError(e.to_string()))?;
        let mut lines = Vec::new();
        for node in nodes.into_iter().filter(|n| wanted(n)) {
            let query = "SELECT at, node, line, id FROM log WHERE node = ? AND at BETWEEN ? AND ? ORDER BY at, id";
            let found = self.rows(query, params![node, from, to], |r| {
                Ok((
                    r.get::<_, i64>(3)?,
                    LogLine { at: r.get(0)?, node: r.get(1)?, line: r.get(2)? },
                ))
            });
            lines.extend(found.map_err(|e| SourceError(e.to_string()))?);
        }
        lines.sort_by_key(|(id, line)| (line.at, *id));
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }
}
