//! One file per primitive.

mod blocked_fetches;
mod busy_disk;
mod frozen_broker;
mod full_disk;
mod link_cap;
mod replication_denied;
mod rolling_restart;
mod service_outage;
mod slow_processing;
mod throttle_left_behind;

pub use blocked_fetches::BlockedFetches;
pub use busy_disk::BusyDisk;
pub use frozen_broker::FrozenBroker;
pub use full_disk::FullDisk;
pub use link_cap::LinkCap;
pub use replication_denied::ReplicationDenied;
pub use rolling_restart::RollingRestart;
pub use service_outage::ServiceOutage;
pub use slow_processing::SlowProcessing;
pub use throttle_left_behind::ThrottleLeftBehind;

use super::Target;
use super::truth::{Account, Effect, Place};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::topology::NodeId;

fn must_be_broker(node: &str, on: Target<'_>) -> Vec<String> {
    let names: Vec<_> = on.topology.brokers().map(|b| b.name.as_str()).collect();
    if names.contains(&node) {
        Vec::new()
    } else {
        vec![format!("`{node}` is not a broker of this lab; its brokers are {}", names.join(", "))]
    }
}

fn must_be_service(service: &str, on: Target<'_>) -> Vec<String> {
    let names: Vec<_> = on.services.iter().map(|s| s.name.as_str()).collect();
    if names.contains(&service) {
        Vec::new()
    } else {
        vec![format!("`{service}` is not a service of this lab; its services are {}", names.join(", "))]
    }
}

/// An effect as one line of a chain.
fn effect(event: &str, on: impl IntoIterator<Item = Component>, after: &[usize], shows: String) -> Effect {
    Effect { event: event.to_owned(), on: on.into_iter().collect(), shows, after: after.to_vec() }
}

/// Replicas of this broker end more than 200 records before their leader's.
fn behind(broker: NodeId) -> String {
    let offset = "kafka_log_log_logendoffset";
    format!("max by (topic, partition) ({offset}) - on (topic, partition) {offset}{{broker=\"{broker}\"}} > 200")
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

fn topics(on: Target<'_>) -> impl Iterator<Item = Component> {
    on.topology.topics.iter().map(|t| Component::of(Kind::Topic, &t.name))
}
