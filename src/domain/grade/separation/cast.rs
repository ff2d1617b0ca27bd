//! A recording under the names of the graded run: everybody is called what the one who plays the
//! same part there is called. A claim is then asked as it was written, whatever its selectors look
//! like.

use std::collections::{BTreeMap, BTreeSet};

use super::apart::Apart;
use super::words::Slot;
use crate::domain::fault::truth::Truth;
use crate::domain::rca::record::{Inventory, Role};
use crate::domain::rca::vocab::Kind;
use crate::domain::recording::{Recording, Roles};
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::domain::telemetry::series::{
    Labels, MatchOp, Matcher, NAME, Series, SeriesSource, SourceError, UnixMs,
};

/// Where more than this have to be told apart, only turns of their circle are tried and not every
/// order.
const ORDERED: usize = 3;

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

/// Labels that name an entity which must have a part in both runs.
const ENTITIES: &[&str] =
    &["broker", "node", "instance", "topic", "partition", "group", "consumergroup", "service"];

/// Who of a recording is called what.
#[derive(Debug, Clone)]
pub(super) struct Casting {
    machines: BTreeMap<String, String>,
    ids: BTreeMap<String, String>,
    topics: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
    /// By the recording's topic and partition.
    partitions: BTreeMap<(String, String), String>,
    /// The number of each member of a group, by the recording's number, from 1.
    members: Vec<u32>,
}

/// How many brokers at the head of the list are singled out: the cause originates at them, or one
/// was drawn as the victim.
pub(super) fn singled_out(
    roles: &Roles,
    truth: &Truth,
    drawn: &BTreeMap<String, String>,
    inventory: &Inventory,
) -> usize {
    let origins: BTreeSet<u32> = truth
        .origins()
        .filter_map(|component| inventory.machine(component))
        .filter_map(|machine| match machine.role {
            Role::Broker(id) => Some(id),
            _ => None,
        })
        .collect();
    let is_told = !origins.is_empty() && origins.len() < roles.brokers.len();
    let victim = || {
        roles
            .brokers
            .first()
            .zip(drawn.get("victim"))
            .is_some_and(|(first, victim)| first.to_string() == *victim)
    };
    if is_told { origins.len() } else { usize::from(victim()) }
}

impl Casting {
    /// The ways to cast a recording. `fixed` brokers at the head of the lists play the same part in
    /// both; whom the claim tells apart and nothing gives a part, may be any other of their kind.
    pub(super) fn all(roles: &Roles, run: &Roles, fixed: usize, apart: Apart) -> Vec<Self> {
        let (head, rest) = roles.brokers.split_at(fixed.min(roles.brokers.len()));
        let brokers = if apart.brokers { orders(rest) } else { vec![rest.to_vec()] };
        let most = run.members.values().copied().max().unwrap_or(0);
        let in_order: Vec<u32> = (1..=most).collect();
        let members = if apart.members { orders(&in_order) } else { vec![in_order] };
        let most = roles.partitions.values().map(Vec::len).max().unwrap_or(0);
        let turns = if apart.partitions { most.max(1) } else { 1 };
        let mut castings = Vec::new();
        for order in brokers {
            for turn in 0..turns {
                let partitions =
                    roles.partitions.iter().map(|(topic, of)| (topic.clone(), turned(of, turn)));
                let recorded = Roles {
                    brokers: [head, &order].concat(),
                    partitions: partitions.collect(),
                    ..roles.clone()
                };
                castings.extend(members.iter().map(|members| Self::of(&recorded, run, members)));
            }
        }
        castings
    }

