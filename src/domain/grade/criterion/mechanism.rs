//! Item 6: how the cause led to what was seen: the typed chain, what started it, and prose that
//! cites evidence.

use std::collections::BTreeSet;

use super::{Criterion, Outcome, Slip, first_look};
use crate::domain::fault::truth::{Effect, Trigger};
use crate::domain::grade::case::Case;
use crate::domain::grade::chain::Seen;
use crate::domain::rca::analysis::{Link, Placed, Trigger as Claimed};
use crate::domain::rca::check::{Verdict, query_command};
use crate::domain::rca::document::Form;
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// How the cause led to what was seen.
pub struct Mechanism;

/// The parts of the item, in thousandths: chain, trigger, prose.
const CHAIN: u32 = 625;
const TRIGGER: u32 = 250;
const PROSE: u32 = 125;
/// How far from when it was seen a step may be dated, in milliseconds.
const NEAR: i64 = 60_000;
/// The share of right steps, in thousandths, from which on wrong ones cost nothing.
const PRECISE: u32 = 750;

impl Criterion for Mechanism {
    fn name(&self) -> &'static str {
        "mechanism"
    }

    fn weight(&self) -> u32 {
        8
    }

    fn not_asked(&self, case: &Case<'_>) -> Option<String> {
        if case.analysis.form == Form::Short {
            return Some("the short form does not ask it".to_owned());
        }
        case.truth
            .is_control()
            .then(|| "nothing was broken in the end, so nothing led to it".to_owned())
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let mut outcome = Outcome::full();
        chain(case, &mut outcome);
        trigger(case, &mut outcome);
        let is_cited =
            |id: &String| case.findings.iter().any(|f| f.id == *id && f.verdict == Verdict::True);
        if !case.analysis.cited.iter().any(is_cited) {
            let (at, observed, look) = first_look(case);
            let says = "\"Root cause and mechanism\" cites no true piece of evidence".to_owned();
            outcome.slip(Slip {
                cost: PROSE,
                says,
                place: case.analysis.places.root_cause,
                at,
                observed,
                look,
            });
        }
        Ok(outcome)
    }
}

/// What a claimed link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matched {
    /// This step of the chain.
    Step(usize),
    /// Something that happened beside it.
    Beside,
    /// Nothing that happened.
    Wrong,
}

fn chain(case: &Case<'_>, outcome: &mut Outcome) {
    let seen: Vec<&Seen<'_>> = case.chain.iter().filter(|seen| !seen.spans.is_empty()).collect();
    let links = &case.analysis.chain;
    let mut taken = BTreeSet::new();
    let matched: Vec<Matched> =
        links.iter().map(|link| matched(&link.value, &seen, &mut taken, case)).collect();
    let steps: Vec<usize> = matched
        .iter()
        .filter_map(|m| if let Matched::Step(step) = m { Some(*step) } else { None })
        .collect();
    let right = matched.iter().filter(|m| **m != Matched::Wrong).count() as u32;
    let recall = (1000 * steps.len() as u32).checked_div(seen.len() as u32).unwrap_or(1000);
    let order = in_order(&steps, &seen);
    let precision = (1000 * right).checked_div(links.len() as u32).unwrap_or(0);
    let precise = (precision * 1000 / PRECISE).min(1000);
    let score = recall * (600 + 400 * order / 1000) / 1000 * precise / 1000;
    let (at, observed, look) = first_look(case);
    let mut left = CHAIN - CHAIN * score / 1000;
    let missing: Vec<&&Seen<'_>> =
        seen.iter().enumerate().filter(|(n, _)| !steps.contains(n)).map(|(_, s)| s).collect();
    let wrong: Vec<&Placed<Link>> = links
        .iter()
        .zip(&matched)
        .filter(|(_, m)| **m == Matched::Wrong)
        .map(|(link, _)| link)
        .collect();
    let mut parts = missing.len() as u32 + wrong.len() as u32 + u32::from(order < 1000);
    let mut share = || {
        let cost = left.checked_div(parts).unwrap_or(left);
        parts = parts.saturating_sub(1);
        left -= cost;
        cost
    };
    for step in missing {
        let first = step.spans.first().map_or(case.record.facts.page, |span| span.from);
        let says = format!("`{}` is missing in the chain", step.effect.event);
        let look = query_command(&step.effect.shows, first, case.record.facts.page);
        let observed = format!("`{}` held", step.effect.shows);
        outcome.slip(Slip {
            cost: share(),
            says,
            place: case.analysis.places.causal_chain,
            at: Some(first),
            observed,
            look,
        });
    }
    for link in wrong {
        let says = format!(
            "{} did not happen there and then on the way from the cause to the symptom",
            named(&link.value)
        );
        outcome.slip(Slip {
            cost: share(),
            says,
            place: link.place,
            at,
            observed: observed.clone(),
            look: look.clone(),
        });
    }
    if order < 1000 {
        let says = "the steps are not in the order in which one led to the other".to_owned();
        outcome.slip(Slip {
            cost: share(),
            says,
            place: case.analysis.places.causal_chain,
            at,
            observed,
            look,
        });
    }
}

