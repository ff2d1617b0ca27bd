//! What an administrator changes besides configuration: quotas, access control, the place of
//! replicas.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_protocol::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::alter_replica_log_dirs_request::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic,
};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::{
    AlterClientQuotasRequest, AlterPartitionReassignmentsRequest, AlterReplicaLogDirsRequest,
    ApiKey, BrokerId, CreateAclsRequest, DeleteAclsRequest, TopicName,
};

use super::admin::{ADMIN_DEADLINE, Admin, millis, text};
use super::partitions;
use super::settings::{OPERATIONS, PERMISSIONS, RESOURCE_TYPES, acls, code, quotas};
use super::wire::{WireError, error_text};
use crate::domain::fault::AclEntry;
use crate::domain::topology::{NodeId, Topic};

/// `PatternType.LITERAL`.
const LITERAL: i8 = 3;
const LOOK_DEADLINE: Duration = Duration::from_secs(5);

/// Kafka's error codes for a replica and a topic that are not there yet: their broker remembers
/// where they belong (`ReplicaManager.alterReplicaLogDirs`).
const NOT_THERE_YET: [i16; 2] = [9, 3];

impl Admin {
    /// Tells every broker in which log directory the replicas of topics belong that name one. Asked
    /// before the topics are created: then they begin there (KIP-113).
    pub async fn choose_log_dirs(&self, topics: &[Topic]) -> Result<(), WireError> {
        let named: Vec<_> =
            topics.iter().filter_map(|t| Some((t, t.log_dir.as_deref()?))).collect();
        for broker in self.brokers().iter().filter(|_| !named.is_empty()) {
            let dir = |(topic, path): &(&Topic, &str)| {
                let here = topic
                    .assignment
                    .iter()
                    .enumerate()
                    .filter(|(_, replicas)| replicas.contains(&broker.id));
                let partitions = here.map(|(p, _)| p as i32).collect();
                let topic = AlterReplicaLogDirTopic::default()
                    .with_name(TopicName(text(&topic.name)))
                    .with_partitions(partitions);
                AlterReplicaLogDir::default().with_path(text(path)).with_topics(vec![topic])
            };
            let request =
                AlterReplicaLogDirsRequest::default().with_dirs(named.iter().map(dir).collect());
            let response = self.ask(broker, &request).await?;
            let mut results =
                response.results.iter().flat_map(|t| t.partitions.iter().map(move |p| (t, p)));
            if let Some((t, p)) =
                results.find(|(_, p)| p.error_code != 0 && !NOT_THERE_YET.contains(&p.error_code))
            {
                let reason = format!(
                    "{}-{}: {}",
                    t.topic_name.as_str(),
                    p.partition_index,
                    error_text(p.error_code, None)
                );
                return Err(WireError::Refused {
                    node: broker.node.clone(),
                    api: ApiKey::AlterReplicaLogDirs,
                    reason,
                });
            }
        }
        Ok(())
    }

