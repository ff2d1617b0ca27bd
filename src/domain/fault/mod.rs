//! Ways to break a cluster. A fault plans steps and states its truth; an engine, which it never
//! sees, performs them.
//!
//! One file per primitive under `primitive/`, one line in [`Fault`], one in [`Fault::primitive`].

pub mod action;
pub mod primitive;
pub mod prior;
pub mod sequence;
pub mod truth;

pub use action::{AclEntry, Action, Requirement, Signal, Step};
pub use prior::{Irreversible, LinkShape, Prior, ProcessState};
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

    /// What it says of itself: class, place and chain. Computed from the very value that drives the
    /// injection.
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
    /// A consumer's own quota is below what it reads.
    ConsumerQuota(primitive::ConsumerQuota),
    /// A member of a group is alive and takes no records.
    PausedMember(primitive::PausedMember),
    /// A record cannot be decoded, and its consumer ends on it again and again.
    PoisonRecord(primitive::PoisonRecord),
    /// A transaction stays open.
    OpenTransaction(primitive::OpenTransaction),
    /// Members exceed `max.poll.interval.ms` and rebalance without end.
    PollInterval(primitive::PollInterval),
    /// Records are acknowledged under `min.insync.replicas`.
    BelowMinIsr(primitive::BelowMinIsr),
    /// A broker was restarted and everything recovered.
    RollingRestart(primitive::RollingRestart),
    /// A consumer was down for a while and caught up.
    ServiceOutage(primitive::ServiceOutage),
    /// Brokers were restarted one after the other, with or without a preferred election at the end.
    BrokerRoll(primitive::BrokerRoll),
    /// A reassignment put one broker first in most replica lists.
    SkewedAssignment(primitive::SkewedAssignment),
    /// A job of high priority beside Kafka takes the processor.
    PriorityJob(primitive::PriorityJob),
    /// Most records of a producer carry one key.
    SkewedKeys(primitive::SkewedKeys),
    /// A broker was down for a while and came back.
    BrokerOutage(primitive::BrokerOutage),
    /// A broker's heap is hardly larger than what is alive in it.
    HeapUndersized(primitive::HeapUndersized),
    /// A broker's heap is larger than its machine's memory limit.
    HeapAboveLimit(primitive::HeapAboveLimit),
    /// A service makes producers without end.
    ProducerIds(primitive::ProducerIds),
    /// A service's requests are too large for the broker's heap.
    LargeRequests(primitive::LargeRequests),
    /// A broker's plugin keeps what it should drop.
    PluginLeak(primitive::PluginLeak),
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
            Self::ConsumerQuota(p) => p,
            Self::PausedMember(p) => p,
            Self::PoisonRecord(p) => p,
            Self::OpenTransaction(p) => p,
            Self::PollInterval(p) => p,
            Self::BelowMinIsr(p) => p,
            Self::RollingRestart(p) => p,
            Self::ServiceOutage(p) => p,
            Self::BrokerRoll(p) => p,
            Self::SkewedAssignment(p) => p,
            Self::PriorityJob(p) => p,
            Self::SkewedKeys(p) => p,
            Self::BrokerOutage(p) => p,
            Self::HeapUndersized(p) => p,
            Self::HeapAboveLimit(p) => p,
            Self::ProducerIds(p) => p,
            Self::LargeRequests(p) => p,
            Self::PluginLeak(p) => p,
            Self::FrozenBroker(p) => p,
            Self::BlockedFetches(p) => p,
            Self::ThrottleLeftBehind(p) => p,
            Self::BusyDisk(p) => p,
            Self::ReplicationDenied(p) => p,
            Self::FullDisk(p) => p,
        }
    }
}
