//! What a command of the learner changed: a condition ended and another began.

use super::timeline::{CADENCE, looks};
use super::{Observation, Verdict, show};
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::{Record, Span};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// How long after a command its effect is looked for, in milliseconds.
const PATIENCE: i64 = 120_000;

pub(super) fn verify(
    number: u32,
    before: &Query,
    after: &Query,
    record: &Record<'_>,
) -> Result<Observation, SourceError> {
    let page = record.facts.page;
    let (started, over) =
        record.facts.command(number).map_or((page, page), |c| (c.started, c.over()));
    let just_before = (started - CADENCE).max(record.facts.recorded.from);
    let look = show::query_command(after.text(), over, page);
    let unanswered = |reason: String| Observation {
        verdict: Verdict::Unverifiable { excused: false },
        reason,
        observed: String::new(),
        at: Span { from: started, to: over },
        was_true: Vec::new(),
        weaknesses: Vec::new(),
        look,
    };
    let wanted = Span { from: over, to: over.saturating_add(PATIENCE) };
    let Some(window) = wanted.overlap(record.facts.recorded) else {
        let says = format!("the record ends before command {number} can have changed anything");
        return Ok(unanswered(says));
    };
    let (held_before, was_so_already) =
        (holds(before, record, just_before)?, holds(after, record, just_before)?);
    let (since, changed) =
        (first(after, None, window, record)?, first(after, Some(before), window, record)?);
    let costly = || format!("what command {number} changed is too costly to verify");
    let (Some(held_before), Some(was_so_already)) = (held_before, was_so_already) else {
        return Ok(unanswered(costly()));
    };
    let (Some(since), Some(changed)) = (since, changed) else {
        return Ok(unanswered(costly()));
    };
    // What had no time to change is not known to stay.
    if held_before && !was_so_already && changed.is_none() && window.to < wanted.to {
        let seconds = window.length() / 1000;
        return Ok(unanswered(format!(
            "the record ends {seconds} s after command {number}, and it had not changed by then"
        )));
    }
    let reason = match (held_before, was_so_already, since, changed) {
        (false, ..) => format!(
            "`before` does not hold just before command {number}, at {}",
            since_page(just_before, page)
        ),
        (_, true, ..) => format!(
            "`after` holds before command {number} already, so the command did not bring it about"
        ),
        (_, _, None, _) => format!(
            "`after` does not begin to hold within {} s of command {number}",
            PATIENCE / 1000
        ),
        (_, _, Some(since), None) => {
            format!(
                "`after` holds from {} on, but `before` goes on holding for {} s after command {number}",
                since_page(since, page),
                PATIENCE / 1000
            )
        }
        (.., Some(changed)) => {
            format!("it changed {} s after command {number}", (changed - over).max(0) / 1000)
        }
    };
    let at = changed.or(since).unwrap_or(over);
    let is_true = held_before && !was_so_already && changed.is_some();
    let observed = format!(
        "before: {}; after: {}",
        show::observed(before, record, just_before)?,
        show::observed(after, record, at)?
    );
    Ok(Observation {
        verdict: if is_true { Verdict::True } else { Verdict::False },
        reason,
        observed,
        at: Span { from: started, to: at },
        was_true: Vec::new(),
        weaknesses: Vec::new(),
        look: show::query_command(after.text(), at, page),
    })
}

/// The first instant at which the condition holds and the other, if there is one, does not; nothing
/// when that is too costly to say.
fn first(
    condition: &Query,
    unless: Option<&Query>,
    window: Span,
    record: &Record<'_>,
) -> Result<Option<Option<UnixMs>>, SourceError> {
    let most = window.length() / CADENCE + 1;
    let Some(held) = looks(condition, record.series, window, most)? else { return Ok(None) };
    let other = match unless {
        Some(other) => looks(other, record.series, window, most)?,
        None => Some(Vec::new()),
    };
    let Some(other) = other else { return Ok(None) };
    let mut instants = held.into_iter().enumerate();
    let first = instants
        .find(|(n, (_, held))| *held && !other.get(*n).is_some_and(|(_, held)| *held))
        .map(|(_, (at, _))| at);
    Ok(Some(first))
}

/// Whether a condition holds at an instant; nothing when that is too costly to say.
fn holds(query: &Query, record: &Record<'_>, at: UnixMs) -> Result<Option<bool>, SourceError> {
    match query.instant(record.series, at) {
        Err(QueryError::TooCostly(_)) => Ok(None),
        answer => Ok(Some(super::answered(answer)?.is_ok_and(|value| query.holds(&value)))),
    }
}
