//! Numeric limits on measurements, put where they lie in another run: a limit between this run's
//! healthy value and the value claimed about lies as far between the healthy value and the broken
//! one there. A slower machine or a longer incident then changes no verdict.

use crate::domain::rca::record::Span;
use crate::domain::telemetry::catalogue::{self, Quantity};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::{Binary, Expr};
use crate::domain::telemetry::promql::operator::{BinaryOp, Comparison, Relation};
use crate::domain::telemetry::series::{SeriesSource, UnixMs};

/// A value has moved when it did by more than this share of what it was in the healthy time: less
/// is what any other run would show, too.
const LEAST_MOVE: f64 = 0.05;
/// How often the baseline is looked at.
const LOOKS: i64 = 20;

/// A measured value in one run: while all was well, and at an instant of the incident.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Course {
    healthy: f64,
    /// How far the healthy value wandered.
    spread: f64,
    then: f64,
}

impl Course {
    /// By how much the value moved; nothing when that is no more than it wanders anyway.
    fn moved(self) -> Option<f64> {
        let by = self.then - self.healthy;
        (by.abs() > self.spread.max(LEAST_MOVE * self.healthy.abs())).then_some(by)
    }
}

/// The limits of a condition on measurements, in the order of its comparisons; nothing for
/// comparisons without one.
pub(super) struct Limits {
    courses: Vec<Option<(Expr, bool, f64, Course)>>,
}

impl Limits {
    /// The limits of a condition that was claimed at an instant of a run.
    pub(super) fn of(query: &Query, source: &dyn SeriesSource, baseline: Span, at: UnixMs) -> Self {
        let courses = query.comparisons().into_iter().map(|(relation, binary)| {
            let (side, limit) = limited(binary)?;
            if !is_measured(side) {
                return None;
            }
            let bounds_from_below = matches!(*binary.rhs, Expr::Number(_));
            let largest = match relation {
                Relation::Greater | Relation::GreaterOrEqual => bounds_from_below,
                Relation::Less | Relation::LessOrEqual => !bounds_from_below,
                Relation::Equal | Relation::NotEqual => return None,
            };
            let course = course(side, largest, source, baseline, at)?;
            lies(limit, course)?;
            Some((side.clone(), largest, limit, course))
        });
        Self { courses: courses.collect() }
    }

    /// Whether there is any to be put elsewhere.
    pub(super) fn any(&self) -> bool {
        self.courses.iter().any(Option::is_some)
    }

    /// The limits that lie elsewhere in a condition put where another run has it: here and there.
    pub(super) fn moved(&self, there: &Query) -> Vec<(f64, f64)> {
        let there = there
            .comparisons()
            .into_iter()
            .map(|(_, binary)| limited(binary).map(|(_, limit)| limit));
        let both = self
            .courses
            .iter()
            .zip(there)
            .filter_map(|(here, there)| Some((here.as_ref()?.2, there?)));
        both.filter(|(here, there)| here != there).collect()
    }

    /// The condition with its limits where they lie in another run, at an instant of which the same
    /// is so; limits on what does not move there stay as they are.
    pub(super) fn there(
        &self,
        query: &Query,
        source: &dyn SeriesSource,
        baseline: Span,
        at: UnixMs,
    ) -> Query {
        let moved = self.courses.iter().map(|here| {
            let (side, largest, limit, here) = here.as_ref()?;
            let there = course(side, *largest, source, baseline, at)?;
            let by = there.moved().filter(|by| (*by > 0.0) == (here.then > here.healthy))?;
            Some(there.healthy + lies(*limit, *here)? * by)
        });
        let mut limits = moved.collect::<Vec<_>>().into_iter();
        let mut expr = query.expr().clone();
        expr.walk_mut(&mut |expr| {
            if let Expr::Binary(Binary {
                op: BinaryOp::Comparison(Comparison { .. }),
                lhs,
                rhs,
                ..
            }) = expr
                && let Some(Some(limit)) = limits.next()
            {
                let number = if matches!(**rhs, Expr::Number(_)) { rhs } else { lhs };
                **number = Expr::Number(limit);
            }
        });
        Query::from(expr)
    }
}

/// The side of a comparison that is limited, and the limit.
fn limited(binary: &Binary) -> Option<(&Expr, f64)> {
    match (&*binary.lhs, &*binary.rhs) {
        (Expr::Number(_), Expr::Number(_)) => None,
        (side, Expr::Number(limit)) | (Expr::Number(limit), side) => Some((side, *limit)),
        _ => None,
    }
}

