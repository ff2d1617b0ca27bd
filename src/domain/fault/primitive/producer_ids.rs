//! A service makes a new idempotent producer for every few records, and the broker keeps the state
//! of each producer id (S34).

use serde::{Deserialize, Serialize};

use super::{deployed, effect, must_be_broker, must_be_service, names, rollout};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::workload::Behaviour;

/// A release in which the service no longer keeps its clients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProducerIds {
    /// The producing service.
    pub service: String,
    /// The machine of the broker that leads what it writes to.
    pub node: String,
    /// Records each client sends before the next one is made.
    pub records_per_client: u32,
    /// Records a second from now on.
    pub rate: u32,
    /// The version rolled out.
    pub version: String,
}

/// The count is of ids by partition: a few hundred while all is well, twice that after a restart of
/// the service.
const MANY_IDS: u32 = 5000;

impl Primitive for ProducerIds {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_service(&self.service, on);
        problems.extend(must_be_broker(&self.node, on));
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let anew = |code: &mut Behaviour| {
            code.records_per_client = Some(self.records_per_client);
            code.rate = self.rate;
        };
        vec![Step::Do(rollout(&self.service, &self.version, on, anew))]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let (name, node) = (&self.service, &self.node);
        let service = Component::of(Kind::Service, name);
        let broker = Component::of(Kind::Broker, on.topology.node(node).map_or(-1, |n| n.id));
        let written =
            on.services.iter().find(|s| s.name == *name).into_iter().flat_map(|s| s.topics());
        let victims = written.map(|t| Component::of(Kind::Topic, t)).collect();
        let chain = vec![
            effect("service.deployed", [service.clone()], &[], deployed(name, &self.version)),
            effect(
                "producer_ids.grew",
                [broker.clone(), service.clone()],
                &[0],
                format!(
                    "max_over_time(kafka_server_replicamanager_produceridcount{{node=\"{node}\"}}[60s]) > {MANY_IDS}"
                ),
            ),
            effect(
                "gc.long_pauses",
                [broker.clone()],
                &[1],
                format!(
                    "sum by (node) (increase(jvm_gc_collection_seconds_sum{{node=\"{node}\"}}[20s])) > 2"
                ),
            ),
        ];
        Account {
            class: "broker.memory.producer_ids".to_owned(),
            equivalent: Vec::new(),
            place: Place { must: [(service, Vec::new())].into(), near: vec![broker], victims },
            chain,
            cured_by_restart: false,
            preventions: names([
                "process.canary_deploy",
                "process.load_test",
                "limit.client_quota",
                "limit.connections",
                "alert.heap_after_gc",
                "process.change_verification",
            ]),
        }
    }
}
