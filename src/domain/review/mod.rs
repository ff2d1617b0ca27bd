//! What authors are told of their content: everything that can be known of a family without staging
//! it, all problems at once with their places; and what a record shows of a plan, for rehearsals
//! and recordings.

pub mod confusion;
mod expressions;
mod family;
mod feed;
mod scenario;
pub mod seen;
pub mod words;
pub mod write_ups;

use std::collections::{BTreeMap, BTreeSet};

use super::scenario::draw::{Choice, Drawn, Seed, draw};
use super::scenario::source::{Source, SourceProblem, choices};
use super::yaml::{Position, Problem};

/// Seeds that are looked through for one that draws a value.
const SEEDS: Seed = 4000;

/// The files of a family.
#[derive(Debug, Clone)]
pub struct FamilyFiles {
    /// Its folder.
    pub name: String,
    /// `family.yaml`.
    pub family: File,
    /// Its scenarios, by name.
    pub scenarios: Vec<ScenarioFiles>,
    /// `playbooks/<family>.md`, when it is there.
    pub playbook: Option<File>,
    /// Where the playbook belongs.
    pub playbook_path: String,
}

/// A file, with the path problems are told under.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The files of a scenario.
#[derive(Debug, Clone)]
pub struct ScenarioFiles {
    /// Its folder.
    pub slug: String,
    /// `scenario.yaml`.
    pub scenario: File,
    /// The write-ups beside it, by name.
    pub write_ups: BTreeMap<String, File>,
}

impl File {
    fn source(&self) -> Source<'_> {
        Source { path: &self.path, text: &self.text }
    }

    fn problem(&self, at: Position, message: impl Into<String>) -> SourceProblem {
        SourceProblem { path: self.path.clone(), problem: Problem { at, message: message.into() } }
    }
}

/// Where a problem of a file as a whole is told.
const TOP: Position = Position { line: 1, column: 1 };

/// All problems of a family's files. `commands` says what is wrong with a command line of the
/// program, as its parser sees it.
pub fn review(
    files: &FamilyFiles,
    commands: &dyn Fn(&str) -> Result<(), String>,
) -> Vec<SourceProblem> {
    let mut found = Found::default();
    let own = choices(files.family.source()).unwrap_or_default();
    for seed in seeds(&own, None) {
        family::review(files, seed, &mut found);
    }
    for scenario in &files.scenarios {
        let choices = choices(scenario.scenario.source()).unwrap_or_default();
        for seed in seeds(&own, Some((&scenario.slug, &choices))) {
            scenario::review(files, scenario, seed, commands, &mut found);
        }
    }
    family::first_hints(files, &mut found);
    if files.playbook.is_none() {
        let message = format!(
            "the family has no playbook; write {}: how to think about the symptom, what splits its causes",
            files.playbook_path
        );
        found.add(files.family.problem(TOP, message));
    }
    found.problems.into_iter().collect()
}

/// Problems, the same one of several seeds told once.
#[derive(Debug, Default)]
struct Found {
    problems: BTreeSet<SourceProblem>,
    told: BTreeSet<(String, Position, String)>,
}

impl Found {
    fn add(&mut self, problem: SourceProblem) {
        // What follows may hold what a seed drew.
        let about: String = problem.problem.message.chars().take(24).collect();
        if self.told.insert((problem.path.clone(), problem.problem.at, about)) {
            self.problems.insert(problem);
        }
    }
}

/// Seeds that together draw every value of a list and both ends of every range; one at least.
pub fn seeds(
    family: &BTreeMap<String, Choice>,
    scenario: Option<(&str, &BTreeMap<String, Choice>)>,
) -> Vec<Seed> {
    let own = scenario.map(|(_, own)| own.clone()).unwrap_or_default();
    let mut missing: BTreeSet<(String, String)> = BTreeSet::new();
    for (name, choice) in family.iter().chain(&own) {
        let values = choice.values().unwrap_or_default();
        let wanted = if choice.one_of.is_empty() {
            [values.first(), values.last()].into_iter().flatten().cloned().collect()
        } else {
            values
        };
        missing.extend(wanted.into_iter().map(|value| (name.clone(), value)));
    }
    let mut chosen = Vec::new();
    for seed in 0..SEEDS {
        if missing.is_empty() {
            break;
        }
        let drawn = draw(seed, "family", family, &Drawn::new()).and_then(|known| match scenario {
            Some((slug, own)) => draw(seed, &format!("scenario/{slug}"), own, &known),
            None => Ok(known),
        });
        let Ok(drawn) = drawn else { break };
        let before = missing.len();
        for pair in drawn {
            missing.remove(&pair);
        }
        if missing.len() < before {
            chosen.push(seed);
        }
    }
    if chosen.is_empty() { vec![0] } else { chosen }
}

#[cfg(test)]
mod tests;
