//! What an administrator asks of a cluster. Brokers forward what the controller must decide
//! (KIP-590).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use kafka_protocol::messages::{
    ApiKey, BrokerId, CreateTopicsRequest, DescribeConfigsRequest, ElectLeadersRequest,
    FindCoordinatorRequest, IncrementalAlterConfigsRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::partitions;
use super::wire::{Call, Connection, WireError, error_text};
use crate::domain::topology::{HOST_PORT, NodeId, Placement, Topic, Topology};

pub(super) const ADMIN_DEADLINE: Duration = Duration::from_secs(10);
/// Kafka's error code for "nothing to do" in an election.
const ELECTION_NOT_NEEDED: i16 = 84;
/// Kafka's error code for a coordinator whose internal topic is still being created.
const COORDINATOR_NOT_AVAILABLE: i16 = 15;

/// A broker and the address the host reaches it at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name in the lab.
    pub node: String,
    /// Broker id.
    pub id: NodeId,
    /// The container's own address: the bridge is reachable from the host without a detour through
    /// published ports.
    pub address: SocketAddr,
}

/// The brokers of a lab, as far as they can be reached from here.
pub fn endpoints(topology: &Topology, placement: &Placement) -> Vec<Endpoint> {
    let reachable =
        topology.brokers().filter_map(|b| placement.addresses.get(&b.name).map(|a| (b, a)));
    reachable
        .map(|(b, a)| Endpoint { node: b.name.clone(), id: b.id, address: (*a, HOST_PORT).into() })
        .collect()
}

/// Which configuration is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigOf<'a> {
    /// A topic's.
    Topic(&'a str),
    /// A broker's.
    Broker(NodeId),
}

impl ConfigOf<'_> {
    /// `ConfigResource.Type` of the protocol.
    fn resource_type(self) -> i8 {
        match self {
            Self::Topic(_) => 2,
            Self::Broker(_) => 4,
        }
    }

    fn resource_name(self) -> StrBytes {
        match self {
            Self::Topic(name) => StrBytes::from_string(name.to_owned()),
            Self::Broker(id) => StrBytes::from_string(id.to_string()),
        }
    }
}

/// An administrator's client. Connections are opened for each call: calls are rare, and none is
/// stale after an election.
#[derive(Debug, Clone)]
pub struct Admin {
    brokers: Vec<Endpoint>,
}

impl Admin {
    /// A client for these brokers.
    pub fn new(brokers: Vec<Endpoint>) -> Self {
        Self { brokers }
    }

    /// The brokers it asks.
    pub(super) fn brokers(&self) -> &[Endpoint] {
        &self.brokers
    }

    /// Asks one broker.
    pub async fn ask<R: Call>(
        &self,
        broker: &Endpoint,
        request: &R,
    ) -> Result<R::Response, WireError> {
        let mut connection = Connection::open(&broker.node, broker.address, ADMIN_DEADLINE).await?;
        connection.call(request, ADMIN_DEADLINE).await
    }

    /// Asks the first broker that answers.
    pub(super) async fn ask_any<R: Call>(
        &self,
        request: &R,
    ) -> Result<(R::Response, String), WireError> {
        let mut last = None;
        for broker in &self.brokers {
            match self.ask(broker, request).await {
                Ok(response) => return Ok((response, broker.node.clone())),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| WireError::Refused {
            node: "the lab".to_owned(),
            api: R::KEY,
            reason: "it has no broker".to_owned(),
        }))
    }

    /// Looks at the cluster over a connection to the first broker that answers.
    pub(super) async fn look<T>(
        &self,
        ask: impl AsyncFn(&mut Connection) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        let mut last = None;
        for broker in &self.brokers {
            let answer = match Connection::open(&broker.node, broker.address, ADMIN_DEADLINE).await
            {
                Ok(mut connection) => ask(&mut connection).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| WireError::Refused {
            node: "the lab".to_owned(),
            api: ApiKey::Metadata,
            reason: "it has no broker".to_owned(),
        }))
    }

