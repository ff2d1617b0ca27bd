//! `chaoslab submit`: grade the write-up; from then on everything is open.

use std::path::PathBuf;

use clap::Args;

use super::context::{Chosen, Context};
use super::exit::Failure;
use super::rca::{self, Opened};
use crate::domain::fault::truth::Truth;
use crate::domain::grade::{Comparison, Grade, GradeError, Terms, cost_of_hints, grade};
use crate::domain::rca::document::Document;
use crate::domain::recording::Roles;
use crate::domain::report::{self, ReportInput, Sealed};
use crate::domain::scenario::Plan;
use crate::lab::library::Library;
use crate::lab::run::{Graded, RunError, RunFile};

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
        return Err(Failure::Refused(format!("the truth of {} has been opened already; `chaoslab report` shows it", chosen.file.id)));
    }
    let secret = Secret::of(&chosen)?;
    if arguments.give_up {
        return give_up(context, &chosen, &secret);
    }
    chosen.in_time()?;
    let path = rca::file(&chosen, arguments.file.as_ref());
    let bytes = rca::read(&path)?;
    let document = Document::read(&bytes).map_err(|problems| Failure::Invalid(rca::located(&path, &problems)))?;
    let opened = Opened::of(&chosen)?;
    let plan = Secret::plan(&chosen)?;
    let terms = Terms {
        hints: cost_of_hints(chosen.file.hints),
        playbook: Some(format!("chaoslab playbook {}", chosen.file.family)),
        recovery_required: plan.recovery_required,
        exam: chosen.file.exam,
        allowed: plan.allows.clone(),
    };
    let with = comparison(&chosen, &secret.truth, plan)?;
    let grade = grade(&document, &opened.record(), &secret.truth, &with, &terms).map_err(|error| match error {
        GradeError::Invalid(problems) => Failure::Invalid(rca::located(&path, &problems)),
        GradeError::Record(error) => Failure::Integrity(error.to_string()),
    })?;
    // Grading does not read the commitment: whether it holds is looked at first, and a run whose record was touched is void.
    secret.verify(&chosen)?;
    chosen.run.write_text("submitted.md", &String::from_utf8_lossy(&bytes))?;
    let input = ReportInput { grade: &grade, record: &opened.record(), sealed: Some(secret.sealed(&chosen)) };
    let canonical = grade.canonical().map_err(|e| Failure::Integrity(e.to_string()))?;
    chosen.run.write_text("grade.json", &String::from_utf8_lossy(&canonical))?;
    let page = report::html(&input).map_err(|e| Failure::Integrity(e.to_string()))?;
    let page = chosen.run.write_text("report.html", &page)?;
    chosen.run.write(&RunFile { graded: Some(Graded { score: grade.total, passed: grade.passed }), ..chosen.file.clone() })?;
    print(context, &input)?;
    context.output.remark(format!("\n{}", page.display()));
    if grade.passed { Ok(()) } else { Err(Failure::NotPassed) }
}

/// The recordings of the family this run is compared with, and who plays which part in it.
pub fn comparison(chosen: &Chosen, truth: &Truth, plan: Plan) -> Result<Comparison, Failure> {
    let lab = chosen.lab()?;
    let recordings = Library::open()?.recordings(&plan.family).map_err(|e| Failure::Integrity(e.to_string()))?;
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
    let opened = Opened::of(chosen)?;
    let text = report::opening(&secret.sealed(chosen), &opened.record(), context.output.colours());
    chosen.run.write(&RunFile { given_up: true, ..chosen.file.clone() })?;
    context.output.text(&text.map_err(|e| Failure::Integrity(e.to_string()))?)
}

/// What was sealed of a run.
pub struct Secret {
    truth: Truth,
    salt: [u8; 32],
}

impl Secret {
    pub fn of(chosen: &Chosen) -> Result<Self, Failure> {
        let sealed = chosen.run.sealed();
        let void = |what: &str| Failure::Integrity(format!("the {what} of {} is missing: the run cannot be graded", chosen.file.id));
        let truth = sealed.read("truth").map_err(damaged)?.ok_or_else(|| void("truth"))?;
        let salt = sealed.read("salt").map_err(damaged)?.ok_or_else(|| void("salt of the commitment"))?;
        Ok(Self { truth, salt })
    }

    /// The truth.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// What was staged.
    fn plan(chosen: &Chosen) -> Result<Plan, Failure> {
        let missing = || Failure::Integrity(format!("the plan of {} is missing: the run cannot be graded", chosen.file.id));
        chosen.run.sealed().read("plan").map_err(damaged)?.ok_or_else(missing)
    }

    /// Refuses a truth that is not the one committed to when the run opened.
    pub fn verify(&self, chosen: &Chosen) -> Result<(), Failure> {
        let commitment = self.truth.commitment(&self.salt).map_err(|e| Failure::Integrity(e.to_string()))?;
        if chosen.file.commitment.as_ref() == Some(&commitment) {
            return Ok(());
        }
        Err(Failure::Integrity(format!("the truth of {} is not the one committed to when it opened: the run is void", chosen.file.id)))
    }

    pub fn sealed<'a>(&'a self, chosen: &'a Chosen) -> Sealed<'a> {
        Sealed { truth: &self.truth, salt: &self.salt, commitment: chosen.file.commitment.as_deref().unwrap_or_default() }
    }
}

/// A sealed file that cannot be read is a matter of integrity.
fn damaged(error: RunError) -> Failure {
    Failure::Integrity(error.to_string())
}

/// The grade of a run, as it was written.
pub fn graded(chosen: &Chosen) -> Result<Grade, Failure> {
    let path = chosen.run.folder().join("grade.json");
    let text = std::fs::read_to_string(&path).map_err(Failure::io(format!("read {}", path.display())))?;
    serde_json::from_str(&text).map_err(|e| Failure::Integrity(format!("{} cannot be read: {e}", path.display())))
}
