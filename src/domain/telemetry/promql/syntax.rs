//! From text to expression: refusals first, then `promql-parser`, then the place of what it could not parse.

use promql_parser::parser::token::{T_LEFT_PAREN, T_RIGHT_PAREN};

use super::expr::Expr;
use super::text::Text;
use super::token::{Token, refuse_unsupported, tokens};
use super::{limits, lower};
use crate::domain::telemetry::{Position, QueryError};

/// What `promql-parser` says when the grammar has no place for a token.
const UNGRAMMATICAL: &str = "invalid promql query";

/// What `promql-parser` calls the kinds of values, and what Prometheus' documentation calls them.
const NAMES_OF_KINDS: [(&str, &str); 4] =
    [("matrix", "a range vector"), ("vector", "an instant vector"), ("scalar", "a scalar"), ("string", "a string")];

/// Ways an expression could go on after a beginning of it: operands, ends of brackets and braces, lists of labels.
const CONTINUATIONS: [&str; 16] =
    ["", "x", "1", "5m", "5m]", "]", "}", "x=\"\"}", "=\"\"}", "\"\"}", "()", "()(x)", ")(x)", ")x", "x)(x)", "() x"];

/// Parses an expression, or says what is wrong with it.
pub fn parse(text: &str) -> Result<Expr, QueryError> {
    let text = Text::new(text);
    let tokens = tokens(&text)?;
    refuse_unsupported(&text, &tokens)?;
    let parsed = promql_parser::parser::parse(text.parsed()).map_err(|message| explain(&text, &tokens, message))?;
    lower::lower(&parsed, limits::DEPTH).map_err(|message| QueryError::Invalid { message, at: None })
}

fn explain(text: &Text<'_>, tokens: &[Token<'_>], message: String) -> QueryError {
    if message != UNGRAMMATICAL {
        let in_our_words = |message: String, (theirs, ours): &(&str, &str)| {
            message
                .replace(&format!("expected type {theirs}"), &format!("expected {ours}"))
                .replace(&format!("got {theirs}"), &format!("got {ours}"))
        };
        let message = NAMES_OF_KINDS.iter().fold(message, in_our_words);
        return QueryError::Invalid { at: place_of_quoted(text, tokens, &message), message };
    }
    // A beginning that no longer can become an expression stays so however it goes on.
    let counts: Vec<usize> = (1..=tokens.len()).collect();
    match tokens.get(counts.partition_point(|&count| can_go_on(text, &tokens[..count]))) {
        Some(token) => text.invalid(token.start, format!("`{}` cannot stand here", token.text)),
        None => text.invalid(text.parsed().len(), "the expression ends too early"),
    }
}

/// Whether some expression begins with these tokens.
fn can_go_on(text: &Text<'_>, tokens: &[Token<'_>]) -> bool {
    let end = tokens.last().map_or(0, |token| token.start + token.text.len());
    let count = |id| tokens.iter().filter(|token| token.id == id).count();
    let open = count(T_LEFT_PAREN).saturating_sub(count(T_RIGHT_PAREN));
    CONTINUATIONS.iter().any(|more| {
        let still_open = (open + more.matches('(').count()).saturating_sub(more.matches(')').count());
        let candidate = format!("{} {more}{}", &text.parsed()[..end], ")".repeat(still_open));
        let is_grammatical = || !matches!(promql_parser::parser::parse(&candidate), Err(complaint) if complaint == UNGRAMMATICAL);
        promql_parser::parser::lexer(&candidate).is_ok() && is_grammatical()
    })
}

/// The place of the name a complaint quotes, when the expression has that name once.
fn place_of_quoted(text: &Text<'_>, tokens: &[Token<'_>], message: &str) -> Option<Position> {
    let quoted = message.split('\'').nth(1)?;
    let mut found = tokens.iter().filter(|token| token.text == quoted);
    match (found.next(), found.next()) {
        (Some(token), None) => Some(text.position(token.start)),
        _ => None,
    }
}
