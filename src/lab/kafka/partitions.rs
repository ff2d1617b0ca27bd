//! Partitions as one node sees them: leaders, replicas, in-sync sets, offsets.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_protocol::messages::describe_topic_partitions_request::TopicRequest;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{
    ApiKey, BrokerId, DescribeClusterRequest, DescribeTopicPartitionsRequest, ListOffsetsRequest,
    ListPartitionReassignmentsRequest, MetadataRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::wire::{Connection, WireError};
use crate::domain::topology::NodeId;

/// A partition of a topic.
pub type TopicPartition = (String, i32);

/// A partition as the metadata tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionState {
    /// Which.
    pub partition: TopicPartition,
    /// Its leader, -1 when there is none.
    pub leader: NodeId,
    /// The leader's epoch.
    pub leader_epoch: i32,
    /// Replicas, the preferred leader first.
    pub replicas: Vec<NodeId>,
    /// Replicas in sync.
    pub isr: Vec<NodeId>,
    /// Eligible leader replicas (KIP-966).
    pub elr: Vec<NodeId>,
}

/// The cluster as one broker's metadata tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Live brokers.
    pub brokers: BTreeSet<NodeId>,
    /// Topic names.
    pub topics: BTreeSet<String>,
}

/// What Kafka's protocol calls the latest offset, by isolation level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latest {
    /// read_uncommitted: the high watermark.
    HighWatermark,
    /// read_committed: the last stable offset.
    LastStable,
}

fn ids(brokers: &[BrokerId]) -> Vec<NodeId> {
    brokers.iter().map(|b| b.0).collect()
}

/// Brokers and topics.
pub async fn metadata(
    connection: &mut Connection,
    within: Duration,
) -> Result<Metadata, WireError> {
    let response = connection
        .call(
            &MetadataRequest::default().with_topics(None).with_allow_auto_topic_creation(false),
            within,
        )
        .await?;
    if response.error_code != 0 {
        return Err(connection.refused(ApiKey::Metadata, response.error_code, None));
    }
    let topics = response.topics.iter().filter_map(|t| t.name.as_ref().map(|n| n.to_string()));
    Ok(Metadata {
        brokers: response.brokers.iter().map(|b| b.node_id.0).collect(),
        topics: topics.collect(),
    })
}

/// The partitions of these topics, eligible leader replicas included (KIP-966).
pub async fn partitions(
    connection: &mut Connection,
    topics: &BTreeSet<String>,
    within: Duration,
) -> Result<Vec<PartitionState>, WireError> {
    let topics = topics
        .iter()
        .map(|t| TopicRequest::default().with_name(TopicName(StrBytes::from_string(t.clone()))))
        .collect();
    let request = DescribeTopicPartitionsRequest::default()
        .with_topics(topics)
        .with_response_partition_limit(2000);
    let response = connection.call(&request, within).await?;
    let mut states = Vec::new();
    for topic in response.topics.iter().filter(|t| t.error_code == 0) {
        let Some(name) = &topic.name else { continue };
        states.extend(topic.partitions.iter().map(|p| PartitionState {
            partition: (name.to_string(), p.partition_index),
            leader: p.leader_id.0,
            leader_epoch: p.leader_epoch,
            replicas: ids(&p.replica_nodes),
            isr: ids(&p.isr_nodes),
            elr: ids(p.eligible_leader_replicas.as_deref().unwrap_or_default()),
        }));
    }
    Ok(states)
}

/// Brokers the controller holds fenced, and those it does not (KIP-1073).
pub async fn fenced(
    connection: &mut Connection,
    within: Duration,
) -> Result<BTreeMap<NodeId, bool>, WireError> {
    let request =
        DescribeClusterRequest::default().with_endpoint_type(1).with_include_fenced_brokers(true);
    let response = connection.call(&request, within).await?;
    if response.error_code != 0 {
        return Err(connection.refused(
            ApiKey::DescribeCluster,
            response.error_code,
            response.error_message.as_deref(),
        ));
    }
    Ok(response.brokers.iter().map(|b| (b.broker_id.0, b.is_fenced)).collect())
}

/// Partitions that are being reassigned.
pub async fn reassigning(
    connection: &mut Connection,
    within: Duration,
) -> Result<Vec<TopicPartition>, WireError> {
    let request = ListPartitionReassignmentsRequest::default()
        .with_topics(None)
        .with_timeout_ms(within.as_millis() as i32);
    let response = connection.call(&request, within).await?;
    if response.error_code != 0 {
        return Err(connection.refused(
            ApiKey::ListPartitionReassignments,
            response.error_code,
            response.error_message.as_deref(),
        ));
    }
    Ok(response
        .topics
        .iter()
        .flat_map(|t| t.partitions.iter().map(|p| (t.name.to_string(), p.partition_index)))
        .collect())
}

/// Latest offsets of partitions the node leads; those it refuses (it leads them no more, the offset
/// is not available) are left out.
pub async fn latest_offsets(
    connection: &mut Connection,
    of: &[&TopicPartition],
    latest: Latest,
    within: Duration,
) -> Result<BTreeMap<TopicPartition, i64>, WireError> {
    let isolation = match latest {
        Latest::HighWatermark => 0,
        Latest::LastStable => 1,
    };
    offsets(connection, of, -1, isolation, within).await
}

/// First offsets kept of partitions the node leads.
pub async fn earliest_offsets(
    connection: &mut Connection,
    of: &[&TopicPartition],
    within: Duration,
) -> Result<BTreeMap<TopicPartition, i64>, WireError> {
    offsets(connection, of, -2, 0, within).await
}

async fn offsets(
    connection: &mut Connection,
    of: &[&TopicPartition],
    timestamp: i64,
    isolation_level: i8,
    within: Duration,
) -> Result<BTreeMap<TopicPartition, i64>, WireError> {
    if of.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut topics: BTreeMap<&str, Vec<ListOffsetsPartition>> = BTreeMap::new();
    for (topic, partition) in of.iter().copied() {
        let asked = ListOffsetsPartition::default()
            .with_partition_index(*partition)
            .with_current_leader_epoch(-1)
            .with_timestamp(timestamp);
        topics.entry(topic).or_default().push(asked);
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        ListOffsetsTopic::default()
            .with_name(TopicName(StrBytes::from_string(name.to_owned())))
            .with_partitions(partitions)
    });
    let request = ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_isolation_level(isolation_level)
        .with_topics(topics.collect())
        .with_timeout_ms(within.as_millis() as i32);
    let response = connection.call(&request, within).await?;
    let answered = response
        .topics
        .iter()
        .flat_map(|t| t.partitions.iter().map(move |p| (t, p)))
        .filter(|(_, p)| p.error_code == 0);
    Ok(answered.map(|(t, p)| ((t.name.to_string(), p.partition_index), p.offset)).collect())
}
