//! A consumer spends more time on each record than its share of the load leaves it (S31).

use serde::{Deserialize, Serialize};

use super::backlog::Backlog;
use super::{deployed, effect, must_be_service, names, rollout};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Primitive, Step, Target};
use crate::domain::workload::Behaviour;

/// A release of the consumer whose code takes longer for each record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowProcessing {
    /// The consuming service.
    pub service: String,
    /// Time spent on each record from now on, in milliseconds.
    pub processing_ms: u32,
    /// The version rolled out.
    pub version: String,
}

impl Primitive for SlowProcessing {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_service(&self.service, on)
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let slow = |code: &mut Behaviour| code.processing_us = self.processing_ms * 1000;
        vec![Step::Do(rollout(&self.service, &self.version, on, slow))]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let name = &self.service;
        let backlog = Backlog::of(name, on);
        let Backlog { service, group, topics, .. } = &backlog;
        let half = f64::from(self.processing_ms) / 2000.0;
        let consumption = [group.clone(), service.clone()].into_iter().chain(topics.clone());
        let chain = vec![
            effect("service.deployed", [service.clone()], &[], deployed(name, &self.version)),
            effect(
                "consumer.slow",
                [service.clone(), group.clone()],
                &[0],
                format!(
                    "sum(rate(kafka_consumer_processing_seconds_sum{{service=\"{name}\"}}[10s])) \
                     / sum(rate(kafka_consumer_processing_seconds_count{{service=\"{name}\"}}[10s])) > {half}"
                ),
            ),
            effect(
                "consumption.below_production",
                consumption,
                &[1],
                backlog.below_production(0.7),
            ),
            backlog.lag_grew(2),
            backlog.freshness_breached(3),
        ];
        Account {
            class: "client.consumer.slow_processing".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(service.clone(), vec![group.clone()])].into(),
                near: Vec::new(),
                victims: topics.clone(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "process.load_test",
                "process.canary_deploy",
                "alert.freshness",
                "capacity.consumers",
                "process.change_verification",
            ]),
        }
    }
}
