//! A control: a broker is restarted cleanly, its partitions are under-replicated for a while, and
//! all is well again.

use serde::{Deserialize, Serialize};

use super::{control, effect, must_be_broker, topics};
use crate::domain::fault::truth::Account;
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A clean restart of one broker, followed by the preferred election any good runbook ends with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollingRestart {
    /// The broker's machine.
    pub node: String,
}

const BACK_IN_SYNC: &str = "sum(kafka_topic_partition_under_replicated_partition) == 0 and sum(kafka_broker_fenced) == 0 and count(up{job=\"kafka\"} == 1) > 3";

impl Primitive for RollingRestart {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_broker(&self.node, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        vec![
            Step::Do(Action::RestartKafka { node: self.node.clone() }),
            Step::Until {
                promql: "sum(kafka_topic_partition_under_replicated_partition) > 0".to_owned(),
                hold_seconds: 0,
                deadline_seconds: 20,
            },
            Step::Until { promql: BACK_IN_SYNC.to_owned(), hold_seconds: 2, deadline_seconds: 60 },
            Step::Do(Action::ElectPreferredLeaders {}),
        ]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let id = on.topology.node(&self.node).map_or(-1, |n| n.id);
        let restarted =
            format!("changes(process_start_time_seconds{{node=\"{}\"}}[60s]) > 0", self.node);
        let shrunk = format!("kafka_topic_partition_replica_in_sync{{broker=\"{id}\"}} == 0");
        let chain = vec![
            effect("process.restarted", [Component::of(Kind::Broker, id)], &[], restarted),
            effect("isr.shrunk", topics(on).chain([Component::of(Kind::Broker, id)]), &[0], shrunk),
        ];
        control("none.self_healed", chain)
    }
}
