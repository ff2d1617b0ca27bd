//! The user brokers replicate as lost the permission to fetch from each other (S52).

use serde::{Deserialize, Serialize};

use super::{effect, names, topics};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{AclEntry, Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// The access control entry of the lab's replication user is removed. Sessions with the controllers
/// use another listener, so every broker stays alive and none is fenced; only partitions that get
/// records lose their followers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicationDenied {}

impl Primitive for ReplicationDenied {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        match on.topology.replication_user {
            Some(_) => Vec::new(),
            None => vec!["the brokers of this lab replicate without saying who they are (`replication_user`)".to_owned()],
        }
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let user = on.topology.replication_user.as_deref();
        user.map(|user| Step::Do(Action::RemoveAcl(AclEntry::replication(user))))
            .into_iter()
            .collect()
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let user = on.topology.replication_user.as_deref().unwrap_or_default();
        let principal = Component::of(Kind::Principal, format!("User:{user}"));
        let brokers: Vec<_> =
            on.topology.brokers().map(|b| Component::of(Kind::Broker, b.id)).collect();
        let chain = vec![
            effect(
                "acl.removed",
                [principal.clone()],
                &[],
                format!("absent(kafka_acl_info{{principal=\"User:{user}\", operation=\"CLUSTER_ACTION\", permission=\"ALLOW\"}})"),
            ),
            effect(
                "access.denied",
                brokers.iter().cloned().chain([principal.clone()]),
                &[0],
                "rate(kafka_network_requestmetrics_errors_total{request=\"Fetch\", error=\"TOPIC_AUTHORIZATION_FAILED\"}[10s]) > 0"
                    .to_owned(),
            ),
            effect(
                "follower.stopped_fetching",
                brokers.iter().cloned(),
                &[1],
                "sum(rate(kafka_server_brokertopicmetrics_replicationbytesin_total[5s])) < 1".to_owned(),
            ),
            effect(
                "isr.shrunk",
                topics(on).chain(brokers.clone()),
                &[2],
                "sum(kafka_topic_partition_replica_in_sync == bool 0) > 0".to_owned(),
            ),
        ];
        Account {
            class: "security.authorization.inter_broker_denied".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(principal, Vec::new())].into(),
                near: Vec::new(),
                victims: brokers.into_iter().chain(topics(on)).collect(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "process.config_review",
                "alert.authorization_failures",
                "alert.under_replicated",
                "process.change_verification",
            ]),
        }
    }
}
