//! The files of content as a seed fills them, and their problems with the files they are in.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::cause::Scenario;
use super::draw::{self, Choice, Drawn, Seed};
use super::family::Family;
use super::template;
use crate::domain::yaml::{self, Located, Problem, Step};

/// A file a plan is made of, with the name its problems are told under.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// `family.yaml`, or its path as the author typed it.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// A problem of one of the files: `path:line:column: message`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceProblem {
    /// The file.
    pub path: String,
    /// The problem and its place.
    pub problem: Problem,
}

impl Source<'_> {
    /// A problem of a value of this file, once read; `path` leads to the value.
    pub fn problem<T>(
        &self,
        document: &Located<T>,
        path: &[Step<'_>],
        message: impl Into<String>,
    ) -> SourceProblem {
        SourceProblem { path: self.path.to_owned(), problem: document.problem(path, message) }
    }
}

impl std::fmt::Display for SourceProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.problem)
    }
}

/// The choices of a file, read before its templates can be filled.
#[derive(Deserialize)]
struct Choices {
    #[serde(default)]
    draw: BTreeMap<String, Choice>,
}

/// The choices of a file of either kind.
pub fn choices(source: Source<'_>) -> Result<BTreeMap<String, Choice>, Vec<SourceProblem>> {
    let read: Result<Located<Choices>, _> = yaml::read(source.text, 1);
    read.map(|choices| choices.value.draw).map_err(|problems| named(source, problems))
}

/// The files of a plan, filled with what a seed drew, with the places of their values.
#[derive(Debug, Clone)]
pub struct Texts {
    /// The family.
    pub family: Located<Family>,
    /// The values drawn for it alone: what its scenarios may use.
    pub known: Drawn,
    /// The scenario.
    pub scenario: Located<Scenario>,
    /// The values drawn for both.
    pub drawn: Drawn,
}

/// Reads a family as a seed fills it, with what it drew.
pub fn family_text(
    family: Source<'_>,
    seed: Seed,
) -> Result<(Located<Family>, Drawn), Vec<SourceProblem>> {
    read::<Family>(family, seed, "family", &Drawn::new())
}

/// Reads a scenario as a seed fills it, which may use what was drawn for its family.
pub fn scenario_text(
    name: &str,
    scenario: Source<'_>,
    seed: Seed,
    of_family: &Drawn,
) -> Result<(Located<Scenario>, Drawn), Vec<SourceProblem>> {
    read::<Scenario>(scenario, seed, &format!("scenario/{name}"), of_family)
}

/// Reads the two files of a plan as a seed fills them.
pub fn texts(
    name: &str,
    family: Source<'_>,
    scenario: Source<'_>,
    seed: Seed,
) -> Result<Texts, Vec<SourceProblem>> {
    // Without the family's choices the scenario's templates cannot be filled.
    let (family, known) = family_text(family, seed)?;
    let (scenario, drawn) = scenario_text(name, scenario, seed, &known)?;
    Ok(Texts { family, known, scenario, drawn })
}

/// Reads a family with nothing drawn yet: what `list` and `show` tell.
pub fn read_family(family: Source<'_>, seed: Seed) -> Result<Family, Vec<SourceProblem>> {
    let (read, _) = family_text(family, seed)?;
    Ok(read.value)
}

fn read<T: serde::de::DeserializeOwned>(
    source: Source<'_>,
    seed: Seed,
    scope: &str,
    known: &Drawn,
) -> Result<(Located<T>, Drawn), Vec<SourceProblem>> {
    let choices: Located<Choices> = yaml::read(source.text, 1).map_err(|p| named(source, p))?;
    let drawn = draw::draw(seed, scope, &choices.value.draw, known).map_err(|problems| {
        let located = problems
            .into_iter()
            .map(|(name, message)| choices.problem(&["draw".into(), Step::Key(&name)], message));
        named(source, located.collect())
    })?;
    let document = yaml::read_filled(source.text, &|text| template::fill(text, &drawn))
        .map_err(|p| named(source, p))?;
    Ok((document, drawn))
}

fn named(source: Source<'_>, problems: Vec<Problem>) -> Vec<SourceProblem> {
    problems
        .into_iter()
        .map(|problem| SourceProblem { path: source.path.to_owned(), problem })
        .collect()
}
