//! The alert that pages, as the monitoring evaluates it.

use std::collections::BTreeSet;

use super::episode::{State, Watched};
use super::recording::Recording;
use super::{AlertRule, Patience, Rule, Watch};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{SourceError, UnixMs, is_stale};

/// The rule about the alert. How long its condition has to hold is the alert's own affair.
pub const RULES: &[Rule] = &[Rule {
    event: "alert.fired",
    patience: Patience { hold: 0, quiet: 5_000, together: 0 },
    watch: || firing(),
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

/// How it stands with the alert.
#[derive(Default)]
struct Firing {
    /// The next moment to be evaluated, by its number.
    next: i64,
    /// Since when its condition holds.
    since: Option<UnixMs>,
    /// Whom it was about when it first fired.
    about: Option<Vec<Component>>,
}

fn firing() -> Watch {
    let mut firing = Firing::default();
    Box::new(move |recording| match recording.alert {
        Some(alert) => firing.watch(recording, alert),
        None => Ok(Vec::new()),
    })
}

impl Firing {
    fn watch(
        &mut self,
        recording: &Recording<'_>,
        alert: &AlertRule,
    ) -> Result<Vec<Watched>, SourceError> {
        let failed = |e: QueryError| SourceError(format!("the alert's expression: {e}"));
        let query = Query::parse(&alert.promql).map_err(failed)?;
        let (first, to) = (recording.begin + self.next * STEP, recording.span.to);
        let mut pending: BTreeSet<UnixMs> = BTreeSet::new();
        for begin in (first..=to).step_by((AT_ONCE * STEP) as usize) {
            let held = query
                .range(recording.source(), begin, to.min(begin + (AT_ONCE - 1) * STEP), STEP)
                .map_err(failed)?;
            pending.extend(held.iter().flat_map(|s| &s.points).map(|p| p.at));
        }
        let mut states = Vec::new();
        for at in (first..=to).step_by(STEP as usize) {
            // Pending is not firing: it fires once it has held for long enough.
            self.since = pending.contains(&at).then(|| self.since.unwrap_or(at));
            let fires = self.since.is_some_and(|since| at - since >= alert.hold);
            if fires && self.about.is_none() {
                self.about = Some(concerned(recording, &query, at)?);
            }
            states.push((at, State::at(at, fires)));
        }
        self.next += states.len() as i64;
        let watched = |on: &Vec<Component>| Watched {
            thing: alert.name.clone(),
            on: on.clone(),
            company: Watched::all_of(&alert.name),
            note: String::new(),
            states,
        };
        Ok(self.about.as_ref().map(watched).into_iter().collect())
    }
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
        for series in recording.source().select(&selector.matchers, recording.begin, fired)? {
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
