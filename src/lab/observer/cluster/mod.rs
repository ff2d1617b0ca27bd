//! The cluster as its protocol tells it, once a second. Every broker is asked for itself and at the
//! same time as the others; what concerns the cluster as a whole is told by whichever answers.

mod ask;
mod samples;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::join_all;

use self::ask::{Answers, Questions, ask_one, first_to_tell};
use self::samples::{group_samples, of_partition, offset_samples};
use super::freshness::Freshness;
use super::link::Link;
use super::senses::{Samples, Sense, Source};
use crate::domain::telemetry::series::UnixMs;
use crate::domain::topology::NodeId;
use crate::lab::kafka::admin::Endpoint;
use crate::lab::kafka::groups::Protocol;
use crate::lab::kafka::partitions::{PartitionState, TopicPartition};

/// Groups are looked for every so many seconds.
const DISCOVER_EVERY: u64 = 5;

type Offsets = BTreeMap<TopicPartition, i64>;

/// Asks the cluster.
#[derive(Debug)]
pub struct ClusterProbe {
    /// Every broker, to be asked for itself.
    links: Vec<Link>,
    /// Every broker, to be asked for the whole; who answered last comes first.
    speakers: Vec<Link>,
    /// Which broker is asked for which offsets: partitions as last seen.
    leaders: BTreeMap<NodeId, Vec<TopicPartition>>,
    /// Groups by name: those the lab gives, and those that brokers tell of.
    groups: BTreeMap<String, KnownGroup>,
    freshness: Rc<RefCell<Freshness>>,
    reads: u64,
}

#[derive(Debug)]
struct KnownGroup {
    protocol: Protocol,
    coordinator: Option<NodeId>,
    /// Whether it is to be asked who the coordinator is: the one that is known did not answer, or
    /// not for this group.
    lost: bool,
    /// What it had committed when it could last be asked.
    committed: Offsets,
}

impl KnownGroup {
    fn new(protocol: Protocol) -> Self {
        Self { protocol, coordinator: None, lost: true, committed: Offsets::new() }
    }
}

impl ClusterProbe {
    /// A probe of these brokers that knows these groups from the start. What producers had
    /// acknowledged it finds in `freshness`.
    pub fn new(
        brokers: Vec<Endpoint>,
        groups: impl IntoIterator<Item = String>,
        freshness: Rc<RefCell<Freshness>>,
    ) -> Self {
        Self {
            links: brokers.iter().cloned().map(Link::new).collect(),
            speakers: brokers.into_iter().map(Link::new).collect(),
            leaders: BTreeMap::new(),
            groups: groups.into_iter().map(|g| (g, KnownGroup::new(Protocol::Classic))).collect(),
            freshness,
            reads: 0,
        }
    }

    /// What each broker is to be asked now, in the order of the links.
    fn questions(&self) -> Vec<Questions> {
        let of = |id: NodeId| Questions {
            leads: self.leaders.get(&id).cloned().unwrap_or_default(),
            coordinates: self
                .groups
                .iter()
                .filter(|(_, group)| group.coordinator == Some(id))
                .map(|(name, group)| (name.clone(), group.protocol))
                .collect(),
            lists_groups: self.reads.is_multiple_of(DISCOVER_EVERY),
        };
        self.links.iter().map(|link| of(link.broker.id)).collect()
    }

    /// What the cluster tells, and how each broker answered.
    async fn ask(&mut self) -> (Option<Samples>, Samples) {
        let questions = self.questions();
        self.reads += 1;
        let lost: Vec<String> = self
            .groups
            .iter()
            .filter(|(_, group)| group.lost)
            .map(|(name, _)| name.clone())
            .collect();
        let links = self.links.iter_mut().zip(&questions);
        let (answers, whole) = tokio::join!(
            join_all(links.map(|(link, questions)| ask_one(link, questions))),
            first_to_tell(&mut self.speakers, &lost),
        );
        let probes = answers.iter().flat_map(|a| a.probes.clone()).collect();
        if whole.is_none() && answers.iter().all(|a| !a.answered) {
            return (None, probes);
        }
        let mut samples = Samples::new();
        if let Some(whole) = whole {
            samples.extend(whole.samples());
            self.leaders = by_leader(&whole.partitions);
            for (name, coordinator) in whole.coordinators {
                if let Some(group) = self.groups.get_mut(&name) {
                    group.coordinator = Some(coordinator);
                }
            }
        }
        samples.extend(self.take(answers));
        (Some(samples), probes)
    }

    /// What the brokers told of themselves.
    fn take(&mut self, answers: Vec<Answers>) -> Samples {
        let mut samples = Samples::new();
        let (mut high_watermarks, mut last_stable) = (Offsets::new(), Offsets::new());
        let (mut told, mut listed) = (Vec::new(), Vec::new());
        for answer in answers {
            high_watermarks.extend(answer.high_watermarks);
            last_stable.extend(answer.last_stable);
            told.extend(answer.groups);
            listed.extend(answer.listed);
        }
        samples.extend(offset_samples("kafka_topic_partition_current_offset", &high_watermarks));
        samples.extend(offset_samples("kafka_topic_partition_last_stable_offset", &last_stable));
        for (name, answer) in told {
            let Some(known) = self.groups.get_mut(&name) else { continue };
            let Some((group, committed)) = answer else {
                // It is still asked: it may have been slow only.
                known.lost = true;
                continue;
            };
            known.lost = false;
            samples.extend(group_samples(&name, known, &group, &committed, &high_watermarks));
            known.committed = committed;
        }
        for (name, protocol) in listed {
            self.groups.entry(name).or_insert_with(|| KnownGroup::new(protocol)).protocol =
                protocol;
        }
        samples
    }

    /// Freshness by what was last known to be committed: a group whose coordinator is silent
    /// commits nothing either.
    fn ages(&self, now: UnixMs) -> Samples {
        let mut freshness = self.freshness.borrow_mut();
        let mut samples = Samples::new();
        let mut needed: Offsets = Offsets::new();
        for (name, group) in &self.groups {
            for (partition, committed) in &group.committed {
                needed
                    .entry(partition.clone())
                    .and_modify(|lowest| *lowest = (*lowest).min(*committed))
                    .or_insert(*committed);
                if let Some(age) = freshness.age(partition, *committed, now) {
                    samples.push((
                        of_partition(
                            "kafka_consumergroup_oldest_uncommitted_age_seconds",
                            partition,
                            &[("consumergroup", name)],
                        ),
                        age,
                    ));
                }
            }
        }
        freshness.forget(&needed);
        samples
    }
}

impl Sense for ClusterProbe {
    fn sources(&self) -> Vec<Source> {
        ["cluster", "probe", "freshness"].map(Source::whole).into()
    }

    async fn read(&mut self, now: UnixMs) -> Vec<Option<Samples>> {
        let (cluster, probes) = self.ask().await;
        vec![cluster, Some(probes), Some(self.ages(now))]
    }
}

fn by_leader(partitions: &[PartitionState]) -> BTreeMap<NodeId, Vec<TopicPartition>> {
    let mut leaders: BTreeMap<NodeId, Vec<TopicPartition>> = BTreeMap::new();
    for state in partitions {
        leaders.entry(state.leader).or_default().push(state.partition.clone());
    }
    leaders
}
