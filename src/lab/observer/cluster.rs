//! The cluster as its protocol tells it, once a second: every broker is asked for itself and in
//! parallel.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use super::freshness::Freshness;
use super::link::Link;
use crate::domain::telemetry::series::{Labels, UnixMs};
use crate::domain::topology::NodeId;
use crate::lab::kafka::admin::Endpoint;
use crate::lab::kafka::groups::{self, Group, Protocol};
use crate::lab::kafka::partitions::{self, Latest, Metadata, PartitionState, TopicPartition};

/// For what every broker is asked.
const PROBE_DEADLINE: Duration = Duration::from_millis(600);
/// For what one broker, or a coordinator, is asked after that.
const DETAIL_DEADLINE: Duration = Duration::from_millis(300);

type Samples = Vec<(Labels, f64)>;
type Offsets = BTreeMap<TopicPartition, i64>;

/// Asks the cluster.
#[derive(Debug)]
pub struct ClusterProbe {
    links: Vec<Link>,
    /// Partitions as last seen: which broker is asked for which offsets.
    leaders: BTreeMap<NodeId, Vec<TopicPartition>>,
    /// Groups by name; discovered by [`discover_groups`](Self::discover_groups) and given by the
    /// lab.
    groups: BTreeMap<String, KnownGroup>,
    freshness: Freshness,
}

#[derive(Debug)]
struct KnownGroup {
    protocol: Protocol,
    coordinator: Option<NodeId>,
    /// What it had committed when it could last be asked.
    committed: Offsets,
}

impl KnownGroup {
    fn new(protocol: Protocol) -> Self {
        Self { protocol, coordinator: None, committed: Offsets::new() }
    }
}

/// What one broker answered.
struct Probed {
    id: NodeId,
    samples: Samples,
    metadata: Option<(Metadata, Duration)>,
    high_watermarks: Offsets,
    last_stable: Offsets,
}

/// What the details of one broker tell of the whole cluster.
struct Details {
    partitions: Vec<PartitionState>,
    fenced: BTreeMap<NodeId, bool>,
    reassigning: Vec<TopicPartition>,
}

impl ClusterProbe {
    /// A probe of these brokers that knows these groups from the start.
    pub fn new(brokers: Vec<Endpoint>, groups: impl IntoIterator<Item = String>) -> Self {
        Self {
            links: brokers.into_iter().map(Link::new).collect(),
            leaders: BTreeMap::new(),
            groups: groups.into_iter().map(|g| (g, KnownGroup::new(Protocol::Classic))).collect(),
            freshness: Freshness::default(),
        }
    }

    /// Notes what producers had acknowledged by now.
    pub fn acknowledged(&mut self, partition: &TopicPartition, highest: i64, now: UnixMs) {
        self.freshness.acknowledged(partition, highest, now);
    }

    /// Asks every broker which groups it coordinates.
    pub async fn discover_groups(&mut self) {
        let listed = join_all(self.links.iter_mut().map(|link| {
            link.ask(DETAIL_DEADLINE, async |c| groups::list(c, DETAIL_DEADLINE).await)
        }));
        for (group, protocol) in listed.await.into_iter().filter_map(|a| a.answer).flatten() {
            let known = self.groups.entry(group).or_insert_with(|| KnownGroup::new(protocol));
            known.protocol = protocol;
        }
    }

    /// One reading: how the brokers answered, and the cluster; `None` when no broker did.
    pub async fn read(&mut self) -> (Samples, Option<Samples>) {
        let leaders = std::mem::take(&mut self.leaders);
        let probed =
            join_all(self.links.iter_mut().map(|link| {
                probe(link, leaders.get(&link.broker.id).map_or(&[][..], Vec::as_slice))
            }))
            .await;
        let probes: Samples = probed.iter().flat_map(|p| p.samples.clone()).collect();
        let mut answered: Vec<_> = probed
            .iter()
            .filter_map(|p| p.metadata.as_ref().map(|(m, took)| (*took, p.id, m)))
            .collect();
        answered.sort_by_key(|(took, id, _)| (*took, *id));
        let Some((_, _, metadata)) = answered.first() else {
            self.leaders = leaders;
            return (probes, None);
        };
        let mut samples = Samples::new();
        samples.push((Labels::of("kafka_brokers", []), metadata.brokers.len() as f64));
        let order: Vec<_> = answered.iter().map(|(_, id, _)| *id).collect();
        match self.details(&order, &metadata.topics).await {
            Some(details) => {
                self.leaders = by_leader(&details.partitions);
                samples.extend(details.samples());
            }
            None => self.leaders = leaders,
        }
        let high_watermarks: Offsets =
            probed.iter().flat_map(|p| p.high_watermarks.clone()).collect();
        let last_stable: Offsets = probed.iter().flat_map(|p| p.last_stable.clone()).collect();
        samples.extend(offset_samples("kafka_topic_partition_current_offset", &high_watermarks));
        samples.extend(offset_samples("kafka_topic_partition_last_stable_offset", &last_stable));
        samples.extend(self.read_groups(&order, &high_watermarks).await);
        (probes, Some(samples))
    }

