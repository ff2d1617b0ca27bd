//! The grade as lines for a spreadsheet: one an item, so that the grades of a class can be put
//! below each other.

use csv::{Terminator, WriterBuilder};

use super::shown::shown;
use super::{ReportError, points};
use crate::domain::grade::Grade;

/// The grade as CSV (RFC 4180) with a head line: run, verdict and total in each line, then an item,
/// its points, and why points are missing.
pub fn csv(grade: &Grade) -> Result<String, ReportError> {
    let grade = &shown(grade);
    let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    out.write_record(["run", "passed", "total", "item", "earned", "possible", "losses"])?;
    for item in &grade.items {
        let losses: Vec<_> = grade.losses_of(&item.item).map(|loss| loss.says.as_str()).collect();
        out.write_record([
            &grade.run,
            &grade.passed.to_string(),
            &points(grade.total),
            &item.item,
            &points(item.earned),
            &points(item.possible),
            &losses.join("; "),
        ])?;
    }
    let written = out.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8(written).expect("what was written is text"))
}
