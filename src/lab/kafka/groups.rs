//! Consumer groups, of the classic protocol and of KIP-848.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{
    ApiKey, ConsumerGroupDescribeRequest, ConsumerProtocolAssignment, DescribeGroupsRequest,
    FindCoordinatorRequest, GroupId, ListGroupsRequest, OffsetFetchRequest,
};
use kafka_protocol::protocol::{Decodable, StrBytes};

use super::partitions::TopicPartition;
use super::wire::{Connection, WireError};
use crate::domain::topology::NodeId;

/// The protocol a group speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// JoinGroup and SyncGroup.
    Classic,
    /// ConsumerGroupHeartbeat (KIP-848).
    Consumer,
}

impl Protocol {
    /// As Kafka's tools name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Consumer => "consumer",
        }
    }
}

/// A group as its coordinator tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// State: Stable, PreparingRebalance, CompletingRebalance, Assigning, Reconciling, Empty, Dead.
    pub state: String,
    /// Its members.
    pub members: Vec<Member>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its client id.
    pub client_id: String,
    /// Its address.
    pub host: String,
    /// How many partitions it was assigned.
    pub partitions: usize,
}

/// Consumer groups a broker coordinates.
pub async fn list(
    connection: &mut Connection,
    within: Duration,
) -> Result<Vec<(String, Protocol)>, WireError> {
    let response = connection.call(&ListGroupsRequest::default(), within).await?;
    if response.error_code != 0 {
        return Err(connection.refused(ApiKey::ListGroups, response.error_code, None));
    }
    let protocol = |kind: &str| match kind {
        "consumer" => Some(Protocol::Consumer),
        "classic" | "" => Some(Protocol::Classic),
        // Share and streams groups have no committed offsets of this kind.
        _ => None,
    };
    let groups = response
        .groups
        .iter()
        .filter(|g| g.protocol_type.is_empty() || g.protocol_type.as_str() == "consumer");
    Ok(groups
        .filter_map(|g| Some((g.group_id.to_string(), protocol(&g.group_type.to_lowercase())?)))
        .collect())
}

/// The coordinator of each group that has one now.
pub async fn coordinators(
    connection: &mut Connection,
    groups: &[String],
    within: Duration,
) -> Result<BTreeMap<String, NodeId>, WireError> {
    let keys = groups.iter().map(|g| StrBytes::from_string(g.clone())).collect();
    let request = FindCoordinatorRequest::default().with_key_type(0).with_coordinator_keys(keys);
    let response = connection.call(&request, within).await?;
    Ok(response
        .coordinators
        .iter()
        .filter(|c| c.error_code == 0)
        .map(|c| (c.key.to_string(), c.node_id.0))
        .collect())
}

/// State and members of a group, from its coordinator; `None` when the node is not its coordinator.
pub async fn describe(
    connection: &mut Connection,
    group: &str,
    protocol: Protocol,
    within: Duration,
) -> Result<Option<Group>, WireError> {
    let id = GroupId(StrBytes::from_string(group.to_owned()));
    match protocol {
        Protocol::Classic => {
            let response = connection
                .call(&DescribeGroupsRequest::default().with_groups(vec![id]), within)
                .await?;
            let group = response.groups.first().filter(|g| g.error_code == 0);
            Ok(group.map(|g| {
                let member = |m: &kafka_protocol::messages::describe_groups_response::DescribedGroupMember| Member {
                    client_id: m.client_id.to_string(),
                    host: m.client_host.trim_start_matches('/').to_owned(),
                    partitions: assigned(&m.member_assignment),
                };
                Group { state: g.group_state.to_string(), members: g.members.iter().map(member).collect() }
            }))
        }
        Protocol::Consumer => {
            let response = connection
                .call(&ConsumerGroupDescribeRequest::default().with_group_ids(vec![id]), within)
                .await?;
            let group = response.groups.first().filter(|g| g.error_code == 0);
            Ok(group.map(|g| {
                let member =
                    |m: &kafka_protocol::messages::consumer_group_describe_response::Member| {
                        Member {
                            client_id: m.client_id.to_string(),
                            host: m.client_host.trim_start_matches('/').to_owned(),
                            partitions: m
                                .assignment
                                .topic_partitions
                                .iter()
                                .map(|t| t.partitions.len())
                                .sum(),
                        }
                    };
                Group {
                    state: g.group_state.to_string(),
                    members: g.members.iter().map(member).collect(),
                }
            }))
        }
    }
}

/// Partitions in a member's assignment, as the consumer protocol encodes it: a version, then the
/// assignment.
fn assigned(assignment: &bytes::Bytes) -> usize {
    let Some(mut body) = (assignment.len() > 2).then(|| assignment.slice(2..)) else { return 0 };
    let version = i16::from_be_bytes([assignment[0], assignment[1]]).clamp(0, 3);
    let decoded = ConsumerProtocolAssignment::decode(&mut body, version);
    decoded.map_or(0, |a| a.assigned_partitions.iter().map(|t| t.partitions.len()).sum())
}

/// Committed offsets of a group, from its coordinator; `None` when the node is not its coordinator.
pub async fn committed(
    connection: &mut Connection,
    group: &str,
    within: Duration,
) -> Result<Option<BTreeMap<TopicPartition, i64>>, WireError> {
    let asked = OffsetFetchRequestGroup::default()
        .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
        .with_member_epoch(-1)
        .with_topics(None);
    let response =
        connection.call(&OffsetFetchRequest::default().with_groups(vec![asked]), within).await?;
    let Some(group) = response.groups.first().filter(|g| g.error_code == 0) else {
        return Ok(None);
    };
    let partitions = group.topics.iter().flat_map(|t| t.partitions.iter().map(move |p| (t, p)));
    let known = partitions.filter(|(_, p)| p.error_code == 0 && p.committed_offset >= 0);
    Ok(Some(
        known.map(|(t, p)| ((t.name.to_string(), p.partition_index), p.committed_offset)).collect(),
    ))
}
