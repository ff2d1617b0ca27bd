//! Who of a recording plays which part in the graded run.

use std::collections::{BTreeMap, BTreeSet};

use super::apart::Apart;
use crate::domain::fault::truth::Truth;
use crate::domain::rca::record::{Inventory, Role};
use crate::domain::rca::vocab::Kind;
use crate::domain::recording::Roles;
use crate::domain::telemetry::series::{MatchOp, Matcher};

/// Where more than this have to be told apart, only turns of their circle are tried and not every
/// order.
const ORDERED: usize = 3;

/// Labels that name an entity which must have a part in both runs.
const ENTITIES: &[&str] =
    &["broker", "node", "instance", "topic", "partition", "group", "consumergroup", "service"];

/// Who of a recording is called what.
#[derive(Debug, Clone)]
pub(super) struct Casting {
    pub(super) machines: BTreeMap<String, String>,
    pub(super) ids: BTreeMap<String, String>,
    pub(super) topics: BTreeMap<String, String>,
    pub(super) groups: BTreeMap<String, String>,
    /// By the recording's topic and partition.
    pub(super) partitions: BTreeMap<(String, String), String>,
    /// The number of each member of a group, by the recording's number, from 1.
    pub(super) members: Vec<u32>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rca::sample;
    use crate::domain::telemetry::series::Labels;

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
