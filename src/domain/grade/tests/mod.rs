//! Grading made-up runs: what is right passes however it was proved, what is not does not.

mod account;
mod adversarial;
mod damage;
mod elsewhere;
mod guesses;
mod properties;
mod quotes;
mod references;
mod review;
mod ruled_out;
mod separation;

use std::collections::BTreeMap;

use super::*;
use crate::domain::fault::truth::{Account, Effect, LookAlike, Place, Trigger, Truth};
use crate::domain::rca::sample::{self, INJECTED, Sample, second};
use crate::domain::rca::vocab::Component;

pub(crate) fn component(text: &str) -> Component {
    Component::parse(text).unwrap_or_else(|message| panic!("{message}"))
}

fn components(texts: &[&str]) -> Vec<Component> {
    texts.iter().map(|text| component(text)).collect()
}

fn effect(event: &str, on: &[&str], shows: &str, after: &[usize]) -> Effect {
    Effect { event: event.into(), on: components(on), shows: shows.into(), after: after.to_vec() }
}

fn truth(account: Account, look_alikes: &[(&str, &str, &str)]) -> Truth {
    let look_alike = |(class, says, split_by): &(&str, &str, &str)| LookAlike {
        class: (*class).into(),
        says: (*says).into(),
        split_by: (*split_by).into(),
    };
    let truth = Truth {
        causes: vec![account],
        onset: Some(Span { from: second(INJECTED), to: second(INJECTED + 2) }),
        slow: 1,
        trigger: Trigger::Change(3),
        look_alikes: look_alikes.iter().map(look_alike).collect(),
        accepted_events: vec![],
        preconditions: vec![],
        heals_within_s: 30,
    };
    assert_eq!(truth.problems(), Vec::<String>::new());
    truth
}

const PROBE_SLOW: &str = "kafka_probe_duration_seconds{broker=\"2\"} > 0.2";

/// The truth about [`sample::isr_shrink`].
pub(crate) fn capped_link() -> Truth {
    let account = Account {
        class: "network.capacity.link_capped".into(),
        equivalent: vec![],
        place: Place {
            must: BTreeMap::from([(component("link:kafka-2"), components(&["broker:2"]))]),
            near: vec![],
            victims: components(&[
                "broker:1",
                "broker:3",
                "topic:orders",
                "partition:orders-1",
                "partition:orders-4",
            ]),
        },
        chain: vec![
            effect(
                "link.saturated",
                &["link:kafka-2"],
                "rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[10s]) > 1",
                &[],
            ),
            effect(
                "follower.fell_behind",
                &["broker:1", "broker:3"],
                "kafka_log_log_logendoffset{topic=\"orders\",broker=\"2\"} - on(topic,partition) group_right() \
                 kafka_log_log_logendoffset{topic=\"orders\",broker!=\"2\"} > 100",
                &[0],
            ),
            effect(
                "isr.shrunk",
                &["partition:orders-1", "partition:orders-4"],
                "kafka_topic_partition_in_sync_replica{topic=\"orders\"} < 3",
                &[1],
            ),
            effect(
                "alert.fired",
                &["broker:2"],
                "sum(kafka_server_replicamanager_underreplicatedpartitions) > 0",
                &[2],
            ),
        ],
        cured_by_restart: false,
        preventions: vec!["alert.link_saturated".into()],
    };
    truth(
        account,
        &[
            (
                "storage.disk.slow",
                "A slow disk flushes late; here flushes stayed quick.",
                "kafka_log_logflushstats_logflushrateandtimems < 50",
            ),
            (
                "network.partition.replication_blocked",
                "Blocked fetches leave clients alone; here kafka-2 answered them late, too.",
                PROBE_SLOW,
            ),
            (
                "broker.cpu.starved",
                "A starved broker is held back by its limit; here no period was throttled.",
                "container_cpu_cfs_throttled_periods_total == 0",
            ),
            (
                "broker.process.frozen",
                "A frozen broker is fenced; here none was.",
                "kafka_broker_fenced == 0",
            ),
            (
                "replication.throttle_left_behind",
                "A throttle is seen in the configuration and drops no packets.",
                "node_qdisc_drops_total{kind=\"tbf\"} > 0",
            ),
        ],
    )
}

/// The truth about [`sample::slow_consumer`].
pub(crate) fn slow_processing() -> Truth {
    let account = Account {
        class: "client.consumer.slow_processing".into(),
        equivalent: vec![],
        place: Place {
            must: BTreeMap::from([(component("service:billing"), components(&["group:billing"]))]),
            near: vec![],
            victims: components(&["topic:orders"]),
        },
        chain: vec![
            effect(
                "consumer.slow",
                &["service:billing"],
                "rate(kafka_consumer_processing_seconds_sum[15s]) / rate(kafka_consumer_processing_seconds_count[15s]) > 0.01",
                &[],
            ),
            effect(
                "lag.grew",
                &["group:billing"],
                "sum(kafka_consumergroup_lag{consumergroup=\"billing\"}) > 500",
                &[0],
            ),
            effect(
                "freshness.breached",
                &["group:billing"],
                "max(kafka_consumergroup_oldest_uncommitted_age_seconds) > 15",
                &[1],
            ),
        ],
        cured_by_restart: false,
        preventions: vec!["process.canary_deploy".into()],
    };
    truth(
        account,
        &[(
            "client.consumer.stuck",
            "A stuck consumer commits nothing.",
            "rate(kafka_consumergroup_current_offset[20s]) > 0",
        )],
    )
}

