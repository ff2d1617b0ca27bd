//! A graded run again, in any form, with what a reviewer decided; and the truth of one that was
//! given up.

use std::path::PathBuf;

use super::choose::Chosen;
use super::error::{DrillError, Integrity, InvalidRequest, Refusal};
use super::sealed::Secret;
use super::write_up::Opened;
use crate::domain::grade::review::{Dispute, Override, known, read_overrides, unanswered};
use crate::domain::grade::{FORMAT, Grade};
use crate::domain::report::{self, ReportError, ReportInput};
use crate::lab::run::{Graded, Home, RunFile};

/// What there is to read of a run whose truth is open.
#[derive(Debug)]
pub enum Known {
    /// It was graded. Disputes nobody has answered yet stand beside it.
    Graded(Box<Report>, Vec<Dispute>),
    /// It was given up.
    GivenUp(Box<Opening>),
}

/// A grade with all that a report of it tells.
#[derive(Debug)]
pub struct Report {
    /// The grade, a reviewer's answers in it.
    pub grade: Grade,
    chosen: Chosen,
    secret: Secret,
    opened: Opened,
}

impl Report {
    pub(super) fn new(chosen: &Chosen, grade: Grade, secret: Secret, opened: Opened) -> Self {
        Self { grade, chosen: chosen.clone(), secret, opened }
    }

    fn with<T>(&self, form: impl FnOnce(&ReportInput<'_>) -> T) -> T {
        let record = &self.opened.record();
        let sealed = Some(self.secret.sealed(&self.chosen));
        form(&ReportInput { grade: &self.grade, record, sealed })
    }

    /// All of it, for programs.
    pub fn json(&self) -> Result<serde_json::Value, ReportError> {
        self.with(report::json)
    }

    /// For a terminal.
    pub fn text(&self, colours: bool) -> Result<String, ReportError> {
        self.with(|input| report::text(input, colours))
    }

    /// One page with the timeline.
    pub fn html(&self) -> Result<String, ReportError> {
        self.with(report::html)
    }

    /// A line an item, for spreadsheets.
    pub fn csv(&self) -> Result<String, ReportError> {
        report::csv(&self.grade)
    }

    /// Items and gates as test cases, for CI servers.
    pub fn junit(&self) -> String {
        report::junit(&self.grade)
    }

    /// Where its page is, in the run's folder.
    pub fn page(&self) -> PathBuf {
        self.chosen.run.folder().join(PAGE)
    }

    /// What it comes to, for lists.
    pub fn outcome(&self) -> Graded {
        Graded { score: self.grade.total, passed: self.grade.passed }
    }

    /// Writes its page into the run's folder, and the outcome into the run's state.
    pub(super) fn keep(&self) -> Result<(), DrillError> {
        let run = &self.chosen.run;
        run.write_text(PAGE, &self.html()?)?;
        run.update(|file| file.graded = Some(self.outcome()))?;
        Ok(())
    }
}

/// The truth of a run, told to whoever has given up.
#[derive(Debug)]
pub struct Opening {
    chosen: Chosen,
    secret: Secret,
    opened: Opened,
}

impl Opening {
    pub(super) fn new(chosen: &Chosen, secret: Secret) -> Result<Self, DrillError> {
        Ok(Self { chosen: chosen.clone(), secret, opened: Opened::of(chosen)? })
    }

    /// For programs.
    pub fn value(&self) -> Result<report::Opened, ReportError> {
        report::open(&self.secret.sealed(&self.chosen), &self.opened.record())
    }

    /// For a terminal.
    pub fn text(&self, colours: bool) -> Result<String, ReportError> {
        report::opening(&self.secret.sealed(&self.chosen), &self.opened.record(), colours)
    }
}

/// The page of a grade, in the run's folder.
const PAGE: &str = "report.html";

/// The latest run that was graded or given up.
pub fn latest(home: &Home) -> Result<String, DrillError> {
    let runs = home.list()?;
    let is_open = |f: RunFile| f.graded.is_some() || f.given_up;
    let latest = runs.into_iter().rev().find(|run| run.read().is_ok_and(is_open));
    Ok(latest.ok_or(Refusal::NothingGraded)?.id)
}

/// What is known of a run whose truth is open. What a reviewer decided counts from now on, in the
/// list of runs as well.
pub fn report(chosen: &Chosen) -> Result<Known, DrillError> {
    if chosen.file.given_up {
        let secret = Secret::of(chosen)?;
        secret.verify(chosen)?;
        return Ok(Known::GivenUp(Box::new(Opening::new(chosen, secret)?)));
    }
    let grade = graded(chosen)?;
    let (disputes, answers) = (chosen.run.disputes()?, answers(chosen, &grade)?);
    let (secret, opened) = (Secret::of(chosen)?, Opened::of(chosen)?);
    secret.verify(chosen)?;
    let report = Report::new(chosen, grade.reviewed(&answers), secret, opened);
    let open: Vec<_> = unanswered(&disputes, &answers).into_iter().cloned().collect();
    if open.is_empty() && chosen.file.graded != Some(report.outcome()) {
        report.keep()?;
    }
    Ok(Known::Graded(Box::new(report), open))
}

/// Writes a dispute down. It stands until a reviewer answers it; gives those without an answer.
pub fn dispute(chosen: &Chosen, finding: &str, reason: &str) -> Result<Vec<Dispute>, DrillError> {
    let grade = graded(chosen)?;
    known(&grade, finding).map_err(InvalidRequest::NoFinding)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(InvalidRequest::NoReason(finding.to_owned()).into());
    }
    let mut disputes = chosen.run.disputes()?;
    disputes.retain(|dispute| dispute.finding != finding);
    disputes.push(Dispute { finding: finding.to_owned(), reason: reason.to_owned() });
    chosen.run.write_disputes(&disputes)?;
    let answers = answers(chosen, &grade)?;
    let open: Vec<_> = unanswered(&disputes, &answers).into_iter().cloned().collect();
    if open.is_empty() {
        return Err(Refusal::Answered(finding.to_owned()).into());
    }
    Ok(open)
}

/// That a person must look at findings, and where they answer.
pub fn needs_review(chosen: &Chosen, open: Vec<Dispute>) -> DrillError {
    let answers = chosen.run.overrides();
    DrillError::NeedsReview { run: chosen.file.id.clone(), open, answers }
}

/// The answers of a reviewer, if there are any.
fn answers(chosen: &Chosen, grade: &Grade) -> Result<Vec<Override>, DrillError> {
    let path = chosen.run.overrides();
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            read_overrides(&text, grade).map_err(|problems| DrillError::Document { path, problems })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(DrillError::io(format!("read {}", path.display()))(error)),
    }
}

/// The grade of a run, as it was written.
fn graded(chosen: &Chosen) -> Result<Grade, DrillError> {
    if chosen.file.graded.is_none() {
        return Err(Refusal::NotGraded(chosen.file.id.clone()).into());
    }
    let path = chosen.run.folder().join("grade.json");
    let text = std::fs::read_to_string(&path)
        .map_err(DrillError::io(format!("read {}", path.display())))?;
    let grade: Grade = serde_json::from_str(&text)
        .map_err(|source| Integrity::Grade { path: path.clone(), source })?;
    match grade.format {
        FORMAT => Ok(grade),
        found => Err(Integrity::GradeFormat { path, found, expected: FORMAT }.into()),
    }
}
