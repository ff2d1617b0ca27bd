//! A job beside Kafka that the scheduler prefers: inside the machine's processor limit Kafka gets
//! so little that it loses its session with the controller again and again, and its leaders with
//! the first one (S05).

use serde::{Deserialize, Serialize};

use super::leaders::Leaders;
use super::{effect, must_be_broker, must_be_topic, names, traffic_skewed};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A job of many workers at the highest priority, busy for a while and then pausing, without end.
/// Measured on a machine with half a core: 8 workers of priority -20 delay heartbeats by 2 to 6 s,
/// 40 workers of priority 0 by less than one, since the scheduler favours who sleeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityJob {
    /// The broker's machine.
    pub node: String,
    /// The name of the job's service.
    pub job: String,
    /// Processes working at a time.
    pub workers: u32,
    /// Seconds a pass takes.
    pub busy_seconds: u32,
    /// Seconds between two passes.
    pub pause_seconds: u32,
    /// The topic that carries the traffic.
    pub topic: String,
}

impl PriorityJob {
    /// Checksums of every segment, as fast as the workers can. A process group of its own, so that
    /// stopping the job stops its workers.
    fn script(&self) -> String {
        let Self { workers, busy_seconds, pause_seconds, .. } = self;
        format!(
            "exec chpst -P nice -n -20 bash -c '
trap \"trap - TERM; kill 0\" TERM
sleep 2 & wait
while :; do
    end=$((SECONDS + {busy_seconds}))
    for worker in $(seq {workers}); do
        while [ $SECONDS -lt $end ]; do sha512sum /var/lib/kafka/data/*/*.log; done >/dev/null 2>&1 &
    done
    wait
    echo \"pass done, checksums match\"
    sleep {pause_seconds} & wait
done'"
        )
    }
}

impl Primitive for PriorityJob {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems: Vec<_> = must_be_broker(&self.node, on)
            .into_iter()
            .chain(must_be_topic(&self.topic, on))
            .collect();
        if on.topology.broker_millicores.is_none() {
            problems.push(
                "without `broker_millicores` the job would take the processor of the whole host"
                    .to_owned(),
            );
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let id = on.topology.node(&self.node).map_or(-1, |n| n.id);
        vec![
            Step::Do(Action::StartJob {
                node: self.node.clone(),
                job: self.job.clone(),
                script: self.script(),
            }),
            Step::Until {
                promql: format!("kafka_broker_fenced{{broker=\"{id}\"}} == 1"),
                hold_seconds: 0,
                deadline_seconds: 75,
            },
        ]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let (node, name) = (&self.node, &self.topic);
        let id = on.topology.node(node).map_or(-1, |n| n.id);
        let broker = Component::of(Kind::Broker, id);
        let topic = Component::of(Kind::Topic, name);
        let spec = on.topology.topic(name);
        let after = spec.map(|t| Leaders::preferred(t).after_absence_of(id));
        let busiest = Component::of(Kind::Broker, after.as_ref().map_or(-1, Leaders::busiest));
        let displaced = after.map(|a| a.displaced()).unwrap_or_default();
        let half = spec.map_or(0, |t| t.assignment.len() / 2);
        let chain = vec![
            effect(
                "cpu.throttled",
                [broker.clone()],
                &[],
                // Measured: 0.06 to 0.2 on this machine, pauses included, 0.003 on its neighbours,
                // 0.024 while a JVM starts. The share of throttled periods is no measure: on a busy
                // host the machine does not get as far as its limit in many of them.
                format!(
                    "rate(container_cpu_cfs_throttled_seconds_total{{node=\"{node}\"}}[40s]) > 0.04"
                ),
            ),
            effect(
                "heartbeat.late",
                [broker.clone()],
                &[0],
                format!(
                    "max_over_time(kafka_controller_kafkacontroller_timesincelastheartbeatreceivedms{{broker=\"{id}\"}}[60s]) > 3000"
                ),
            ),
            effect(
                "broker.fenced",
                [broker.clone()],
                &[1],
                format!("max_over_time(kafka_broker_fenced{{broker=\"{id}\"}}[60s]) == 1"),
            ),
            effect(
                "leader.moved",
                [broker.clone(), topic.clone()].into_iter().chain(displaced),
                &[2],
                format!("kafka_topic_partition_leader_is_preferred{{topic=\"{name}\"}} == 0"),
            ),
            effect(
                "leadership.skewed",
                [busiest.clone(), topic.clone()],
                &[3],
                format!(
                    "count(kafka_topic_partition_leader{{topic=\"{name}\"}} == {}) > {half}",
                    busiest.name
                ),
            ),
            traffic_skewed(name, [busiest.clone(), topic.clone()], &[4]),
        ];
        Account {
            class: "broker.cpu.starved".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(broker, Vec::new())].into(),
                near: Vec::new(),
                victims: vec![busiest, topic],
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "capacity.cpu",
                "alert.cpu_throttled",
                "alert.broker_fenced",
                "alert.leader_imbalance",
                "process.change_verification",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::{Followers, Node, Role, Topic, Topology};

    fn topology(broker_millicores: Option<u32>) -> Topology {
        let node = |id: i32| Node { name: format!("kafka-{id}"), id, role: Role::Broker };
        Topology {
            nodes: (1..=3).map(node).collect(),
            topics: vec![Topic::placed("orders", 6, 3, &[1, 2, 3], Followers::Next)],
            broker_millicores,
            ..Topology::default()
        }
    }

    fn job() -> PriorityJob {
        let (node, job, topic) =
            ("kafka-2".to_owned(), "segment-audit".to_owned(), "orders".to_owned());
        PriorityJob { node, job, workers: 40, busy_seconds: 20, pause_seconds: 15, topic }
    }

    #[test]
    fn a_machine_without_a_limit_is_refused() {
        let (limited, free) = (topology(Some(600)), topology(None));
        assert!(job().check(Target { topology: &limited, services: &[] }).is_empty());
        assert_eq!(
            job().check(Target { topology: &free, services: &[] }),
            ["without `broker_millicores` the job would take the processor of the whole host"]
        );
    }

    #[test]
    fn what_the_broker_led_is_led_by_the_next_one() {
        let topology = topology(Some(600));
        let truth = job().truth(Target { topology: &topology, services: &[] });
        let moved = truth.chain.iter().find(|e| e.event == "leader.moved").expect("leaders move");
        let on: Vec<_> = moved.on.iter().map(ToString::to_string).collect();
        assert_eq!(on, ["broker:2", "topic:orders", "partition:orders-1", "partition:orders-4"]);
        assert_eq!(truth.place.victims[0].to_string(), "broker:3");
    }
}
