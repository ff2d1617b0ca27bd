//! The change feed of a run. Above level 1 it is drawn from the family's stock without a look at
//! the cause, so that no feed says anything of it: two causes of a family that are staged with one
//! seed have the same feed, to the word and to the millisecond.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::draw::{Seed, pick};
use super::level::Level;
use crate::domain::fault::Action;

/// The most entries a feed has.
pub const MOST: usize = 7;
/// Of three feeds that could list a kind of change, one does.
const LISTED_IN: usize = 3;
/// Entries a feed has besides the trigger at level 1, at most.
const BESIDE_GUIDED: usize = 2;

/// How long before the page work began that takes effect in the lab, in milliseconds: longer than
/// any cause takes from its injection to the page, and the baseline before it.
const EFFECTIVE: (i64, i64) = (120_000, 420_000);
/// How long before the page work began that has no effect in the lab: half of it later than what
/// has one, and half of it around that or earlier.
const WITHOUT_EFFECT: [(i64, i64); 2] = [(3_000, 120_000), (120_000, 600_000)];

/// What a family's feeds are drawn from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stock {
    /// The work that may have started it, by the name a scenario's `trigger` gives: one for each
    /// way in which a trigger of the family is told.
    pub kinds: BTreeMap<String, Kind>,
    /// Other work, which starts nothing.
    pub others: Vec<Work>,
    /// From level 3 on: work with an effect of its own that is seen and harmless. One is drawn.
    #[serde(default)]
    pub decoys: Vec<Work>,
    /// From level 3 on: what is true and points elsewhere. One is drawn.
    #[serde(default)]
    pub misleading: Vec<Work>,
    /// At level 4: what else goes on, milder than any fault of the family. One is drawn, and no
    /// feed lists it.
    #[serde(default)]
    pub disturbances: Vec<Disturbance>,
}

/// A kind of work that may have started it, and as well may not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// How it is told, in the words of who does it: the work, and never what it does to the lab.
    pub say: Vec<String>,
    /// Who may have logged it.
    pub by: Vec<String>,
    /// What is really done when it did not start it; nothing where such work leaves no trace.
    #[serde(rename = "do", default, with = "crate::domain::yaml::one_key")]
    pub actions: Vec<Action>,
}

/// Other work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// How it is told.
    pub say: String,
    /// Who logged it.
    pub by: String,
    /// What is really done; nothing for work outside of the lab.
    #[serde(rename = "do", default, with = "crate::domain::yaml::one_key")]
    pub actions: Vec<Action>,
}

/// What else goes on at level 4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disturbance {
    /// What it is, for who reads the plan.
    pub is: String,
    /// What is really done.
    #[serde(rename = "do", with = "crate::domain::yaml::one_key")]
    pub actions: Vec<Action>,
}

/// An entry of a feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Which text of the stock it is, whatever was filled in: the next feeds avoid it.
    pub text: String,
    /// What was done, as the feed tells it.
    pub what: String,
    /// Who logged it.
    pub by: String,
    /// How long before the page the work began, in milliseconds. It takes effect later.
    pub before_page_ms: i64,
    /// Whether this is what started it.
    #[serde(default)]
    pub started_it: bool,
    /// What is really done before the baseline is held; nothing when this started it.
    #[serde(rename = "do", default, with = "crate::domain::yaml::one_key")]
    pub actions: Vec<Action>,
}

/// What a plan is drawn by, besides its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawing {
    /// The seed.
    pub seed: Seed,
    /// The level.
    pub level: Level,
    /// Texts of the feed that the learner has read lately ([`Entry::text`]).
    pub avoid: BTreeSet<String>,
}

impl Drawing {
    /// The drawing of a seed at the usual level, by whoever has read nothing yet.
    pub fn of(seed: Seed) -> Self {
        Self { seed, ..Self::default() }
    }
}

