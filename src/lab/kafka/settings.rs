//! What was configured: topics, brokers, quotas, access control; and transactions, which are read
//! as rarely.

use std::time::Duration;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::{
    ApiKey, DescribeAclsRequest, DescribeClientQuotasRequest, DescribeConfigsRequest,
    DescribeTransactionsRequest, ListTransactionsRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::wire::{Connection, WireError};

/// A configuration value that differs from Kafka's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// The value; empty for secrets.
    pub value: String,
    /// Where it comes from, as Kafka's tools name it: `DYNAMIC_TOPIC_CONFIG`,
    /// `STATIC_BROKER_CONFIG`, ...
    pub source: &'static str,
}

/// `DescribeConfigsResponse.ConfigSource`. Group, client metrics and unknown sources do not occur
/// here.
fn source(code: i8) -> Option<&'static str> {
    match code {
        1 => Some("DYNAMIC_TOPIC_CONFIG"),
        2 => Some("DYNAMIC_BROKER_CONFIG"),
        3 => Some("DYNAMIC_DEFAULT_BROKER_CONFIG"),
        4 => Some("STATIC_BROKER_CONFIG"),
        6 => Some("DYNAMIC_BROKER_LOGGER_CONFIG"),
        _ => None,
    }
}

/// What is configured on a topic (`2`) or a broker (`4`, `ConfigResource.Type`) and differs from
/// the default.
pub async fn configs(
    connection: &mut Connection,
    resource_type: i8,
    names: &[String],
    within: Duration,
) -> Result<Vec<(String, Setting)>, WireError> {
    let resource = |name: &String| {
        DescribeConfigsResource::default()
            .with_resource_type(resource_type)
            .with_resource_name(StrBytes::from_string(name.clone()))
            .with_configuration_keys(None)
    };
    let request =
        DescribeConfigsRequest::default().with_resources(names.iter().map(resource).collect());
    let response = connection.call(&request, within).await?;
    let mut settings = Vec::new();
    for result in response.results.iter().filter(|r| r.error_code == 0) {
        for config in &result.configs {
            if let Some(source) = source(config.config_source) {
                let value = config.value.as_ref().map(|v| v.to_string()).unwrap_or_default();
                settings.push((
                    result.resource_name.to_string(),
                    Setting { key: config.name.to_string(), value, source },
                ));
            }
        }
    }
    Ok(settings)
}

/// A quota: the entity's parts by type (`user`, `client-id`, `ip`; an absent name is the default
/// entity), its key and value.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    /// Entity types and names.
    pub entity: Vec<(String, String)>,
    /// `consumer_byte_rate`, `producer_byte_rate`, `request_percentage`, ...
    pub key: String,
    /// The limit.
    pub value: f64,
}

/// All client quotas.
pub async fn quotas(
    connection: &mut Connection,
    within: Duration,
) -> Result<Vec<Quota>, WireError> {
    let response = connection.call(&DescribeClientQuotasRequest::default(), within).await?;
    if response.error_code != 0 {
        return Err(connection.refused(
            ApiKey::DescribeClientQuotas,
            response.error_code,
            response.error_message.as_deref(),
        ));
    }
    let mut quotas = Vec::new();
    for entry in response.entries.iter().flatten() {
        let name = |e: &kafka_protocol::messages::describe_client_quotas_response::EntityData| {
            (
                e.entity_type.to_string(),
                e.entity_name.as_ref().map(|n| n.to_string()).unwrap_or_default(),
            )
        };
        let entity: Vec<_> = entry.entity.iter().map(name).collect();
        quotas.extend(entry.values.iter().map(|v| Quota {
            entity: entity.clone(),
            key: v.key.to_string(),
            value: v.value,
        }));
    }
    Ok(quotas)
}

/// An access control entry, in the words of `kafka-acls.sh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acl {
    /// `User:alice`.
    pub principal: String,
    /// Host, `*` for any.
    pub host: String,
    /// `READ`, `CLUSTER_ACTION`, ...
    pub operation: &'static str,
    /// `ALLOW` or `DENY`.
    pub permission: &'static str,
    /// `TOPIC`, `GROUP`, `CLUSTER`, ...
    pub resource_type: &'static str,
    /// Name of the resource.
    pub resource: String,
    /// `LITERAL` or `PREFIXED`.
    pub pattern: &'static str,
}

