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

/// Most samples one evaluation may hold at once; an intermediate value counts as [`VALUE_COST`].
pub const WORK: u64 = 100_000_000;

/// What keeping one intermediate value costs, since it takes memory too.
pub const VALUE_COST: u64 = 10;

/// Most samples one evaluation may look at: those of a wide window are looked at again at each
/// step. It takes some seconds.
pub const LOOKS: u64 = 1_000_000_000;

/// What is left of [`WORK`] and [`LOOKS`] during one evaluation.
#[derive(Debug)]
pub struct Budget {
    work: u64,
    looks: u64,
}

impl Budget {
    /// A fresh one.
    pub fn new() -> Self {
        Self { work: WORK, looks: LOOKS }
    }

    /// Takes this many samples held away, or refuses to go on.
    pub fn spend(&mut self, work: u64) -> Result<(), QueryError> {
        self.work = self.work.checked_sub(work).ok_or_else(|| too_costly("holds", WORK))?;
        Ok(())
    }

    /// Takes this many samples looked at away, or refuses to go on.
    pub fn look(&mut self, looks: usize) -> Result<(), QueryError> {
        let left = self.looks.checked_sub(looks as u64);
        self.looks = left.ok_or_else(|| too_costly("looks at", LOOKS))?;
        Ok(())
    }

    /// Takes away the cost of keeping this many values for each of this many series.
    pub fn keep(&mut self, series: usize, values: usize) -> Result<(), QueryError> {
        self.spend((series as u64).saturating_mul(values as u64).saturating_mul(VALUE_COST))
    }
}

fn too_costly(does: &str, limit: u64) -> QueryError {
    QueryError::TooCostly(format!(
        "this {does} more than {} million samples; ask for fewer series, a shorter range or a wider step",
        limit / 1_000_000
    ))
}
