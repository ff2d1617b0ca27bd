//! What evidence is worth where nothing is broken any more.

use super::case::Case;
use crate::domain::rca::analysis::{Claim, Item};
use crate::domain::rca::check::{Finding, Weakness, holding, looks_like_symptom};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::SourceError;

/// What a piece is worth for showing objectives met, the alert's own condition, or when it cleared:
/// it is about the metrics of these, and it was otherwise at some time, or it is an objective.
pub(super) fn worth(
    item: &Item,
    finding: &Finding,
    case: &Case<'_>,
) -> Result<(u32, String), SourceError> {
    let facts = case.record.facts;
    let usual = |w: &Weakness| matches!(w, Weakness::Vacuous(_));
    if let Some(weakness) = finding.weaknesses.iter().find(|w| !usual(w)) {
        return Ok((0, weakness.says()));
    }
    let Claim::Promql { query, .. } = &item.claim else {
        return Ok((0, "that nothing has to be repaired is shown by the alert's condition and the objectives, in metrics".into()));
    };
    if !looks_like_symptom(query, facts) {
        return Ok((0, "it is about neither the alert nor an objective".into()));
    }
    let same = |promql: &str| Query::parse(promql).is_ok_and(|other| other.expr() == query.expr());
    if facts.objectives.iter().any(|objective| same(&objective.promql)) {
        return match finding.at.from >= facts.page {
            true => Ok((1000, "an objective was met after the page".into())),
            false => Ok((0, "it says nothing about the time after the page".into())),
        };
    }
    let held = holding(query, case.record.series, facts.recorded)?.unwrap_or_default();
    let always =
        matches!(held.as_slice(), [span] if span.length() + 2_000 >= facts.recorded.length());
    if always {
        return Ok((0, "it held all the time, so it tells nothing about the alert".into()));
    }
    Ok((1000, "it shows when the alert's condition held or had cleared".into()))
}