    /// Casts a recording; its n-th member of a group is the one that `members` has in this place.
    fn of(recorded: &Roles, run: &Roles, members: &[u32]) -> Self {
        // Who has no part in the run keeps a name that nobody has there.
        let or_stranger = |twin: Option<String>, name: &str| twin.unwrap_or(format!("~{name}"));
        let named = |kind: Kind, names: &[String]| -> BTreeMap<String, String> {
            let twin = |name: &String| recorded.twin(run, kind, name);
            names.iter().map(|name| (name.clone(), or_stranger(twin(name), name))).collect()
        };
        let numbers = |ids: &[u32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut ids = named(Kind::Broker, &numbers(&recorded.brokers));
        ids.extend(named(Kind::Controller, &numbers(&recorded.controllers)));
        let machine =
            |name: &String| (name.clone(), or_stranger(recorded.machine_twin(run, name), name));
        Self {
            machines: recorded.machines.iter().map(|m| &m.name).map(machine).collect(),
            ids,
            topics: named(Kind::Topic, &recorded.topics),
            groups: named(Kind::Group, &recorded.groups),
            partitions: partitions(recorded, run),
            members: members.to_vec(),
        }
    }

    /// Whether somebody plays the part of the entity that these matchers of one selector name by
    /// `=`.
    pub(super) fn knows(&self, matchers: &[Matcher]) -> bool {
        let named = |label: &str| {
            matchers.iter().find_map(|m| match &m.op {
                MatchOp::Equal(value) if m.label == label => Some(value.as_str()),
                _ => None,
            })
        };
        let is_played = |parts: &BTreeMap<String, String>, name: &str| {
            parts.values().any(|called| called == name)
        };
        ENTITIES.iter().filter_map(|label| Some((*label, named(label)?))).all(|(label, name)| {
            match label {
                "broker" => is_played(&self.ids, name),
                "topic" => is_internal(name) || is_played(&self.topics, name),
                "group" | "consumergroup" => is_played(&self.groups, name),
                "partition" => match named("topic") {
                    Some(topic) if !is_internal(topic) => {
                        let of_topic = self.partitions.iter().filter(|((t, _), _)| {
                            self.topics.get(t).is_some_and(|called| called == topic)
                        });
                        of_topic.into_iter().any(|(_, called)| called == name)
                    }
                    _ => true,
                },
                "instance" => name
                    .split_once(':')
                    .is_some_and(|(machine, _)| is_played(&self.machines, machine)),
                _ => is_played(&self.machines, name),
            }
        })
    }

    /// Whether a machine of this name plays a part.
    pub(super) fn knows_machine(&self, name: &str) -> bool {
        self.machines.values().any(|called| called == name)
    }

    /// The recording's machine that is called so.
    pub(super) fn player(&self, name: &str) -> Option<&str> {
        self.machines
            .iter()
            .find(|(_, called)| *called == name)
            .map(|(machine, _)| machine.as_str())
    }

    fn machine<'n>(&'n self, name: &'n str) -> &'n str {
        self.machines.get(name).map_or(name, String::as_str)
    }

    fn labels(&self, labels: &Labels) -> Labels {
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

/// The number of each partition's twin, by the recording's topic and partition.
fn partitions(recorded: &Roles, run: &Roles) -> BTreeMap<(String, String), String> {
    let mut called = BTreeMap::new();
    for (topic, numbers) in &recorded.partitions {
        for number in numbers {
            let twin = recorded.twin(run, Kind::Partition, &format!("{topic}-{number}"));
            if let Some((_, there)) = twin.as_deref().and_then(|twin| twin.rsplit_once('-')) {
                called.insert((topic.clone(), number.to_string()), there.to_owned());
            }
        }
    }
    called
}

/// Kafka's own topics have one name everywhere.
fn is_internal(topic: &str) -> bool {
    topic.starts_with("__")
}

/// Every order of a few; of many only the turns of their circle.
fn orders(of: &[u32]) -> Vec<Vec<u32>> {
    match of {
        [] => vec![Vec::new()],
        of if of.len() > ORDERED => (0..of.len()).map(|by| turned(of, by)).collect(),
        of => {
            let with_first = |k: usize| {
                let mut rest = of.to_vec();
                let first = rest.remove(k);
                orders(&rest).into_iter().map(move |order| [&[first][..], &order].concat())
            };
            (0..of.len()).flat_map(with_first).collect()
        }
    }
}

fn turned(of: &[u32], by: usize) -> Vec<u32> {
    let mut turned = of.to_vec();
    turned.rotate_left(by % of.len().max(1));
    turned
}

/// A recording, cast.
pub(super) struct Cast<'a> {
    pub(super) recording: &'a Recording,
    pub(super) casting: &'a Casting,
    /// Whether the text of log lines is asked for names, too.
    pub(super) texts: bool,
}

impl Cast<'_> {
    fn cast(&self, series: &mut Series, holds_ids: bool) {
        if !holds_ids {
            return;
        }
        for point in &mut series.points {
            let id = self.casting.ids.get(&point.value.to_string()).and_then(|id| id.parse().ok());
            point.value = id.unwrap_or(point.value);
        }
    }
}

impl SeriesSource for Cast<'_> {
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        let (name, others): (Vec<Matcher>, Vec<Matcher>) =
            matchers.iter().cloned().partition(|m| m.label == NAME);
        // Names of metrics are the same everywhere, and so is every label that names nobody.
        let mut selected = self.recording.telemetry.select(&name, from, to)?;
        selected.retain_mut(|series| {
            series.labels = self.casting.labels(&series.labels);
            let is_wanted = others.iter().all(|m| m.accepts(&series.labels));
            if is_wanted {
                let unit = catalogue::find(series.labels.name()).map_or("", |metric| metric.unit);
                self.cast(series, matches!(unit, "broker id" | "node id"));
            }
            is_wanted
        });
        Ok(selected)
    }
}

