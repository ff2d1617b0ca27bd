//! What stands in labels and texts of a recording, as it is called in the graded run.

use super::casting::Casting;
use super::words::Slot;
use crate::domain::telemetry::series::Labels;

/// Words after which numbers are ids of brokers.
const BEFORE_ID: &[&str] = &[
    "broker",
    "brokerid",
    "elr",
    "entity-name",
    "follower",
    "id",
    "isr",
    "leader",
    "leaderid",
    "node",
    "nodeid",
    "replica",
    "replicaid",
    "replicas",
];

impl Casting {
    /// What a machine of the recording is called.
    pub(super) fn machine<'n>(&'n self, name: &'n str) -> &'n str {
        self.machines.get(name).map_or(name, String::as_str)
    }

    /// The labels of a series of the recording, under the names of the run.
    pub(super) fn labels(&self, labels: &Labels) -> Labels {
        let mut cast = labels.clone();
        let topic = labels.get("topic");
        for (label, value) in &mut cast.0 {
            let called = match label.as_str() {
                "broker" | "leader" | "replica" => self.ids.get(value.as_str()).cloned(),
                "node" | "service" | "host" => self.machines.get(value.as_str()).cloned(),
                "instance" => value
                    .split_once(':')
                    .map(|(machine, port)| format!("{}:{port}", self.machine(machine))),
                "topic" => self.topics.get(value.as_str()).cloned(),
                "partition" => self.partitions.get(&(topic.to_owned(), value.clone())).cloned(),
                "group" | "consumergroup" => self.groups.get(value.as_str()).cloned(),
                "client_id" | "clientId" | "user" | "principal" | "resource"
                | "transactional_id" => Some(self.text(value)),
                _ => None,
            };
            if let Some(called) = called {
                *value = called;
            }
        }
        cast
    }

    /// A text with the names of machines, topics, groups and partitions in it, and the ids of
    /// brokers where ids stand, replaced.
    pub(super) fn text(&self, text: &str) -> String {
        let is_part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let mut cast = String::with_capacity(text.len());
        let mut ids_follow = false;
        let mut rest = text;
        while !rest.is_empty() {
            let gap = rest.find(is_part).unwrap_or(rest.len());
            cast.push_str(&rest[..gap]);
            rest = &rest[gap..];
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let plain = word.trim_end_matches('.');
            match self.ids.get(plain).filter(|_| ids_follow) {
                Some(id) => {
                    cast.push_str(id);
                    cast.push_str(&word[plain.len()..]);
                    ids_follow = after.starts_with([',', ' ']);
                }
                None => {
                    cast.push_str(&self.word(plain).unwrap_or_else(|| plain.to_owned()));
                    cast.push_str(&word[plain.len()..]);
                    let lower = plain.trim_start_matches('-').to_lowercase();
                    ids_follow = BEFORE_ID.contains(&lower.as_str())
                        || ids_follow && matches!(lower.as_str(), "from" | "to");
                }
            }
            rest = after;
        }
        cast
    }

    /// What stands in a slot of the recording, as it is called in the run; nothing for what is not
    /// the name or the number of somebody.
    pub(super) fn called(&self, slot: &Slot) -> Option<String> {
        match slot {
            Slot::Name(name) => Some(self.word(name).unwrap_or_else(|| name.clone())),
            Slot::Broker(id) => Some(self.ids.get(id).unwrap_or(id).clone()),
            Slot::Partition(Some(topic), number) => {
                let twin = self.partitions.get(&(topic.clone(), number.clone()));
                Some(twin.unwrap_or(number).clone())
            }
            Slot::Partition(None, _) | Slot::Number(..) | Slot::Chance(_) => None,
        }
    }

    fn word(&self, word: &str) -> Option<String> {
        let whole = self
            .machines
            .get(word)
            .or_else(|| self.topics.get(word))
            .or_else(|| self.groups.get(word));
        if let Some(called) = whole {
            return Some(called.clone());
        }
        if let Some((name, ending)) = word.split_once('.') {
            return Some(format!("{}.{ending}", self.machines.get(name)?));
        }
        let (name, number) = word.rsplit_once('-')?;
        if let Some(partition) = self.partitions.get(&(name.to_owned(), number.to_owned())) {
            return Some(format!("{}-{partition}", self.topics.get(name)?));
        }
        // The clients of a service are numbered after it.
        let (group, number) = (self.groups.get(name), number.parse::<usize>().ok()?);
        let member = group
            .and_then(|_| self.members.get(number.checked_sub(1)?))
            .map_or(number, |member| *member as usize);
        Some(format!("{}-{member}", self.machines.get(name).or(group)?))
    }
}
