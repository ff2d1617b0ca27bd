//! Item 5: other causes ruled out. Whether a piece of evidence rules one out is decided by that
//! cause's recordings.

use super::{Criterion, Outcome, Slip};
use crate::domain::grade::case::Case;
use crate::domain::grade::separation::{Said, Separation, is_right};
use crate::domain::rca::analysis::Hypothesis;
use crate::domain::rca::check::{Finding, Verdict, Weakness, query_command};
use crate::domain::rca::document::{Form, Verdict as Decided};
use crate::domain::rca::vocab::{self, covers};
use crate::domain::telemetry::series::SourceError;
use crate::domain::yaml::Position;

/// Other causes ruled out.
pub struct Hypotheses;

/// What a look-alike is worth that a true piece is said to rule out and does not, or another class
/// that one rules out.
const NOT_SEPARATED: u32 = 300;
/// What it is worth to rule out that nothing is broken any more: the alert that goes on says it, and
/// tells no cause from another.
const FIRST_STEP: u32 = 500;
/// What a look-alike is worth that is only named.
const NAMED: u32 = 100;

impl Criterion for Hypotheses {
    fn name(&self) -> &'static str {
        "hypotheses"
    }

    fn weight(&self) -> u32 {
        12
    }

    fn not_asked(&self, case: &Case<'_>) -> Option<String> {
        let says = "no run of another cause is recorded yet, so nothing can say what rules one out";
        (!case.with.can_judge()).then(|| says.to_owned())
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let wanted: usize = if case.analysis.form == Form::Short { 1 } else { 2 };
        let mut seen: Vec<&str> = Vec::new();
        let mut judged: Vec<Judged<'_>> = Vec::new();
        for hypothesis in case.analysis.hypotheses.iter().filter(|h| h.verdict == Decided::RuledOut)
        {
            if !seen.contains(&hypothesis.class.id) {
                seen.push(hypothesis.class.id);
                judged.push(judge(hypothesis, case));
            }
        }
        judged.sort_by_key(|j| std::cmp::Reverse(j.score));
        only_one_first_step(&mut judged, case);
        let mut outcome = Outcome::full();
        let mut missed = 0;
        for place in 0..wanted {
            let one = judged.get(place);
            let lacking = 1000 - one.map_or(0, |j| j.score);
            // Running sums keep the costs together exactly what is lacking.
            let cost = (missed + lacking) / wanted as u32 - missed / wanted as u32;
            missed += lacking;
            outcome.slip(match one {
                Some(judged) => judged.slip(cost, case),
                None => missing(cost, &seen, case),
            });
        }
        Ok(outcome)
    }
}

/// Where something is broken, leaves the best of the hypotheses that nothing is, as a first step.
fn only_one_first_step(judged: &mut Vec<Judged<'_>>, case: &Case<'_>) {
    if case.truth.is_control() {
        return;
    }
    let mut is_taken = false;
    judged.retain_mut(|one| {
        if !one.is_control {
            return true;
        }
        if one.score > FIRST_STEP {
            one.score = FIRST_STEP;
            one.says = "that something is still broken is a first step; it tells no cause from \
                        another"
                .to_owned();
        }
        !std::mem::replace(&mut is_taken, true)
    });
    judged.sort_by_key(|j| std::cmp::Reverse(j.score));
}

/// What one hypothesis is worth, and why.
struct Judged<'a> {
    score: u32,
    /// Whether it is that nothing is broken.
    is_control: bool,
    says: String,
    place: Position,
    /// The piece that decides it.
    finding: Option<&'a Finding>,
}

impl Judged<'_> {
    fn slip(&self, cost: u32, case: &Case<'_>) -> Slip {
        let at = self.finding.map_or(case.record.facts.page, |f| f.at.from);
        let observed = self.finding.map(|f| f.observed.clone()).unwrap_or_default();
        let alert = || query_command(&case.record.facts.alert.promql, at, case.record.facts.page);
        let look = self.finding.map_or_else(alert, |f| f.look.clone());
        Slip { cost, says: self.says.clone(), place: self.place, at: Some(at), observed, look }
    }
}

