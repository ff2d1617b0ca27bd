//! What a command changed: the lab as it was found before the command and after it, compared. The
//! words of a command say whether a comparison is worth while and which parts that move by
//! themselves it may have moved; they decide alone only where no comparison could be made.

mod fingerprint;

use std::collections::BTreeSet;

pub use fingerprint::{Difference, Fingerprint, Found, Part};

use super::commands::{Change, Nature, judge, ran, words};
use crate::domain::telemetry::series::UnixMs;

/// The moment since which something is so is known to about this much: the kernel counts in
/// hundredths, the engine takes its time.
const UNSURE_MS: i64 = 1_500;
/// More differences than these are counted, not listed.
const LISTED: usize = 12;

/// Exit codes with which a shell says that a program could not be run or was not found.
const NOT_RUN: std::ops::RangeInclusive<i64> = 126..=127;
/// The least exit code of a command that was ended by a signal or a time limit.
const CUT_OFF: i64 = 124;

/// Programs that change what no comparison sees: they are believed to have done what they say.
const UNSEEN: [&str; 10] = [
    "conntrack",
    "curl",
    "ethtool",
    "jcmd",
    "jinfo",
    "kafka-client-metrics.sh",
    "kafka-cluster.sh",
    "kafka-features.sh",
    "kafka-metadata-quorum.sh",
    "kafka-server-stop.sh",
];

/// Whether it is worth while to compare the lab before and after a command: its words are not
/// plainly a reader's, or it writes a file of which they do not say where it lies.
pub fn is_suspicious(line: &str) -> bool {
    let judged = judge(line);
    judged.renames
        || !matches!(judged.nature, Nature::ReadOnly { .. })
        || judged.writes.iter().any(|path| !path.starts_with(['/', '~']))
}

/// A command and what was found otherwise after it.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// The line as typed.
    pub line: &'a str,
    /// When it began.
    pub started: UnixMs,
    /// Its exit code; `None` when it was cut off.
    pub exit: Option<i64>,
    /// What differs from the look before it.
    pub differences: &'a [Difference],
    /// The parts that were read before it and after it.
    pub seen: &'a BTreeSet<Part>,
    /// Whether the processes of its machine had been restarting by themselves before it.
    pub is_restless: bool,
    /// The main processes of its machine before it.
    pub processes: &'a BTreeSet<u32>,
}

