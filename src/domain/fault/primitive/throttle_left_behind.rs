//! A replication throttle outlived the move it was set for, and a broker that was away cannot catch
//! up under it (S06).

use serde::{Deserialize, Serialize};

use super::{behind, effect, must_be_broker, names};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// The throttle on every replica of a topic, and then a broker that is away for a while. Replicas
/// in sync are not held back, so nothing shows before; after it, what replicas in sync need keeps
/// the limit exceeded, and none that fell out ever gets a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThrottleLeftBehind {
    /// The topic whose replicas are listed.
    pub topic: String,
    /// What its replicas may be caught up with, in bytes a second on each broker.
    pub rate: u32,
    /// The machine of the broker that is away for a while.
    pub node: String,
    /// For how long its partitions go without it, in seconds: longer than one fetch makes up for.
    pub away_seconds: u32,
}

const AWAY_WITHIN_SECONDS: u32 = 60;

impl Primitive for ThrottleLeftBehind {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_broker(&self.node, on);
        if on.topology.topic(&self.topic).is_none() {
            problems.push(format!("`{}` is not a topic of this lab", self.topic));
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let sides = ["leader", "follower"];
        let rate = Some(self.rate.to_string());
        let rates = on.topology.brokers().map(|broker| {
            let set =
                sides.map(|side| (format!("{side}.replication.throttled.rate"), rate.clone()));
            Step::Do(Action::AlterBrokerConfig { broker: broker.id, set: set.into() })
        });
        let replicas = sides
            .map(|side| (format!("{side}.replication.throttled.replicas"), Some("*".to_owned())));
        let id = on.topology.node(&self.node).map_or(-1, |n| n.id);
        let away =
            format!("count(kafka_topic_partition_replica_in_sync{{broker=\"{id}\"}} == 0) > 0");
        let listed =
            Step::Do(Action::AlterTopicConfig { topic: self.topic.clone(), set: replicas.into() });
        let steps = [
            Step::Do(Action::StopKafka { node: self.node.clone() }),
            Step::Until {
                promql: away,
                hold_seconds: self.away_seconds,
                deadline_seconds: AWAY_WITHIN_SECONDS,
            },
            Step::Do(Action::StartKafka { node: self.node.clone() }),
        ];
        std::iter::once(listed).chain(rates).chain(steps).collect()
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let id = on.topology.node(node).map_or(-1, |n| n.id);
        let topic = Component::of(Kind::Topic, &self.topic);
        let brokers: Vec<_> =
            on.topology.brokers().map(|b| Component::of(Kind::Broker, b.id)).collect();
        let broker = Component::of(Kind::Broker, id);
        let chain = vec![
            effect(
                "throttle.active",
                brokers.iter().cloned().chain([topic.clone()]),
                &[],
                format!(
                    "kafka_topic_config_info{{topic=\"{}\", key=\"follower.replication.throttled.replicas\"}}",
                    self.topic
                ),
            ),
            effect(
                "process.restarted",
                [broker.clone()],
                &[],
                format!("changes(process_start_time_seconds{{node=\"{node}\"}}[90s]) > 0"),
            ),
            effect("follower.fell_behind", [broker], &[0, 1], behind(id)),
            effect(
                "isr.shrunk",
                brokers.iter().cloned().chain([topic.clone()]),
                &[2],
                // Its own absence takes it out, too; what the throttle does is that it stays out
                // when it is back.
                format!(
                    "kafka_topic_partition_replica_in_sync{{topic=\"{}\", broker=\"{id}\"}} == 0 \
                     and on (broker) kafka_broker_fenced == 0",
                    self.topic
                ),
            ),
        ];
        Account {
            class: "replication.throttle_left_behind".to_owned(),
            equivalent: Vec::new(),
            place: Place { must: [(topic, brokers)].into(), near: Vec::new(), victims: Vec::new() },
            chain,
            cured_by_restart: false,
            preventions: names([
                "process.throttle_cleanup",
                "alert.stale_throttle",
                "limit.reassignment_throttle",
                "process.runbook",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::{Node, Role, Topic, Topology};

    fn lab() -> Topology {
        Topology {
            nodes: [1, 2]
                .map(|id| Node { name: format!("kafka-{id}"), id, role: Role::Broker })
                .to_vec(),
            topics: vec![Topic::spread("orders", 2, 2, &[1, 2])],
            ..Topology::default()
        }
    }

    fn fault(topic: &str) -> ThrottleLeftBehind {
        ThrottleLeftBehind {
            topic: topic.to_owned(),
            rate: 20_000,
            node: "kafka-2".to_owned(),
            away_seconds: 8,
        }
    }

    #[test]
    fn the_throttle_is_in_force_on_every_broker_before_one_goes() {
        let topology = lab();
        let told = |step: Step| match step {
            Step::Do(Action::AlterTopicConfig { topic, .. }) => {
                format!("list the replicas of {topic}")
            }
            Step::Do(Action::AlterBrokerConfig { broker, .. }) => format!("limit broker {broker}"),
            Step::Do(Action::StopKafka { node }) => format!("stop {node}"),
            Step::Until { hold_seconds, .. } => format!("wait for {hold_seconds} s"),
            Step::Do(Action::StartKafka { node }) => format!("start {node}"),
            other => format!("{other:?}"),
        };
        let steps: Vec<_> = fault("orders")
            .inject(Target { topology: &topology, services: &[] })
            .into_iter()
            .map(told)
            .collect();
        insta::assert_snapshot!(steps.join("\n"), @r"
        list the replicas of orders
        limit broker 1
        limit broker 2
        stop kafka-2
        wait for 8 s
        start kafka-2
        ");
    }

    #[test]
    fn a_topic_the_lab_has_not_is_told() {
        let topology = lab();
        let target = Target { topology: &topology, services: &[] };
        assert_eq!(fault("orders").check(target), Vec::<String>::new());
        assert_eq!(fault("payments").check(target), ["`payments` is not a topic of this lab"]);
    }
}