/// The truth about [`sample::self_healed`].
pub(crate) fn healed() -> Truth {
    let account = Account {
        class: "none.self_healed".into(),
        equivalent: vec![],
        place: Place::default(),
        chain: vec![],
        cured_by_restart: false,
        preventions: vec![],
    };
    truth(account, &[("network.capacity.link_capped", "Nothing was capped in the end.", "up == 1")])
}

/// A document in the making.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub form: &'static str,
    pub onset: String,
    /// Class and components.
    pub causes: Vec<(String, Vec<String>)>,
    /// All of an entry but its id.
    pub evidence: Vec<String>,
    /// What started it, or nothing.
    pub trigger: String,
    /// More of the timeline, `, detected: T+00:00:00`.
    pub times: String,
    /// More lists of the front matter.
    pub more: String,
    pub prose: String,
}

/// Everything beside cause, place, onset and evidence that there is to say of
/// [`sample::isr_shrink`].
pub(crate) const ACCOUNT: &str = r#"causal_chain:
  - {event: link.saturated, on: link:kafka-2, at: T-00:00:26}
  - {event: follower.fell_behind, on: broker:1}
  - V1
  - {event: alert.fired, on: broker:2, at: T+00:00:00}
impact:
  - {id: I1, promql: 'kafka_probe_duration_seconds{broker="2"} > 0.2', at: T+00:00:10}
  - {id: I2, promql: 'sum(kafka_topic_partition_under_replicated_partition) > 0', at: T+00:00:10}
mitigation: [{action: "removed the cap"}]
prevention: [{action: alert.link_saturated, owner: network, due: 2026-12-31, done_when: "it fires in staging"}]
"#;

impl Draft {
    pub fn new(class: &str, component: &[&str], evidence: &[&str]) -> Self {
        Self {
            form: "full",
            onset: "T-00:00:30".into(),
            causes: vec![(class.into(), component.iter().map(|c| (*c).to_owned()).collect())],
            evidence: evidence.iter().map(|e| (*e).to_owned()).collect(),
            trigger: String::new(),
            times: String::new(),
            more: String::new(),
            prose: "## Root cause and mechanism\nSee E1.\n".into(),
        }
    }

    pub fn file(&self) -> String {
        let trigger = if self.trigger.is_empty() {
            String::new()
        } else {
            format!(", trigger: {}", self.trigger)
        };
        let causes: String = self
            .causes
            .iter()
            .map(|(class, on)| {
                format!("  - {{class: {class}, component: [{}]{trigger}}}\n", on.join(", "))
            })
            .collect();
        let evidence: String = self
            .evidence
            .iter()
            .enumerate()
            .map(|(n, e)| format!("  - {{id: E{}, {e}}}\n", n + 1))
            .collect();
        format!(
            "---\nrca: 1\nform: {}\ntimeline: {{onset: {}{}}}\nroot_cause:\n{causes}evidence:\n{evidence}{}---\n{}",
            self.form, self.onset, self.times, self.more, self.prose
        )
    }
}

/// All there is to say of [`sample::isr_shrink`], with this evidence.
pub(crate) fn link_capped(evidence: &[&str]) -> Draft {
    Draft {
        trigger: "change:C3".into(),
        times: ", detected: T+00:00:00, recovered: T+00:05:32".into(),
        more: ACCOUNT.into(),
        ..Draft::new("network.capacity.link_capped", &["link:kafka-2"], evidence)
    }
}

pub(crate) const DROPS: &str = "promql: 'rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[20s]) > 1', at: T+00:00:30";
pub(crate) const SENT: &str = "promql: 'rate(node_network_transmit_bytes_total{node=\"kafka-2\"}[20s]) < 300000', at: T+00:00:30";
pub(crate) const PROBE: &str =
    "promql: 'kafka_probe_duration_seconds{broker=\"2\"} > 0.2', at: T+00:01:00";
pub(crate) const SHRINK: &str =
    "log: '{node=\"kafka-2\"} |= \"Shrinking ISR\"', from: T-00:01:00, to: T+00:01:00, min: 2";
pub(crate) const QDISC: &str = "command: 4, contains: 'qdisc tbf 8001: root'";

fn terms() -> Terms {
    Terms { playbook: Some("playbooks/isr-shrink.md".into()), ..Terms::default() }
}

pub(crate) fn graded(file: &str, run: &Sample, truth: &Truth) -> Result<Grade, GradeError> {
    let document = Document::read(file.as_bytes()).map_err(GradeError::Invalid)?;
    grade(&document, &run.record(), truth, &Comparison::default(), &terms())
}

/// Grades a valid document about the capped link.
#[track_caller]
pub(crate) fn isr(draft: &Draft) -> Grade {
    graded(&draft.file(), &sample::isr_shrink(), &capped_link())
        .unwrap_or_else(|error| panic!("{error}\n{}", draft.file()))
}

/// Points and gates in a line.
pub(crate) fn brief(grade: &Grade) -> String {
    let items: Vec<_> = grade.items.iter().map(|i| format!("{} {}", i.item, i.score)).collect();
    let failed: Vec<_> =
        grade.gates.iter().filter(|g| !g.passed).map(|g| g.gate.as_str()).collect();
    let verdict = if grade.passed { "passed" } else { "failed" };
    format!(
        "{verdict} {}.{:03} ({}) gates failed: [{}]",
        grade.total / 1000,
        grade.total % 1000,
        items.join(", "),
        failed.join(" ")
    )
}