pub(super) const RESOURCE_TYPES: [&str; 8] =
    ["UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER"];
const PATTERNS: [&str; 5] = ["UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED"];
pub(super) const PERMISSIONS: [&str; 4] = ["UNKNOWN", "ANY", "DENY", "ALLOW"];
pub(super) const OPERATIONS: [&str; 16] = [
    "UNKNOWN",
    "ANY",
    "ALL",
    "READ",
    "WRITE",
    "CREATE",
    "DELETE",
    "ALTER",
    "DESCRIBE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
    "IDEMPOTENT_WRITE",
    "CREATE_TOKENS",
    "DESCRIBE_TOKENS",
    "TWO_PHASE_COMMIT",
];
/// Kafka's error code for a cluster without an authorizer, which has no entries.
const SECURITY_DISABLED: i16 = 54;

fn word<const N: usize>(words: [&'static str; N], code: i8) -> &'static str {
    usize::try_from(code).ok().and_then(|k| words.get(k)).copied().unwrap_or("UNKNOWN")
}

/// The code of a word; that of `UNKNOWN`, which Kafka refuses, when there is no such word.
pub(super) fn code<const N: usize>(words: [&'static str; N], word: &str) -> i8 {
    words.iter().position(|w| *w == word).and_then(|k| i8::try_from(k).ok()).unwrap_or_default()
}

/// All access control entries.
pub async fn acls(connection: &mut Connection, within: Duration) -> Result<Vec<Acl>, WireError> {
    const ANY: i8 = 1;
    let request = DescribeAclsRequest::default()
        .with_resource_type_filter(ANY)
        .with_pattern_type_filter(ANY)
        .with_operation(ANY)
        .with_permission_type(ANY)
        .with_resource_name_filter(None)
        .with_principal_filter(None)
        .with_host_filter(None);
    let response = connection.call(&request, within).await?;
    match response.error_code {
        0 => {}
        SECURITY_DISABLED => return Ok(Vec::new()),
        code => {
            return Err(connection.refused(
                ApiKey::DescribeAcls,
                code,
                response.error_message.as_deref(),
            ));
        }
    }
    let entries = response.resources.iter().flat_map(|r| r.acls.iter().map(move |a| (r, a)));
    Ok(entries
        .map(|(r, a)| Acl {
            principal: a.principal.to_string(),
            host: a.host.to_string(),
            operation: word(OPERATIONS, a.operation),
            permission: word(PERMISSIONS, a.permission_type),
            resource_type: word(RESOURCE_TYPES, r.resource_type),
            resource: r.resource_name.to_string(),
            pattern: word(PATTERNS, r.pattern_type),
        })
        .collect())
}

/// A transaction its coordinator knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// `transactional.id`.
    pub id: String,
    /// Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort, Empty.
    pub state: String,
    /// Producer id.
    pub producer_id: i64,
    /// When it began, in milliseconds since the epoch; `None` when none is open.
    pub started: Option<i64>,
}

/// Transactions the node coordinates.
pub async fn transactions(
    connection: &mut Connection,
    within: Duration,
) -> Result<Vec<Transaction>, WireError> {
    let listed = connection
        .call(&ListTransactionsRequest::default().with_duration_filter(-1), within)
        .await?;
    if listed.error_code != 0 {
        return Err(connection.refused(ApiKey::ListTransactions, listed.error_code, None));
    }
    let ids: Vec<_> =
        listed.transaction_states.iter().map(|t| t.transactional_id.clone()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let described = connection
        .call(&DescribeTransactionsRequest::default().with_transactional_ids(ids), within)
        .await?;
    let known = described.transaction_states.iter().filter(|t| t.error_code == 0);
    Ok(known
        .map(|t| Transaction {
            id: t.transactional_id.to_string(),
            state: t.transaction_state.to_string(),
            producer_id: t.producer_id.0,
            started: (t.transaction_start_time_ms >= 0).then_some(t.transaction_start_time_ms),
        })
        .collect())
}
