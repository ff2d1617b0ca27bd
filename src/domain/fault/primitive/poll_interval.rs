//! Members work on one batch for longer than `max.poll.interval.ms`, and rebalance each other
//! without end (S39).

use serde::{Deserialize, Serialize};

use super::backlog::Backlog;
use super::{deployed, effect, must_be_service, names, rollout};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::workload::Behaviour;

/// A rollout of the consumer that takes larger batches, by its settings, and longer for each
/// record, by its code. It begins healthy
/// and tips over with the first batch that takes too long: from then on every batch is thrown away
/// when its member comes back to commit it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollInterval {
    /// The consuming service.
    pub service: String,
    /// Most records of one batch from now on.
    pub poll_records: u32,
    /// Time spent on each record from now on, in milliseconds.
    pub processing_ms: u32,
    /// The version rolled out.
    pub version: String,
}

impl Primitive for PollInterval {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_service(&self.service, on);
        let spec = on.services.iter().find(|s| s.name == self.service);
        let patience = spec
            .and_then(|s| s.properties.get("max.poll.interval.ms"))
            .and_then(|m| m.parse().ok())
            .unwrap_or(300_000);
        let batch = self.poll_records * self.processing_ms;
        if problems.is_empty() && batch <= patience {
            problems.push(format!("a full batch takes {batch} ms, which is within `max.poll.interval.ms` of {}: {patience}", self.service));
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let slow = |code: &mut Behaviour| code.processing_us = self.processing_ms * 1000;
        let mut rollout = rollout(&self.service, &self.version, on, slow);
        if let Action::DeployService { set, .. } = &mut rollout {
            set.insert("poll.records".to_owned(), self.poll_records.to_string());
        }
        vec![Step::Do(rollout)]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let name = &self.service;
        let backlog = Backlog::of(name, on);
        let (service, group) = (backlog.service.clone(), backlog.group.clone());
        let half = f64::from(self.processing_ms) / 2000.0;
        let deployed = deployed(name, &self.version);
        let slow = format!(
            "sum(rate(kafka_consumer_processing_seconds_sum{{service=\"{name}\"}}[10s])) \
             / sum(rate(kafka_consumer_processing_seconds_count{{service=\"{name}\"}}[10s])) > {half}"
        );
        // Between two batches every member is back for a moment.
        let late = format!(
            "max(max_over_time(kafka_consumer_last_poll_seconds_ago{{service=\"{name}\"}}[15s])) > 6"
        );
        let rebalanced = "sum(increase(kafka_server_group_coordinator_metrics_group_completed_rebalance_count[15s])) >= 1".to_owned();
        let commits = format!(
            "max(rate({}[10s])) == 0",
            backlog.series("kafka_consumergroup_current_offset")
        );
        let chain = vec![
            effect("service.deployed", [service.clone()], &[], deployed),
            effect("consumer.slow", [service.clone(), group.clone()], &[0], slow),
            effect("member.left", [group.clone(), service.clone()], &[1], late),
            effect("group.rebalanced", [group.clone()], &[2], rebalanced),
            effect("commit.stopped", backlog.uncommitted(), &[2], commits),
            backlog.lag_grew(1),
            backlog.freshness_breached(5),
        ];
        Account {
            class: "client.group.poll_interval_exceeded".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(group, vec![service])].into(),
                near: Vec::new(),
                victims: backlog.topics.iter().chain(&backlog.partitions).cloned().collect(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "config.poll_interval",
                "alert.rebalances",
                "process.load_test",
                "alert.freshness",
                "process.canary_deploy",
                "config.cooperative_rebalance",
            ]),
        }
    }
}
