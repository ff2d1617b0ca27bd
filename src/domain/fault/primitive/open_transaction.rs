//! A transaction stays open, and readers of committed records wait before it (S36).

use serde::{Deserialize, Serialize};

use super::backlog::Backlog;
use super::{deployed, effect, must_be_service, names, rollout};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::workload::Behaviour;

/// A release of a transactional producer that leaves its transaction open for very long.
/// Its records reach every partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenTransaction {
    /// The producing service, with a `transactional.id`.
    pub service: String,
    /// The service that reads what it writes, with `isolation.level=read_committed`.
    pub reader: String,
    /// Time between two commits from now on, in milliseconds.
    pub interval_ms: u32,
    /// The version rolled out.
    pub version: String,
}

impl OpenTransaction {
    fn transactional_id<'a>(&self, on: Target<'a>) -> Option<&'a str> {
        on.services
            .iter()
            .find(|s| s.name == self.service)?
            .properties
            .get("transactional.id")
            .map(String::as_str)
    }
}

impl Primitive for OpenTransaction {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_service(&self.service, on);
        problems.extend(must_be_service(&self.reader, on));
        if problems.is_empty() && self.transactional_id(on).is_none() {
            problems.push(format!("{} has no `transactional.id`", self.service));
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let open = |code: &mut Behaviour| code.transaction_ms = self.interval_ms;
        vec![Step::Do(rollout(&self.service, &self.version, on, open))]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let name = &self.service;
        let backlog = Backlog::of(&self.reader, on);
        let service = Component::of(Kind::Service, name);
        let transaction =
            Component::of(Kind::Transaction, self.transactional_id(on).unwrap_or_default());
        let places: Vec<_> = backlog.topics.iter().chain(&backlog.partitions).cloned().collect();
        let deployed = deployed(name, &self.version);
        let open = format!(
            "kafka_transaction_open_seconds{{transactional_id=\"{}\"}} > 3",
            transaction.name
        );
        let stuck = "max by (topic) (kafka_topic_partition_current_offset - kafka_topic_partition_last_stable_offset) > 200";
        let commits = format!(
            "sum(rate({}[10s])) == 0",
            backlog.series("kafka_consumergroup_current_offset")
        );
        let on_transaction =
            [transaction.clone(), service.clone()].into_iter().chain(backlog.partitions.clone());
        let chain = vec![
            effect("service.deployed", [service.clone()], &[], deployed),
            effect("transaction.open", on_transaction, &[0], open),
            effect("stable_offset.stuck", places.clone(), &[1], stuck.to_owned()),
            effect("commit.stopped", backlog.uncommitted(), &[2], commits),
            backlog.lag_grew(3),
            backlog.freshness_breached(4),
        ];
        Account {
            class: "client.transaction.left_open".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(service, vec![transaction])].into(),
                near: Vec::new(),
                victims: places
                    .into_iter()
                    .chain([backlog.service.clone(), backlog.group.clone()])
                    .collect(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "alert.open_transactions",
                "limit.transaction_timeout",
                "alert.freshness",
                "process.canary_deploy",
                "process.change_verification",
            ]),
        }
    }
}
