//! A service sends requests so large that those in flight together need more heap than the broker
//! has (S35).

use serde::{Deserialize, Serialize};

use super::{deployed, effect, must_be_broker, must_be_service, names, rollout};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::workload::Behaviour;

/// A release in which each record is a whole document. The broker reserves a request's memory
/// from its length, before it has arrived, and nothing bounds the sum: `queued.max.request.bytes`
/// is not set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LargeRequests {
    /// The producing service.
    pub service: String,
    /// The machine of the broker that leads what it writes to.
    pub node: String,
    /// Bytes of a record from now on.
    pub record_size: u32,
    /// Records a second from now on.
    pub rate: u32,
    /// The version rolled out.
    pub version: String,
}

impl Primitive for LargeRequests {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_service(&self.service, on);
        problems.extend(must_be_broker(&self.node, on));
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let whole = |code: &mut Behaviour| {
            code.record_bytes = self.record_size;
            code.rate = self.rate;
        };
        vec![Step::Do(rollout(&self.service, &self.version, on, whole))]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let (name, node) = (&self.service, &self.node);
        let service = Component::of(Kind::Service, name);
        let broker = Component::of(Kind::Broker, on.topology.node(node).map_or(-1, |n| n.id));
        let written =
            on.services.iter().find(|s| s.name == *name).into_iter().flat_map(|s| s.topics());
        let topics: Vec<_> = written.map(|t| Component::of(Kind::Topic, t)).collect();
        let chain = vec![
            effect("service.deployed", [service.clone()], &[], deployed(name, &self.version)),
            effect(
                "traffic.grew",
                [service.clone(), broker.clone()].into_iter().chain(topics.clone()),
                &[0],
                format!(
                    "kafka_producer_record_size_avg{{service=\"{name}\"}} >= {}",
                    self.record_size
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
            class: "broker.memory.heap_exhausted".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(service, vec![broker])].into(),
                near: topics,
                victims: Vec::new(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "limit.request_memory",
                "limit.record_size",
                "process.load_test",
                "process.canary_deploy",
                "alert.heap_after_gc",
                "capacity.heap",
            ]),
        }
    }
}
