//! One file per primitive.

mod backlog;
mod below_min_isr;
mod blocked_fetches;
mod broker_outage;
mod broker_roll;
mod busy_disk;
mod consumer_quota;
mod frozen_broker;
mod full_disk;
mod heap_above_limit;
mod heap_undersized;
mod large_requests;
mod leaders;
mod link_cap;
mod open_transaction;
mod paused_member;
mod plugin_leak;
mod poison_record;
mod poll_interval;
mod priority_job;
mod producer_ids;
mod replication_denied;
mod rolling_restart;
mod service_outage;
mod skewed_assignment;
mod skewed_keys;
mod slow_processing;
mod throttle_left_behind;

pub use below_min_isr::BelowMinIsr;
pub use blocked_fetches::BlockedFetches;
pub use broker_outage::BrokerOutage;
pub use broker_roll::BrokerRoll;
pub use busy_disk::BusyDisk;
pub use consumer_quota::ConsumerQuota;
pub use frozen_broker::FrozenBroker;
pub use full_disk::FullDisk;
pub use heap_above_limit::HeapAboveLimit;
pub use heap_undersized::HeapUndersized;
pub use large_requests::LargeRequests;
pub use link_cap::LinkCap;
pub use open_transaction::OpenTransaction;
pub use paused_member::PausedMember;
pub use plugin_leak::PluginLeak;
pub use poison_record::PoisonRecord;
pub use poll_interval::PollInterval;
pub use priority_job::PriorityJob;
pub use producer_ids::ProducerIds;
pub use replication_denied::ReplicationDenied;
pub use rolling_restart::RollingRestart;
pub use service_outage::ServiceOutage;
pub use skewed_assignment::SkewedAssignment;
pub use skewed_keys::SkewedKeys;
pub use slow_processing::SlowProcessing;
pub use throttle_left_behind::ThrottleLeftBehind;

use std::collections::BTreeMap;

use super::truth::{Account, Effect, Place};
use super::{Action, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::topology::NodeId;
use crate::domain::workload::{Behaviour, VERSION};

fn must_be_broker(node: &str, on: Target<'_>) -> Vec<String> {
    let names: Vec<_> = on.topology.brokers().map(|b| b.name.as_str()).collect();
    if names.contains(&node) {
        Vec::new()
    } else {
        vec![format!("`{node}` is not a broker of this lab; its brokers are {}", names.join(", "))]
    }
}

/// No replica is missing and no broker is fenced.
const BROKERS_BACK: &str =
    "sum(kafka_topic_partition_under_replicated_partition) == 0 and sum(kafka_broker_fenced) == 0";

fn must_be_service(service: &str, on: Target<'_>) -> Vec<String> {
    let names: Vec<_> = on.services.iter().map(|s| s.name.as_str()).collect();
    if names.contains(&service) {
        Vec::new()
    } else {
        vec![format!(
            "`{service}` is not a service of this lab; its services are {}",
            names.join(", ")
        )]
    }
}

fn must_be_topic(topic: &str, on: Target<'_>) -> Vec<String> {
    if on.topology.topic(topic).is_some() {
        Vec::new()
    } else {
        let names: Vec<_> = on.topology.topics.iter().map(|t| t.name.as_str()).collect();
        vec![format!("`{topic}` is not a topic of this lab; its topics are {}", names.join(", "))]
    }
}

/// What one broker gets of a topic's traffic is far more than its share.
fn traffic_skewed(topic: &str, on: impl IntoIterator<Item = Component>, after: &[usize]) -> Effect {
    let bytes =
        format!("rate(kafka_server_brokertopicmetrics_bytesin_total{{topic=\"{topic}\"}}[10s])");
    effect(
        "traffic.skewed",
        on,
        after,
        format!("max(sum by (broker) ({bytes})) / sum({bytes}) > 0.55"),
    )
}

/// An effect as one line of a chain.
fn effect(
    event: &str,
    on: impl IntoIterator<Item = Component>,
    after: &[usize],
    shows: String,
) -> Effect {
    Effect { event: event.to_owned(), on: on.into_iter().collect(), shows, after: after.to_vec() }
}

/// The prevention names of an account.
fn names<const N: usize>(preventions: [&str; N]) -> Vec<String> {
    preventions.map(str::to_owned).to_vec()
}

/// Replicas of this broker end more than 200 records before their leader's.
fn behind(broker: NodeId) -> String {
    let offset = "kafka_log_log_logendoffset";
    format!(
        "max by (topic, partition) ({offset}) - on (topic, partition) {offset}{{broker=\"{broker}\"}} > 200"
    )
}

/// The account of a control: nothing has to be repaired, and nobody is to blame.
fn control(class: &str, chain: Vec<Effect>) -> Account {
    Account {
        class: class.to_owned(),
        equivalent: Vec::new(),
        place: Place::default(),
        chain,
        cured_by_restart: false,
        preventions: Vec::new(),
    }
}

/// A release of a service in which its code does something else than in the one that runs.
fn rollout(
    service: &str,
    version: &str,
    on: Target<'_>,
    change: impl FnOnce(&mut Behaviour),
) -> Action {
    let running = on.services.iter().find(|s| s.name == service);
    let mut behaviour = running.map(|s| s.behaviour.clone()).unwrap_or_default();
    change(&mut behaviour);
    Action::DeployService {
        service: service.to_owned(),
        set: [(VERSION.to_owned(), version.to_owned())].into(),
        behaviour: Some(behaviour),
    }
}

/// The service runs this version.
fn deployed(service: &str, version: &str) -> String {
    format!("service_info{{service=\"{service}\", version=\"{version}\"}}")
}

/// The entry of `jvm.env` that gives a JVM a heap of this size, with more options behind it.
fn heap(mebibytes: u32, more: &str) -> BTreeMap<String, Option<String>> {
    [("KAFKA_HEAP_OPTS".to_owned(), Some(format!("\"-Xms{mebibytes}m -Xmx{mebibytes}m{more}\"")))]
        .into()
}

/// A restart of a broker with changed entries of `jvm.env`; then its leaders are brought back to
/// it, as any good runbook does.
fn restart_with(node: &str, jvm: BTreeMap<String, Option<String>>) -> Vec<Step> {
    vec![
        Step::Do(Action::ReconfigureKafka {
            node: node.to_owned(),
            properties: BTreeMap::new(),
            jvm,
        }),
        Step::Until { promql: BROKERS_BACK.to_owned(), hold_seconds: 0, deadline_seconds: 90 },
        Step::Do(Action::ElectPreferredLeaders {}),
    ]
}

/// Holds for a minute after the process of a machine began anew.
fn restarted(node: &str) -> String {
    format!("changes(process_start_time_seconds{{node=\"{node}\"}}[60s]) > 0")
}

/// Holds while a broker leaves requests without an answer in time.
fn hardly_answers(broker: &Component) -> String {
    format!(
        "avg_over_time(kafka_probe_success{{broker=\"{}\", api=\"Metadata\"}}[10s]) < 0.5",
        broker.name
    )
}

fn topics(on: Target<'_>) -> impl Iterator<Item = Component> {
    on.topology.topics.iter().map(|t| Component::of(Kind::Topic, &t.name))
}
