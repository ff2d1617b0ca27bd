//! `scenario.yaml` and what stands beside it, as one seed fills them.

use super::{FamilyFiles, Found, ScenarioFiles, TOP, expressions, write_ups};
use crate::domain::fault::Step as Planned;
use crate::domain::fault::truth::{LookAlike, Trigger, Truth};
use crate::domain::rca::vocab::{self, domain};
use crate::domain::scenario::source::{Source, SourceProblem, texts};
use crate::domain::scenario::{Drawing, Plan, Scenario};
use crate::domain::yaml::{Located, Step};

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
        &Drawing::of(seed),
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

/// Adds what is wrong with a scenario to what was found. `commands` says what is wrong with a
/// command line of the program, as its parser sees it.
pub(super) fn review(
    files: &FamilyFiles,
    scenario: &ScenarioFiles,
    seed: u64,
    commands: &dyn Fn(&str) -> Result<(), String>,
    found: &mut Found,
) {
    let read = texts(&scenario.slug, files.family.source(), scenario.scenario.source(), seed);
    let (plan, texts) = match (plan(files, scenario, seed), read) {
        (Ok(plan), Ok(texts)) => (plan, texts),
        (Err(problems), _) | (_, Err(problems)) => {
            return problems.into_iter().for_each(|p| found.add(p));
        }
    };
    let truth = truth(&plan);
    let mut review =
        Review { plan: &plan, truth: &truth, files: scenario, document: &texts.scenario, found };
    review.signatures();
    review.fault();
    review.vocabulary();
    review.hints();
    review.commands(commands);
    if domain(&truth.causes[0].class) == "none" {
        review.needs_of_a_control();
    } else {
        review.needs_of_a_cause();
    }
    review.write_ups();
}

/// A scenario as one seed fills it, while its problems are gathered.
struct Review<'a> {
    plan: &'a Plan,
    truth: &'a Truth,
    files: &'a ScenarioFiles,
    document: &'a Located<Scenario>,
    found: &'a mut Found,
}

impl Review<'_> {
    /// Tells a problem of the value that `path` leads to.
    fn tell(&mut self, path: &[Step<'_>], message: impl Into<String>) {
        self.found.add(self.files.scenario.source().problem(self.document, path, message));
    }

    /// Tells what is wrong with an expression at `path`.
    fn expression(&mut self, path: &[Step<'_>], promql: &str) {
        for problem in expressions::problems(promql) {
            self.tell(path, problem);
        }
    }

    fn signatures(&mut self) {
        let plan = self.plan;
        for (list, signatures) in [("signatures", &plan.signatures), ("impact", &plan.impact)] {
            for (k, signature) in signatures.iter().enumerate() {
                self.expression(&[list.into(), k.into(), "expr".into()], &signature.expr);
            }
        }
    }

    /// What the fault says of itself, and the conditions its steps wait for.
    fn fault(&mut self) {
        let (plan, truth) = (self.plan, self.truth);
        let at: &[Step<'_>] = &["fault".into()];
        for problem in truth.problems() {
            self.tell(at, problem);
        }
        for effect in &truth.causes[0].chain {
            let (event, shows) = (&effect.event, &effect.shows);
            for problem in expressions::problems(shows) {
                self.tell(
                    at,
                    format!("the chain's event `{event}` is shown by `{shows}`: {problem}"),
                );
            }
        }
        for promql in waits(&plan.fault.primitive().inject(plan.target())) {
            self.expression(at, &promql);
        }
    }

    /// Preventions must be those of the vocabulary, and preconditions be explained.
    fn vocabulary(&mut self) {
        let (document, plan) = (self.document, self.plan);
        for (k, prevention) in document.value.preventions.iter().enumerate() {
            if let Err(problem) = vocab::prevention(prevention) {
                self.tell(&["preventions".into(), k.into()], problem);
            }
        }
        for (k, precondition) in plan.preconditions.iter().enumerate() {
            if precondition.reason.trim().is_empty() {
                let message = format!("say why `{}` counts as it does", precondition.class);
                self.tell(&["preconditions".into(), k.into()], message);
            }
        }
    }

    fn hints(&mut self) {
        let hints = &self.plan.hints;
        if hints.len() != HINTS || hints.iter().any(|hint| hint.trim().is_empty()) {
            let message = format!(
                "give {HINTS} hints: a nudge, a direction, a near-answer; there are {}",
                hints.len()
            );
            self.tell(&["hints".into()], message);
        }
    }

    /// What repairs it and what does not must be commands a learner can give.
    fn commands(&mut self, commands: &dyn Fn(&str) -> Result<(), String>) {
        let plan = self.plan;
        for (key, given) in [("resists", &plan.resists), ("fix", &plan.fix)] {
            for (k, command) in given.iter().enumerate() {
                if let Err(problem) = commands(&command.run) {
                    let message = format!("a learner cannot give `{}`: {problem}", command.run);
                    self.tell(&[key.into(), k.into(), "run".into()], message);
                }
            }
        }
    }

    fn needs_of_a_control(&mut self) {
        if !self.plan.resists.is_empty() {
            let message = "nothing is wrong, so there is nothing that resists";
            self.tell(&["resists".into()], message);
        }
    }

    fn needs_of_a_cause(&mut self) {
        let (plan, preventions) = (self.plan, &self.document.value.preventions);
        let needs = [
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
            ("preventions", preventions.is_empty(), "name what would keep it from happening again"),
        ];
        for (key, is_missing, message) in needs {
            if is_missing {
                self.tell(&[key.into()], message);
            }
        }
    }

    fn write_ups(&mut self) {
        let files = self.files;
        for name in [write_ups::REFERENCE, write_ups::DECOY] {
            if !files.write_ups.contains_key(name) {
                let message = format!("the scenario has no {name} beside it");
                self.found.add(files.scenario.problem(TOP, message));
            }
        }
        for (name, file) in &files.write_ups {
            for problem in write_ups::problems(self.plan, self.truth, name, file) {
                self.found.add(problem);
            }
        }
    }
}

/// The conditions steps wait for.
fn waits(steps: &[Planned]) -> Vec<String> {
    let of = |step: &Planned| match step {
        Planned::Do(_) => Vec::new(),
        Planned::Until { promql, .. } => vec![promql.clone()],
        Planned::While { promql, steps, .. } => {
            std::iter::once(promql.clone()).chain(waits(steps)).collect()
        }
    };
    steps.iter().flat_map(of).collect()
}
