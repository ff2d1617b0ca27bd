//! The tables. Plain enough that any tool that opens SQLite can read a record.

use std::path::Path;

use rusqlite::Connection;

use super::{StoreError, failed};

/// Version of the format.
pub(super) const FORMAT: u32 = 1;

/// Values that do not change are not written again: a sample holds at every later successful scrape
/// of its target (`scrape`) until the next row of its series. Prometheus' stale marker is NULL, an
/// ordinary NaN the text 'NaN'.
const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE target (id INTEGER PRIMARY KEY, job TEXT NOT NULL, node TEXT NOT NULL, UNIQUE (job, node));
CREATE TABLE scrape (target INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (target, at)) WITHOUT ROWID;
CREATE TABLE series (id INTEGER PRIMARY KEY, target INTEGER NOT NULL, name TEXT NOT NULL, labels TEXT NOT NULL, UNIQUE (labels, target));
CREATE INDEX series_by_name ON series (name);
CREATE TABLE sample (series INTEGER NOT NULL, at INTEGER NOT NULL, value, PRIMARY KEY (series, at)) WITHOUT ROWID;
CREATE TABLE log (id INTEGER PRIMARY KEY, node TEXT NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL);
CREATE INDEX log_by_node ON log (node, at);
CREATE TABLE command (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, node TEXT NOT NULL, text TEXT NOT NULL, mutating INTEGER NOT NULL,
    started INTEGER NOT NULL, ended INTEGER, exit INTEGER, head BLOB, tail BLOB, dropped INTEGER);
CREATE TABLE change (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL);
CREATE TABLE gap (from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, reason TEXT NOT NULL);
";

/// Makes the tables of a new record, or checks the format of an old one.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let operation = failed("prepare", path);
    connection.pragma_update(None, "journal_mode", "WAL").map_err(&operation)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(&operation)?;
    let is_new: bool = connection
        .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
        .map_err(&operation)?;
    if !is_new {
        return check(connection, path);
    }
    let tables = format!("BEGIN; {TABLES} INSERT INTO meta VALUES ('format', '{FORMAT}'); COMMIT;");
    connection.execute_batch(&tables).map_err(&operation)
}

/// Refuses a record of another format.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = connection.query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| {
        row.get::<_, String>(0)
    });
    let found = found.map_err(failed("read the format of", path))?;
    if found == FORMAT.to_string() {
        Ok(())
    } else {
        Err(StoreError::Format { path: path.to_owned(), found, expected: FORMAT })
    }
}
