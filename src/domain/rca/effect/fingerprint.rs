//! The lab as it was found at one moment, in the parts a person can change, and what differs
//! between two moments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::telemetry::series::UnixMs;

/// A part of the lab that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Queueing disciplines, their classes and filters, by their line in `tc`.
    Queueing,
    /// Rules of the packet filter, by their line in `iptables-save`.
    Packets,
    /// Addresses, interfaces, routes and rules, by their line in `ip`.
    Network,
    /// Values of the kernel (`sysctl`), by their file.
    Kernel,
    /// Mounted file systems, by their line in `/proc/mounts`.
    Mounts,
    /// What a machine's supervisor runs, by name: whether it is wanted up or down.
    Supervised,
    /// Main processes of what the supervisor runs, by its name.
    Process,
    /// Limits, priorities and processors of those processes.
    Limits,
    /// Programs and configuration files, by path.
    Files,
    /// What somebody put beside Kafka's data, by path.
    Data,
    /// What Kafka and the services write themselves, by path: sizes in bytes.
    Written,
    /// Topics: how many partitions.
    Topics,
    /// Partitions: their replicas.
    Replicas,
    /// Partitions: their leaders.
    Leaders,
    /// Topics' configuration.
    TopicConfig,
    /// Brokers' dynamic configuration.
    BrokerConfig,
    /// Brokers' log levels.
    LogLevel,
    /// Client quotas.
    Quota,
    /// Access control entries.
    Access,
}

impl Part {
    /// Whether it stays as it is unless somebody changes it. The others move by themselves too.
    pub fn is_steady(self) -> bool {
        !matches!(self, Self::Process | Self::Written | Self::Replicas | Self::Leaders)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Queueing => "queueing",
            Self::Packets => "packet filter",
            Self::Network => "network",
            Self::Kernel => "kernel value",
            Self::Mounts => "mount",
            Self::Supervised => "service",
            Self::Process => "process",
            Self::Limits => "limit of",
            Self::Files | Self::Data | Self::Written => "file",
            Self::Topics => "topic",
            Self::Replicas => "replicas of",
            Self::Leaders => "leader of",
            Self::TopicConfig => "config of topic",
            Self::BrokerConfig => "config of broker",
            Self::LogLevel => "log level of broker",
            Self::Quota => "quota of",
            Self::Access => "access",
        }
    }
}

/// What was found at a place of a part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Its value; empty where being there says it all.
    pub value: String,
    /// Since when it has been so, where the machine knows.
    pub since: Option<UnixMs>,
}

impl Found {
    /// A value of which it is not known since when it has been so.
    pub fn value(value: impl Into<String>) -> Self {
        Self { value: value.into(), since: None }
    }
}

/// A machine, or the cluster as a whole, as it was found at one moment. A part that could not be
/// read is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprint {
    parts: BTreeMap<Part, BTreeMap<String, Found>>,
}

impl Fingerprint {
    /// Adds a part that was read, empty so far.
    pub fn part(&mut self, part: Part) -> &mut BTreeMap<String, Found> {
        self.parts.entry(part).or_default()
    }

    /// What was found of a part; `None` when it was not read.
    pub fn found(&self, part: Part) -> Option<&BTreeMap<String, Found>> {
        self.parts.get(&part)
    }

    /// The parts that were read both times.
    pub fn compared(&self, before: &Self) -> BTreeSet<Part> {
        self.parts.keys().filter(|part| before.parts.contains_key(part)).copied().collect()
    }

    /// What differs from an earlier look at the same place.
    pub fn differences(&self, before: &Self, place: &str) -> Vec<Difference> {
        let mut differences = Vec::new();
        for part in self.compared(before) {
            let (earlier, now) = (&before.parts[&part], &self.parts[&part]);
            let whats: BTreeSet<&String> = earlier.keys().chain(now.keys()).collect();
            for what in whats {
                let (was, is) = (earlier.get(what), now.get(what));
                if was.map(|f| &f.value) != is.map(|f| &f.value) {
                    differences.push(Difference {
                        place: place.to_owned(),
                        part,
                        what: what.clone(),
                        before: was.cloned(),
                        after: is.cloned(),
                    });
                }
            }
        }
        differences
    }
}

/// Something that was found otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The machine; empty for the cluster.
    pub place: String,
    /// The part.
    pub part: Part,
    /// What of it.
    pub what: String,
    /// As it was; `None` when it was not there.
    pub before: Option<Found>,
    /// As it is; `None` when it is gone.
    pub after: Option<Found>,
}

/// Longer values are cut in what is shown.
const SHOWN: usize = 80;

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        let (part, what) = (self.part.name(), short(&self.what));
        let value = |found: &Option<Found>| found.as_ref().map(|found| short(&found.value));
        match self.part {
            Part::Queueing | Part::Packets | Part::Network | Part::Mounts | Part::Access => {
                write!(f, "{part} {}: {what}", happened(self, "added", "removed", "changed"))
            }
            Part::Files | Part::Data | Part::Written => {
                write!(f, "{what} {}", happened(self, "created", "removed", "changed"))
            }
            Part::Process => {
                let pid = |found: &Found| found.value.rsplit(' ').next().map(str::to_owned);
                let pids = [&self.before, &self.after].map(|found| found.as_ref().and_then(pid));
                let is_stopped =
                    self.after.as_ref().is_some_and(|f| f.value.starts_with("stopped"));
                let otherwise = match pids[0] == pids[1] {
                    true if is_stopped => "stopped",
                    true => "continued",
                    false => "restarted",
                };
                write!(f, "{part} {what} {}", happened(self, "started", "ended", otherwise))
            }
            Part::Kernel
            | Part::Supervised
            | Part::Limits
            | Part::Topics
            | Part::Replicas
            | Part::Leaders
            | Part::TopicConfig
            | Part::BrokerConfig
            | Part::LogLevel
            | Part::Quota => {
                let none = || "none".to_owned();
                let (was, is) = (value(&self.before), value(&self.after));
                let (was, is) = (was.unwrap_or_else(none), is.unwrap_or_else(none));
                write!(f, "{part} {what}: {was} -> {is}")
            }
        }
    }
}

fn happened<'a>(of: &Difference, came: &'a str, went: &'a str, otherwise: &'a str) -> &'a str {
    match (&of.before, &of.after) {
        (None, _) => came,
        (_, None) => went,
        _ => otherwise,
    }
}
