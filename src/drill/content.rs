//! What authors of scenarios do without staging: begin one, check what there is, fill in a
//! write-up, pack a run.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest, Refusal};
use super::sealed::plan;
use super::write_up::Opened;
use crate::domain::recording::Recording;
use crate::domain::review::{confusion, review, write_ups};
use crate::domain::scenario::source::SourceProblem;
use crate::domain::yaml::{Position, Problem};
use crate::lab::casefile;
use crate::lab::library::{LIBRARY_VARIABLE, Library};

/// The files of a scenario, which [`check`] accepts. `{{`, `}}` are those of the templates;
/// `SERVICE` becomes a service of the family.
const FILES: [(&str, &str); 3] = [
    ("scenario.yaml", include_str!("content/scenario.yaml")),
    ("reference-rca.md", include_str!("content/reference-rca.md")),
    ("decoy-rca.md", include_str!("content/decoy-rca.md")),
];

/// The checkout an author works in: the one named in the environment, else the one we stand in.
pub(super) fn checkout() -> PathBuf {
    std::env::var_os(LIBRARY_VARIABLE)
        .filter(|v| !v.is_empty())
        .map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Begins a scenario in the checkout: a folder with everything it needs, and what is left to write
/// marked TODO. Gives the paths of its files.
pub fn begin(family: &str, slug: &str) -> Result<Vec<PathBuf>, DrillError> {
    let checkout = checkout();
    let library = Library::at(&checkout)?;
    library.family(family)?;
    let is_slug = slug.starts_with(|c: char| c.is_ascii_lowercase())
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_slug {
        return Err(InvalidRequest::NotASlug(slug.to_owned()).into());
    }
    let folder = checkout.join("scenarios").join(family).join(slug);
    if folder.exists() {
        return Err(Refusal::ScenarioThere(folder).into());
    }
    let service = consumer(&library, family, &checkout)?;
    std::fs::create_dir_all(&folder)
        .map_err(DrillError::io(format!("make {}", folder.display())))?;
    let mut written = Vec::new();
    for (name, text) in FILES {
        let path = folder.join(name);
        std::fs::write(&path, text.replace("SERVICE", &service))
            .map_err(DrillError::io(format!("write {}", path.display())))?;
        written.push(path);
    }
    Ok(written)
}

/// The name of the family's first consumer as its file writes it, templates and all, so that the
/// example fits every seed.
fn consumer(library: &Library, family: &str, checkout: &Path) -> Result<String, DrillError> {
    let path = checkout.join("scenarios").join(family).join("family.yaml");
    let text = library.family_files(family)?.family.text;
    let mut name = None;
    for line in text.lines().map(str::trim) {
        match line.strip_prefix("- name: ") {
            Some(rest) => name = Some(rest.trim_matches('"').to_owned()),
            None if line == "role: consumer" => break,
            None => {}
        }
    }
    let none = Problem {
        at: Position { line: 1, column: 1 },
        message: "the family has no service that reads".to_owned(),
    };
    name.ok_or(DrillError::Document { path, problems: vec![none] })
}

/// What can be said of content without staging it.
#[derive(Debug, Serialize)]
pub struct Review {
    /// What is wrong, each with its place.
    #[serde(serialize_with = "flat")]
    pub problems: Vec<SourceProblem>,
    /// What the recordings do not show yet.
    pub remarks: Vec<String>,
    /// The families that were looked at.
    #[serde(skip)]
    pub families: Vec<String>,
    /// How many scenarios they have.
    #[serde(skip)]
    pub scenarios: usize,
}

/// Checks a family, or all of them. `given` says what is wrong with a command line of this program,
/// if anything.
pub fn check(
    family: Option<&str>,
    given: &dyn Fn(&str) -> Result<(), String>,
) -> Result<Review, DrillError> {
    let library = Library::open()?;
    let families = family.map_or_else(|| library.families(), |family| vec![family.to_owned()]);
    let (mut problems, mut remarks, mut scenarios) = (Vec::new(), Vec::new(), 0);
    for family in &families {
        let files = library.family_files(family)?;
        scenarios += files.scenarios.len();
        problems.extend(review(&files, given));
        remarks.extend(unseparated(&library, family, &library.recordings(family)?));
    }
    Ok(Review { problems, remarks, families, scenarios })
}

/// What the recordings do not show yet: scenarios without any, and pairs that nothing of ours
/// separates.
fn unseparated(library: &Library, family: &str, recordings: &[Recording]) -> Vec<String> {
    let mut remarks = Vec::new();
    let recorded = |slug: &str| recordings.iter().filter(|r| r.head.scenario == slug).count();
    let slugs = library.scenarios(family);
    for slug in &slugs {
        match recorded(slug) {
            0 => remarks.push(format!(
                "{family}/{slug}: no recording; `chaoslab author rehearse {family}/{slug} \
                 --record` makes one"
            )),
            1 => remarks.push(format!(
                "{family}/{slug}: one recording; a second one, of another seed, tells luck from \
                 cause"
            )),
            _ => {}
        }
    }
    // A plan that cannot be made is a problem, told above.
    let plan = |slug: &str, seed| library.plan(family, slug, seed).ok();
    for (own, other) in confusion::unseparated(&slugs, recordings, &plan) {
        remarks.push(format!(
            "{family}/{own}: nothing that is true of it is false in every recording of {other}"
        ));
    }
    remarks
}

/// Packs a run into a casefile; gives its path.
pub fn pack(chosen: &Chosen, named: Option<&Path>) -> Result<PathBuf, DrillError> {
    chosen.spoils_nothing("author record")?;
    let plan = plan(chosen)?;
    let usual = format!("{}.{}.{}.casefile", plan.family, plan.scenario, plan.seed);
    let path = named.map_or_else(|| PathBuf::from(usual), Path::to_owned);
    casefile::pack(&chosen.run, &path)?;
    Ok(path)
}

/// A write-up of the run's scenario, filled in for the run.
pub fn paper(chosen: &Chosen, name: &str) -> Result<String, DrillError> {
    chosen.spoils_nothing("author write-up")?;
    let plan = plan(chosen)?;
    let text = Library::open()?.write_up(&plan.family, &plan.scenario, name);
    let text = text.ok_or_else(|| InvalidRequest::NoPaper(name.to_owned()))?;
    let opened = Opened::of(chosen)?;
    write_ups::filled(&text, &plan.drawn, opened.record().facts).map_err(DrillError::Content)
}

/// Problems as programs read them: path and place beside the message.
fn flat<S: serde::Serializer>(problems: &[SourceProblem], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Flat<'a> {
        path: &'a str,
        line: usize,
        column: usize,
        message: &'a str,
    }
    to.collect_seq(problems.iter().map(|p| Flat {
        path: &p.path,
        line: p.problem.at.line,
        column: p.problem.at.column,
        message: &p.problem.message,
    }))
}
