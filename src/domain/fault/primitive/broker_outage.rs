//! A control: a broker is stopped for a while and started again, and all is well.

use serde::{Deserialize, Serialize};

use super::{BROKERS_BACK, control, effect, must_be_broker};
use crate::domain::fault::truth::Account;
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A clean stop of one broker; it is started as soon as its absence was noticed, and its leaders
/// are brought back to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerOutage {
    /// The broker's machine.
    pub node: String,
    /// PromQL that shows its absence was noticed: then it is started again.
    pub until: String,
}

impl Primitive for BrokerOutage {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_broker(&self.node, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        vec![
            Step::Do(Action::StopKafka { node: self.node.clone() }),
            Step::Until { promql: self.until.clone(), hold_seconds: 0, deadline_seconds: 60 },
            Step::Do(Action::StartKafka { node: self.node.clone() }),
            Step::Until { promql: BROKERS_BACK.to_owned(), hold_seconds: 1, deadline_seconds: 60 },
            Step::Do(Action::ElectPreferredLeaders {}),
        ]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let broker = Component::of(Kind::Broker, on.topology.node(&self.node).map_or(-1, |n| n.id));
        let node = &self.node;
        let chain = vec![
            effect(
                "process.exited",
                [broker.clone()],
                &[],
                format!("up{{job=\"kafka\", node=\"{node}\"}} == 0"),
            ),
            effect(
                "process.restarted",
                [broker],
                &[0],
                format!("changes(process_start_time_seconds{{node=\"{node}\"}}[60s]) > 0"),
            ),
        ];
        control("none.self_healed", chain)
    }
}
