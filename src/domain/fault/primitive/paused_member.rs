//! A member of a group is alive and takes no records (S37, paused form).

use serde::{Deserialize, Serialize};

use super::backlog::Backlog;
use super::{deployed, effect, must_be_service, names, rollout};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::workload::{Behaviour, Service};

/// A release in which one member pauses the partitions it is assigned and never resumes them: it
/// stays in its group, sends heartbeats and polls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PausedMember {
    /// The consuming service, of several members.
    pub service: String,
    /// The member, from 1.
    pub member: u32,
    /// The version rolled out.
    pub version: String,
}

impl Primitive for PausedMember {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_service(&self.service, on);
        let spec = on.services.iter().find(|s| s.name == self.service);
        let members = spec.map_or(1, Service::members);
        if problems.is_empty() && !(1..=members).contains(&self.member) {
            problems.push(format!(
                "{} has the members 1 to {members}, and not {}",
                self.service, self.member
            ));
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let pausing = |code: &mut Behaviour| code.pausing_member = Some(self.member);
        vec![Step::Do(rollout(&self.service, &self.version, on, pausing))]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let name = &self.service;
        let backlog = Backlog::of(name, on);
        let client = format!("{name}-{}", self.member);
        let deployed = deployed(name, &self.version);
        // It has partitions, it polls, and it processes nothing.
        let stalled = format!(
            "kafka_consumer_assigned_partitions{{client_id=\"{client}\"}} > 0 \
             and on (client_id) kafka_consumer_last_poll_seconds_ago{{client_id=\"{client}\"}} < 3 \
             unless on (client_id) sum by (client_id) (rate(kafka_consumer_records_consumed_total[10s])) > 0"
        );
        let commits =
            format!("rate({}[10s])", backlog.series("kafka_consumergroup_current_offset"));
        let chain = vec![
            effect("service.deployed", [backlog.service.clone()], &[], deployed),
            effect(
                "consumer.stalled",
                backlog.victims().into_iter().filter(|c| c.kind != Kind::Topic),
                &[0],
                stalled,
            ),
            effect(
                "commit.stopped",
                backlog.uncommitted(),
                &[1],
                format!("{commits} == 0 and on () sum({commits}) > 0"),
            ),
            backlog.lag_grew(2),
            backlog.freshness_breached(3),
        ];
        Account {
            class: "client.consumer.stuck".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(backlog.service.clone(), vec![backlog.group.clone()])].into(),
                near: Vec::new(),
                victims: backlog
                    .topics
                    .iter()
                    .chain(&backlog.partitions)
                    .cloned()
                    .collect::<Vec<Component>>(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "alert.consumer_progress",
                "process.health_checks",
                "alert.freshness",
                "process.canary_deploy",
                "process.change_verification",
            ]),
        }
    }
}
