//! `scenario.yaml` and what stands beside it, as one seed fills them.

use super::words::Words;
use super::{FamilyFiles, Found, ScenarioFiles, TOP, expressions, write_ups};
use crate::domain::fault::Step as Deed;
use crate::domain::fault::truth::{LookAlike, Trigger, Truth};
use crate::domain::rca::vocab::{self, domain};
use crate::domain::scenario::Plan;
use crate::domain::scenario::plan::{Source, SourceProblem, texts};
use crate::domain::yaml::Step;

/// A nudge, a direction, a near-answer.
const HINTS: usize = 3;

/// The plan of a seed, its siblings among it.
pub(super) fn plan(
    files: &FamilyFiles,
    scenario: &ScenarioFiles,
    seed: u64,
) -> Result<Plan, Vec<SourceProblem>> {
    let others = files.scenarios.iter().filter(|s| s.slug != scenario.slug);
    let siblings: Vec<(&str, Source<'_>)> =
        others.map(|s| (s.slug.as_str(), s.scenario.source())).collect();
    Plan::make(
        (&files.name, &scenario.slug),
        files.family.source(),
        scenario.scenario.source(),
        &siblings,
        seed,
    )
}

/// The truth of a plan, as far as it is known before it is staged.
pub(super) fn truth(plan: &Plan) -> Truth {
    let split_by = plan.signatures.first().map_or("up", |s| &s.expr);
    Truth {
        causes: vec![plan.account()],
        onset: None,
        slow: 1,
        trigger: Trigger::NotListed,
        look_alikes: plan
            .siblings
            .iter()
            .map(|s| LookAlike {
                class: s.class.clone(),
                says: String::new(),
                split_by: split_by.to_owned(),
            })
            .collect(),
        accepted_events: Vec::new(),
        preconditions: plan.preconditions.clone(),
        heals_within_s: plan.recovery_seconds,
    }
}

pub(super) fn review(
    files: &FamilyFiles,
    scenario: &ScenarioFiles,
    seed: u64,
    commands: &dyn Fn(&str) -> Result<(), String>,
    found: &mut Found,
) {
    let (plan, texts) = match (
        plan(files, scenario, seed),
        texts(&scenario.slug, files.family.source(), scenario.scenario.source(), seed),
    ) {
        (Ok(plan), Ok(texts)) => (plan, texts),
        (Err(problems), _) | (_, Err(problems)) => {
            return problems.into_iter().for_each(|p| found.add(p));
        }
    };
    let truth = truth(&plan);
    let is_control = domain(&truth.causes[0].class) == "none";
    let document = &texts.scenario;
    let mut tell = |path: &[Step<'_>], message: String| {
        found.add(SourceProblem {
            path: scenario.scenario.path.clone(),
            problem: document.problem(path, message),
        });
    };
    for (list, signatures) in [("signatures", &plan.signatures), ("impact", &plan.impact)] {
        for (k, signature) in signatures.iter().enumerate() {
            expressions::problems(&signature.expr)
                .into_iter()
                .for_each(|p| tell(&[list.into(), k.into(), "expr".into()], p));
        }
    }
    for problem in truth.problems() {
        tell(&["fault".into()], problem);
    }
    for effect in &truth.causes[0].chain {
        for problem in expressions::problems(&effect.shows) {
            tell(
                &["fault".into()],
                format!(
                    "the chain's event `{}` is shown by `{}`: {problem}",
                    effect.event, effect.shows
                ),
            );
        }
    }
    for promql in waits(&plan.fault.primitive().inject(plan.target())) {
        expressions::problems(&promql).into_iter().for_each(|p| tell(&["fault".into()], p));
    }
    for (k, prevention) in document.value.preventions.iter().enumerate() {
        if let Err(problem) = vocab::prevention(prevention) {
            tell(&["preventions".into(), k.into()], problem);
        }
    }
    for (k, precondition) in
        plan.preconditions.iter().enumerate().filter(|(_, p)| p.reason.trim().is_empty())
    {
        tell(
            &["preconditions".into(), k.into()],
            format!("say why `{}` counts as it does", precondition.class),
        );
    }
    if plan.hints.len() != HINTS || plan.hints.iter().any(|h| h.trim().is_empty()) {
        tell(
            &["hints".into()],
            format!(
                "give {HINTS} hints: a nudge, a direction, a near-answer; there are {}",
                plan.hints.len()
            ),
        );
    }
    for (key, given) in [("resists", &plan.resists), ("fix", &plan.fix)] {
        for (k, command) in given.iter().enumerate() {
            if let Err(problem) = commands(&command.run) {
                tell(
                    &[key.into(), k.into(), "run".into()],
                    format!("a learner cannot give `{}`: {problem}", command.run),
                );
            }
        }
    }
    if is_control && !plan.resists.is_empty() {
        tell(&["resists".into()], "nothing is wrong, so there is nothing that resists".to_owned());
    }
    if !is_control {
        let missing = [
            ("fix", plan.fix.is_empty(), "give the commands that repair it"),
            (
                "recovery_seconds",
                plan.recovery_seconds == 0,
                "say within how many seconds of the fix the objectives are met again",
            ),
            (
                "signatures",
                plan.signatures.is_empty(),
                "give conditions that show this cause and none of its siblings",
            ),
            (
                "impact",
                plan.impact.is_empty(),
                "give a condition that shows who feels it, or what it puts at risk",
            ),
            (
                "preventions",
                document.value.preventions.is_empty(),
                "name what would keep it from happening again",
            ),
            (
                "decoy",
                plan.decoy.is_none(),
                "make a harmless change of a sibling's kind nearer to the onset",
            ),
        ];
        for (key, _, message) in missing.into_iter().filter(|(_, missing, _)| *missing) {
            tell(&[key.into()], message.to_owned());
        }
    }
    let words = Words::of(&scenario.slug, &truth.causes[0].class);
    let decoy = plan.decoy.iter().flat_map(|d| [("decoy", &d.what), ("decoy", &d.by)]);
    for (key, text) in
        [("trigger", &plan.trigger.what), ("trigger", &plan.trigger.by)].into_iter().chain(decoy)
    {
        if let Some(word) = words.given_away_by(text) {
            tell(&[key.into()], format!("the change feed shows this, and it gives `{word}` away"));
        }
    }
    for name in [write_ups::REFERENCE, write_ups::DECOY] {
        if !scenario.write_ups.contains_key(name) {
            found.add(
                scenario.scenario.problem(TOP, format!("the scenario has no {name} beside it")),
            );
        }
    }
    for (name, file) in &scenario.write_ups {
        write_ups::problems(&plan, &truth, name, file).into_iter().for_each(|p| found.add(p));
    }
}

/// The conditions steps wait for.
fn waits(steps: &[Deed]) -> Vec<String> {
    let of = |step: &Deed| match step {
        Deed::Do(_) => Vec::new(),
        Deed::Until { promql, .. } => vec![promql.clone()],
        Deed::While { promql, steps, .. } => {
            std::iter::once(promql.clone()).chain(waits(steps)).collect()
        }
    };
    steps.iter().flat_map(of).collect()
}
