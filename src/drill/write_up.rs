//! The write-up: begun, added to, verified. Nothing here can reach the truth.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest, Refusal};
use crate::domain::rca::check::{self, Finding};
use crate::domain::rca::document::{Addition, Document, Form, add as with_addition};
use crate::domain::rca::record::{Facts, Record};
use crate::domain::rca::template;
use crate::domain::telemetry::series::UnixMs;
use crate::domain::yaml::Problem;
use crate::lab::facts;
use crate::lab::run::{RunError, create_file, replace_file};
use crate::lab::store::Reader;

/// A run's record, held open while claims are checked against it.
#[derive(Debug)]
pub struct Opened {
    reader: Reader,
    facts: Facts,
}

impl Opened {
    /// Opens the record of a run.
    pub fn of(chosen: &Chosen) -> Result<Self, DrillError> {
        let reader = chosen.reader()?;
        let facts = facts::facts(&chosen.file, &chosen.lab()?, &chosen.briefing()?, &reader)?;
        Ok(Self { reader, facts })
    }

    /// The record, as claims are checked against it.
    pub fn record(&self) -> Record<'_> {
        Record { series: &self.reader, logs: &self.reader, facts: &self.facts }
    }
}

/// The file meant: the one named, else the run's own.
pub fn file(chosen: &Chosen, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| chosen.run.rca(), Path::to_owned)
}

/// Reads a write-up, or says how to begin one.
pub fn read(path: &Path) -> Result<Vec<u8>, DrillError> {
    std::fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => InvalidRequest::NoWriteUp(path.to_owned()).into(),
        _ => DrillError::io(format!("read {}", path.display()))(source),
    })
}

/// The document in a file, or its problems.
pub(super) fn document(path: &Path, bytes: &[u8]) -> Result<Document, DrillError> {
    Document::read(bytes)
        .map_err(|problems| DrillError::Document { path: path.to_owned(), problems })
}

/// Begins a write-up in a file of its own, with what the record already knows; gives its path. The
/// form is the short one unless one is named, in an exam the full one.
pub fn begin(
    chosen: &Chosen,
    named: Option<&Path>,
    form: Option<Form>,
    author: &str,
) -> Result<PathBuf, DrillError> {
    let path = file(chosen, named);
    let usual = if chosen.file.exam { Form::Full } else { Form::Short };
    let opened = Opened::of(chosen)?;
    let text = template::new(form.unwrap_or(usual), author, &opened.record())?;
    // A write-up is somebody's work: it is never overwritten.
    match create_file(&path, text.as_bytes()) {
        Err(RunError::Io { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
            Err(Refusal::WriteUpThere(path).into())
        }
        created => Ok(created.map(|()| path)?),
    }
}

/// What was added to a write-up.
#[derive(Debug, Clone, Serialize)]
pub struct Added {
    /// The write-up.
    pub file: PathBuf,
    /// The lines that are new in it.
    pub added: Vec<String>,
}

/// Adds an entry to the run's write-up; everything else in it stays byte for byte as it was.
pub fn add(chosen: &Chosen, addition: &Addition) -> Result<Added, DrillError> {
    let path = chosen.run.rca();
    let text =
        String::from_utf8(read(&path)?).map_err(|_| InvalidRequest::NotText(path.clone()))?;
    let longer = with_addition(&text, addition)
        .map_err(|e| DrillError::Document { path: path.clone(), problems: e.problems() })?;
    replace_file(&path, longer.as_bytes())?;
    let is_new = |line: &&str| !text.lines().any(|t| t == *line);
    let added = longer.lines().filter(is_new).map(str::to_owned).collect();
    Ok(Added { file: path, added })
}

/// What of a write-up is true.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// The write-up.
    pub file: PathBuf,
    /// What keeps it from being graded.
    #[serde(serialize_with = "flat")]
    pub errors: Vec<Problem>,
    /// What could be better, with what is said of claims.
    #[serde(serialize_with = "flat")]
    pub advice: Vec<Problem>,
    /// Its claims, evidence before impact.
    pub claims: Vec<Finding>,
    /// What could be better about the document alone.
    #[serde(skip)]
    pub remarks: Vec<Problem>,
    /// When the page went out: claims are told by their distance to it.
    #[serde(skip)]
    pub page: UnixMs,
}

/// Verifies a write-up: its form, and each claim against the record. Computed from the document and
/// this run's record alone.
pub fn check(chosen: &Chosen, named: Option<&Path>) -> Result<Checked, DrillError> {
    let path = file(chosen, named);
    let document = document(&path, &read(&path)?)?;
    let opened = Opened::of(chosen)?;
    let record = opened.record();
    let checked = check::check(&document, &record)?;
    Ok(Checked {
        advice: checked.remarks(),
        errors: checked.resolved.errors,
        remarks: checked.resolved.advice,
        claims: checked.evidence.into_iter().chain(checked.impact).collect(),
        page: record.facts.page,
        file: path,
    })
}

/// Problems as programs read them: the place beside the message.
fn flat<S: serde::Serializer>(problems: &[Problem], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Flat<'a> {
        line: usize,
        column: usize,
        message: &'a str,
    }
    let flat = |p| -> Flat<'_> {
        let p: &Problem = p;
        Flat { line: p.at.line, column: p.at.column, message: &p.message }
    };
    to.collect_seq(problems.iter().map(flat))
}
