//! Detections: what the record shows to anybody who looks at all of it, numbered V1, V2, ... The
//! rules are the same for every lab and every component; nothing here knows what was injected. Each
//! is an event of the vocabulary, so a causal chain may name it by its number.
//!
//! A number is given when something is established: it has lasted as long as its rule asks for, and
//! what belongs to it has been gathered. That moment depends on nothing that is recorded later, so
//! a number never changes while the record grows; only an end is added. What was the matter before
//! the baseline is not told: a lab that boots is no incident.

mod alert;
mod clients;
mod episode;
mod groups;
mod leadership;
mod processes;
mod recording;
mod replication;
#[cfg(test)]
mod tests;

use episode::{Patience, Watched, episodes, in_human_order};
use recording::Recording;

use super::record::{Detection, Inventory, Span};
use crate::domain::telemetry::series::{SeriesSource, SourceError, UnixMs};

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// From the first second of the baseline to the last one that is completely recorded.
    pub span: Span,
    /// The alert that pages.
    pub alert: Option<AlertRule>,
}

/// An alert as the monitoring evaluates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Its name.
    pub name: String,
    /// Its condition.
    pub promql: String,
    /// For how many milliseconds the condition has to hold before it fires.
    pub hold: i64,
}

/// A rule: the event it detects, how patient it is, and what it watches.
struct Rule {
    event: &'static str,
    patience: Patience,
    watch: fn(&Recording<'_>) -> Result<Vec<Watched>, SourceError>,
}

/// Every rule.
const RULES: [&[Rule]; 6] = [
    processes::RULES,
    leadership::RULES,
    replication::RULES,
    clients::RULES,
    groups::RULES,
    alert::RULES,
];

/// What the rules find in a record, by number.
pub fn detect(
    source: &dyn SeriesSource,
    scope: &Scope,
    inventory: &Inventory,
) -> Result<Vec<Detection>, SourceError> {
    let recording = Recording::new(source, scope.span, scope.alert.clone(), inventory);
    let mut found: Vec<(UnixMs, Detection)> = Vec::new();
    for rule in RULES.iter().copied().flatten() {
        for episode in episodes(&(rule.watch)(&recording)?, rule.patience) {
            // What is not established yet gets its number when it is.
            if episode.established <= scope.span.to {
                let span = Span { from: episode.from, to: episode.to.unwrap_or(scope.span.to) };
                let (event, on, told) = (rule.event.to_owned(), episode.on, episode.told);
                found.push((
                    episode.established,
                    Detection { number: 0, event, on, span, ongoing: episode.to.is_none(), told },
                ));
            }
        }
    }
    let key = |(established, d): &(UnixMs, Detection)| {
        (
            *established,
            d.span.from,
            d.event.clone(),
            d.on.iter().map(in_human_order).collect::<Vec<_>>(),
            d.told.clone(),
        )
    };
    found.sort_by_cached_key(key);
    Ok((1..).zip(found).map(|(number, (_, detection))| Detection { number, ..detection }).collect())
}
