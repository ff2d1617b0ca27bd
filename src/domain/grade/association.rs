//! What a true piece of evidence is worth. It belongs to the incident when it was taken inside it
//! and touches an entity of the chain, or the metrics that show it. What the page says already is
//! common to all causes of the symptom and tells none of them apart.

use super::Evidence;
use super::case::{Case, Weighed};
use super::chance::is_chance;
use super::control;
use super::entities::Entities;
use super::intervention;
use super::separation::Separation;
use crate::domain::rca::analysis::{Claim, Item};
use crate::domain::rca::check::{Finding, Verdict, looks_like_symptom, number};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::SourceError;

/// What a piece is worth that only restates the symptom.
const SYMPTOM: u32 = 400;
/// The share of the other causes, in thousandths, that the symptom in a learner's words must tell
/// the cause from to be more than the symptom.
const TELLING: u32 = 500;
/// What belonging to the incident is worth where recordings can say what else a piece is worth.
const ASSOCIATED: u32 = 400;

impl Weighed {
    /// As the grade shows it.
    pub(super) fn shown(&self, case: &Case<'_>) -> Evidence {
        let finding = case.findings[self.number].clone();
        let separation = case.separation(self.number).filter(|_| finding.weaknesses.is_empty());
        let apart_from = separation.map(Separation::apart).unwrap_or_default();
        let verdict = match finding.verdict {
            Verdict::True => "true",
            Verdict::False => "false",
            Verdict::Unverifiable { .. } => "unverifiable",
        };
        Evidence {
            id: finding.id,
            source: finding.source,
            verdict: verdict.into(),
            reason: finding.reason,
            observed: finding.observed,
            at: finding.at,
            worth: self.worth,
            why: self.why.clone(),
            look: finding.look,
            others: separation.map_or(0, |s| s.classes.len() as u32),
            apart: apart_from.len() as u32,
            apart_from,
            limits: separation
                .map(|s| s.limits.iter().map(|(here, there)| moved(*here, *there)).collect())
                .unwrap_or_default(),
        }
    }
}

/// A limit that lies elsewhere in another run, as a reader compares the two.
fn moved(here: f64, there: f64) -> String {
    format!(
        "in another run of this cause the equivalent threshold to {} is {}",
        number(here),
        number(there)
    )
}

/// Weighs each piece of evidence, in the order of the document.
pub(super) fn weigh(case: &Case<'_>) -> Result<Vec<Weighed>, SourceError> {
    let limit = case.analysis.form.evidence_counted();
    let entities = Entities::of(case.truth, &case.record.facts.inventory);
    let mut weighed = Vec::new();
    for (number, item) in case.analysis.evidence.iter().enumerate() {
        let (worth, why) = if number >= limit {
            (0, format!("only the first {limit} pieces count"))
        } else {
            worth(number, item, case, &entities)?
        };
        weighed.push(Weighed { number, counted: number < limit, worth, why });
    }
    Ok(weighed)
}

fn worth(
    number: usize,
    item: &Item,
    case: &Case<'_>,
    entities: &Entities,
) -> Result<(u32, String), SourceError> {
    let finding = &case.findings[number];
    match finding.verdict {
        Verdict::True => {}
        Verdict::False => return Ok((0, "it is false".into())),
        Verdict::Unverifiable { .. } => return Ok((0, "it cannot be verified".into())),
    }
    if case.truth.is_control() {
        let shown = control::worth(item, finding, case)?;
        // What was disturbed and came back shows it, too, as any other evidence does.
        if shown.0 > 0 || matches!(item.claim, Claim::Intervention { .. }) {
            return Ok(shown);
        }
    }
    if let Some(weakness) = finding.weaknesses.first() {
        return Ok((0, weakness.says()));
    }
    if let Claim::Intervention { number, before, after } = &item.claim {
        return intervention::worth((*number, before, after), case, entities);
    }
    if finding.at.to < case.incident().from {
        return Ok((0, "it was taken before anything was wrong".into()));
    }
    let (association, why) = association(item, finding, case, entities)?;
    let separation = case.separation(number);
    if association > 0 && is_chance(&item.claim, finding, case.record)? {
        return Ok((ASSOCIATED, format!("{why}; but nearly anything printed there would do")));
    }
    if association > 0 && !case.truth.is_control() && is_symptom(&item.claim, case) {
        // The symptom in other words tells nothing, unless it is so with few other causes.
        let is_telling = separation.is_some_and(|s| s.share() >= TELLING);
        if !is_telling {
            return Ok((SYMPTOM, "it restates the symptom, which every cause of it shows".into()));
        }
    }
    Ok(match separation {
        Some(separation) => with_separation(association, &why, separation),
        None => (association, why),
    })
}

