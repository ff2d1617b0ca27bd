//! Claims that are true and show nothing: they held while everything was healthy, a healthy run
//! reaches them with time, they hit a measured number exactly, or they ask the clock.

use super::Weakness;
use super::equality::measured_equality;
use super::siblings;
use super::timeline::{CADENCE, looks};
use crate::domain::rca::record::{Record, Span};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::{Binary, Expr};
use crate::domain::telemetry::promql::operator::{BinaryOp, Relation};
use crate::domain::telemetry::series::{Point, SourceError, UnixMs};

/// The share of looks, in thousandths, from which on a claim counts as true of a healthy run.
pub(super) const USUAL: u32 = 800;

/// The most looks at the baseline for one query.
const LOOKS: i64 = 60;

/// What makes this condition worthless, whatever it says of the incident.
pub(super) fn weaknesses(
    query: &Query,
    record: &Record<'_>,
    at: UnixMs,
) -> Result<Vec<Weakness>, SourceError> {
    let mut weaknesses = Vec::new();
    if let Some(metric) = measured_equality(query) {
        weaknesses.push(Weakness::Equality(metric));
    }
    if query.reads_clock() || query.looks_elsewhere() {
        weaknesses.push(Weakness::Clock);
    }
    let here = at_its_own_time(query);
    let own = share(&here, record)?;
    let mut pooled = own;
    for sibling in siblings::queries(&here, &record.facts.inventory) {
        let (held, all) = share(&sibling, record)?;
        pooled = (pooled.0 + held, pooled.1 + all);
    }
    let usual = thousandths(own).max(thousandths(pooled));
    if usual >= USUAL {
        weaknesses.push(Weakness::Vacuous(usual));
    } else if grows_there(&here, record, at)? {
        weaknesses.push(Weakness::GrowsAnyway);
    }
    Ok(weaknesses)
}

/// A share in thousandths; none of nothing.
pub(super) fn thousandths((held, all): (u32, u32)) -> u32 {
    (held * 1000).checked_div(all).unwrap_or(0)
}

/// In how many of how many looks at the baseline it held.
fn share(query: &Query, record: &Record<'_>) -> Result<(u32, u32), SourceError> {
    // What is too costly there is not known to be usual.
    let looks = looks(query, record.series, record.facts.baseline, LOOKS)?.unwrap_or_default();
    Ok((looks.iter().filter(|(_, held)| *held).count() as u32, looks.len() as u32))
}

/// The query with every offset and fixed time taken out: in the baseline there is no earlier time
/// to look at.
fn at_its_own_time(query: &Query) -> Query {
    let mut expr = query.expr().clone();
    expr.walk_mut(&mut |expr| {
        if let Some(selector) = expr.selector_mut() {
            (selector.offset, selector.at) = (0, None);
        }
        if let Expr::OverSubquery(_, sub) = expr {
            (sub.offset, sub.at) = (0, None);
        }
    });
    Query::from(expr)
}

/// Whether a compared value that only rises or only falls in the healthy baseline would have got
/// there by itself at this rate.
fn grows_there(query: &Query, record: &Record<'_>, at: UnixMs) -> Result<bool, SourceError> {
    let mut compared = Vec::new();
    query.expr().walk(&mut |expr| {
        if let Expr::Binary(Binary { op: BinaryOp::Comparison(comparison), lhs, rhs, .. }) = expr {
            match (&**lhs, &**rhs) {
                (side, Expr::Number(limit)) => {
                    compared.push((side.clone(), comparison.relation, *limit))
                }
                (Expr::Number(limit), side) => {
                    compared.push((side.clone(), comparison.relation.mirrored(), *limit))
                }
                _ => {}
            }
        }
    });
    let mut grown = false;
    for (side, relation, limit) in compared {
        let baseline = record.facts.baseline;
        let series = super::answered(Query::from(side).range(
            record.series,
            baseline.from,
            baseline.to,
            CADENCE,
        ))?
        .unwrap_or_default();
        let expected: Vec<(f64, bool)> =
            series.iter().filter_map(|s| expected_at(&s.points, at)).collect();
        let satisfies = |value: f64| match relation {
            Relation::Equal => value == limit,
            Relation::NotEqual => value != limit,
            Relation::Greater => value > limit,
            Relation::Less => value < limit,
            Relation::GreaterOrEqual => value >= limit,
            Relation::LessOrEqual => value <= limit,
        };
        if !expected.iter().any(|(value, _)| satisfies(*value)) {
            return Ok(false);
        }
        grown |= expected.iter().any(|(value, grows)| *grows && satisfies(*value));
    }
    Ok(grown)
}

/// Where the samples would be by then at their own rate, when they only rise or only fall; their
/// last value otherwise. And which it is.
fn expected_at(points: &[Point], at: UnixMs) -> Option<(f64, bool)> {
    let (first, last) = (points.first()?, points.last()?);
    let rises = points.windows(2).all(|pair| pair[1].value >= pair[0].value);
    let falls = points.windows(2).all(|pair| pair[1].value <= pair[0].value);
    if first.value == last.value || !(rises || falls) {
        return Some((last.value, false));
    }
    let slope = (last.value - first.value) / (last.at - first.at) as f64;
    Some((last.value + slope * (at - last.at) as f64, true))
}

/// Whether so many lines, or none, in a time as long as this are usual in the healthy baseline: in
/// how many of a thousand windows.
pub(super) fn usual_lines(
    counted: &[UnixMs],
    baseline: Span,
    length: i64,
    min: Option<u32>,
) -> (u32, u32) {
    let window = length.min(baseline.length()).max(CADENCE);
    // A window shorter than the claim's needs fewer lines, but one at least.
    let scaled = |min: u32| {
        i64::from(min) * window / length.max(1)
            + i64::from(i64::from(min) * window % length.max(1) != 0)
    };
    let needed = min.map(|min| scaled(min).max(1));
    let last = (baseline.to - window).max(baseline.from);
    let step = ((last - baseline.from) / 10).max(CADENCE);
    let starts = (baseline.from..=last).step_by(step as usize);
    let mut looks = (0, 0);
    for start in starts {
        let lines =
            counted.iter().filter(|at| (start..=start + window).contains(at)).count() as i64;
        looks.0 += needed.map_or(lines == 0, |needed| lines >= needed) as u32;
        looks.1 += 1;
    }
    looks
}
