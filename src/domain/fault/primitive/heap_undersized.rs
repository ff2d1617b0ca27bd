//! A broker is restarted with a heap hardly larger than what is always alive in it (S22).

use serde::{Deserialize, Serialize};

use super::{effect, heap, must_be_broker, names, restart_with, restarted};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// The JVM then collects without end and the broker gets little done between two collections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeapUndersized {
    /// The broker's machine.
    pub node: String,
    /// Its heap from now on, in MiB.
    pub heap_mib: u32,
}

impl Primitive for HeapUndersized {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_broker(&self.node, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        restart_with(&self.node, heap(self.heap_mib, ""))
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let broker = Component::of(Kind::Broker, on.topology.node(node).map_or(-1, |n| n.id));
        let limit = u64::from(self.heap_mib + 1) << 20;
        let chain = vec![
            effect(
                "config.changed",
                [broker.clone()],
                &[],
                format!(
                    "last_over_time(jvm_memory_max_bytes{{node=\"{node}\", area=\"heap\"}}[60s]) < {limit}"
                ),
            ),
            effect("process.restarted", [broker.clone()], &[0], restarted(node)),
            effect(
                "gc.long_pauses",
                [broker.clone()],
                &[0],
                format!(
                    "sum by (node) (increase(jvm_gc_collection_seconds_sum{{node=\"{node}\"}}[20s])) > 2"
                ),
            ),
        ];
        Account {
            class: "broker.memory.heap_undersized".to_owned(),
            equivalent: Vec::new(),
            place: Place { must: [(broker, Vec::new())].into(), ..Place::default() },
            chain,
            cured_by_restart: false,
            preventions: names([
                "alert.heap_after_gc",
                "capacity.heap",
                "process.change_verification",
                "process.canary_deploy",
                "process.load_test",
            ]),
        }
    }
}
