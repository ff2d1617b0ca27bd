//! Ways to break a cluster. A fault plans steps and states its truth; an engine, which it never sees, performs them.
//!
//! One file per primitive under `primitive/`, one line in [`Fault`], one in [`Fault::primitive`].

pub mod action;
pub mod primitive;
pub mod truth;

pub use action::{AclEntry, Action, Prior, Signal, Step};
use serde::{Deserialize, Serialize};

use self::truth::Account;
use crate::domain::topology::Topology;
use crate::domain::workload::Service;

/// What a fault may look at when it is planned: the lab before the break.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The cluster.
    pub topology: &'a Topology,
    /// The client applications.
    pub services: &'a [Service],
}

/// One way to break a cluster, or to seem to.
pub trait Primitive {
    /// Why it cannot be staged on this lab, a sentence each; empty when it can.
    fn check(&self, on: Target<'_>) -> Vec<String>;

    /// The steps that stage it. Pure: the same fault on the same lab plans the same steps.
    fn inject(&self, on: Target<'_>) -> Vec<Step>;

    /// What it says of itself: class, place and chain. Computed from the very value that drives the injection.
    fn truth(&self, on: Target<'_>) -> Account;
}

/// The faults there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A broker's link carries less than its followers need.
    LinkCap(primitive::LinkCap),
    /// A consumer's processing became slow with a deploy.
    SlowProcessing(primitive::SlowProcessing),
    /// A broker was restarted and everything recovered.
    RollingRestart(primitive::RollingRestart),
    /// A consumer was down for a while and caught up.
    ServiceOutage(primitive::ServiceOutage),
    /// A broker's process is stopped and exists.
    FrozenBroker(primitive::FrozenBroker),
    /// A follower's fetches are dropped on the way.
    BlockedFetches(primitive::BlockedFetches),
    /// A replication throttle keeps a broker that was away from catching up.
    ThrottleLeftBehind(primitive::ThrottleLeftBehind),
    /// A job beside the broker uses up its disk.
    BusyDisk(primitive::BusyDisk),
    /// Brokers may not fetch from each other any more.
    ReplicationDenied(primitive::ReplicationDenied),
    /// A volume of a broker is full.
    FullDisk(primitive::FullDisk),
}

impl Fault {
    /// The fault as the primitive it is.
    pub fn primitive(&self) -> &dyn Primitive {
        match self {
            Self::LinkCap(p) => p,
            Self::SlowProcessing(p) => p,
            Self::RollingRestart(p) => p,
            Self::ServiceOutage(p) => p,
            Self::FrozenBroker(p) => p,
            Self::BlockedFetches(p) => p,
            Self::ThrottleLeftBehind(p) => p,
            Self::BusyDisk(p) => p,
            Self::ReplicationDenied(p) => p,
            Self::FullDisk(p) => p,
        }
    }
}
