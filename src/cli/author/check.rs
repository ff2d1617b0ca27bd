//! `chaoslab author check`: everything about content that can be known without staging it.

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::program;
use crate::cli::unreadable;
use crate::domain::recording::Recording;
use crate::domain::review::{confusion, review};
use crate::lab::library::Library;

/// Arguments of `author check`.
#[derive(Debug, Args)]
#[command(after_help = "Example: CHAOSLAB_LIBRARY=. chaoslab author check isr-shrink")]
pub struct Arguments {
    /// The family; all of them unless given
    family: Option<String>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let library = Library::open()?;
    let families =
        arguments.family.as_ref().map_or_else(|| library.families(), |family| vec![family.clone()]);
    let (mut problems, mut remarks, mut scenarios) = (Vec::new(), Vec::new(), 0);
    for family in &families {
        let files = library.family_files(family)?;
        scenarios += files.scenarios.len();
        problems.extend(review(&files, &given));
        let recordings =
            library.recordings(family).map_err(|e| Failure::Integrity(e.to_string()))?;
        remarks.extend(unseparated(&library, family, &recordings));
    }
    if context.output.json {
        let told = |p: &crate::domain::scenario::source::SourceProblem| json!({"path": p.path, "line": p.problem.at.line, "column": p.problem.at.column, "message": p.problem.message});
        context.output.value(
            &json!({"problems": problems.iter().map(told).collect::<Vec<_>>(), "remarks": remarks}),
        )?;
    } else {
        remarks.iter().try_for_each(|remark| context.output.line(remark))?;
    }
    if !problems.is_empty() {
        return Err(Failure::Invalid(problems.iter().map(ToString::to_string).collect()));
    }
    context.output.remark(format!(
        "{scenarios} scenarios of {}: nothing is wrong with them",
        families.join(", ")
    ));
    Ok(())
}

/// Whether a learner could give this command.
fn given(line: &str) -> Result<(), String> {
    let arguments = program::arguments(line)?;
    if !matches!(arguments.first().map(String::as_str), Some("exec" | "service" | "node")) {
        return Err("a fix is given with `exec`, `service` or `node`".to_owned());
    }
    unreadable(&arguments).map_or(Ok(()), Err)
}

/// What the recordings do not show yet: scenarios without any, and pairs that nothing of ours
/// separates.
fn unseparated(library: &Library, family: &str, recordings: &[Recording]) -> Vec<String> {
    let mut remarks = Vec::new();
    let recorded = |slug: &str| recordings.iter().filter(|r| r.head.scenario == slug).count();
    let slugs = library.scenarios(family);
    for slug in &slugs {
        match recorded(slug) {
            0 => remarks.push(format!("{family}/{slug}: no recording; `chaoslab author rehearse {family}/{slug} --record` makes one")),
            1 => remarks.push(format!("{family}/{slug}: one recording; a second one, of another seed, tells luck from cause")),
            _ => {}
        }
    }
    let plan = |slug: &str, seed| library.plan(family, slug, seed).ok();
    for (own, other) in confusion::unseparated(&slugs, recordings, &plan) {
        remarks.push(format!(
            "{family}/{own}: nothing that is true of it is false in every recording of {other}"
        ));
    }
    remarks
}
