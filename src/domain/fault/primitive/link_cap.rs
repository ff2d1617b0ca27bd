//! A broker's link is capped: its followers starve while its heartbeats pass (S04, egress form).

use serde::{Deserialize, Serialize};

use super::must_be_broker;
use crate::domain::fault::{Action, Primitive, Step, Target};

/// A token bucket on what the broker sends. Under acks=1 load the partitions it leads lose their followers; with acks=all the
/// producers would be slowed instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkCap {
    /// The broker's machine.
    pub node: String,
    /// What it may still send, in kbit/s.
    pub rate_kbit: u32,
}

/// Small enough that the cap is felt at once.
const BURST_KB: u32 = 16;
/// Below a second, so that heartbeats still get through and the broker is not fenced.
const LATENCY_MS: u32 = 300;

impl Primitive for LinkCap {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_broker(&self.node, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        let node = self.node.clone();
        vec![Step::Do(Action::ShapeLink { node, rate_kbit: self.rate_kbit, burst_kb: BURST_KB, latency_ms: LATENCY_MS })]
    }
}
