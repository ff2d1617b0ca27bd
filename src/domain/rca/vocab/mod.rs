//! The closed vocabularies an analysis is written in, the same for every run. Causes (classes) and
//! effects (events) are two of them.

pub mod classes;
pub mod components;
pub mod events;
pub mod preventions;
mod search;

use classes::{CLASSES, Class, GROUPS};
pub use components::{Component, Kind};
use events::{EVENTS, Event};
use preventions::{PREVENTIONS, Prevention};

use crate::domain::yaml::{ALIKE, likeness, nearest};

/// One of the vocabularies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    /// Causes, with the groups above them.
    Classes,
    /// Kinds of components.
    Components,
    /// Effects.
    Events,
    /// Measures.
    Preventions,
}

impl Vocabulary {
    /// Every vocabulary, by the word it is asked for with.
    pub const ALL: &[(&str, Self)] = &[
        ("classes", Self::Classes),
        ("components", Self::Components),
        ("events", Self::Events),
        ("preventions", Self::Preventions),
    ];

    /// Its entries, in the order of its table; classes sorted, so that each group stands above its
    /// members.
    pub fn entries(self) -> Vec<Entry> {
        let entry = |id, says, found_by| Entry {
            id,
            says,
            also: &[],
            on: Vec::new(),
            group: false,
            found_by,
        };
        match self {
            Self::Classes => {
                let one = |c: &Class| Entry { also: c.also, ..entry(c.id, c.says, c.found_by) };
                let groups = GROUPS.iter().map(|c| Entry { group: true, ..one(c) });
                let leaves = CLASSES.iter().map(one);
                let mut all: Vec<Entry> = groups.chain(leaves).collect();
                all.sort_by_key(|e| e.id);
                all
            }
            Self::Components => {
                components::KINDS.iter().map(|k| entry(k.example, k.says, k.found_by)).collect()
            }
            Self::Events => EVENTS
                .iter()
                .map(|e| Entry {
                    on: e.on.iter().map(|k| k.word()).collect(),
                    ..entry(e.id, e.says, e.found_by)
                })
                .collect(),
            Self::Preventions => {
                PREVENTIONS.iter().map(|p| entry(p.id, p.says, p.found_by)).collect()
            }
        }
    }

    /// The entries that plain words find, the best first; all of them, in the order of the table,
    /// for an empty pattern.
    pub fn search(self, pattern: &str) -> Vec<Entry> {
        search::search(self.entries(), pattern)
    }

    /// The entry whose name, another name of it, or a part of either is written most like this, if
    /// one is near enough.
    pub fn near(self, name: &str) -> Option<&'static str> {
        let written =
            |e: &Entry| std::iter::once(e.id).chain(e.also.iter().copied()).collect::<Vec<_>>();
        let parts = |id: &'static str| id.split(['.', '_', ':']).chain(id.split('.')).chain([id]);
        let alike = |e: &Entry| {
            written(e)
                .into_iter()
                .flat_map(parts)
                .map(|part| likeness(name, part))
                .fold(0.0, f64::max)
        };
        let scored = self.entries().into_iter().map(|e| (alike(&e), e.id));
        scored
            .filter(|(score, _)| *score > ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, id)| id)
    }
}

/// An entry of a vocabulary, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// The name to write; for components an example.
    pub id: &'static str,
    /// What it means.
    pub says: &'static str,
    /// Other names accepted for it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub also: &'static [&'static str],
    /// For an event, the kinds of components it happens on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<&'static str>,
    /// Whether it is a group of causes and no mechanism itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub group: bool,
    /// What people type when they look for it, separated by commas.
    #[serde(skip)]
    pub found_by: &'static str,
}

/// The class of this name or alias, a group among them. The error teaches what to write instead.
pub fn class(id: &str) -> Result<&'static Class, String> {
    if let Some(class) = CLASSES.iter().chain(GROUPS).find(|c| c.id == id || c.also.contains(&id)) {
        return Ok(class);
    }
    if let Some(event) = EVENTS.iter().find(|e| e.id == id) {
        return Err(format!(
            "`{id}` is an effect (\"{}\"), not a cause: it belongs into `causal_chain`. The cause is why it happened; \
             `chaoslab vocab classes --search WORD` lists causes",
            event.says.trim_end_matches('.')
        ));
    }
    let names = || {
        CLASSES
            .iter()
            .chain(GROUPS)
            .flat_map(|c| std::iter::once(c.id).chain(c.also.iter().copied()))
    };
    Err(unknown("class", id, names(), "chaoslab vocab classes --search WORD"))
}

/// The event of this name. The error teaches what to write instead.
pub fn event(id: &str) -> Result<&'static Event, String> {
    if let Some(event) = EVENTS.iter().find(|e| e.id == id) {
        return Ok(event);
    }
    if class(id).is_ok() {
        return Err(format!(
            "`{id}` is a cause, not an effect: it belongs into `root_cause`. A chain says what it led to; \
             `chaoslab vocab events --search WORD` lists effects"
        ));
    }
    Err(unknown("event", id, EVENTS.iter().map(|e| e.id), "chaoslab vocab events --search WORD"))
}

/// The prevention of this name. The error suggests the nearest one.
pub fn prevention(id: &str) -> Result<&'static Prevention, String> {
    let known = PREVENTIONS.iter().find(|p| p.id == id);
    known.ok_or_else(|| {
        unknown(
            "prevention",
            id,
            PREVENTIONS.iter().map(|p| p.id),
            "chaoslab vocab preventions --search WORD",
        )
    })
}

fn unknown(
    what: &str,
    id: &str,
    names: impl Iterator<Item = &'static str> + Clone,
    command: &str,
) -> String {
    if let Some(odd) = odd_character(id) {
        return format!(
            "unknown {what} `{}`: it contains {odd}; names are made of plain letters, dots and underscores",
            id.escape_default()
        );
    }
    let tail = id.rsplit('.').next().unwrap_or(id);
    let meant = nearest(id, names.clone()).or_else(|| {
        let ends = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
        let end = nearest(tail, names.clone().map(ends))?;
        names.clone().find(|name| ends(name) == end)
    });
    let meant = meant.map(|m| format!("; did you mean `{m}`?")).unwrap_or_default();
    format!("unknown {what} `{id}`{meant} (`{command}` lists them)")
}

/// The first character of a name that is not plain printable ASCII, described: invisible and
/// look-alike letters are told, not guessed at.
pub fn odd_character(text: &str) -> Option<String> {
    let odd = text.chars().find(|c| !c.is_ascii_graphic() && *c != ' ')?;
    Some(match odd {
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{ad}' => {
            format!("the invisible character U+{:04X}", odd as u32)
        }
        c if c.is_control() || c.is_whitespace() => {
            format!("the blank or control character U+{:04X}", c as u32)
        }
        c => format!("the character `{c}` (U+{:04X})", c as u32),
    })
}

/// What a dotted name stands under: all before its last dot, nothing for a domain.
pub fn parent(id: &str) -> Option<&str> {
    id.rsplit_once('.').map(|(above, _)| above)
}

/// Whether the first class is a group above the second.
pub fn covers(group: &str, class: &str) -> bool {
    parent(class).is_some_and(|above| above == group || covers(group, above))
}

/// The first word of a dotted name.
pub fn domain(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

#[cfg(test)]
mod tests;