    /// Alters the quotas of a client id; `None` removes one.
    pub async fn alter_quota(
        &self,
        client_id: &str,
        set: &BTreeMap<String, Option<f64>>,
    ) -> Result<(), WireError> {
        let entity = EntityData::default()
            .with_entity_type(text("client-id"))
            .with_entity_name(Some(text(client_id)));
        let op = |(key, value): (&String, &Option<f64>)| {
            OpData::default()
                .with_key(text(key))
                .with_value(value.unwrap_or_default())
                .with_remove(value.is_none())
        };
        let entry =
            EntryData::default().with_entity(vec![entity]).with_ops(set.iter().map(op).collect());
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry]);
        let (response, node) = self.ask_any(&request).await?;
        let failed = response.entries.iter().find(|e| e.error_code != 0);
        failed.map_or(Ok(()), |e| {
            let reason = error_text(e.error_code, e.error_message.as_deref());
            Err(WireError::Refused { node, api: ApiKey::AlterClientQuotas, reason })
        })
    }

    /// The quotas of a client id under these keys; `None` for those that are not set.
    pub async fn quota(
        &self,
        client_id: &str,
        keys: impl Iterator<Item = &String>,
    ) -> Result<BTreeMap<String, Option<f64>>, WireError> {
        let all = self.look(async |connection| quotas(connection, LOOK_DEADLINE).await).await?;
        let of_client = [("client-id".to_owned(), client_id.to_owned())];
        let value = |key: &String| {
            all.iter().find(|q| q.key == *key && q.entity == of_client).map(|q| q.value)
        };
        Ok(keys.map(|key| (key.clone(), value(key))).collect())
    }

    /// Adds an access control entry for every host.
    pub async fn add_acl(&self, entry: &AclEntry) -> Result<(), WireError> {
        let creation = AclCreation::default()
            .with_principal(text(&entry.principal))
            .with_host(text("*"))
            .with_operation(code(OPERATIONS, &entry.operation))
            .with_permission_type(code(PERMISSIONS, &entry.permission))
            .with_resource_type(code(RESOURCE_TYPES, &entry.resource_type))
            .with_resource_name(text(&entry.resource))
            .with_resource_pattern_type(LITERAL);
        let request = CreateAclsRequest::default().with_creations(vec![creation]);
        let (response, node) = self.ask_any(&request).await?;
        let failed = response.results.iter().find(|r| r.error_code != 0);
        failed.map_or(Ok(()), |r| {
            let reason = error_text(r.error_code, r.error_message.as_deref());
            Err(WireError::Refused { node, api: ApiKey::CreateAcls, reason })
        })
    }

    /// Removes an access control entry; nothing when it is not there.
    pub async fn remove_acl(&self, entry: &AclEntry) -> Result<(), WireError> {
        let filter = DeleteAclsFilter::default()
            .with_principal_filter(Some(text(&entry.principal)))
            .with_host_filter(Some(text("*")))
            .with_operation(code(OPERATIONS, &entry.operation))
            .with_permission_type(code(PERMISSIONS, &entry.permission))
            .with_resource_type_filter(code(RESOURCE_TYPES, &entry.resource_type))
            .with_resource_name_filter(Some(text(&entry.resource)))
            .with_pattern_type_filter(LITERAL);
        let request = DeleteAclsRequest::default().with_filters(vec![filter]);
        let (response, node) = self.ask_any(&request).await?;
        let failed = response.filter_results.iter().find(|r| r.error_code != 0);
        failed.map_or(Ok(()), |r| {
            let reason = error_text(r.error_code, r.error_message.as_deref());
            Err(WireError::Refused { node, api: ApiKey::DeleteAcls, reason })
        })
    }

    /// Whether there is this access control entry.
    pub async fn has_acl(&self, entry: &AclEntry) -> Result<bool, WireError> {
        let all = self.look(async |connection| acls(connection, LOOK_DEADLINE).await).await?;
        Ok(all.iter().any(|a| {
            a.principal == entry.principal
                && a.operation == entry.operation
                && a.permission == entry.permission
                && a.resource_type == entry.resource_type
                && a.resource == entry.resource
        }))
    }

    /// Moves a topic's replicas.
    pub async fn reassign(&self, topic: &str, assignment: &[Vec<NodeId>]) -> Result<(), WireError> {
        let partition = |(p, replicas): (usize, &Vec<NodeId>)| {
            let replicas = replicas.iter().copied().map(BrokerId).collect();
            ReassignablePartition::default()
                .with_partition_index(p as i32)
                .with_replicas(Some(replicas))
        };
        let of_topic = ReassignableTopic::default()
            .with_name(TopicName(text(topic)))
            .with_partitions(assignment.iter().enumerate().map(partition).collect());
        let request = AlterPartitionReassignmentsRequest::default()
            .with_topics(vec![of_topic])
            .with_timeout_ms(millis(ADMIN_DEADLINE));
        let (response, node) = self.ask_any(&request).await?;
        let failed =
            response.responses.iter().flat_map(|t| &t.partitions).find(|p| p.error_code != 0);
        let refused = |reason| {
            Err(WireError::Refused { node, api: ApiKey::AlterPartitionReassignments, reason })
        };
        match failed {
            _ if response.error_code != 0 => {
                refused(error_text(response.error_code, response.error_message.as_deref()))
            }
            Some(p) => {
                let why = error_text(p.error_code, p.error_message.as_deref());
                refused(format!("{topic}-{}: {why}", p.partition_index))
            }
            None => Ok(()),
        }
    }

    /// The replicas of each partition of a topic, the preferred leader first.
    pub async fn assignment(&self, topic: &str) -> Result<Vec<Vec<NodeId>>, WireError> {
        let topics = [topic.to_owned()].into();
        let mut states = self
            .look(async |connection| {
                partitions::partitions(connection, &topics, LOOK_DEADLINE).await
            })
            .await?;
        states.sort_by_key(|s| s.partition.1);
        Ok(states.into_iter().map(|s| s.replicas).collect())
    }
}
