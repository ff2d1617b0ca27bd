//! `chaoslab submit`: grade the write-up; from then on everything is open.

use std::path::PathBuf;

use clap::Args;

use super::context::{Chosen, Context};
use super::deadline;
use super::exit::Failure;
use super::rca::{self, Opened};
use crate::domain::fault::truth::Truth;
use crate::domain::grade::{Comparison, FORMAT, Grade, GradeError, Terms, cost_of_hints, grade};
use crate::domain::rca::document::Document;
use crate::domain::recording::Roles;
use crate::domain::report::{self, ReportInput, Sealed, Staged};
use crate::domain::scenario::Plan;
use crate::lab::library::Library;
use crate::lab::run::{Briefing, Graded, RunError};

/// Arguments of `submit`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab submit")]
pub struct Arguments {
    /// The file; the run's own unless given
    file: Option<PathBuf>,
    /// Open everything and end the drill unscored
    #[arg(long, conflicts_with = "file")]
    give_up: bool,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.readable()?;
    if chosen.file.graded.is_some() || chosen.file.given_up {
        return Err(Failure::Refused(format!(
            "the truth of {} has been opened already; `chaoslab report` shows it",
            chosen.file.id
        )));
    }
    let secret = Secret::of(&chosen)?;
    if arguments.give_up {
        return give_up(context, &chosen, &secret);
    }
    let path = handed_in(&chosen, arguments.file.as_ref())?;
    let bytes = rca::read(&path)?;
    let document = Document::read(&bytes)
        .map_err(|problems| Failure::Invalid(rca::located(&path, &problems)))?;
    let opened = Opened::of(&chosen)?;
    let plan = secret.plan.clone();
    let terms = Terms {
        hints: cost_of_hints(chosen.file.hints),
        playbook: Some(format!("chaoslab playbook {}", chosen.file.family)),
        recovery_required: plan.recovery_required,
        exam: chosen.file.exam,
        allowed: plan.allows.clone(),
    };
    let with = comparison(&chosen, &secret.truth, plan)?;
    let grade =
        grade(&document, &opened.record(), &secret.truth, &with, &terms).map_err(|error| {
            match error {
                GradeError::Invalid(problems) => Failure::Invalid(rca::located(&path, &problems)),
                GradeError::Record(error) => Failure::Integrity(error.to_string()),
            }
        })?;
    // Grading does not read the commitment: whether it holds is looked at first, and a run whose
    // record was touched is void.
    secret.verify(&chosen)?;
    chosen.run.write_text("submitted.md", &String::from_utf8_lossy(&bytes))?;
    let input = ReportInput {
        grade: &grade,
        record: &opened.record(),
        sealed: Some(secret.sealed(&chosen)),
    };
    let canonical = grade.canonical().map_err(|e| Failure::Integrity(e.to_string()))?;
    chosen.run.write_text("grade.json", &String::from_utf8_lossy(&canonical))?;
    let page = keep(&chosen, &input)?;
    print(context, &input)?;
    context.output.remark(format!("\n{}", page.display()));
    if grade.passed { Ok(()) } else { Err(Failure::NotPassed) }
}

/// The file that is graded: the one named, else the run's own. After an exam's time it is what was
/// saved within it, and nothing else.
fn handed_in(chosen: &Chosen, named: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    match (chosen.in_time(), named, deadline::saved(&chosen.run)) {
        (Ok(()), ..) => Ok(rca::file(chosen, named)),
        (Err(_), None, Some(saved)) => Ok(saved),
        (Err(late), ..) => Err(late),
    }
}

/// Writes the page of a grade into the run's folder, and the outcome into its state; gives the
/// page's path.
pub fn keep(chosen: &Chosen, input: &ReportInput<'_>) -> Result<PathBuf, Failure> {
    let page = report::html(input).map_err(|e| Failure::Integrity(e.to_string()))?;
    let page = chosen.run.write_text("report.html", &page)?;
    chosen.run.update(|file| file.graded = Some(outcome(input.grade)))?;
    Ok(page)
}

/// The outcome of a grade, for lists.
pub fn outcome(grade: &Grade) -> Graded {
    Graded { score: grade.total, passed: grade.passed }
}