impl Compared<'_> {
    /// What it changed, a line each, nothing when it was a look; `None` when that cannot be told
    /// from a comparison, and its words decide.
    pub fn changed(&self) -> Option<Vec<String>> {
        let nature = judge(self.line).nature;
        let counted: Vec<_> =
            self.differences.iter().filter(|d| self.is_its_own(d, nature)).collect();
        if !counted.is_empty() {
            let mut lines: Vec<_> = counted.iter().take(LISTED).map(ToString::to_string).collect();
            if counted.len() > LISTED {
                lines.push(format!("and {} more", counted.len() - LISTED));
            }
            return Some(lines);
        }
        match nature {
            Nature::Mutating(_) if has_failed(self.line, self.exit) => Some(Vec::new()),
            Nature::Mutating(change) => self.would_be_seen(change).then(Vec::new),
            Nature::ReadOnly { .. } | Nature::Unknown => (!self.seen.is_empty()).then(Vec::new),
        }
    }

    /// Whether it is worth while to look again: its words say that it changed something, it did not
    /// fail, and nothing was found yet.
    pub fn is_doubtful(&self) -> bool {
        let nature = judge(self.line).nature;
        matches!(nature, Nature::Mutating(_))
            && !has_failed(self.line, self.exit)
            && !self.differences.iter().any(|d| self.is_its_own(d, nature))
    }

    /// Whether a difference is of the command's making, and not of the lab's.
    fn is_its_own(&self, difference: &Difference, nature: Nature) -> bool {
        let [was, since] = [&difference.before, &difference.after]
            .map(|found| found.as_ref().and_then(|found| found.since));
        // A process that is stopped has run since then all the same.
        let is_new = |since: &UnixMs| was.is_none_or(|was| (since - was).abs() > UNSURE_MS);
        if since.filter(is_new).is_some_and(|since| since < self.started - UNSURE_MS) {
            return false;
        }
        let said = match nature {
            Nature::Mutating(change) => Some(change),
            Nature::ReadOnly { .. } | Nature::Unknown => None,
        };
        match difference.part {
            // A process that is gone has no limits, and a logger is there once something was logged
            // through it.
            Part::Limits | Part::LogLevel => {
                difference.before.is_some() && difference.after.is_some()
            }
            Part::Process => {
                !self.is_restless || matches!(said, Some(Change::Signal | Change::Restart))
            }
            Part::Written => said == Some(Change::Files) && self.names(&difference.what),
            Part::Replicas | Part::Leaders => said == Some(Change::Placement),
            part => part.is_steady(),
        }
    }

    /// Whether the line names this file, or a folder it is in: others of Kafka's own go on meanwhile.
    fn names(&self, path: &str) -> bool {
        let name = |word: &str| {
            let word = word.rsplit('=').next().unwrap_or(word).replace(['\'', '"'], "");
            word.split(['*', '?', '[', '{', '$']).next().unwrap_or_default().to_owned()
        };
        let mut names = self.line.split_whitespace().map(name);
        names.any(|name| name.len() > 3 && path.contains(name.trim_start_matches("./")))
    }

    /// Whether such a change would have been found: what shows it was compared, and the command
    /// works at once and on nothing else.
    fn would_be_seen(&self, change: Change) -> bool {
        let programs = ran(self.line);
        let runs = |name: &&str| {
            programs.iter().any(|p| {
                let head = p.words.first().map_or("", String::as_str);
                let head = head.rsplit('/').next().unwrap_or(head);
                head == *name || Some(head) == name.strip_suffix(".sh")
            })
        };
        if UNSEEN.iter().any(|name| runs(name)) {
            return false;
        }
        let all = |parts: &[Part]| parts.iter().all(|part| self.seen.contains(part));
        match change {
            Change::Config => all(&[
                Part::TopicConfig,
                Part::BrokerConfig,
                Part::LogLevel,
                Part::Quota,
                Part::Kernel,
                Part::Limits,
                Part::Files,
            ]),
            Change::Topics => all(&[Part::Topics]),
            Change::Placement => all(&[Part::Replicas, Part::Leaders]),
            Change::Access => all(&[Part::Access]),
            Change::Network => all(&[Part::Queueing, Part::Packets, Part::Network]),
            Change::Signal => all(&[Part::Process]) && self.signals_none_of_the_labs(),
            Change::Restart => all(&[Part::Process, Part::Supervised]),
            Change::Files => all(&[Part::Files, Part::Data, Part::Written, Part::Mounts]),
            // Offsets and records move by themselves, transactions end by themselves.
            Change::Offsets | Change::Transactions | Change::Records => false,
        }
    }

    /// Whether it signals processes by numbers that are none of the lab's: a process that was asked
    /// to end takes its time, and is still there when it is looked.
    fn signals_none_of_the_labs(&self) -> bool {
        let kills = ran(self.line);
        let kills = kills.iter().filter(|p| p.words.first().is_some_and(|w| w == "kill"));
        let mut targets =
            kills.flat_map(|p| p.words.iter().skip(1).filter(|w| !w.starts_with('-'))).peekable();
        targets.peek().is_some()
            && targets.all(|target| match target.parse() {
                Ok(pid) => !self.processes.contains(&pid),
                // A job of the shell itself.
                Err(_) => target.starts_with('%'),
            })
    }
}

/// Whether a line that is one plain command failed: it says itself that it did nothing.
pub fn has_failed(line: &str, exit: Option<i64>) -> bool {
    let failed = exit.is_some_and(|exit| NOT_RUN.contains(&exit) || (1..CUT_OFF).contains(&exit));
    failed && words(line).is_some()
}

#[cfg(test)]
mod tests;
