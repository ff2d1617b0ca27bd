//! Log lines on standard output: `2026-11-22T20:01:02.123Z INFO  [billing] partitions assigned
//! member=billing-1`.
//!
//! A few lines of its own instead of a logging library: those keep the path of every call site in
//! the binary, and this program carries no name but the one it is started under.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt::Display,
    io::Write,
    sync::Mutex,
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// How serious a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Asked for by `debug=` in the properties.
    Debug,
    /// The ordinary course of things.
    Info,
    /// Something a person may want to look at.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        }
    }
}

/// How long a line is not repeated, where repeats are told to be left out.
const REPEAT: Duration = Duration::from_secs(1);

/// Where a service's lines go.
pub struct Log {
    service: String,
    recent: Mutex<HashMap<String, Instant>>,
}

impl Log {
    /// The log of this service.
    pub fn of(service: &str) -> Self {
        Self { service: service.to_owned(), recent: Mutex::default() }
    }

    /// Writes one line. A closed standard output is no reason to stop working.
    pub fn line(&self, level: Level, message: impl Display) {
        let line = compose(Timestamp::now(), level, &self.service, &message);
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }

    /// An ordinary line.
    pub fn info(&self, message: impl Display) {
        self.line(Level::Info, message);
    }

    /// A warning.
    pub fn warn(&self, message: impl Display) {
        self.line(Level::Warn, message);
    }

    /// An error.
    pub fn error(&self, message: impl Display) {
        self.line(Level::Error, message);
    }

    /// Writes the line unless the same one was written within the last second: thousands of records
    /// can fail for one reason.
    pub fn sparsely(&self, level: Level, message: String) {
        let now = Instant::now();
        let mut recent = self.recent.lock().expect("a panic ends the process");
        recent.retain(|_, at| now.duration_since(*at) < REPEAT);
        if let Entry::Vacant(first) = recent.entry(message) {
            self.line(level, first.key());
            first.insert(now);
        }
    }
}

fn compose(at: Timestamp, level: Level, service: &str, message: &dyn Display) -> String {
    let message = message.to_string();
    format!(
        "{} {:<5} [{service}] {}\n",
        at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
        level.name(),
        message.trim_end().replace('\n', "\\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        let at = Timestamp::from_millisecond(1_795_377_662_120).unwrap();
        assert_eq!(
            compose(at, Level::Warn, "billing", &"first\nsecond\n"),
            "2026-11-22T20:01:02.120Z WARN  [billing] first\\nsecond\n"
        );
    }
}
