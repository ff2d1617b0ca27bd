//! When a condition held, over a stretch of the record.

use crate::domain::rca::record::{Objective, Record, Span};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{SeriesSource, SourceError, UnixMs};

/// The most looks at a stretch; longer stretches are looked at less often.
const MOST_LOOKS: i64 = 1_800;

/// The fewest looks at a stretch that is costly to look at.
const FEWEST_LOOKS: i64 = 10;

/// The finest step, in milliseconds: the cadence of the record.
pub(super) const CADENCE: i64 = 1_000;

/// Every look at a stretch of the record: when, and whether the condition held; nothing when that
/// is too costly to say. A query that fails there holds nowhere.
pub fn looks(
    query: &Query,
    source: &dyn SeriesSource,
    span: Span,
    most: i64,
) -> Result<Option<Vec<(UnixMs, bool)>>, SourceError> {
    let step = (span.length() / most.max(1) / CADENCE + 1) * CADENCE;
    let held = match query.held(source, span.from, span.to, step) {
        // Too costly to be asked so often: it is asked less often.
        Err(QueryError::TooCostly(_)) if most > FEWEST_LOOKS => {
            return looks(query, source, span, (most / 10).max(FEWEST_LOOKS));
        }
        Err(QueryError::TooCostly(_)) => return Ok(None),
        held => super::answered(held)?,
    };
    let held = held.unwrap_or_else(|_| vec![false; (span.length() / step + 1).max(1) as usize]);
    let looks = held.into_iter().enumerate().map(|(n, held)| (span.from + n as i64 * step, held));
    Ok(Some(looks.collect()))
}

/// The intervals in which the condition held, to the step at which the stretch is looked at;
/// nothing when that is too costly to say.
pub fn holding(
    query: &Query,
    source: &dyn SeriesSource,
    span: Span,
) -> Result<Option<Vec<Span>>, SourceError> {
    let mut intervals: Vec<Span> = Vec::new();
    let mut before = false;
    let Some(looks) = looks(query, source, span, MOST_LOOKS)? else { return Ok(None) };
    for (at, held) in looks {
        match (held, before) {
            (true, false) => intervals.push(Span { from: at, to: at }),
            (true, true) => {
                intervals.last_mut().expect("it held before, so an interval is open").to = at
            }
            (false, _) => {}
        }
        before = held;
    }
    Ok(Some(intervals))
}

/// The intervals in which an expression held; none when it cannot be asked.
pub fn times(
    promql: &str,
    source: &dyn SeriesSource,
    span: Span,
) -> Result<Vec<Span>, SourceError> {
    match Query::parse(promql) {
        Ok(query) => Ok(holding(&query, source, span)?.unwrap_or_default()),
        Err(_) => Ok(Vec::new()),
    }
}

/// The last instant up to this one at which what the query needs was read: where the record has a
/// hole there, it says nothing, and what was before the hole is the newest that is known.
pub fn seen_at(query: &Query, record: &Record<'_>, at: UnixMs) -> UnixMs {
    let jobs: Vec<_> =
        query.metrics().into_iter().filter_map(catalogue::find).map(|metric| metric.job).collect();
    let mut at = at;
    // A hole may begin within another observer's.
    for _ in &record.facts.gaps {
        let hidden =
            record.facts.gaps.iter().find(|gap| gap.hides(Span { from: at, to: at }, &jobs));
        match hidden {
            Some(gap) => at = gap.span.from,
            None => break,
        }
    }
    at
}

/// Since when all these objectives are met without a break up to the end of the record; nothing
/// when one of them is not met then, or cannot be asked. A hole in the record is no break.
pub fn since_when_met<'a>(
    objectives: impl Iterator<Item = &'a Objective>,
    record: &Record<'_>,
) -> Result<Option<UnixMs>, SourceError> {
    let mut since = record.facts.recorded.from;
    for objective in objectives {
        let Ok(query) = Query::parse(&objective.promql) else { return Ok(None) };
        let recorded = record.facts.recorded;
        let Some(mut looks) = looks(&query, record.series, recorded, MOST_LOOKS)? else {
            return Ok(None);
        };
        looks.retain(|(at, _)| seen_at(&query, record, *at) == *at);
        let Some(met) = standing(&looks, recorded.from) else { return Ok(None) };
        since = since.max(met);
    }
    Ok(Some(since))
}

/// Since when an expression holds without a break up to the end of a stretch; nothing when it does
/// not hold there, or cannot be asked.
pub fn since_when(
    promql: &str,
    source: &dyn SeriesSource,
    span: Span,
) -> Result<Option<UnixMs>, SourceError> {
    let Ok(query) = Query::parse(promql) else { return Ok(None) };
    let looks = looks(&query, source, span, MOST_LOOKS)?.unwrap_or_default();
    Ok(standing(&looks, span.from))
}

/// Since when it held at every look up to the last; nothing when it does not hold there.
fn standing(looks: &[(UnixMs, bool)], from: UnixMs) -> Option<UnixMs> {
    let (_, true) = looks.last()? else { return None };
    let broken = looks.iter().rposition(|(_, held)| !held);
    Some(broken.map_or(from, |broken| looks[broken + 1].0))
}
