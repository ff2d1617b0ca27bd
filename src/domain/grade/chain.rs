//! The true chain, as a record shows it: each step from the fault on, never before what it follows
//! from, and until the learner changed something.

use crate::domain::fault::truth::{Effect, Truth};
use crate::domain::rca::check::holding;
use crate::domain::rca::record::{Facts, Record, Span};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// What goes on again within this time had not ended, in milliseconds.
const FLICKER: i64 = 10_000;

/// A step of the true chain, and when it was seen before the learner changed anything.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// The cause whose chain it is a step of, by its place in the truth.
    pub cause: usize,
    /// Its place in that chain.
    pub step: usize,
    /// The step.
    pub effect: &'a Effect,
    /// Its condition.
    pub query: Query,
    /// When it held, in stretches without a break.
    pub spans: Vec<Span>,
}

impl Seen<'_> {
    /// When it was first seen.
    pub fn first(&self) -> Option<UnixMs> {
        Some(self.spans.first()?.from)
    }
}

/// The steps of the true chain in their order, causes before effects.
pub fn seen<'a>(truth: &'a Truth, record: &Record<'_>) -> Result<Vec<Seen<'a>>, SourceError> {
    let until = until(record.facts);
    // What was there before the fault is none of its effects.
    let injected = truth.onset.map_or(record.facts.recorded.from, |onset| onset.from).min(until);
    let mut chain: Vec<Seen<'a>> = Vec::new();
    for (cause, account) in truth.causes.iter().enumerate() {
        for (step, effect) in account.chain.iter().enumerate() {
            // Authors are told of a condition that cannot be read; here it was simply never seen.
            let Ok(query) = Query::parse(&effect.shows) else { continue };
            let is_before = |s: &&Seen<'_>| s.cause == cause && effect.after.contains(&s.step);
            let led = chain.iter().filter(is_before).filter_map(Seen::first).max();
            let since = led.unwrap_or(injected).max(injected);
            let within = Span { from: since, to: until };
            let held = holding(&query, record.series, within)?.unwrap_or_default();
            chain.push(Seen { cause, step, effect, query, spans: joined(held) });
        }
    }
    Ok(chain)
}

/// Until when the record shows what the fault did: the learner's first change, or its end.
pub(super) fn until(facts: &Facts) -> UnixMs {
    facts.first_change().map_or(facts.recorded.to, |change| change.started)
}

/// Stretches with no more than a flicker between them, as one.
fn joined(spans: Vec<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.from - last.to <= FLICKER => last.to = span.to,
            _ => joined.push(span),
        }
    }
    joined
}

/// The steps a cause begins with: those that follow from nothing and lead on, when any does.
pub(super) fn roots<'c, 'a>(chain: &'c [Seen<'a>]) -> Vec<&'c Seen<'a>> {
    let begins = || chain.iter().filter(|seen| seen.effect.after.is_empty());
    let leads_on = |root: &&Seen<'_>| {
        chain.iter().any(|s| s.cause == root.cause && s.effect.after.contains(&root.step))
    };
    let leading: Vec<_> = begins().filter(leads_on).collect();
    if leading.is_empty() { begins().collect() } else { leading }
}

/// What follows at once from the steps a cause begins with.
pub(super) fn first_effects<'c, 'a>(chain: &'c [Seen<'a>]) -> Vec<&'c Seen<'a>> {
    let roots = roots(chain);
    let follows = |seen: &&Seen<'_>| {
        roots.iter().any(|r| r.cause == seen.cause && seen.effect.after.contains(&r.step))
    };
    chain.iter().filter(follows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grade::tests::capped_link;
    use crate::domain::rca::sample::{self, INJECTED, second};

    #[test]
    fn the_timeline_starts_with_the_fault_and_goes_from_cause_to_effect() {
        let run = sample::isr_shrink();
        let mut truth = capped_link();
        // A condition that held before the fault, too.
        truth.causes[0].chain[0].shows = "up == 1".into();
        let chain = seen(&truth, &run.record()).expect("readable");
        assert_eq!(chain[0].first(), Some(second(INJECTED)));
        for step in &chain {
            assert_eq!(step.spans.len(), 1, "{}", step.effect.event);
            for before in &step.effect.after {
                assert!(chain[*before].first() <= step.first(), "{}", step.effect.event);
            }
        }
    }

    #[test]
    fn what_flickers_is_one_stretch() {
        let span = |from: i64, to: i64| Span { from: from * 1000, to: to * 1000 };
        assert_eq!(
            joined(vec![span(0, 3), span(5, 9), span(18, 20), span(40, 41)]),
            [span(0, 20), span(40, 41)]
        );
    }
}
