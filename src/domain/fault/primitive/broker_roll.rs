//! Brokers are restarted one after the other. Leaders do not come back by themselves: with a
//! preferred election at the end all is well again, without one the broker restarted last leads
//! nothing (S01).

use serde::{Deserialize, Serialize};

use super::leaders::Leaders;
use super::{control, effect, must_be_broker, must_be_topic, names, traffic_skewed};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::topology::NodeId;

/// Clean restarts of brokers, each when the one before is back in sync.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerRoll {
    /// The brokers' machines, in order.
    pub nodes: Vec<String>,
    /// The topic that carries the traffic.
    pub topic: String,
    /// Whether preferred leaders are elected at the end, as any good runbook has it: then nothing
    /// is broken.
    pub elects: bool,
}

const BACK_IN_SYNC: &str = "sum(kafka_topic_partition_under_replicated_partition) == 0 and sum(kafka_broker_fenced) == 0 and sum(up{job=\"kafka\"} == bool 0) == 0";

/// Seconds after which a skew pages, with one to spare.
const NOTICED_AFTER: u32 = 6;

impl BrokerRoll {
    fn ids(&self, on: Target<'_>) -> Vec<NodeId> {
        self.nodes.iter().filter_map(|n| on.topology.node(n)).map(|n| n.id).collect()
    }
}

impl Primitive for BrokerRoll {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems: Vec<_> = self.nodes.iter().flat_map(|n| must_be_broker(n, on)).collect();
        problems.extend(must_be_topic(&self.topic, on));
        if self.nodes.is_empty() {
            problems.push("a roll needs at least one broker".to_owned());
        }
        problems
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        let restarted = |node: &String| {
            let restart = Step::Do(Action::RestartKafka { node: node.clone() });
            // A restart has begun when it can be seen, and ended when nothing of it can be seen any
            // more.
            let gone = format!("changes(process_start_time_seconds{{node=\"{node}\"}}[90s]) > 0");
            let started = Step::Until { promql: gone, hold_seconds: 0, deadline_seconds: 60 };
            let back = Step::Until {
                promql: BACK_IN_SYNC.to_owned(),
                hold_seconds: 1,
                deadline_seconds: 90,
            };
            [restart, started, back]
        };
        // The election waits until the skew has lasted for as long as alerts wait: a control that
        // nobody is paged for is none.
        let skewed = traffic_skewed(&self.topic, [], &[]).shows;
        let noticed =
            Step::Until { promql: skewed, hold_seconds: NOTICED_AFTER, deadline_seconds: 60 };
        let election = self.elects.then_some([noticed, Step::Do(Action::ElectPreferredLeaders {})]);
        self.nodes.iter().flat_map(restarted).chain(election.into_iter().flatten()).collect()
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let ids = self.ids(on);
        let topic = Component::of(Kind::Topic, &self.topic);
        let Some(spec) = on.topology.topic(&self.topic) else {
            return control("none.self_healed", Vec::new());
        };
        let after =
            ids.iter().fold(Leaders::preferred(spec), |leaders, id| leaders.after_absence_of(*id));
        let brokers = ids.iter().map(|id| Component::of(Kind::Broker, id));
        let last = Component::of(Kind::Broker, ids.last().copied().unwrap_or(-1));
        let busiest = Component::of(Kind::Broker, after.busiest());
        let displaced = after.displaced();
        let nodes = self.nodes.join("|");
        // What an election undoes begins with the leaders that are elsewhere: the restarts are over
        // and cannot be undone.
        let mut chain = vec![
            effect(
                "process.restarted",
                brokers.clone(),
                &[],
                format!("changes(process_start_time_seconds{{node=~\"{nodes}\"}}[120s]) > 0"),
            ),
            effect(
                "leader.moved",
                [topic.clone()].into_iter().chain(brokers.clone()).chain(displaced.clone()),
                &[],
                format!(
                    "kafka_topic_partition_leader_is_preferred{{topic=\"{}\"}} == 0",
                    self.topic
                ),
            ),
        ];
        if self.elects {
            let anywhere =
                on.topology.brokers().map(|b| Component::of(Kind::Broker, b.id)).chain([topic]);
            chain.push(traffic_skewed(&self.topic, anywhere, &[1]));
            return control("none.self_healed", chain);
        }
        let name = &self.topic;
        chain.push(effect(
            "leadership.skewed",
            [busiest.clone(), topic.clone()],
            &[1],
            format!(
                "count(kafka_topic_partition_leader{{topic=\"{name}\"}} == {}) > {}",
                busiest.name,
                spec.assignment.len() / 2
            ),
        ));
        chain.push(traffic_skewed(name, [busiest.clone(), topic.clone()], &[2]));
        let as_right = [topic.clone()].into_iter().chain(displaced).collect();
        let controllers = on.topology.controllers().map(|c| Component::of(Kind::Controller, c.id));
        let near = brokers.filter(|b| *b != last && *b != busiest).chain(controllers).collect();
        Account {
            class: "leadership.not_preferred".to_owned(),
            equivalent: Vec::new(),
            place: Place { must: [(last, as_right)].into(), near, victims: vec![busiest] },
            chain,
            cured_by_restart: false,
            preventions: names([
                "config.auto_leader_rebalance",
                "alert.leader_imbalance",
                "process.runbook",
                "process.graceful_restart",
                "process.change_verification",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::{Followers, Node, Role, Topic, Topology};

    fn truth(elects: bool) -> Account {
        let node = |id: i32| Node { name: format!("kafka-{id}"), id, role: Role::Broker };
        let topology = Topology {
            nodes: (1..=3).map(node).collect(),
            topics: vec![Topic::placed("orders", 6, 3, &[1, 2, 3], Followers::Next)],
            ..Topology::default()
        };
        let nodes = [3, 1, 2].map(|id| format!("kafka-{id}")).to_vec();
        let roll = BrokerRoll { nodes, topic: "orders".to_owned(), elects };
        let on = Target { topology: &topology, services: &[] };
        assert_eq!(
            roll.inject(on).last() == Some(&Step::Do(Action::ElectPreferredLeaders {})),
            elects
        );
        roll.truth(on)
    }

    #[test]
    fn the_election_at_the_end_makes_it_a_control() {
        assert_eq!(truth(true).class, "none.self_healed");
        let unfinished = truth(false);
        assert_eq!(unfinished.class, "leadership.not_preferred");
        let origins: Vec<_> = unfinished.place.must.keys().map(ToString::to_string).collect();
        assert_eq!(origins, ["broker:2"], "the one restarted last leads nothing");
        assert_eq!(unfinished.place.victims[0].to_string(), "broker:3");
    }
}
