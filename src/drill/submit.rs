//! Handing the write-up in and having it graded, or giving up; from then on everything is open.

use std::path::{Path, PathBuf};

use super::choose::Chosen;
use super::deadline;
use super::error::{DrillError, Integrity, Refusal};
use super::report::{Opening, Report};
use super::sealed::Secret;
use super::write_up::{self, Opened};
use crate::domain::fault::truth::Truth;
use crate::domain::grade::{Comparison, GradeError, Terms, cost_of_hints, grade};
use crate::domain::recording::Roles;
use crate::domain::scenario::Plan;
use crate::lab::library::Library;

/// Hands the write-up in and grades it: the file named, else the run's own. It waits for nothing,
/// and computes for seconds.
pub fn submit(chosen: &Chosen, named: Option<&Path>) -> Result<Report, DrillError> {
    refuse_once_open(chosen)?;
    let secret = Secret::of(chosen)?;
    let path = handed_in(chosen, named)?;
    let bytes = write_up::read(&path)?;
    let document = write_up::document(&path, &bytes)?;
    let opened = Opened::of(chosen)?;
    let plan = secret.plan.clone();
    let terms = Terms {
        hints: cost_of_hints(chosen.file.hints),
        causes_read: chosen.file.causes_read,
        playbook: Some(format!("chaoslab playbook {}", chosen.file.family)),
        recovery_required: plan.recovery_required,
        exam: chosen.file.exam,
        allowed: plan.allows.clone(),
    };
    let with = comparison(chosen, &secret.truth, plan)?;
    let grade = grade(&document, &opened.record(), &secret.truth, &with, &terms);
    let grade = grade.map_err(|error| match error {
        GradeError::Invalid(problems) => DrillError::Document { path, problems },
        GradeError::Record(error) => error.into(),
    })?;
    // Grading does not read the commitment: whether it holds is looked at first, and a run whose
    // record was touched is void.
    secret.verify(chosen)?;
    chosen.run.write_text("submitted.md", &String::from_utf8_lossy(&bytes))?;
    let canonical = grade.canonical().map_err(Integrity::Canonical)?;
    chosen.run.write_text("grade.json", &String::from_utf8_lossy(&canonical))?;
    let report = Report::new(chosen, grade, secret, opened);
    report.keep()?;
    Ok(report)
}

/// Opens everything and ends the drill unscored.
pub fn give_up(chosen: &Chosen) -> Result<Opening, DrillError> {
    refuse_once_open(chosen)?;
    let secret = Secret::of(chosen)?;
    secret.verify(chosen)?;
    chosen.run.update(|file| file.given_up = true)?;
    Opening::new(chosen, secret)
}

fn refuse_once_open(chosen: &Chosen) -> Result<(), Refusal> {
    if chosen.file.graded.is_some() || chosen.file.given_up {
        return Err(Refusal::TruthOpen(chosen.file.id.clone()));
    }
    Ok(())
}

/// The file that is graded: the one named, else the run's own. After an exam's time it is what was
/// saved within it, and nothing else.
fn handed_in(chosen: &Chosen, named: Option<&Path>) -> Result<PathBuf, DrillError> {
    match (chosen.in_time(), named, deadline::saved(&chosen.run)) {
        (Ok(()), ..) => Ok(write_up::file(chosen, named)),
        (Err(_), None, Some(saved)) => Ok(saved),
        (Err(late), ..) => Err(late),
    }
}

/// The recordings of the family this run is compared with, and who plays which part in it.
pub(super) fn comparison(
    chosen: &Chosen,
    truth: &Truth,
    plan: Plan,
) -> Result<Comparison, DrillError> {
    let lab = chosen.lab()?;
    let recordings = Library::open()?.recordings(&plan.family)?;
    let roles = Roles::of(&lab.topology, &lab.services, truth, &plan.drawn);
    Ok(Comparison::of(roles, plan.drawn, &plan.scenario, truth, recordings))
}
