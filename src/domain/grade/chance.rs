//! Evidence that comes by chance: what it claims of a log or an output would be so of nearly anything
//! that was printed there.

use crate::domain::rca::analysis::Claim;
use crate::domain::rca::check::Finding;
use crate::domain::rca::record::Record;
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::logql::{LineFilter, LogQuery};
use crate::domain::telemetry::series::SourceError;

/// The fewest letters and digits of a text that singles lines out.
const SHORTEST: usize = 4;
/// From so many lines on, a share of them says whether a text singles any out.
const MANY: usize = 20;

/// Whether nearly anything would have borne the claim out.
pub(super) fn is_chance(
    claim: &Claim,
    finding: &Finding,
    record: &Record<'_>,
) -> Result<bool, SourceError> {
    match claim {
        Claim::Log { query, min: Some(_), .. } => is_any_line(query, finding, record),
        // Numbers alone stand in every table.
        Claim::Command { contains, .. } => Ok(!contains.chars().any(char::is_alphabetic)),
        Claim::Log { min: None, .. } | Claim::Promql { .. } | Claim::Intervention { .. } => {
            Ok(false)
        }
    }
}

/// Whether a query takes nearly any line of its machines: it asks for no text, or most lines have
/// the one it asks for.
fn is_any_line(
    query: &LogQuery,
    finding: &Finding,
    record: &Record<'_>,
) -> Result<bool, SourceError> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let singles_out = |filter: &LineFilter| match filter {
        LineFilter::Contains(text) => letters(text) >= SHORTEST,
        LineFilter::Matches(regex) => letters(regex.as_str()) >= SHORTEST && !regex.is_match(""),
        LineFilter::Lacks(_) | LineFilter::MatchesNot(_) => false,
    };
    if !query.filters().iter().any(singles_out) {
        return Ok(true);
    }
    let (from, to) = (finding.at.from, finding.at.to);
    let all = record.logs.lines(&|node| query.wants(node), from, to)?.len();
    let found = match query.select(record.logs, from, to) {
        Ok(lines) => lines.len(),
        Err(QueryError::Source(error)) => return Err(error),
        Err(_) => 0,
    };
    Ok(all >= MANY && found * 2 > all)
}
