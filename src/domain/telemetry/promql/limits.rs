//! What an expression may cost. Every limit is far above what a sensible question needs; past it a
//! sentence says so, at once.

use crate::domain::telemetry::QueryError;

/// Longest text of an expression, in bytes.
pub const TEXT: usize = 4096;

/// Most tokens of an expression.
pub const TOKENS: usize = 1000;

/// Most parentheses open at once, and most operators and functions around an operand.
pub const DEPTH: usize = 100;

/// Most regular expressions in one expression.
pub const REGEXES: usize = 32;

/// Most moments of a range query; Prometheus' own limit of its HTTP interface.
pub const STEPS: i64 = 11_000;

/// Longest value `label_replace` may give a label, in bytes.
pub const LABEL_VALUE: usize = 4096;

/// Most work for one evaluation, in samples looked at; an intermediate value counts as
/// [`VALUE_COST`].
pub const WORK: u64 = 100_000_000;

/// What keeping one intermediate value costs, since it takes memory too.
pub const VALUE_COST: u64 = 10;

/// What is left of [`WORK`] during one evaluation.
#[derive(Debug)]
pub struct Budget(u64);

impl Budget {
    /// A fresh one.
    pub fn new() -> Self {
        Self(WORK)
    }

    /// Takes this much away, or refuses to go on.
    pub fn spend(&mut self, work: u64) -> Result<(), QueryError> {
        let too_costly = || {
            let million = WORK / 1_000_000;
            QueryError::TooCostly(format!(
                "this looks at more than {million} million samples; ask for fewer series, a shorter range or a wider step"
            ))
        };
        self.0 = self.0.checked_sub(work).ok_or_else(too_costly)?;
        Ok(())
    }

    /// Takes away the cost of keeping this many values for each of this many series.
    pub fn keep(&mut self, series: usize, values: usize) -> Result<(), QueryError> {
        self.spend((series as u64).saturating_mul(values as u64).saturating_mul(VALUE_COST))
    }
}
