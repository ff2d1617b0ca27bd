//! What points cannot buy, one file a gate. To add one: write its file and its line in [`GATES`].

mod cause;
mod consistent;
mod grounded;
mod place;
mod recovered;
mod separated;

use super::case::Case;
use super::{GateResult, Item};

/// A demand without which the points are capped.
pub trait Gate: Sync {
    /// Its name, `G1`.
    fn name(&self) -> &'static str;
    /// What it demands, in a sentence.
    fn demands(&self) -> &'static str;
    /// The most points there are when the demand is not met.
    fn cap(&self) -> u32;
    /// Whether it is demanded of this run.
    fn applies(&self, _case: &Case<'_>) -> bool {
        true
    }
    /// Whether it is met, and why.
    fn judge(&self, case: &Case<'_>, score: &dyn Fn(&str) -> Option<u32>) -> (bool, String);
}

/// Every gate, in the order of the report.
pub const GATES: &[&dyn Gate] = &[
    &cause::Cause,
    &place::Place,
    &grounded::Grounded,
    &consistent::Consistent,
    &recovered::Recovered,
    &separated::Separated,
];

pub(super) fn result(gate: &dyn Gate, case: &Case<'_>, items: &[Item]) -> GateResult {
    let score = |name: &str| items.iter().find(|item| item.item == name).map(|item| item.score);
    let (passed, why) = gate.judge(case, &score);
    GateResult {
        gate: gate.name().into(),
        demands: gate.demands().into(),
        passed,
        why,
        cap: gate.cap() * 1000,
    }
}