    /// Partitions, fencing and reassignments, from the first broker in this order that answers.
    async fn details(&mut self, order: &[NodeId], topics: &BTreeSet<String>) -> Option<Details> {
        for id in order {
            let link = self.links.iter_mut().find(|l| l.broker.id == *id)?;
            let asked = link.ask(DETAIL_DEADLINE, async |c| {
                let partitions = partitions::partitions(c, topics, DETAIL_DEADLINE).await?;
                let fenced = partitions::fenced(c, DETAIL_DEADLINE).await?;
                let reassigning = partitions::reassigning(c, DETAIL_DEADLINE).await?;
                Ok(Details { partitions, fenced, reassigning })
            });
            if let Some(details) = asked.await.answer {
                return Some(details);
            }
        }
        None
    }

    async fn read_groups(&mut self, order: &[NodeId], high_watermarks: &Offsets) -> Samples {
        self.find_coordinators(order).await;
        let mut wanted: BTreeMap<NodeId, Vec<(String, Protocol)>> = BTreeMap::new();
        for (name, group) in &self.groups {
            if let Some(coordinator) = group.coordinator {
                wanted.entry(coordinator).or_default().push((name.clone(), group.protocol));
            }
        }
        let asked = self
            .links
            .iter_mut()
            .filter_map(|link| Some((wanted.remove(&link.broker.id)?, link)))
            .map(async |(groups, link)| {
                let mut answers = Vec::new();
                for (name, protocol) in groups {
                    let answer = link.ask(DETAIL_DEADLINE, async |c| {
                        let described =
                            groups::describe(c, &name, protocol, DETAIL_DEADLINE).await?;
                        Ok((described, groups::committed(c, &name, DETAIL_DEADLINE).await?))
                    });
                    answers.push((name.clone(), answer.await.answer));
                }
                answers
            });
        let answers: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
        let mut samples = Samples::new();
        for (name, answer) in answers {
            let Some(known) = self.groups.get_mut(&name) else { continue };
            match answer {
                Some((Some(group), Some(committed))) => {
                    samples.extend(group_samples(
                        &name,
                        known,
                        &group,
                        &committed,
                        high_watermarks,
                    ));
                    known.committed = committed;
                }
                // It is not the coordinator any more, or it does not answer: ask who is.
                _ => known.coordinator = None,
            }
        }
        samples
    }

    async fn find_coordinators(&mut self, order: &[NodeId]) {
        let missing: Vec<_> = self
            .groups
            .iter()
            .filter(|(_, g)| g.coordinator.is_none())
            .map(|(name, _)| name.clone())
            .collect();
        if missing.is_empty() {
            return;
        }
        for id in order {
            let Some(link) = self.links.iter_mut().find(|l| l.broker.id == *id) else { continue };
            let asked = link.ask(DETAIL_DEADLINE, async |c| {
                groups::coordinators(c, &missing, DETAIL_DEADLINE).await
            });
            if let Some(found) = asked.await.answer {
                for (name, coordinator) in found {
                    if let Some(group) = self.groups.get_mut(&name) {
                        group.coordinator = Some(coordinator);
                    }
                }
                return;
            }
        }
    }

    /// Freshness by what was last known to be committed: a group whose coordinator is silent
    /// commits nothing either.
    pub fn freshness(&mut self, now: UnixMs) -> Samples {
        let mut samples = Samples::new();
        let mut needed: Offsets = Offsets::new();
        for (name, group) in &self.groups {
            for (partition, committed) in &group.committed {
                needed
                    .entry(partition.clone())
                    .and_modify(|lowest| *lowest = (*lowest).min(*committed))
                    .or_insert(*committed);
                if let Some(age) = self.freshness.age(partition, *committed, now) {
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
        self.freshness.forget(&needed);
        samples
    }
}

async fn probe(link: &mut Link, leads: &[TopicPartition]) -> Probed {
    let id = link.broker.id;
    let mut samples = Samples::new();
    let mut note = |api: &str, answered: bool, took: Duration| {
        let id = id.to_string();
        let labels = |name| Labels::of(name, [("broker", id.as_str()), ("api", api)]);
        samples.push((labels("kafka_probe_success"), f64::from(u8::from(answered))));
        samples.push((labels("kafka_probe_duration_seconds"), took.as_secs_f64()));
    };
    let metadata =
        link.ask(PROBE_DEADLINE, async |c| partitions::metadata(c, PROBE_DEADLINE).await).await;
    note("Metadata", metadata.answer.is_some(), metadata.took);
    let mut offsets = (Offsets::new(), Offsets::new());
    // A broker that does not even tell its metadata is not asked further: the second is over.
    if metadata.answer.is_some() && !leads.is_empty() {
        let leads: Vec<_> = leads.iter().collect();
        let left = PROBE_DEADLINE.saturating_sub(metadata.took);
        let asked = link.ask(left, async |c| {
            let high = partitions::latest_offsets(c, &leads, Latest::HighWatermark, left).await?;
            Ok((high, partitions::latest_offsets(c, &leads, Latest::LastStable, left).await?))
        });
        let asked = asked.await;
        note("ListOffsets", asked.answer.is_some(), asked.took);
        offsets = asked.answer.unwrap_or_default();
    }
    let metadata = metadata.answer.map(|m| (m, metadata.took));
    Probed { id, samples, metadata, high_watermarks: offsets.0, last_stable: offsets.1 }
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

impl Details {
    fn samples(&self) -> Samples {
        let mut samples = Samples::new();
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