/// The recordings of the family this run is compared with, and who plays which part in it.
pub fn comparison(chosen: &Chosen, truth: &Truth, plan: Plan) -> Result<Comparison, Failure> {
    let lab = chosen.lab()?;
    let recordings =
        Library::open()?.recordings(&plan.family).map_err(|e| Failure::Integrity(e.to_string()))?;
    let roles = Roles::of(&lab.topology, &lab.services, truth, &plan.drawn);
    Ok(Comparison::of(roles, plan.drawn, &plan.scenario, truth, recordings))
}

/// Prints a report as the context asks for.
pub fn print(context: &Context, input: &ReportInput<'_>) -> Result<(), Failure> {
    let out = context.output;
    if out.json {
        return out.value(&report::json(input).map_err(|e| Failure::Integrity(e.to_string()))?);
    }
    out.text(&report::text(input, out.colours()).map_err(|e| Failure::Integrity(e.to_string()))?)
}

fn give_up(context: &Context, chosen: &Chosen, secret: &Secret) -> Result<(), Failure> {
    secret.verify(chosen)?;
    chosen.run.update(|file| file.given_up = true)?;
    print_opening(context, chosen, secret)
}

/// Prints the truth of a run that was given up.
pub fn print_opening(context: &Context, chosen: &Chosen, secret: &Secret) -> Result<(), Failure> {
    let (out, opened) = (context.output, Opened::of(chosen)?);
    let (sealed, failed) =
        (secret.sealed(chosen), |e: report::ReportError| Failure::Integrity(e.to_string()));
    if out.json {
        return out.value(&report::open(&sealed, &opened.record()).map_err(failed)?);
    }
    out.text(&report::opening(&sealed, &opened.record(), out.colours()).map_err(failed)?)
}

/// What was sealed of a run.
pub struct Secret {
    truth: Truth,
    salt: [u8; 32],
    plan: Plan,
}

impl Secret {
    pub fn of(chosen: &Chosen) -> Result<Self, Failure> {
        let sealed = chosen.run.sealed();
        let void = |what: &str| {
            Failure::Integrity(format!(
                "the {what} of {} is missing: the run cannot be graded",
                chosen.file.id
            ))
        };
        let truth = sealed.read("truth").map_err(damaged)?.ok_or_else(|| void("truth"))?;
        let salt =
            sealed.read("salt").map_err(damaged)?.ok_or_else(|| void("salt of the commitment"))?;
        let plan = sealed.read("plan").map_err(damaged)?.ok_or_else(|| void("plan"))?;
        Ok(Self { truth, salt, plan })
    }

    /// The truth.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Refuses a truth that is not the one committed to when the run opened, and an alert or
    /// objectives that are not those it was opened with.
    pub fn verify(&self, chosen: &Chosen) -> Result<(), Failure> {
        let commitment =
            self.truth.commitment(&self.salt).map_err(|e| Failure::Integrity(e.to_string()))?;
        let void = |what: &str| {
            Err(Failure::Integrity(format!(
                "{what} of {} is not the one it opened with: the run is void",
                chosen.file.id
            )))
        };
        if chosen.file.commitment.as_ref() != Some(&commitment) {
            return void("the truth");
        }
        if chosen.briefing()? != Briefing::from(&self.plan) {
            return void("the briefing (briefing.json)");
        }
        Ok(())
    }

    pub fn sealed<'a>(&'a self, chosen: &'a Chosen) -> Sealed<'a> {
        let staged = Staged {
            family: &self.plan.family,
            scenario: &self.plan.scenario,
            seed: self.plan.seed,
        };
        Sealed {
            truth: &self.truth,
            salt: &self.salt,
            commitment: chosen.file.commitment.as_deref().unwrap_or_default(),
            staged,
        }
    }
}

/// A sealed file that cannot be read is a matter of integrity.
fn damaged(error: RunError) -> Failure {
    Failure::Integrity(error.to_string())
}

/// The grade of a run, as it was written.
pub fn graded(chosen: &Chosen) -> Result<Grade, Failure> {
    let path = chosen.run.folder().join("grade.json");
    let text =
        std::fs::read_to_string(&path).map_err(Failure::io(format!("read {}", path.display())))?;
    let grade: Grade = serde_json::from_str(&text)
        .map_err(|e| Failure::Integrity(format!("{} cannot be read: {e}", path.display())))?;
    match grade.format {
        FORMAT => Ok(grade),
        other => Err(Failure::Integrity(format!(
            "{} is of format {other}; this program reads format {FORMAT}",
            path.display()
        ))),
    }
}
