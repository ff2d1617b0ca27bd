//! What the cluster told, as series.

use std::collections::BTreeMap;

use super::ask::Whole;
use super::{KnownGroup, Offsets};
use crate::domain::telemetry::series::Labels;
use crate::lab::kafka::groups::Group;
use crate::lab::kafka::partitions::{PartitionState, TopicPartition};
use crate::lab::observer::senses::Samples;

pub(super) fn of_partition(
    name: &str,
    (topic, partition): &TopicPartition,
    more: &[(&str, &str)],
) -> Labels {
    let number = partition.to_string();
    let pairs = [("topic", topic.as_str()), ("partition", number.as_str())];
    Labels::of(name, pairs.into_iter().chain(more.iter().copied()))
}

pub(super) fn offset_samples(name: &str, offsets: &Offsets) -> Samples {
    offsets
        .iter()
        .map(|(partition, offset)| (of_partition(name, partition, &[]), *offset as f64))
        .collect()
}

impl Whole {
    pub(super) fn samples(&self) -> Samples {
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

pub(super) fn group_samples(
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