/// Whether a claim is about what paged only.
fn is_symptom(claim: &Claim, case: &Case<'_>) -> bool {
    matches!(claim, Claim::Promql { query, .. } if looks_like_symptom(query, case.record.facts))
}

/// What is left of a piece that cannot be more than associated, once recordings can tell.
fn with_separation(association: u32, why: &str, separation: &Separation) -> (u32, String) {
    let associated = if association > 0 { ASSOCIATED } else { 0 };
    if separation.is_overfit() {
        return (
            associated,
            format!(
                "{why}; but it fits this run only: in other runs of the same cause it is not so, \
                 or not for most of the time"
            ),
        );
    }
    if separation.is_costly {
        let says = "comparing it with other runs takes more work than one claim may; ask for fewer \
                    entities or a shorter window";
        return (associated, format!("{why}; {says}"));
    }
    if separation.is_unknown() {
        let says = "no other run's record shows this, so whether it tells causes apart is open";
        return (associated, format!("{why}; {says}"));
    }
    let (apart, others) = (separation.apart().len(), separation.classes.len());
    let told = if others == 1 {
        "the one other cause".to_owned()
    } else {
        format!("{apart} of {others} other causes")
    };
    let says = if apart == 0 {
        "other causes of this symptom show it just as well".to_owned()
    } else {
        format!("it tells this cause from {told}")
    };
    let apart = separation.share() * (1000 - ASSOCIATED) / 1000;
    // What has no part in what happened grounds nothing, whatever it tells apart: outputs that are
    // cut off after some lines differ from run to run by chance.
    let worth = if association > 0 { associated + apart } else { apart.min(ASSOCIATED) };
    (worth, format!("{why}; {says}"))
}

/// What a true piece is worth for belonging to the incident.
fn association(
    item: &Item,
    finding: &Finding,
    case: &Case<'_>,
    entities: &Entities,
) -> Result<(u32, String), SourceError> {
    let touched = match &item.claim {
        Claim::Promql { query, .. } => entities
            .touched_by_query(query, case.record, finding.at.from)?
            .or_else(|| chain_metric(query, case)),
        Claim::Log { query, .. } => entities
            .touched_by_nodes(|node| query.wants(node))
            .or_else(|| entities.touched_by_text(query.text())),
        Claim::Command { number, .. } => case.record.facts.command(*number).and_then(|command| {
            let on = entities.touched_by_nodes(|node| node == command.node);
            on.or_else(|| entities.touched_by_text(&command.line))
                .or_else(|| entities.touched_by_text(&finding.observed))
        }),
        Claim::Intervention { .. } => None,
    };
    let Some(touched) = touched else {
        return Ok((0, "it is true, but about something that has no part in what happened".into()));
    };
    Ok((1000, format!("it is true inside the incident and about {touched}")))
}

fn chain_metric(query: &Query, case: &Case<'_>) -> Option<String> {
    let metrics = query.metrics();
    let seen = case.chain.iter().find(|seen| !seen.query.metrics().is_disjoint(&metrics))?;
    Some(format!("what shows `{}`", seen.effect.event))
}
