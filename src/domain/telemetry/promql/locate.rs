//! Where in its text an expression goes wrong, which `promql-parser` does not say: it is asked
//! about beginnings of the text. `token` and this file use each other: the lexer's complaints are
//! located here, and what the grammar has no place for is located by tokens.

use lrpar::{Lexeme, Lexer};
use promql_parser::parser::token::{T_LEFT_PAREN, T_RIGHT_PAREN};

use super::text::Text;
use super::token::Token;
use crate::domain::telemetry::{Position, QueryError};

/// What `promql-parser` says when the grammar has no place for a token.
const UNGRAMMATICAL: &str = "invalid promql query";

/// What `promql-parser` calls the kinds of values, and what Prometheus' documentation calls them.
const NAMES_OF_KINDS: [(&str, &str); 4] = [
    ("matrix", "a range vector"),
    ("vector", "an instant vector"),
    ("scalar", "a scalar"),
    ("string", "a string"),
];

/// Ways an expression could go on after a beginning of it: operands, ends of brackets and braces,
/// lists of labels.
const CONTINUATIONS: [&str; 16] = [
    "", "x", "1", "5m", "5m]", "]", "}", "x=\"\"}", "=\"\"}", "\"\"}", "()", "()(x)", ")(x)", ")x",
    "x)(x)", "() x",
];

/// What the lexer complains about at the end of a text with a parenthesis too many.
const UNCLOSED: &str = "unclosed left parenthesis";

/// What the lexer could not read. It reads from left to right, so the shortest beginning of the
/// text with the same complaint ends at the culprit.
pub fn not_a_token(source: &Text<'_>, message: String) -> QueryError {
    let text = source.parsed();
    if message == UNCLOSED {
        return source.invalid(unclosed(text), "this parenthesis is never closed");
    }
    let ends: Vec<usize> = text.char_indices().map(|(at, c)| at + c.len_utf8()).collect();
    let complains = |end: usize| {
        promql_parser::parser::lexer(&text[..end]).is_err_and(|other| other == message)
    };
    let culprit = ends.partition_point(|&end| !complains(end));
    let start = culprit.checked_sub(1).map_or(0, |before| ends[before]);
    source.invalid(start, message)
}

/// The innermost parenthesis that is never closed.
fn unclosed(text: &str) -> usize {
    // On a line of their own, lest they end up in a comment.
    let closed = |more: usize| format!("{text}\n{}", ")".repeat(more));
    let counts: Vec<usize> = (0..=text.matches('(').count()).collect();
    let missing =
        counts.partition_point(|&more| matches!(promql_parser::parser::lexer(&closed(more)), Err(message) if message == UNCLOSED));
    let closed = closed(missing);
    let mut open = Vec::new();
    for lexeme in
        promql_parser::parser::lexer(&closed).iter().flat_map(|lexer| lexer.iter()).flatten()
    {
        match lexeme.tok_id() {
            T_LEFT_PAREN => open.push(lexeme.span().start()),
            T_RIGHT_PAREN if lexeme.span().start() < text.len() => drop(open.pop()),
            _ => {}
        }
    }
    open.last().copied().unwrap_or_default()
}

/// What the parser could not take, or did not accept, and where it stands.
pub fn ungrammatical(text: &Text<'_>, tokens: &[Token<'_>], message: String) -> QueryError {
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
