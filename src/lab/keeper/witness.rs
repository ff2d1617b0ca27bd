//! The witness: what must be seen before a run opens, and what was missing.

use std::collections::BTreeMap;

use super::record::{Conditions, Held, Recorder, hold, hold_without};
use crate::domain::fault::sequence::{Seen, sequence};
use crate::domain::fault::truth::Effect;
use crate::domain::rca::record::Span;
use crate::domain::scenario::Plan;
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::store::StoreError;

/// What was expected and was not seen. It says no condition, since those tell the cause.
#[derive(Debug, thiserror::Error)]
#[error("{what} was not seen within {within_seconds} s: {}", how(.unmet.len()))]
pub struct NotSeen {
    /// What was expected.
    pub(super) what: String,
    /// For how long it was waited for.
    pub(super) within_seconds: u32,
    /// The conditions that did not hold at the end, each with what was seen instead: for the author
    /// only.
    pub(super) unmet: BTreeMap<String, String>,
}

/// Why the witness could not look.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A condition of the plan cannot be evaluated.
    #[error("a condition of the plan cannot be evaluated: {0}")]
    Query(#[from] QueryError),
    /// The record could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Seconds, as plans write them, in milliseconds.
pub(super) fn seconds(seconds: u32) -> i64 {
    i64::from(seconds) * 1000
}

fn how(unmet: usize) -> String {
    match unmet {
        0 => "what was expected held, but not for long enough".to_owned(),
        1 => "one condition did not hold at the end".to_owned(),
        n => format!("{n} conditions did not hold at the end"),
    }
}

/// Waits for the witness: the alert, and with it, for the whole hold time, the signatures; and what
/// was seen of the chain must have come in its order, since a learner's timeline is held against
/// it. A control is confirmed when its alert fired and the steady state holds again: an alert that
/// looks back clears while the learner looks on. What is held ends when the run opens, which is as
/// long after the page as the plan says, or later: when all causes of the family open together, the
/// time tells none of them. Gives the time at which the alert fired.
pub async fn confirm(
    plan: &Plan,
    recorder: &Recorder,
    injected: UnixMs,
) -> Result<Result<UnixMs, NotSeen>, WitnessError> {
    let within_seconds = plan.window_seconds + plan.opens_after_seconds;
    let deadline = injected + seconds(within_seconds);
    let not_seen = |what: &str, unmet| NotSeen { what: what.to_owned(), within_seconds, unmet };
    let alert = Conditions::new([plan.alert.expr.as_str()])?;
    let alerted = match hold(recorder, &alert, seconds(plan.alert.for_seconds), deadline).await? {
        Held::Yes { to, .. } => to,
        Held::No { unmet } => {
            return Ok(Err(not_seen(&format!("the alert {}", plan.alert.name), unmet)));
        }
    };
    let opens = alerted + seconds(plan.opens_after_seconds);
    // What is held begins with the second after this one.
    while recorder.next_second().await? < opens - seconds(plan.hold_seconds + 1) {}
    let is_control = plan.is_control();
    let signatures = plan.signatures.iter().map(|s| s.expr.as_str());
    let (what, conditions) = if is_control {
        (
            "the steady state after the alert",
            Conditions::new(plan.steady.conditions.iter().map(String::as_str).chain(signatures))?,
        )
    } else {
        (
            "the symptom together with its signatures",
            Conditions::new(std::iter::once(plan.alert.expr.as_str()).chain(signatures))?,
        )
    };
    let siblings = plan.siblings.iter().filter(|s| !s.signatures.is_empty());
    let siblings = siblings
        .map(|s| Conditions::new(s.signatures.iter().map(|s| s.expr.as_str())))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(
        match hold_without(recorder, &conditions, &siblings, seconds(plan.hold_seconds), deadline)
            .await?
        {
            Held::Yes { to, .. } => {
                let unmet = too_early(plan, recorder, Span { from: injected, to })?;
                if unmet.is_empty() {
                    Ok(alerted)
                } else {
                    Err(not_seen("the chain of effects in its order", unmet))
                }
            }
            Held::No { unmet } => Err(not_seen(what, unmet)),
        },
    )
}

/// The effects that were seen only before what they follow from. One that was not seen yet may
/// still come.
fn too_early(
    plan: &Plan,
    recorder: &Recorder,
    within: Span,
) -> Result<BTreeMap<String, String>, WitnessError> {
    let chain = plan.account().chain;
    let seen = sequence(&chain, &recorder.reader()?, within).map_err(StoreError::from)?;
    let early = |(effect, seen): (Effect, Seen)| match seen {
        Seen::TooEarly(ms) => {
            Some((effect.shows, format!("it was seen {} s before what it follows from", ms / 1000)))
        }
        Seen::Never | Seen::InOrder(_) => None,
    };
    Ok(chain.into_iter().zip(seen).filter_map(early).collect())
}