impl Stock {
    /// Draws a feed, in the order of its times. `trigger` is the kind that started it: at level 1 it
    /// is listed, at the others exactly when it was drawn without being looked at.
    pub fn feed(&self, trigger: &str, by: &Drawing) -> Vec<Entry> {
        let mut table = Table { stock: self, by, taken: BTreeSet::new(), entries: Vec::new() };
        match by.level {
            Level::Guided => {
                table.kind(trigger);
                (0..table.pick("count", BESIDE_GUIDED + 1)).for_each(|_| table.other());
            }
            Level::Practice => table.draw(MOST),
            Level::Misled | Level::Production => {
                let extra = [("decoy", &self.decoys), ("misleading", &self.misleading)];
                let extra = extra.map(|(name, works)| table.one_of(name, works));
                let left = MOST - extra.iter().filter(|is_there| **is_there).count();
                table.draw(left);
            }
        }
        let mut entries = table.entries;
        let prefix = format!("kind/{trigger}/");
        for entry in entries.iter_mut().filter(|e| e.text.starts_with(&prefix)) {
            (entry.started_it, entry.actions) = (true, Vec::new());
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.before_page_ms));
        entries
    }

    /// What else goes on at this level.
    pub fn disturbance(&self, by: &Drawing) -> Option<Disturbance> {
        let drawn = pick(by.seed, "disturbance", self.disturbances.len());
        let is_disturbed = by.level >= Level::Production;
        self.disturbances.get(drawn).filter(|_| is_disturbed).cloned()
    }
}

/// A feed while it is drawn.
struct Table<'a> {
    stock: &'a Stock,
    by: &'a Drawing,
    /// Kinds and texts that are in it.
    taken: BTreeSet<String>,
    entries: Vec<Entry>,
}

impl Table<'_> {
    /// A number below `n`, drawn for the next entry.
    fn pick(&self, purpose: &str, n: usize) -> usize {
        let (level, k) = (self.by.level, self.entries.len());
        pick(self.by.seed, &format!("feed/{level}/{k}/{purpose}"), n)
    }

    /// Draws up to `most` entries of kinds and others. A kind is drawn so often that each is listed
    /// in one feed of [`LISTED_IN`].
    fn draw(&mut self, most: usize) {
        let count = self.pick("count", most + 1);
        for _ in 0..count {
            let kinds = self.stock.kinds.len();
            let left: Vec<_> =
                self.stock.kinds.keys().filter(|kind| !self.taken.contains(*kind)).collect();
            // Of a feed's entries, half of `most` on average, so many are kinds.
            let is_kind = self.pick("is kind", LISTED_IN * most) < 2 * kinds;
            match left.get(self.pick("kind", left.len())) {
                Some(kind) if is_kind => self.kind(kind),
                _ => self.other(),
            }
        }
    }

    fn kind(&mut self, name: &str) {
        let Some(kind) = self.stock.kinds.get(name) else { return };
        let texts: Vec<_> =
            (0..kind.say.len()).map(|k| (format!("kind/{name}/{k}"), &kind.say[k])).collect();
        let Some((text, what)) = self.unread(texts) else { return };
        let by = kind.by.get(self.pick("by", kind.by.len())).cloned().unwrap_or_default();
        self.taken.insert(name.to_owned());
        self.add(text, what.clone(), by, &kind.actions, EFFECTIVE);
    }

    fn other(&mut self) {
        let stock = self.stock;
        self.one_of("other", &stock.others);
    }

    /// Whether there was one.
    fn one_of(&mut self, name: &str, works: &[Work]) -> bool {
        let texts = works.iter().enumerate().map(|(k, work)| (format!("{name}/{k}"), work));
        let Some((text, work)) = self.unread(texts.collect()) else { return false };
        let without = WITHOUT_EFFECT[self.pick("which half", WITHOUT_EFFECT.len())];
        let began = if work.actions.is_empty() { without } else { EFFECTIVE };
        self.add(text, work.say.clone(), work.by.clone(), &work.actions, began);
        true
    }

    /// One of these texts that is not in the feed and was not read lately, or one that was where
    /// all were.
    fn unread<T: Copy>(&self, texts: Vec<(String, T)>) -> Option<(String, T)> {
        let mut fresh: Vec<_> =
            texts.into_iter().filter(|(text, _)| !self.taken.contains(text)).collect();
        if fresh.iter().any(|(text, _)| !self.by.avoid.contains(text)) {
            fresh.retain(|(text, _)| !self.by.avoid.contains(text));
        }
        let drawn = self.pick("text", fresh.len());
        fresh.into_iter().nth(drawn)
    }

    fn add(
        &mut self,
        text: String,
        what: String,
        by: String,
        actions: &[Action],
        (from, to): (i64, i64),
    ) {
        let span = usize::try_from(to - from).unwrap_or_default();
        let before_page_ms = from + self.pick("began", span + 1) as i64;
        self.taken.insert(text.clone());
        let actions = actions.to_vec();
        let started_it = false;
        self.entries.push(Entry { text, what, by, before_page_ms, started_it, actions });
    }
}

#[cfg(test)]
mod tests;
