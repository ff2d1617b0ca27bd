//! The cluster as its protocol tells it, once a second. Every broker is asked for itself and at the
//! same time as the others; what concerns the cluster as a whole is told by whichever answers.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

use super::freshness::Freshness;
use super::link::Link;
use super::senses::{Samples, Sense, Source};
use crate::domain::telemetry::series::{Labels, UnixMs};
use crate::domain::topology::NodeId;
use crate::lab::kafka::admin::Endpoint;
use crate::lab::kafka::groups::{self, Group, Protocol};
use crate::lab::kafka::partitions::{self, Latest, PartitionState, TopicPartition};
use crate::lab::wait::pause;

/// For what every broker is asked.
const PROBE_DEADLINE: Duration = Duration::from_millis(600);
/// For all that is asked in a second.
const DEADLINE: Duration = Duration::from_millis(850);
/// How long a broker has the word alone before the next one is asked for the whole cluster too.
const ALONE: Duration = Duration::from_millis(200);
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

/// What one broker is asked.
#[derive(Debug, Default)]
struct Questions {
    leads: Vec<TopicPartition>,
    coordinates: Vec<(String, Protocol)>,
    lists_groups: bool,
}

/// What one broker answered.
#[derive(Debug, Default)]
struct Answers {
    probes: Samples,
    answered: bool,
    high_watermarks: Offsets,
    last_stable: Offsets,
    /// A group it coordinates, or nothing when it does not (any more), or did not say.
    groups: Vec<(String, Option<(Group, Offsets)>)>,
    listed: Vec<(String, Protocol)>,
}

