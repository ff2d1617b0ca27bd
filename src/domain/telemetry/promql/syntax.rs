//! From text to expression: refusals first, then `promql-parser`, then our own tree.

use super::expr::Expr;
use super::text::Text;
use super::token::{refuse_unsupported, tokens};
use super::{limits, locate, lower};
use crate::domain::telemetry::QueryError;

/// Parses an expression, or says what is wrong with it.
pub fn parse(text: &str) -> Result<Expr, QueryError> {
    let text = Text::new(text);
    let tokens = tokens(&text)?;
    refuse_unsupported(&text, &tokens)?;
    let parsed = promql_parser::parser::parse(text.parsed())
        .map_err(|message| locate::ungrammatical(&text, &tokens, message))?;
    lower::lower(&parsed, limits::DEPTH)
        .map_err(|message| QueryError::Invalid { message, at: None })
}
