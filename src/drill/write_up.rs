//! The write-up: begun, added to, verified. Nothing here can reach the truth.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest, Refusal};
use crate::domain::rca::check::{self, Finding};
use crate::domain::rca::document::{
    Addition, Document, Field, Form, add as with_addition, remove, set,
};
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

/// One change of a write-up.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// An entry more.
    Add(Box<Addition>),
    /// An answer, set to these words.
    Set(Field, Vec<String>),
    /// The entry of this id, taken out.
    Remove(String),
}

/// What a change did to a write-up.
#[derive(Debug, Serialize)]
pub struct Changed {
    /// The write-up.
    pub file: PathBuf,
    /// The lines that are new in it.
    pub added: Vec<String>,
    /// The lines that are gone.
    pub removed: Vec<String>,
    /// What could be better about what is new.
    #[serde(serialize_with = "flat")]
    pub advice: Vec<Problem>,
    /// What the record says of a claim that was added.
    pub claim: Option<Finding>,
    /// When the page went out: claims are told by their distance to it.
    #[serde(skip)]
    pub page: UnixMs,
}

/// Makes one change of the run's write-up; everything else in it stays byte for byte as it was.
/// What would bring a new error into it is refused, and the file stays as it is.
pub fn change(chosen: &Chosen, change: &Change) -> Result<Changed, DrillError> {
    let path = chosen.run.rca();
    let text =
        String::from_utf8(read(&path)?).map_err(|_| InvalidRequest::NotText(path.clone()))?;
    let changed = match change {
        Change::Add(addition) => with_addition(&text, addition),
        Change::Set(field, words) => set(&text, *field, words),
        Change::Remove(id) => remove(&text, id),
    };
    let refused = |problems| DrillError::Document { path: path.clone(), problems };
    let changed = changed.map_err(|e| refused(e.problems()))?;
    let opened = Opened::of(chosen)?;
    let record = opened.record();
    let (before, after) = (Said::of(&text, &record)?, Said::of(&changed, &record)?);
    let errors = new(&before.errors, after.errors);
    if !errors.is_empty() {
        return Err(refused(errors));
    }
    replace_file(&path, changed.as_bytes())?;
    let lines = |of: &str, other: &str| {
        let is_new = |line: &&str| !other.lines().any(|t| t == *line);
        of.lines().filter(is_new).map(str::to_owned).collect()
    };
    let is_new = |claim: &Finding| before.claims.iter().all(|c| c.id != claim.id);
    Ok(Changed {
        added: lines(&changed, &text),
        removed: lines(&text, &changed),
        advice: new(&before.advice, after.advice),
        claim: after.claims.into_iter().find(is_new),
        page: record.facts.page,
        file: path,
    })
}

/// What checking a text says.
struct Said {
    errors: Vec<Problem>,
    advice: Vec<Problem>,
    claims: Vec<Finding>,
}

impl Said {
    fn of(text: &str, record: &Record<'_>) -> Result<Self, DrillError> {
        Ok(match Document::read(text.as_bytes()) {
            Err(errors) => Self { errors, advice: Vec::new(), claims: Vec::new() },
            Ok(document) => {
                let checked = check::check(&document, record)?;
                Self {
                    errors: checked.resolved.errors,
                    advice: checked.resolved.advice,
                    claims: checked.evidence.into_iter().chain(checked.impact).collect(),
                }
            }
        })
    }
}

/// The problems that were not there before, wherever they stood.
fn new(before: &[Problem], after: Vec<Problem>) -> Vec<Problem> {
    let mut known: Vec<&str> = before.iter().map(|p| p.message.as_str()).collect();
    let mut is_new = |problem: &Problem| match known.iter().position(|k| *k == problem.message) {
        Some(at) => {
            known.swap_remove(at);
            false
        }
        None => true,
    };
    after.into_iter().filter(|problem| is_new(problem)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::Position;

    #[test]
    fn only_what_was_not_said_before_is_new() {
        let problem = |line, message: &str| Problem {
            at: Position { line, column: 1 },
            message: message.to_owned(),
        };
        let before = [problem(1, "a"), problem(2, "b")];
        let after = vec![problem(3, "b"), problem(4, "b"), problem(5, "a"), problem(6, "c")];
        assert_eq!(new(&before, after), [problem(4, "b"), problem(6, "c")]);
    }
}