    /// Brokers the cluster lists, with whether the controller holds them fenced (KIP-1073), as this
    /// broker tells it.
    pub async fn brokers_as_seen_by(
        &self,
        broker: &Endpoint,
        within: Duration,
    ) -> Result<BTreeMap<NodeId, bool>, WireError> {
        let mut connection = Connection::open(&broker.node, broker.address, within).await?;
        partitions::fenced(&mut connection, within).await
    }

    /// Creates topics with their replicas where the topology puts them.
    pub async fn create_topics(&self, topics: &[Topic]) -> Result<(), WireError> {
        let assignment = |(p, replicas): (usize, &Vec<NodeId>)| {
            let broker_ids = replicas.iter().copied().map(BrokerId).collect();
            CreatableReplicaAssignment::default()
                .with_partition_index(p as i32)
                .with_broker_ids(broker_ids)
        };
        let config = |(key, value): (&String, &String)| {
            CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
        };
        let topic = |t: &Topic| {
            CreatableTopic::default()
                .with_name(TopicName(text(&t.name)))
                .with_num_partitions(-1)
                .with_replication_factor(-1)
                .with_assignments(t.assignment.iter().enumerate().map(assignment).collect())
                .with_configs(t.config.iter().map(config).collect())
        };
        let request = CreateTopicsRequest::default()
            .with_topics(topics.iter().map(topic).collect())
            .with_timeout_ms(millis(ADMIN_DEADLINE));
        let (response, node) = self.ask_any(&request).await?;
        let failed = response.topics.iter().find(|t| t.error_code != 0);
        failed.map_or(Ok(()), |t| {
            let reason = format!(
                "topic {}: {}",
                t.name.as_str(),
                error_text(t.error_code, t.error_message.as_deref())
            );
            Err(WireError::Refused { node, api: ApiKey::CreateTopics, reason })
        })
    }

