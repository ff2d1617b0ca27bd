//! For how long a condition has held, or not.

use super::Query;
use super::expr::{At, Expr, Kind};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::{SeriesSource, UnixMs};

/// The cadence of the record: between two looks, in milliseconds.
const CADENCE: i64 = 1_000;

/// Whether a condition holds, and since when that is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it holds.
    pub holds: bool,
    /// The first of the seconds without a break in which it was as it is.
    pub since: UnixMs,
}

impl Query {
    /// Whether it holds at `at`, and since when without a break, looked for from `earliest` on in
    /// steps of a second.
    ///
    /// Says what looking at each second by itself would say, and reads the record once.
    pub fn standing(
        &self,
        source: &dyn SeriesSource,
        at: UnixMs,
        earliest: UnixMs,
    ) -> Result<Standing, QueryError> {
        let holds = self.holds(&self.instant(source, at)?);
        let seconds = at.saturating_sub(earliest).max(0) / CADENCE;
        let start = at - seconds * CADENCE;
        if !self.asks_for_ends()
            && let Ok(held) = self.held(source, start, at, CADENCE)
        {
            let same = held.iter().rev().take_while(|held| **held == holds).count() as i64;
            // The last look is the instant itself.
            return Ok(Standing { holds, since: at - (same - 1).max(0) * CADENCE });
        }
        let mut since = at;
        while since - CADENCE >= start
            && self.holds(&self.instant(source, since - CADENCE)?) == holds
        {
            since -= CADENCE;
        }
        Ok(Standing { holds, since })
    }

    /// Whether it holds at `start` and every `step` milliseconds after, up to and including `end`.
    pub fn held(
        &self,
        source: &dyn SeriesSource,
        start: UnixMs,
        end: UnixMs,
        step: i64,
    ) -> Result<Vec<bool>, QueryError> {
        let series = self.range(source, start, end, step)?;
        let (is_truth, is_scalar) = (self.expr().is_truth(), self.kind() == Kind::Scalar);
        let says_yes = |value: f64| match (is_scalar, is_truth) {
            (true, _) => value != 0.0 && !value.is_nan(),
            (false, true) => value == 1.0,
            (false, false) => true,
        };
        let mut held = vec![false; ((end - start) / step) as usize + 1];
        for point in series.iter().flat_map(|s| &s.points).filter(|p| says_yes(p.value)) {
            if let Some(slot) = held.get_mut(((point.at - start) / step) as usize) {
                *slot = true;
            }
        }
        Ok(held)
    }

    /// Whether `@ start()` or `@ end()` occurs: at one moment they are that moment, over a range
    /// they are its ends.
    fn asks_for_ends(&self) -> bool {
        let mut asks = false;
        self.expr().walk(&mut |expr| {
            let of_selector = expr.selector().and_then(|(selector, _)| selector.at);
            let of_subquery = match expr {
                Expr::OverSubquery(_, sub) => sub.at,
                _ => None,
            };
            asks |=
                [of_selector, of_subquery].iter().any(|at| matches!(at, Some(At::Start | At::End)));
        });
        asks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telemetry::series::{Labels, Point, Series, stale};

    /// What looking at each second by itself says.
    fn one_by_one(query: &Query, source: &Vec<Series>, at: UnixMs, earliest: UnixMs) -> Standing {
        let holds = |at| query.holds(&query.instant(source, at).expect("answered"));
        let now = holds(at);
        let earlier = (1..).map(|k| at - k * CADENCE).take_while(|at| *at >= earliest);
        let since = earlier.take_while(|at| holds(*at) == now).last().unwrap_or(at);
        Standing { holds: now, since }
    }

    #[test]
    fn it_stands_since_when_looking_at_each_second_says() {
        let values = [0.0, 0.0, 3.0, 3.0, f64::NAN, 1.0, 1.0, 0.0, 2.0, 2.0, 2.0, 2.0, 2.0];
        let points = |name: &str, off: i64| Series {
            labels: Labels::of(name, [("a", if off == 0 { "x" } else { "y" })]),
            points: (0..)
                .zip(values)
                .map(|(k, v)| (k * 1000 + off, if v.is_nan() { stale() } else { v }))
                .map(|(at, value)| Point { at, value })
                .collect(),
        };
        let source = vec![points("m", 0), points("m", 300), points("n", 0)];
        let asked = [
            "m",
            "m > 1",
            "m > bool 1",
            "sum(m) == 0",
            "absent(m)",
            "scalar(n)",
            "1 - 1",
            "rate(m[3s]) == 0",
            "count(n) unless (n == 3)",
            "m @ end() > 1",
            "sum(m) > 1 and on () n @ start() > 0",
            "{__name__=~\"m|n\", a=\"x\"} + 1 > 0",
        ];
        for text in asked {
            let query = Query::parse(text).expect("an expression");
            for at in [-500, 0, 2000, 2250, 5000, 7999, 8000, 12_500, 900_000] {
                for earliest in [at - 20_000, at - 3000, at - 999, at, at + 5] {
                    match query.instant(&source, at) {
                        Ok(_) if earliest <= at => {
                            let expected = one_by_one(&query, &source, at, earliest);
                            let found = query.standing(&source, at, earliest).expect("answered");
                            assert_eq!(found, expected, "{text} at {at}, from {earliest} on");
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
