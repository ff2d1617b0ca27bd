//! What it is worth that a command of the learner changed something: everything, when it undid the
//! cause, by whatever way.

use super::case::Case;
use super::chain::{Seen, first_effects, roots};
use super::entities::Entities;
use crate::domain::rca::check::{looks, looks_like_symptom};
use crate::domain::rca::commands::{Change, Nature};
use crate::domain::rca::record::{Command, Facts, Span};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::SourceError;

/// What a restart is worth that made the symptom go without being the cure.
const RESTART: u32 = 400;
/// For how long the cause is looked for before a command, and after it at least, in milliseconds.
const BEFORE: i64 = 10_000;
const AFTER: i64 = 120_000;
/// The most looks at such a stretch.
const LOOKS: i64 = 300;

/// What became of a condition with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flip {
    /// It held, and did not any more.
    Gone,
    /// It held before, and holds as far as is recorded, which is not far enough to tell.
    Open,
    /// It held on, or did not hold before.
    None,
}

/// What an intervention is worth, and why.
pub(super) fn worth(
    (number, before, after): (u32, &Query, &Query),
    case: &Case<'_>,
    entities: &Entities,
) -> Result<(u32, String), SourceError> {
    let facts = case.record.facts;
    let Some(command) = facts.command(number) else {
        return Ok((0, "there is no such command".into()));
    };
    for (side, query) in [("before", before), ("after", after)] {
        if !touches(query, case, entities) {
            let says = format!("`{side}` is about something that has no part in what happened");
            return Ok((0, says));
        }
    }
    let cured = case.truth.causes.iter().any(|cause| cause.cured_by_restart);
    let is_restart = is_plain_restart(command, facts);
    let mut is_open = false;
    for root in roots(&case.chain) {
        match flip(root, command, case)? {
            // A process that had stopped is started again by what starts it.
            Flip::Gone if !is_restart || cured || is_of_process(root) => {
                return Ok((1000, "the command undid the cause".into()));
            }
            Flip::Open => is_open = true,
            Flip::Gone | Flip::None => {}
        }
    }
    if !is_restart || cured {
        for effect in first_effects(&case.chain) {
            match flip(effect, command, case)? {
                Flip::Gone => {
                    let says = "the command ended what the cause did first";
                    return Ok((1000, says.into()));
                }
                Flip::Open => is_open = true,
                Flip::None => {}
            }
        }
    }
    Ok(match (is_restart, is_open) {
        (true, _) => {
            (RESTART, "a restart made it go, which says little about why it was there".into())
        }
        (false, true) => {
            (0, "the record ends before it can show whether this command undid the cause".into())
        }
        (false, false) => (0, "the cause was there as before after this command".into()),
    })
}

/// Whether a condition is about something that has a part in the truth, or about what paged.
fn touches(query: &Query, case: &Case<'_>, entities: &Entities) -> bool {
    let metrics = query.metrics();
    let is_of_chain = case.chain.iter().any(|s| !s.query.metrics().is_disjoint(&metrics));
    is_of_chain
        || entities.named_by(query).is_some()
        || looks_like_symptom(query, case.record.facts)
}

/// Whether a command only starts a process again, as it was before: nobody changed anything on that
/// machine before it.
pub(super) fn is_plain_restart(command: &Command, facts: &Facts) -> bool {
    let nature = command.judged().nature;
    if !matches!(nature, Nature::Mutating(Change::Restart | Change::Signal)) {
        return false;
    }
    let names = |machine: &str| {
        machine == command.node || command.line.split_whitespace().any(|word| word == machine)
    };
    let machines = || facts.inventory.machines.iter().map(|m| m.name.as_str());
    let is_there = |other: &Command| {
        machines()
            .filter(|m| names(m))
            .any(|m| other.node == m || other.line.split_whitespace().any(|word| word == m))
    };
    let is_other_change = |other: &&Command| match other.judged().nature {
        Nature::Mutating(Change::Restart | Change::Signal) => false,
        Nature::Mutating(_) => true,
        Nature::ReadOnly { .. } | Nature::Unknown => false,
    };
    let earlier = facts.commands.iter().filter(|c| c.started < command.started);
    let is_prepared = earlier.filter(is_other_change).any(is_there);
    // What runs beside a node's own process may be what has to go.
    let own = ["kafka", "java", "restart", "runsvdir"];
    let is_own = command.line.split_whitespace().any(|word| {
        let word = word.rsplit('/').next().unwrap_or(word);
        own.contains(&word) || machines().any(|machine| machine == word)
    });
    is_own && !is_prepared
}

/// Whether a step is that a process does not run.
fn is_of_process(seen: &Seen<'_>) -> bool {
    matches!(seen.effect.event.as_str(), "process.exited" | "process.frozen")
}

/// What became of a step of the chain with a command, up to the next change or as long as it may
/// take.
fn flip(seen: &Seen<'_>, command: &Command, case: &Case<'_>) -> Result<Flip, SourceError> {
    let (series, facts) = (case.record.series, case.record.facts);
    let over = command.over();
    let held = |span: Span| -> Result<Option<Vec<bool>>, SourceError> {
        let Some(span) = span.overlap(facts.recorded) else { return Ok(None) };
        let looks = looks(&seen.query, series, span, LOOKS)?;
        Ok(looks.map(|looks| looks.into_iter().map(|(_, held)| held).collect()))
    };
    let before = held(Span { from: command.started - BEFORE, to: command.started - 1 })?;
    if !before.is_some_and(|looks| looks.contains(&true)) {
        return Ok(Flip::None);
    }
    let wanted = over + (i64::from(case.truth.heals_within_s) * 1000).max(AFTER);
    let later = facts.commands.iter().filter(|c| c.started > over && c.is_change());
    let next = later.map(|c| c.started).min().unwrap_or(wanted);
    let after = held(Span { from: over, to: wanted.min(next).max(over) })?;
    Ok(match after.as_deref().and_then(<[bool]>::last) {
        Some(false) => Flip::Gone,
        Some(true) if wanted <= facts.recorded.to || next < facts.recorded.to => Flip::None,
        Some(true) | None => Flip::Open,
    })
}