fn judge<'a>(hypothesis: &Hypothesis, case: &'a Case<'_>) -> Judged<'a> {
    let id = hypothesis.class.id;
    let verdict = |score, says: String, finding| Judged {
        score,
        is_control: vocab::domain(id) == "none",
        says,
        place: hypothesis.place,
        finding,
    };
    let cited = || {
        case.findings.iter().enumerate().filter(|(_, finding)| hypothesis.by.contains(&finding.id))
    };
    let right = case.truth.causes.iter().map(|cause| cause.class.as_str());
    if is_right(id, case.truth) || right.clone().any(|class| covers(id, class)) {
        return verdict(
            0,
            format!(
                "`{id}` is ruled out, but it was the cause, or the group to which the cause belongs"
            ),
            None,
        );
    }
    if let Some((_, finding)) = cited().find(|(_, finding)| finding.verdict == Verdict::False) {
        return verdict(
            0,
            format!("`{id}` is said to be ruled out by {}, which is false", finding.id),
            Some(finding),
        );
    }
    let usable = |finding: &Finding| {
        let excused = |w: &Weakness| matches!(w, Weakness::Vacuous(_) | Weakness::Duplicate(_));
        finding.verdict == Verdict::True && finding.weaknesses.iter().all(excused)
    };
    // A piece that states a fact again rules out what the first that states it does.
    let first_of = |finding: &Finding| {
        let first = finding.weaknesses.iter().find_map(|w| match w {
            Weakness::Duplicate(first) => Some(first.clone()),
            _ => None,
        });
        let id = first.unwrap_or_else(|| finding.id.clone());
        case.findings.iter().enumerate().find(|(_, finding)| finding.id == id)
    };
    let true_ones: Vec<(usize, &Finding)> =
        cited().filter(|(_, f)| usable(f)).filter_map(|(_, f)| first_of(f)).collect();
    let recorded = case.with.recorded();
    let meant: Vec<&str> =
        recorded.iter().copied().filter(|class| *class == id || covers(id, class)).collect();
    let is_told =
        case.truth.look_alikes.iter().any(|other| other.class == id || covers(id, &other.class));
    let first = true_ones.first().map(|(_, finding)| *finding);
    match (meant.is_empty(), is_told, first) {
        (true, false, Some(finding)) => verdict(
            NOT_SEPARATED,
            format!(
                "`{id}` is ruled out, but it is no cause of this symptom that anyone would have to rule out"
            ),
            Some(finding),
        ),
        (true, false, None) => verdict(
            0,
            format!(
                "`{id}` is no cause of this symptom, and no true piece of evidence rules it out"
            ),
            None,
        ),
        (.., None) => verdict(
            NAMED,
            format!("`{id}` is named, but no true piece of evidence rules it out"),
            cited().next().map(|(_, f)| f),
        ),
        // Nobody can say more of a cause that was never recorded than that the piece is sound.
        (true, true, Some(finding)) => match finding.weaknesses.first() {
            None => verdict(1000, String::new(), Some(finding)),
            Some(weakness) => verdict(
                NOT_SEPARATED,
                format!("{} does not rule `{id}` out: {}", finding.id, weakness.says()),
                Some(finding),
            ),
        },
        (false, _, Some(finding)) => {
            let rules_out = |number: usize| {
                case.separation(number)
                    .is_some_and(|s| meant.iter().all(|class| s.rules_out(class)))
            };
            match true_ones.iter().find(|(number, _)| rules_out(*number)) {
                Some((_, finding)) => verdict(1000, String::new(), Some(finding)),
                None => {
                    let says = meant.iter().map(|class| not_ruled_out(class, &true_ones, case));
                    let says: std::collections::BTreeSet<String> = says.collect();
                    let says: Vec<String> = says.into_iter().collect();
                    verdict(NOT_SEPARATED, says.join("; "), Some(finding))
                }
            }
        }
    }
}

/// Why true pieces do not rule out a class, as its recordings say.
fn not_ruled_out(class: &str, pieces: &[(usize, &Finding)], case: &Case<'_>) -> String {
    let ids: Vec<_> = pieces.iter().map(|(_, f)| f.id.as_str()).collect();
    let ids = ids.join(" and ");
    let said = |number: usize| case.separation(number).and_then(|s| s.classes.get(class)).copied();
    let fits_this_only =
        |number: usize| case.separation(number).is_some_and(Separation::is_overfit);
    if pieces.iter().any(|(number, _)| said(*number) == Some(Said::True)) {
        format!("{ids} is true, but is so where `{class}` is the cause, too")
    } else if pieces.iter().any(|(number, _)| fits_this_only(*number)) {
        format!("{ids} is true, but fits this run only, so it does not rule `{class}` out")
    } else if pieces.iter().all(|(number, _)| case.separation(*number).is_none()) {
        format!("{ids} is true, but is no piece that counts, so it does not rule `{class}` out")
    } else {
        format!(
            "{ids} is true, but no run in which `{class}` is the cause can say whether it is \
                 so there"
        )
    }
}

/// A hypothesis too few: what it could have been.
fn missing(cost: u32, named: &[&str], case: &Case<'_>) -> Slip {
    let facts = case.record.facts;
    let other = case.truth.look_alikes.iter().find(|other| !named.contains(&other.class.as_str()));
    let (says, observed, look) = match other {
        Some(other) => (
            format!(
                "no other cause is ruled out here; `{}` shows the same symptom, too",
                other.class
            ),
            other.says.clone(),
            query_command(&other.split_by, facts.page, facts.page),
        ),
        None => (
            "no other cause is ruled out here".to_owned(),
            String::new(),
            query_command(&facts.alert.promql, facts.page, facts.page),
        ),
    };
    Slip {
        cost,
        says,
        place: case.analysis.places.hypotheses,
        at: Some(facts.page),
        observed,
        look,
    }
}
