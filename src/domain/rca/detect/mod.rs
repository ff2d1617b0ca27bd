//! Detections: what the record shows to anybody who looks at all of it, numbered V1, V2, ... The
//! rules are the same for every lab and every component; nothing here knows what was injected. Each
//! is an event of the vocabulary, so a causal chain may name it by its number. They are what a
//! monitoring system raises: symptoms and states. What only the mechanism behind them shows (a
//! quota, a throttle, a filter, a refused permission, an open transaction, a processor limit) is in
//! the vocabulary and in no rule: finding it is what a drill is for.
//!
//! A number is given when something is established: it has lasted as long as its rule asks for, and
//! what belongs to it has been gathered. That moment depends on nothing that is recorded later, so
//! a number never changes while the record grows; only an end is added. So detection goes forward
//! with the record: a [`Detector`] reads each second once, and remembers what its rules need of
//! those before. What was the matter before the baseline is not told: a lab that boots is no
//! incident.

mod alert;
mod clients;
mod counter;
mod episode;
mod groups;
mod leadership;
mod processes;
mod recording;
mod replication;
#[cfg(test)]
mod tests;

use episode::{Episodes, Patience, Watched, in_human_order};
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
    /// Begins to watch.
    watch: fn() -> Watch,
}

/// What says of each thing how it was in the seconds it is given; it remembers what it needs of
/// those before.
type Watch = Box<dyn FnMut(&Recording<'_>) -> Result<Vec<Watched>, SourceError>>;

/// Every rule.
const RULES: [&[Rule]; 6] = [
    processes::RULES,
    leadership::RULES,
    replication::RULES,
    clients::RULES,
    groups::RULES,
    alert::RULES,
];

/// So many milliseconds of record are read at a time.
const AT_ONCE: i64 = 5 * 60_000;

/// Goes through a record, each second once and in order.
pub struct Detector {
    from: UnixMs,
    /// The last second it has read.
    read: Option<UnixMs>,
    alert: Option<AlertRule>,
    inventory: Inventory,
    rules: Vec<Running>,
}

/// A rule at work.
struct Running {
    event: &'static str,
    watch: Watch,
    episodes: Episodes,
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Detector").field("from", &self.from).field("read", &self.read).finish()
    }
}

impl Detector {
    /// One that begins with the first second of the baseline.
    pub fn new(from: UnixMs, alert: Option<AlertRule>, inventory: Inventory) -> Self {
        let begin = |rule: &Rule| Running {
            event: rule.event,
            watch: (rule.watch)(),
            episodes: Episodes::new(rule.patience),
        };
        let rules = RULES.iter().copied().flatten().map(begin).collect();
        Self { from, read: None, alert, inventory, rules }
    }

    /// Reads on up to `to`, the last second that is completely recorded; nothing when it has read
    /// that far. After an error it has not read on, and what its rules remember may be of some of
    /// these seconds: begin anew.
    pub fn advance(&mut self, source: &dyn SeriesSource, to: UnixMs) -> Result<(), SourceError> {
        while let from = self.read.map_or(self.from, |read| read + 1)
            && from <= to
        {
            // Hours at once would not fit into memory.
            let span = Span { from, to: to.min(from + AT_ONCE) };
            let (begin, alert) = (self.from, self.alert.as_ref());
            let seconds = Recording::new(source, begin, span, alert, &self.inventory);
            for rule in &mut self.rules {
                rule.episodes.see((rule.watch)(&seconds)?);
            }
            self.read = Some(span.to);
        }
        Ok(())
    }

    /// What was detected in all it has read, by number. A number is never given to another
    /// detection later, and only the end of a detection may still change.
    pub fn detections(&self) -> Vec<Detection> {
        let Some(read) = self.read else { return Vec::new() };
        let mut found: Vec<(UnixMs, Detection)> = Vec::new();
        for rule in &self.rules {
            for episode in rule.episodes.told() {
                // What is not established yet gets its number when it is.
                if episode.established <= read {
                    let span = Span { from: episode.from, to: episode.to.unwrap_or(read) };
                    let (event, on, told) = (rule.event.to_owned(), episode.on, episode.told);
                    let ongoing = episode.to.is_none();
                    let detection = Detection { number: 0, event, on, span, ongoing, told };
                    found.push((episode.established, detection));
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
        let numbered = (1..).zip(found);
        numbered.map(|(number, (_, detection))| Detection { number, ..detection }).collect()
    }
}

/// What the rules find in a record, by number.
pub fn detect(
    source: &dyn SeriesSource,
    scope: &Scope,
    inventory: &Inventory,
) -> Result<Vec<Detection>, SourceError> {
    let mut detector = Detector::new(scope.span.from, scope.alert.clone(), inventory.clone());
    detector.advance(source, scope.span.to)?;
    Ok(detector.detections())
}
