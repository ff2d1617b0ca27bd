//! What the lab's services do: client applications, each on a machine of its own, configured by a
//! properties file.

mod machine;
pub mod release;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use machine::{Machine, Role, machines, unsigned};
pub use release::{Behaviour, FrequentKey, release_path, releases_path};

/// A client application of the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name, which is its machine's host name too: `orders-service`, `billing`.
    pub name: String,
    /// What it does, in a few words, for the service map.
    pub description: String,
    /// Whether it writes or reads.
    pub role: ServiceRole,
    /// The content of its properties file: librdkafka's names and the few of its own.
    pub properties: BTreeMap<String, String>,
    /// What the code of its first release does.
    #[serde(default)]
    pub behaviour: Behaviour,
}

/// The property that says which release of a service runs.
pub const VERSION: &str = "service.version";

/// Which way data flows between a service and the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceRole {
    /// Writes to topics.
    Producer,
    /// Reads from topics as a member of a group.
    Consumer,
}

impl ServiceRole {
    /// Its name in a properties file, under `service.role`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

impl Service {
    /// The topics it writes to or reads from.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.properties.get("topic").into_iter().flat_map(|topics| topics.split(',')).map(str::trim)
    }

    /// The consumer group it is a member of.
    pub fn group(&self) -> Option<&str> {
        self.properties.get("group.id").map(String::as_str)
    }

    /// How many clients it runs, each named after it and numbered from 1.
    pub fn members(&self) -> u32 {
        self.properties.get("members").and_then(|m| m.parse().ok()).unwrap_or(1)
    }

    /// The version it runs.
    pub fn version(&self) -> &str {
        self.properties.get(VERSION).map_or("", String::as_str)
    }

    /// The text of its properties file.
    pub fn properties_text(&self) -> String {
        self.properties.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
    }
}

/// Where a service's properties file lies on its machine.
pub fn properties_path(service: &str) -> String {
    format!("/etc/{service}/{service}.properties")
}

/// The version that a properties file says is to run; nothing when it says none.
pub fn version_in(properties: &str) -> Option<&str> {
    let pairs = properties.lines().filter_map(|line| line.split_once(['=', ':']));
    pairs.filter(|(key, _)| key.trim() == VERSION).map(|(_, version)| version.trim()).last()
}

/// The properties file with these keys changed; comments, order and everything else stay as they
/// are, and new keys come last.
pub fn edit_properties(text: &str, changes: &BTreeMap<String, String>) -> String {
    let mut left = changes.clone();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let key = line.split(['=', ':']).next().unwrap_or("").trim();
        match left.remove(key) {
            Some(value) => lines.push(format!("{key}={value}")),
            None => lines.push(line.to_owned()),
        }
    }
    lines.extend(left.into_iter().map(|(key, value)| format!("{key}={value}")));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_last_one_that_is_set() {
        let text = "#service.version=1\nservice.version = 2.5.1\nservice.version=2.5.2\n";
        assert_eq!(version_in(text), Some("2.5.2"));
        assert_eq!(version_in("rate=1\n"), None);
    }

    #[test]
    fn editing_touches_only_the_named_keys() {
        let text = "# billing\nrate=1\n\n#rate=7\nacks = all\n";
        let changes =
            [("rate".to_owned(), "5".to_owned()), ("linger.ms".to_owned(), "20".to_owned())].into();
        assert_eq!(
            edit_properties(text, &changes),
            "# billing\nrate=5\n\n#rate=7\nacks = all\nlinger.ms=20\n"
        );
    }
}
