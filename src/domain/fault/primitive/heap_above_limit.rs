//! A broker is restarted with a heap that its machine's memory limit does not leave room for: the
//! kernel kills the JVM (S23).

use serde::{Deserialize, Serialize};

use super::{effect, hardly_answers, heap, must_be_broker, names};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A heap touched in full when the JVM starts, so that it is killed each time it comes up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeapAboveLimit {
    /// The broker's machine.
    pub node: String,
    /// Its heap from now on, in MiB: more than the limit of its machine.
    pub heap_mib: u32,
}

impl Primitive for HeapAboveLimit {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_broker(&self.node, on);
        match on.topology.memory_mib {
            Some(limit) if self.heap_mib > limit => {}
            Some(limit) => problems.push(format!(
                "a heap of {} MiB fits into the {limit} MiB of `{}`",
                self.heap_mib, self.node
            )),
            None => problems.push(format!(
                "`{}` has no memory limit: `cluster:` needs `memory_mib`",
                self.node
            )),
        }
        problems
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        vec![Step::Do(Action::ReconfigureKafka {
            node: self.node.clone(),
            properties: [].into(),
            jvm: heap(self.heap_mib, " -XX:+AlwaysPreTouch"),
        })]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let broker = Component::of(Kind::Broker, on.topology.node(node).map_or(-1, |n| n.id));
        let kills =
            |n: u32| format!("increase(container_oom_events_total{{node=\"{node}\"}}[60s]) > {n}");
        let chain = vec![
            effect("process.killed", [broker.clone()], &[], kills(0)),
            effect("process.crash_loop", [broker.clone()], &[0], kills(1)),
            effect("requests.timed_out", [broker.clone()], &[0], hardly_answers(&broker)),
        ];
        Account {
            class: "broker.memory.container_limit".to_owned(),
            equivalent: Vec::new(),
            place: Place { must: [(broker, Vec::new())].into(), ..Place::default() },
            chain,
            cured_by_restart: false,
            preventions: names([
                "alert.memory_limit",
                "capacity.container_memory",
                "process.change_verification",
                "process.canary_deploy",
            ]),
        }
    }
}
