//! The alert that pages, as the monitoring evaluates it.

use std::collections::BTreeSet;

use super::episode::{State, Watched};
use super::recording::Recording;
use super::{Patience, Rule};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{SourceError, UnixMs, is_stale};

/// The rule about the alert. How long its condition has to hold is the alert's own affair.
pub const RULES: &[Rule] = &[Rule {
    event: "alert.fired",
    patience: Patience { hold: 0, quiet: 5_000, together: 0 },
    watch: firing,
}];

/// What labels of an alert's series name, the most telling first.
const NAMED: [(&str, Kind); 4] = [
    ("consumergroup", Kind::Group),
    ("topic", Kind::Topic),
    ("service", Kind::Service),
    ("broker", Kind::Broker),
];

/// Finer than the rhythm of the recording, so that no second of it is seen late.
const STEP: i64 = 250;
/// Moments of one query; more are refused.
const AT_ONCE: i64 = 10_000;

fn firing(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let Some(alert) = &recording.alert else { return Ok(Vec::new()) };
    let failed = |e: crate::domain::telemetry::QueryError| {
        SourceError(format!("the alert's expression: {e}"))
    };
    let query = Query::parse(&alert.promql).map_err(failed)?;
    let (from, to) = (recording.span.from, recording.span.to);
    let mut pending: BTreeSet<UnixMs> = BTreeSet::new();
    for begin in (from..=to).step_by((AT_ONCE * STEP) as usize) {
        let held = query
            .range(recording.source(), begin, to.min(begin + (AT_ONCE - 1) * STEP), STEP)
            .map_err(failed)?;
        pending.extend(held.iter().flat_map(|s| &s.points).map(|p| p.at));
    }
    // Pending is not firing: it fires once it has held for long enough.
    let mut since = None;
    let mut fired: Option<UnixMs> = None;
    let states: Vec<_> = (0..=(to - from) / STEP)
        .map(|k| {
            let at = from + k * STEP;
            since = pending.contains(&at).then(|| since.unwrap_or(at));
            let firing = since.is_some_and(|since| at - since >= alert.hold);
            if firing {
                fired.get_or_insert(at);
            }
            (at, State::at(at, firing))
        })
        .collect();
    let Some(fired) = fired else { return Ok(Vec::new()) };
    Ok(vec![Watched {
        on: concerned(recording, &query, fired)?,
        company: Watched::all_of(&alert.name),
        note: String::new(),
        states,
    }])
}

/// Whom the alert is about: what the series it reads name, as far as their value was another one
/// when it fired than in the beginning.
fn concerned(
    recording: &Recording<'_>,
    query: &Query,
    fired: UnixMs,
) -> Result<Vec<Component>, SourceError> {
    let mut changed = BTreeSet::new();
    let mut all = BTreeSet::new();
    for (selector, _) in query.selectors() {
        for series in recording.source().select(&selector.matchers, recording.span.from, fired)? {
            let Some((label, kind)) =
                NAMED.iter().find(|(label, _)| !series.labels.get(label).is_empty())
            else {
                continue;
            };
            let component = Component::of(*kind, series.labels.get(label));
            let mut values = series.points.iter().map(|p| p.value).filter(|v| !is_stale(*v));
            if values.next() != values.next_back() {
                changed.insert(component.clone());
            }
            all.insert(component);
        }
    }
    Ok(if changed.is_empty() { all } else { changed }.into_iter().collect())
}