/// Whether there is a measurement in an expression.
fn is_measured(side: &Expr) -> bool {
    let query = Query::from(side.clone());
    let mut known = query.metrics().into_iter().filter_map(catalogue::find);
    known.any(|metric| metric.quantity() == Quantity::Measure)
}

/// How far between the healthy value and the one then the limit lies, from 0 to 1; nothing when the
/// value did not move, or the limit lies elsewhere.
fn lies(limit: f64, course: Course) -> Option<f64> {
    let share = (limit - course.healthy) / course.moved()?;
    (0.0..=1.0).contains(&share).then_some(share)
}

/// The values of an expression: the largest element, or the smallest.
fn course(
    side: &Expr,
    largest: bool,
    source: &dyn SeriesSource,
    baseline: Span,
    at: UnixMs,
) -> Option<Course> {
    let query = Query::from(side.clone());
    let extreme = |values: &mut dyn Iterator<Item = f64>| {
        let values = values.filter(|v| v.is_finite());
        if largest { values.reduce(f64::max) } else { values.reduce(f64::min) }
    };
    // A window that reaches back before the baseline sees what came before it: the boot, or nothing
    // yet.
    let window = query.selectors().iter().filter_map(|(_, range)| *range).max().unwrap_or(0);
    let baseline = Span { from: (baseline.from + window).min(baseline.to), ..baseline };
    let step = (baseline.length() / LOOKS).max(1000);
    let series = query.range(source, baseline.from, baseline.to, step).ok()?;
    let mut healthy: Vec<f64> = (baseline.from..=baseline.to)
        .step_by(step as usize)
        .filter_map(|time| {
            let points = series.iter().filter_map(|one| one.points.iter().find(|p| p.at == time));
            extreme(&mut points.map(|point| point.value))
        })
        .collect();
    healthy.sort_by(f64::total_cmp);
    let (first, last) = (*healthy.first()?, *healthy.last()?);
    let now = query.range(source, at, at, 1000).ok()?;
    let then = extreme(&mut now.iter().flat_map(|one| &one.points).map(|point| point.value))?;
    Some(Course { healthy: healthy[healthy.len() / 2], spread: last - first, then })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telemetry::series::{Labels, Point, Series};

    fn run(healthy: f64, broken: f64) -> Vec<Series> {
        let value = |s: i64| if s < 30 { healthy + 0.01 * (s % 3) as f64 } else { broken };
        let points = (0..60).map(|s| Point { at: s * 1000, value: value(s) }).collect();
        vec![Series { labels: Labels::of("kafka_consumergroup_lag", []), points }]
    }

    fn put(limit: &str, here: (f64, f64), there: (f64, f64)) -> String {
        let query =
            Query::parse(&format!("kafka_consumergroup_lag {limit}")).expect("it is PromQL");
        let baseline = Span { from: 0, to: 29_000 };
        let limits = Limits::of(&query, &run(here.0, here.1), baseline, 50_000);
        limits.there(&query, &run(there.0, there.1), baseline, 50_000).text().to_owned()
    }

    #[test]
    fn a_limit_lies_as_far_between_healthy_and_broken() {
        assert_eq!(
            put("> 500", (0.0, 1000.0), (0.0, 400.0)),
            "kafka_consumergroup_lag > 200.0030000300003"
        );
        assert_eq!(
            put("< 500", (1000.0, 0.0), (400.0, 200.0)),
            "kafka_consumergroup_lag < 300.0039999600004"
        );
    }

    #[test]
    fn a_limit_stays_where_nothing_moves_or_it_lies_outside() {
        assert_eq!(put("> 500", (0.0, 1000.0), (3.0, 3.0)), "kafka_consumergroup_lag > 500");
        assert_eq!(put("> 500", (0.0, 1000.0), (400.0, 0.0)), "kafka_consumergroup_lag > 500");
        assert_eq!(put("< 5000", (0.0, 1000.0), (0.0, 9000.0)), "kafka_consumergroup_lag < 5000");
        assert_eq!(
            put("< 1020", (1000.0, 1040.0), (1000.0, 5000.0)),
            "kafka_consumergroup_lag < 1020",
            "a few hundredths are no move"
        );
        assert_eq!(put("== 1000", (0.0, 1000.0), (0.0, 400.0)), "kafka_consumergroup_lag == 1000");
    }
}
