//! A grade told to people: on a terminal, as one page that needs nothing else, as JSON, and as
//! spreadsheets and CI servers read it. After grading the truth is opened, too.

mod chart;
mod html;
mod junit;
mod opening;
mod shown;
mod svg;
mod table;
mod text;

use serde::Serialize;

pub use html::html;
pub use junit::junit;
pub use opening::{Opened, open};
pub use table::csv;
pub use text::{opening, text};

use super::fault::truth::{Truth, hex};
use super::grade::Grade;
use super::rca::record::Record;
use super::scenario::Level;
use super::telemetry::series::SourceError;

/// What a report is made of. A grade's losses name the truth already: nothing of a report is for
/// the eyes of someone who may try again.
#[derive(Clone, Copy)]
pub struct ReportInput<'a> {
    /// The grade.
    pub grade: &'a Grade,
    /// The record of the run.
    pub record: &'a Record<'a>,
    /// The truth and its commitment, to be opened beside the grade.
    pub sealed: Option<Sealed<'a>>,
}

/// A truth and what was committed to before the run.
#[derive(Clone, Copy)]
pub struct Sealed<'a> {
    /// The truth.
    pub truth: &'a Truth,
    /// The salt of the commitment.
    pub salt: &'a [u8; 32],
    /// The commitment, in hexadecimal, as it was published when the run opened.
    pub commitment: &'a str,
    /// What was staged.
    pub staged: Staged<'a>,
}

/// What was staged: with the same seed the same lab stands again.
#[derive(Clone, Copy)]
pub struct Staged<'a> {
    /// The family.
    pub family: &'a str,
    /// The scenario's slug.
    pub scenario: &'a str,
    /// The seed.
    pub seed: u64,
    /// The level.
    pub level: Level,
}

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The record could not be read.
    #[error("the record cannot be read: {0}")]
    Record(#[from] SourceError),
    /// Something could not be written as JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Something could not be written as CSV.
    #[error("the report cannot be written as CSV: {0}")]
    Csv(#[from] ::csv::Error),
}

/// The report as JSON: the grade, and the truth with its commitment once it may be told.
pub fn json(input: &ReportInput<'_>) -> Result<serde_json::Value, ReportError> {
    #[derive(Serialize)]
    struct Report<'a> {
        grade: &'a Grade,
        #[serde(skip_serializing_if = "Option::is_none")]
        opening: Option<Opening<'a>>,
    }
    #[derive(Serialize)]
    struct Opening<'a> {
        truth: &'a Truth,
        salt: String,
        commitment: &'a str,
        verified: bool,
        told: Opened,
    }
    let opening = match &input.sealed {
        Some(sealed) => Some(Opening {
            truth: sealed.truth,
            salt: hex(sealed.salt),
            commitment: sealed.commitment,
            verified: sealed.truth.commitment(sealed.salt)? == sealed.commitment,
            told: open(sealed, input.record)?,
        }),
        None => None,
    };
    let mut grade = input.grade.clone();
    if opening.is_none() {
        // Which other causes there are is told with the truth.
        grade.evidence.iter_mut().for_each(|evidence| evidence.apart_from.clear());
    }
    Ok(serde_json::to_value(Report { grade: &grade, opening })?)
}

/// Points as people write them: `94.6`, a whole number without its fraction.
fn points(thousandths: u32) -> String {
    let tenths = thousandths / 100;
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests;