impl LogSource for Cast<'_> {
    fn lines(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, SourceError> {
        let mut lines =
            self.recording.telemetry.lines(&|node| wanted(self.casting.machine(node)), from, to)?;
        for line in &mut lines {
            line.node = self.casting.machine(&line.node).to_owned();
            if self.texts {
                line.line = self.casting.text(&line.line);
            }
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rca::sample;

    fn roles(brokers: [u32; 3], topic: &str, service: &str) -> Roles {
        Roles {
            brokers: brokers.to_vec(),
            controllers: vec![100],
            topics: vec![topic.to_owned()],
            partitions: [(topic.to_owned(), vec![1, 0, 2])].into(),
            services: vec![service.to_owned()],
            groups: vec![service.to_owned()],
            members: [(service.to_owned(), 3)].into(),
            machines: sample::machines(&[service]),
        }
    }

    #[test]
    fn a_text_speaks_of_the_same_parts() {
        let recorded = roles([3, 1, 2], "payments", "ledger");
        let run = roles([2, 1, 3], "orders", "billing");
        let casting = Casting::of(&recorded, &run, &[1, 2, 3]);
        let said = "[Partition payments-1 broker=3] Shrinking ISR from 3,1,2 to 3. Out of sync: (brokerId: 1, endOffset: 3) on kafka-3:9092, ledger-2 waits 3 s";
        assert_eq!(
            casting.text(said),
            "[Partition orders-1 broker=2] Shrinking ISR from 2,1,3 to 2. Out of sync: (brokerId: 1, endOffset: 3) on kafka-2:9092, billing-2 waits 3 s"
        );
        assert_eq!(
            casting.text("Topic: payments\tLeader: 2\tReplicas: 2,3,1"),
            "Topic: orders\tLeader: 3\tReplicas: 3,2,1"
        );
    }

    #[test]
    fn who_plays_no_part_is_not_known() {
        let recorded = roles([3, 1, 2], "payments", "ledger");
        let run = roles([2, 1, 3], "orders", "billing");
        let casting = Casting::of(&recorded, &run, &[1, 2, 3]);
        let knows = |label: &str, value: &str| casting.knows(&[Matcher::equal(label, value)]);
        assert!(
            knows("broker", "2")
                && knows("node", "kafka-2")
                && knows("topic", "orders")
                && knows("topic", "__consumer_offsets")
        );
        assert!(knows("consumergroup", "billing") && knows("quantile", "0.99"));
        assert!(
            !knows("broker", "4")
                && !knows("consumergroup", "mine")
                && !knows("topic", "payments")
                && !knows("node", "ledger")
        );
        assert!(
            !casting.knows(&[Matcher::equal("topic", "orders"), Matcher::equal("partition", "7")])
        );
    }

    #[test]
    fn an_instance_is_a_machine_and_its_port() {
        let casting = Casting::of(
            &roles([3, 1, 2], "payments", "ledger"),
            &roles([2, 1, 3], "orders", "billing"),
            &[1, 2, 3],
        );
        let cast = |instance| casting.labels(&Labels::of("up", [("instance", instance)]));
        assert_eq!(cast("kafka-3:7071").get("instance"), "kafka-2:7071");
        assert_eq!(cast("ledger:8080").get("instance"), "billing:8080");
        let knows = |instance| casting.knows(&[Matcher::equal("instance", instance)]);
        assert!(knows("kafka-2:9100") && !knows("kafka-4:9100") && !knows("kafka-2"));
    }

    #[test]
    fn who_is_not_singled_out_may_be_any_other() {
        let recorded = roles([3, 1, 2], "payments", "ledger");
        let run = roles([2, 1, 3], "orders", "billing");
        let none = Apart::default();
        let count = |fixed, apart| Casting::all(&recorded, &run, fixed, apart).len();
        let brokers = |fixed, brokers| count(fixed, Apart { brokers, ..none });
        assert_eq!(
            [brokers(1, false), brokers(1, true), brokers(0, true), brokers(3, true)],
            [1, 2, 6, 1]
        );
        assert_eq!(
            [
                count(3, Apart { members: true, ..none }),
                count(3, Apart { partitions: true, ..none })
            ],
            [6, 3]
        );
        let victims = Casting::all(&recorded, &run, 1, Apart { brokers: true, ..none });
        assert!(victims.iter().all(|casting| casting.player("kafka-2") == Some("kafka-3")));
    }

    #[test]
    fn a_member_and_a_partition_are_each_other_in_turn() {
        let recorded = roles([3, 1, 2], "payments", "ledger");
        let run = roles([2, 1, 3], "orders", "billing");
        let called = |apart, word: &str| {
            let castings = Casting::all(&recorded, &run, 3, apart);
            castings
                .iter()
                .map(|casting| casting.text(word))
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        };
        let (members, partitions) = (
            Apart { members: true, ..Apart::default() },
            Apart { partitions: true, ..Apart::default() },
        );
        assert_eq!(
            called(members, "ledger-2 of ledger"),
            ["billing-1 of billing", "billing-2 of billing", "billing-3 of billing"]
        );
        assert_eq!(called(partitions, "payments-1"), ["orders-0", "orders-1", "orders-2"]);
        assert_eq!(called(Apart::default(), "ledger-2 payments-1"), ["billing-2 orders-1"]);
    }
}