    /// Whether every broker knows all these topics: each learns of them in its own time.
    pub async fn all_know(&self, topics: &[Topic]) -> Result<bool, WireError> {
        for broker in &self.brokers {
            let mut connection =
                Connection::open(&broker.node, broker.address, ADMIN_DEADLINE).await?;
            let known = partitions::metadata(&mut connection, ADMIN_DEADLINE).await?.topics;
            if !topics.iter().all(|topic| known.contains(&topic.name)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Alters a configuration; `None` takes a key back to what it is without it.
    pub async fn alter_config(
        &self,
        of: ConfigOf<'_>,
        set: &BTreeMap<String, Option<String>>,
    ) -> Result<(), WireError> {
        /// `AlterConfigOp.OpType`.
        const SET: i8 = 0;
        const DELETE: i8 = 1;
        let alter = |(key, value): (&String, &Option<String>)| {
            let operation = if value.is_some() { SET } else { DELETE };
            AlterableConfig::default()
                .with_name(text(key))
                .with_config_operation(operation)
                .with_value(value.as_deref().map(text))
        };
        let resource = AlterConfigsResource::default()
            .with_resource_type(of.resource_type())
            .with_resource_name(of.resource_name())
            .with_configs(set.iter().map(alter).collect());
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        let (response, node) = self.ask_owner(of, &request).await?;
        let failed = response.responses.iter().find(|r| r.error_code != 0);
        failed.map_or(Ok(()), |r| {
            let reason = error_text(r.error_code, r.error_message.as_deref());
            Err(WireError::Refused { node, api: ApiKey::IncrementalAlterConfigs, reason })
        })
    }

    /// The values of these keys that were set explicitly on the topic or broker; `None` for those
    /// that were not.
    pub async fn explicit_config(
        &self,
        of: ConfigOf<'_>,
        keys: impl Iterator<Item = &String>,
    ) -> Result<BTreeMap<String, Option<String>>, WireError> {
        /// `DescribeConfigsResponse.ConfigSource`: DYNAMIC_TOPIC_CONFIG and DYNAMIC_BROKER_CONFIG.
        const EXPLICIT: [i8; 2] = [1, 2];
        let keys: Vec<_> = keys.map(|k| text(k)).collect();
        let resource = DescribeConfigsResource::default()
            .with_resource_type(of.resource_type())
            .with_resource_name(of.resource_name())
            .with_configuration_keys(Some(keys.clone()));
        let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
        let (response, node) = self.ask_owner(of, &request).await?;
        if let Some(failed) = response.results.iter().find(|r| r.error_code != 0) {
            let reason = error_text(failed.error_code, failed.error_message.as_deref());
            return Err(WireError::Refused { node, api: ApiKey::DescribeConfigs, reason });
        }
        let found = response
            .results
            .iter()
            .flat_map(|r| &r.configs)
            .filter(|c| EXPLICIT.contains(&c.config_source));
        let mut values: BTreeMap<_, _> = keys.iter().map(|k| (k.to_string(), None)).collect();
        values.extend(found.map(|c| (c.name.to_string(), c.value.as_ref().map(|v| v.to_string()))));
        Ok(values)
    }

    /// Elects the preferred leader of every partition; partitions already led by it are fine.
    pub async fn elect_preferred_leaders(&self) -> Result<(), WireError> {
        let request = ElectLeadersRequest::default()
            .with_election_type(0)
            .with_topic_partitions(None)
            .with_timeout_ms(millis(ADMIN_DEADLINE));
        let (response, node) = self.ask_any(&request).await?;
        let results = response
            .replica_election_results
            .iter()
            .flat_map(|r| r.partition_result.iter().map(move |p| (r, p)));
        let failed = results
            .filter(|(_, p)| p.error_code != 0 && p.error_code != ELECTION_NOT_NEEDED)
            .map(|(r, p)| {
                let reason = error_text(p.error_code, p.error_message.as_deref());
                format!("{}-{}: {reason}", r.topic.as_str(), p.partition_id)
            });
        let failed: Vec<_> = failed.collect();
        if response.error_code == 0 && failed.is_empty() {
            return Ok(());
        }
        let reason = if failed.is_empty() {
            error_text(response.error_code, None)
        } else {
            failed.join("; ")
        };
        Err(WireError::Refused { node, api: ApiKey::ElectLeaders, reason })
    }

    /// The coordinator of a group, once there is one; asking makes the cluster create the offsets
    /// topic.
    pub async fn group_coordinator(&self, group: &str) -> Result<Option<NodeId>, WireError> {
        let request = FindCoordinatorRequest::default()
            .with_key_type(0)
            .with_coordinator_keys(vec![text(group)]);
        let (response, node) = self.ask_any(&request).await?;
        match response.coordinators.first() {
            Some(c) if c.error_code == 0 => Ok(Some(c.node_id.0)),
            Some(c) if c.error_code == COORDINATOR_NOT_AVAILABLE => Ok(None),
            Some(c) => Err(WireError::Refused {
                node,
                api: ApiKey::FindCoordinator,
                reason: error_text(c.error_code, c.error_message.as_deref()),
            }),
            None => Ok(None),
        }
    }

    /// Asks the broker a configuration belongs to; any broker for a topic's.
    async fn ask_owner<R: Call>(
        &self,
        of: ConfigOf<'_>,
        request: &R,
    ) -> Result<(R::Response, String), WireError> {
        match of {
            ConfigOf::Topic(_) => self.ask_any(request).await,
            ConfigOf::Broker(id) => {
                let broker = self.brokers.iter().find(|b| b.id == id);
                let broker = broker.ok_or_else(|| WireError::Refused {
                    node: format!("broker {id}"),
                    api: R::KEY,
                    reason: "the lab has no such broker".to_owned(),
                })?;
                Ok((self.ask(broker, request).await?, broker.node.clone()))
            }
        }
    }
}

pub(super) fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

pub(super) fn millis(duration: Duration) -> i32 {
    duration.as_millis() as i32
}