fn named(link: &Link) -> String {
    match link {
        Link::Detected(number) => format!("V{number}"),
        Link::Told { event, .. } => format!("`{}`", event.id),
    }
}

fn matched(
    link: &Link,
    seen: &[&Seen<'_>],
    taken: &mut BTreeSet<usize>,
    case: &Case<'_>,
) -> Matched {
    let facts = case.record.facts;
    let (event, on, at): (&str, &[Component], Option<UnixMs>) = match link {
        Link::Told { event, on, at, .. } => (event.id, on, *at),
        Link::Detected(number) => match facts.detections.iter().find(|d| d.number == *number) {
            Some(detection) => (detection.event.as_str(), &detection.on, Some(detection.span.from)),
            None => return Matched::Wrong,
        },
    };
    let is_there = |effect: &Effect| {
        effect.event == event
            && (on.is_empty()
                || on.iter().any(|c| effect.on.iter().any(|o| same_place(c, o, case))))
    };
    let is_then = |seen: &Seen<'_>| {
        at.is_none_or(|at| seen.spans.iter().any(|s| (s.from - NEAR..=s.to + NEAR).contains(&at)))
    };
    let step = seen
        .iter()
        .enumerate()
        .find(|(n, seen)| !taken.contains(n) && is_there(seen.effect) && is_then(seen));
    if let Some((step, _)) = step {
        taken.insert(step);
        return Matched::Step(step);
    }
    // Further places of a step that is told already, and the page itself, are no mistake.
    let told = seen.iter().any(|seen| is_there(seen.effect) && is_then(seen));
    let is_beside =
        told || event == "alert.fired" || case.truth.accepted_events.iter().any(is_there);
    if is_beside { Matched::Beside } else { Matched::Wrong }
}

/// Whether two components are one place: the same, a partition and its topic, or parts of one
/// machine.
fn same_place(one: &Component, other: &Component, case: &Case<'_>) -> bool {
    let topic = |c: &Component| match c.kind {
        Kind::Topic => Some(c.name.clone()),
        Kind::Partition => c.topic_partition().map(|(topic, _)| topic.to_owned()),
        _ => None,
    };
    let is_of_topic = (one.kind == Kind::Topic || other.kind == Kind::Topic)
        && topic(one).is_some()
        && topic(one) == topic(other);
    let inventory = &case.record.facts.inventory;
    let machine = |c: &Component| inventory.machine(c).map(|m| m.name.as_str());
    one == other || is_of_topic || (machine(one).is_some() && machine(one) == machine(other))
}

/// How many of the pairs of which one step led to the other are in that order, in thousandths.
fn in_order(steps: &[usize], seen: &[&Seen<'_>]) -> u32 {
    let (mut right, mut all) = (0, 0);
    for (n, earlier) in steps.iter().enumerate() {
        for later in &steps[n + 1..] {
            all += u32::from(leads_to(*earlier, *later, seen) || leads_to(*later, *earlier, seen));
            right += u32::from(leads_to(*earlier, *later, seen));
        }
    }
    (right * 1000).checked_div(all).unwrap_or(1000)
}

fn leads_to(cause: usize, effect: usize, seen: &[&Seen<'_>]) -> bool {
    let place = |seen: &Seen<'_>| (seen.cause, seen.step);
    let befores = seen[effect].effect.after.iter().map(|before| (seen[effect].cause, *before));
    befores.into_iter().any(|before| {
        before == place(seen[cause])
            || seen
                .iter()
                .position(|s| place(s) == before)
                .is_some_and(|between| leads_to(cause, between, seen))
    })
}

fn trigger(case: &Case<'_>, outcome: &mut Outcome) {
    let claimed = case.analysis.causes.iter().find_map(|cause| cause.trigger.as_ref());
    let is_right = claimed.is_some_and(|claimed| match (claimed.value, case.truth.trigger) {
        (Claimed::Change(claimed), Trigger::Change(number)) => claimed == number,
        (Claimed::NotListed, Trigger::NotListed) => true,
        _ => false,
    });
    if is_right {
        return;
    }
    let facts = case.record.facts;
    let truth = match case.truth.trigger {
        Trigger::Change(number) => format!("it was started by C{number}"),
        Trigger::NotListed => "it was started by a change that the feed does not list".to_owned(),
    };
    let (says, place) = match claimed {
        Some(claimed) => (format!("this did not start it; {truth}"), claimed.place),
        None => (format!("no trigger is given; {truth}"), case.analysis.places.root_cause),
    };
    let entry =
        facts.changes.iter().find(|change| case.truth.trigger == Trigger::Change(change.number));
    let observed =
        entry.map(|change| format!("C{}: {}", change.number, change.what)).unwrap_or_default();
    let at = entry.map(|change| change.at).or(case.truth.onset.map(|onset| onset.from));
    outcome.slip(Slip {
        cost: TRIGGER,
        says,
        place,
        at,
        observed,
        look: "chaoslab changes".to_owned(),
    });
}
