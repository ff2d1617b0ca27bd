//! The tables. Plain enough that any tool that opens SQLite can read a record.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::{StoreError, failed};

/// The format that is written.
pub(super) const FORMAT: u32 = 2;
/// The first format that says who gave a command, and has a chain.
pub(super) const CHAINED: u32 = 2;
/// The formats that are read, as a message names them.
const READ: &str = "formats 1 and 2";

/// Values that do not change are not written again: a sample holds at every later successful scrape
/// of its target (`scrape`) until the next row of its series. Prometheus' stale marker is NULL, an
/// ordinary NaN the text 'NaN'. `command.who` is NULL for the learner. `effect` is what was found
/// changed after a command, as a JSON list of lines. `link` is the hash chain over
/// commands, changes and detections, in the order in which they were recorded (see `chain`).
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
    started INTEGER NOT NULL, ended INTEGER, exit INTEGER, head BLOB, tail BLOB, dropped INTEGER, who TEXT);
CREATE TABLE effect (number INTEGER PRIMARY KEY, changed TEXT NOT NULL);
CREATE TABLE change (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL);
CREATE TABLE detection (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, places TEXT NOT NULL,
    since INTEGER NOT NULL, told TEXT NOT NULL);
CREATE TABLE detection_end (number INTEGER PRIMARY KEY, at INTEGER);
CREATE TABLE link (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, row INTEGER NOT NULL, chain TEXT NOT NULL);
CREATE TABLE gap (from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, reason TEXT NOT NULL);
";

/// What records of the same format may lack: they were begun before there was such a table.
const ADDED: &str =
    "CREATE TABLE IF NOT EXISTS effect (number INTEGER PRIMARY KEY, changed TEXT NOT NULL);";

/// How long it is waited for another program that holds the file: less than a second, since the
/// keeper does nothing else meanwhile.
const BUSY: Duration = Duration::from_millis(250);

/// Memory the keeper has for pages, in KiB. Each second adds a row to some thousand series, each at
/// the end of a page of its own: with SQLite's 2 MiB they were read anew every second, and the
/// longer the record the slower.
const PAGES_KIB: i64 = 16 * 1024;
/// Pages of the log that are gathered before they go into the file. A second is about a thousand,
/// which is SQLite's own limit; in eight seconds the same pages come again and are written once.
const GATHERED_PAGES: i64 = 8_000;

/// Makes the tables of a new record. An old one is gone on with in its own format only.
pub(super) fn prepare(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let operation = failed("prepare", path);
    connection.busy_timeout(BUSY).map_err(&operation)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(&operation)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(&operation)?;
    connection.pragma_update(None, "cache_size", -PAGES_KIB).map_err(&operation)?;
    connection.pragma_update(None, "wal_autocheckpoint", GATHERED_PAGES).map_err(&operation)?;
    let is_new: bool = connection
        .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
        .map_err(&operation)?;
    if !is_new {
        return match read(connection, path)? {
            Some(FORMAT) => connection.execute_batch(ADDED).map_err(&operation),
            found => Err(unknown(path, found, "goes on with format 2 only")),
        };
    }
    let tables = format!("BEGIN; {TABLES} INSERT INTO meta VALUES ('format', '{FORMAT}'); COMMIT;");
    connection.execute_batch(&tables).map_err(&operation)
}

/// The format of a record; a record of a format that is not read is refused.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<u32, StoreError> {
    match read(connection, path)? {
        Some(format @ 1..=FORMAT) => Ok(format),
        found => Err(unknown(path, found, &format!("reads {READ}"))),
    }
}

/// The format as the record has it; `None` when it is not a number.
fn read(connection: &Connection, path: &Path) -> Result<Option<u32>, StoreError> {
    let found = connection.query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| {
        row.get::<_, String>(0)
    });
    // What is not a number is not a format of ours: it is refused as such.
    Ok(found.map_err(failed("read the format of", path))?.parse().ok())
}

fn unknown(path: &Path, found: Option<u32>, does: &str) -> StoreError {
    let found = found.map_or("unknown".to_owned(), |number| number.to_string());
    StoreError::Format { path: path.to_owned(), found, does: does.to_owned() }
}
