//! Which samples a moment sees: the look-back of an instant selector and the window of a range
//! selector. The one convention about window edges stands here and nowhere else.

use crate::domain::telemetry::series::{Point, UnixMs};

/// How far back an instant selector looks for the newest sample (`--query.lookback-delta`), in
/// milliseconds.
pub const LOOKBACK: i64 = 5 * 60 * 1000;

/// The step of a subquery that gives none, in milliseconds: the cadence of the record, at which
/// conditions are evaluated here (`global.evaluation_interval`).
pub const SUBQUERY_STEP: i64 = 1_000;

/// Whether the edge of a window belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A sample exactly there is seen.
    Included,
    /// A sample exactly there is not seen.
    Excluded,
}

/// Prometheus 2.x sees a sample that lies exactly at the older end of a window. Prometheus 3 does
/// not; to follow it, change this. The newer end is always seen.
pub const OLDER_EDGE: Edge = Edge::Included;

/// The stretch of time a selector looks at from one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The older end, whether or not a sample exactly there is seen.
    pub start: UnixMs,
    /// The newer end; a sample exactly there is seen.
    pub end: UnixMs,
}

impl Window {
    /// The window of this width, in milliseconds, that ends here.
    pub fn ending(end: UnixMs, width: i64) -> Self {
        Self { start: end.saturating_sub(width), end }
    }

    /// The earliest time at which a sample is seen.
    pub fn earliest(&self) -> UnixMs {
        match OLDER_EDGE {
            Edge::Included => self.start,
            Edge::Excluded => self.start.saturating_add(1),
        }
    }

    /// The samples that are seen, of samples oldest first.
    pub fn of<'a>(&self, points: &'a [Point]) -> &'a [Point] {
        let earliest = self.earliest();
        let from = points.partition_point(|point| point.at < earliest);
        let to = points.partition_point(|point| point.at <= self.end);
        points.get(from..to).unwrap_or_default()
    }

    /// The time between both ends, in seconds.
    pub fn seconds(&self) -> f64 {
        self.end.saturating_sub(self.start) as f64 / 1000.0
    }
}

/// The moments at which an expression is evaluated: one for an instant query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// The first moment.
    pub start: UnixMs,
    /// The time between two moments, in milliseconds.
    pub step: i64,
    /// How many there are, at least one.
    pub count: usize,
    /// What `@ end()` means: the end that was asked for, at or after the last moment.
    pub end: UnixMs,
}

impl Steps {
    /// One moment.
    pub fn instant(at: UnixMs) -> Self {
        Self { start: at, step: 1, count: 1, end: at }
    }

    /// The moment with this number, counted from 0.
    pub fn at(&self, index: usize) -> UnixMs {
        self.start.saturating_add(self.step.saturating_mul(index as i64))
    }

    /// The last moment.
    pub fn last(&self) -> UnixMs {
        self.at(self.count - 1)
    }

    /// All moments in order.
    pub fn times(self) -> impl Iterator<Item = UnixMs> {
        (0..self.count).map(move |index| self.at(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(times: &[UnixMs]) -> Vec<Point> {
        times.iter().map(|&at| Point { at, value: 0.0 }).collect()
    }

    #[test]
    fn a_window_sees_a_sample_exactly_at_either_end() {
        let points = at(&[999, 1000, 1500, 2000, 2001]);
        let seen: Vec<_> = Window::ending(2000, 1000).of(&points).iter().map(|p| p.at).collect();
        assert_eq!(seen, [1000, 1500, 2000]);
    }

    #[test]
    fn a_window_without_samples_is_empty_wherever_it_lies() {
        let points = at(&[1000, 5000]);
        for end in [500, 3000, 9000, i64::MIN, i64::MAX] {
            assert_eq!(Window::ending(end, 100).of(&points), []);
        }
    }
}
