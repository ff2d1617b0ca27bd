//! The phases every run goes through, and where an instant of one run lies in another.

use crate::domain::fault::truth::Truth;
use crate::domain::rca::record::{Facts, Span};
use crate::domain::recording;
use crate::domain::telemetry::series::UnixMs;

/// When what was, in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phases {
    /// All was well.
    pub baseline: Span,
    /// From the injection to the page.
    pub onset: Span,
    /// From the page until somebody did something about it.
    pub steady: Span,
}

impl Phases {
    /// The phases of the graded run: its incident ends, for this purpose, with the learner's first
    /// change.
    pub fn of_run(facts: &Facts, truth: &Truth) -> Self {
        let changed = facts.first_change().map_or(facts.recorded.to, |change| change.started);
        let injected = truth.onset.map_or(facts.page, |onset| onset.from).min(facts.page);
        Self {
            baseline: facts.baseline,
            onset: Span { from: injected, to: facts.page },
            steady: Span { from: facts.page, to: changed.max(facts.page) },
        }
    }

    /// The phases of a recording.
    pub fn of_recording(phases: &recording::Phases) -> Self {
        Self { baseline: phases.baseline, onset: phases.onset, steady: phases.steady }
    }

    /// Where an instant of this run lies in another, and the phase it is in there: as long before
    /// the end of the baseline, as far between injection and page, as long after the page as that
    /// one lasted.
    pub fn transfer(&self, at: UnixMs, to: &Self) -> (UnixMs, Span) {
        if at >= self.steady.from {
            return ((to.steady.from + (at - self.steady.from)).min(to.steady.to), to.steady);
        }
        if at >= self.onset.from {
            let passed = (at - self.onset.from) * to.onset.length() / self.onset.length().max(1);
            return (to.onset.from + passed, to.onset);
        }
        ((to.baseline.to - (self.baseline.to - at).max(0)).max(to.baseline.from), to.baseline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_its_place_in_every_run() {
        let span = |from, to| Span { from, to };
        let run = Phases { baseline: span(0, 30), onset: span(40, 60), steady: span(60, 100) };
        let other = Phases {
            baseline: span(1000, 1010),
            onset: span(1020, 1100),
            steady: span(1100, 1110),
        };
        let there = |at| run.transfer(at, &other).0;
        assert_eq!([5, 25, 35].map(there), [1000, 1005, 1010]);
        assert_eq!([40, 50, 59].map(there), [1020, 1060, 1096]);
        assert_eq!([60, 65, 95].map(there), [1100, 1105, 1110]);
        assert_eq!(run.transfer(50, &other).1, other.onset);
    }
}
