//! Counters, and what is remembered of each series from one stretch of seconds to the next.

use std::collections::{BTreeMap, VecDeque};

use super::episode::State;
use super::recording::Recording;
use crate::domain::telemetry::series::{Labels, Point, Series, UnixMs, is_stale};

/// What began within this of the beginning of the record was there before: the slowest cadence of a
/// series, and a second.
const FIRST_READ_WITHIN: i64 = 6_000;

/// What a rule remembers of each thing it watches.
pub struct Memory<S>(BTreeMap<String, S>);

impl<S> Default for Memory<S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<S: Default> Memory<S> {
    /// What is remembered of a series.
    pub fn of(&mut self, labels: &Labels) -> &mut S {
        self.of_thing(labels.to_string())
    }

    /// What is remembered of a thing that is no series.
    pub fn of_thing(&mut self, thing: String) -> &mut S {
        self.0.entry(thing).or_default()
    }
}

/// A counter: what it was, by which one knows how it grows.
#[derive(Debug, Default)]
pub struct Counter {
    /// Its last value; nothing before the first sample.
    last: Option<f64>,
}

impl Counter {
    /// By how much it grew, at each of its samples. A counter that begins, or begins anew, counts
    /// from zero.
    fn increases(
        &mut self,
        recording: &Recording<'_>,
        points: &[Point],
    ) -> Vec<(UnixMs, Option<f64>)> {
        let was_there = |first: &Point| first.at <= recording.begin + FIRST_READ_WITHIN;
        if self.last.is_none() && !points.first().is_some_and(was_there) {
            self.last = Some(0.0);
        }
        let increase = |point: &Point| {
            if is_stale(point.value) {
                return (point.at, None);
            }
            let grown = self
                .last
                .map_or(0.0, |b| if point.value >= b { point.value - b } else { point.value });
            self.last = Some(point.value);
            (point.at, Some(grown))
        };
        points.iter().map(increase).collect()
    }

    /// Active in the seconds in which it grew.
    pub fn growing(&mut self, recording: &Recording<'_>, points: &[Point]) -> Vec<(UnixMs, State)> {
        self.increases(recording, points)
            .into_iter()
            .map(|(at, grown)| (at, grown.map_or(State::Unseen, |g| State::at(at, g > 0.0))))
            .collect()
    }
}

impl Memory<Counter> {
    /// Active in the seconds in which this counter grew.
    pub fn growing(&mut self, recording: &Recording<'_>, series: &Series) -> Vec<(UnixMs, State)> {
        self.of(&series.labels).growing(recording, &series.points)
    }
}

/// A counter over a window that goes with it.
#[derive(Debug, Default)]
pub struct Rate {
    counter: Counter,
    sum: f64,
    /// What it had grown by then in all, from the beginning of the window on.
    sums: VecDeque<(UnixMs, f64)>,
}

impl Memory<Rate> {
    /// By how much this counter grew over a window, divided by the window's length in seconds, at
    /// each sample that has a whole window.
    pub fn rates(
        &mut self,
        recording: &Recording<'_>,
        series: &Series,
        window: i64,
    ) -> BTreeMap<UnixMs, f64> {
        let rate = self.of(&series.labels);
        let mut rates = BTreeMap::new();
        for (at, grown) in rate.counter.increases(recording, &series.points) {
            let Some(grown) = grown else { continue };
            rate.sum += grown;
            rate.sums.push_back((at, rate.sum));
            while rate.sums.get(1).is_some_and(|(next, _)| *next <= at - window) {
                rate.sums.pop_front();
            }
            let (begin, at_begin) = rate.sums[0];
            if at - begin >= window {
                rates.insert(at, (rate.sum - at_begin) * 1000.0 / (at - begin) as f64);
            }
        }
        rates
    }
}
