//! One file per primitive.

mod backlog;
mod below_min_isr;
mod consumer_quota;
mod link_cap;
mod open_transaction;
mod paused_member;
mod poison_record;
mod poll_interval;
mod rolling_restart;
mod service_outage;
mod slow_processing;

pub use below_min_isr::BelowMinIsr;
pub use consumer_quota::ConsumerQuota;
pub use link_cap::LinkCap;
pub use open_transaction::OpenTransaction;
pub use paused_member::PausedMember;
pub use poison_record::PoisonRecord;
pub use poll_interval::PollInterval;
pub use rolling_restart::RollingRestart;
pub use service_outage::ServiceOutage;
pub use slow_processing::SlowProcessing;

use super::Target;
use super::truth::{Account, Effect, Place};
use crate::domain::rca::vocab::{Component, Kind};

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