/// What one broker tells of the whole cluster.
struct Whole {
    brokers: BTreeSet<NodeId>,
    partitions: Vec<PartitionState>,
    fenced: BTreeMap<NodeId, bool>,
    reassigning: Vec<TopicPartition>,
    coordinators: BTreeMap<String, NodeId>,
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

/// Asks one broker all it is to be asked.
async fn ask_one(link: &mut Link, questions: &Questions) -> Answers {
    let begun = Instant::now();
    let mut answers = Answers::default();
    let id = link.broker.id.to_string();
    let probed = |api: &str, answered: bool, took: Duration| {
        let labels = |name| Labels::of(name, [("broker", id.as_str()), ("api", api)]);
        [
            (labels("kafka_probe_success"), f64::from(u8::from(answered))),
            (labels("kafka_probe_duration_seconds"), took.as_secs_f64()),
        ]
    };
    let metadata =
        link.ask(PROBE_DEADLINE, async |c| partitions::metadata(c, PROBE_DEADLINE).await).await;
    answers.answered = metadata.answer.is_some();
    answers.probes.extend(probed("Metadata", answers.answered, metadata.took));
    // A broker that does not even tell its metadata is not asked further: the second is over.
    if !answers.answered {
        answers.groups = questions.coordinates.iter().map(|(g, _)| (g.clone(), None)).collect();
        return answers;
    }
    if !questions.leads.is_empty() {
        let leads: Vec<_> = questions.leads.iter().collect();
        let left = PROBE_DEADLINE.saturating_sub(metadata.took);
        let asked = link.ask(left, async |c| {
            let high = partitions::latest_offsets(c, &leads, Latest::HighWatermark, left).await?;
            Ok((high, partitions::latest_offsets(c, &leads, Latest::LastStable, left).await?))
        });
        let asked = asked.await;
        answers.probes.extend(probed("ListOffsets", asked.answer.is_some(), asked.took));
        (answers.high_watermarks, answers.last_stable) = asked.answer.unwrap_or_default();
    }
    for (name, protocol) in &questions.coordinates {
        let left = DEADLINE.saturating_sub(begun.elapsed());
        let asked = link.ask(left, async |c| {
            let described = groups::describe(c, name, *protocol, left).await?;
            Ok(described.zip(groups::committed(c, name, left).await?))
        });
        answers.groups.push((name.clone(), asked.await.answer.flatten()));
    }
    if questions.lists_groups {
        let left = DEADLINE.saturating_sub(begun.elapsed());
        let listed = link.ask(left, async |c| groups::list(c, left).await).await;
        answers.listed = listed.answer.unwrap_or_default();
    }
    answers
}

/// What concerns the cluster as a whole, from the first broker that answers. The next one is asked
/// as well when one does not answer soon.
async fn first_to_tell(speakers: &mut [Link], lost_groups: &[String]) -> Option<Whole> {
    let asked = speakers.iter_mut().enumerate().map(|(place, link)| async move {
        let head_start = ALONE * u32::try_from(place).unwrap_or(u32::MAX);
        pause(head_start).await;
        let left = DEADLINE.saturating_sub(head_start);
        let told = link.ask(left, async |c| {
            let metadata = partitions::metadata(c, left).await?;
            Ok(Whole {
                brokers: metadata.brokers,
                partitions: partitions::partitions(c, &metadata.topics, left).await?,
                fenced: partitions::fenced(c, left).await?,
                reassigning: partitions::reassigning(c, left).await?,
                coordinators: match lost_groups {
                    [] => BTreeMap::new(),
                    lost => groups::coordinators(c, lost, left).await?,
                },
            })
        });
        Some((place, told.await.answer?))
    });
    let mut asked: FuturesUnordered<_> = asked.collect();
    let mut first = None;
    while let Some(told) = asked.next().await {
        if told.is_some() {
            first = told;
            break;
        }
    }
    drop(asked);
    let (place, whole) = first?;
    speakers[..=place].rotate_right(1);
    Some(whole)
}

fn by_leader(partitions: &[PartitionState]) -> BTreeMap<NodeId, Vec<TopicPartition>> {
    let mut leaders: BTreeMap<NodeId, Vec<TopicPartition>> = BTreeMap::new();
    for state in partitions {
        leaders.entry(state.leader).or_default().push(state.partition.clone());
    }
    leaders
}

fn of_partition(name: &str, (topic, partition): &TopicPartition, more: &[(&str, &str)]) -> Labels {
    let number = partition.to_string();
    let pairs = [("topic", topic.as_str()), ("partition", number.as_str())];
    Labels::of(name, pairs.into_iter().chain(more.iter().copied()))
}

fn offset_samples(name: &str, offsets: &Offsets) -> Samples {
    offsets
        .iter()
        .map(|(partition, offset)| (of_partition(name, partition, &[]), *offset as f64))
        .collect()
}

impl Whole {
    fn samples(&self) -> Samples {
        let mut samples = vec![(Labels::of("kafka_brokers", []), self.brokers.len() as f64)];
        let mut partitions_of: BTreeMap<&str, usize> = BTreeMap::new();
        for state in &self.partitions {
            *partitions_of.entry(&state.partition.0).or_default() += 1;
            samples.extend(partition_samples(state));
        }
        samples.extend(partitions_of.into_iter().map(|(topic, n)| {
            (Labels::of("kafka_topic_partitions", [("topic", topic)]), n as f64)
        }));
        samples.extend(self.fenced.iter().map(|(id, fenced)| {
            (
                Labels::of("kafka_broker_fenced", [("broker", id.to_string().as_str())]),
                f64::from(u8::from(*fenced)),
            )
        }));
        samples.extend(
            self.reassigning
                .iter()
                .map(|p| (of_partition("kafka_topic_partition_reassigning", p, &[]), 1.0)),
        );
        samples
    }
}

fn partition_samples(state: &PartitionState) -> Samples {
    let of = |name, more: &[(&str, &str)]| of_partition(name, &state.partition, more);
    let truth = |value: bool| f64::from(u8::from(value));
    let preferred = state.replicas.first().copied().unwrap_or(-1);
    let mut samples = vec![
        (of("kafka_topic_partition_leader", &[]), f64::from(state.leader)),
        (of("kafka_topic_partition_preferred_leader", &[]), f64::from(preferred)),
        (of("kafka_topic_partition_leader_is_preferred", &[]), truth(state.leader == preferred)),
        (of("kafka_topic_partition_leader_epoch", &[]), f64::from(state.leader_epoch)),
        (of("kafka_topic_partition_replicas", &[]), state.replicas.len() as f64),
        (of("kafka_topic_partition_in_sync_replica", &[]), state.isr.len() as f64),
        (
            of("kafka_topic_partition_under_replicated_partition", &[]),
            truth(state.isr.len() < state.replicas.len()),
        ),
    ];
    for id in &state.replicas {
        let broker = id.to_string();
        samples.push((
            of("kafka_topic_partition_replica_in_sync", &[("broker", &broker)]),
            truth(state.isr.contains(id)),
        ));
        samples.push((
            of("kafka_topic_partition_eligible_leader_replica", &[("broker", &broker)]),
            truth(state.elr.contains(id)),
        ));
    }
    samples
}

fn group_samples(
    name: &str,
    known: &KnownGroup,
    group: &Group,
    committed: &Offsets,
    high_watermarks: &Offsets,
) -> Samples {
    let mut samples = vec![
        (
            Labels::of("kafka_consumergroup_members", [("consumergroup", name)]),
            group.members.len() as f64,
        ),
        (
            Labels::of(
                "kafka_consumergroup_state_info",
                [
                    ("consumergroup", name),
                    ("state", &group.state),
                    ("protocol", known.protocol.as_str()),
                ],
            ),
            1.0,
        ),
        (
            Labels::of("kafka_consumergroup_coordinator", [("consumergroup", name)]),
            f64::from(known.coordinator.unwrap_or(-1)),
        ),
    ];
    let mut assigned: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for member in &group.members {
        *assigned.entry((&member.client_id, &member.host)).or_default() += member.partitions;
    }
    samples.extend(assigned.into_iter().map(|((client_id, host), partitions)| {
        let pairs = [("consumergroup", name), ("client_id", client_id), ("host", host)];
        (Labels::of("kafka_consumergroup_member_partitions", pairs), partitions as f64)
    }));
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for (partition, offset) in committed {
        samples.push((
            of_partition(
                "kafka_consumergroup_current_offset",
                partition,
                &[("consumergroup", name)],
            ),
            *offset as f64,
        ));
        if let Some(high_watermark) = high_watermarks.get(partition) {
            // The two are not read in the same instant: a commit may be ahead of the high watermark
            // read before it.
            let lag = (high_watermark - offset).max(0) as f64;
            samples.push((
                of_partition("kafka_consumergroup_lag", partition, &[("consumergroup", name)]),
                lag,
            ));
            *sums.entry(&partition.0).or_default() += lag;
        }
    }
    samples.extend(sums.into_iter().map(|(topic, lag)| {
        (
            Labels::of("kafka_consumergroup_lag_sum", [("consumergroup", name), ("topic", topic)]),
            lag,
        )
    }));
    samples
}
