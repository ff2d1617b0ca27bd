//! The tokens of an expression with their places, as `promql-parser` reads them, and what is
//! refused before it parses them: absurd sizes, what Prometheus 2.42 does not know, and what is
//! left out here.

use lrpar::{Lexeme, Lexer};
use promql_parser::label::Matcher;
use promql_parser::parser::token::{
    T_ADD, T_ANCHORED, T_AT, T_BY, T_COLON, T_COMMA, T_DURATION, T_END, T_EOF, T_EQL_REGEX, T_FILL,
    T_FILL_LEFT, T_FILL_RIGHT, T_GROUP_LEFT, T_GROUP_RIGHT, T_IDENTIFIER, T_IGNORING, T_LEFT_BRACE,
    T_LEFT_BRACKET, T_LEFT_PAREN, T_LIMIT_RATIO, T_LIMITK, T_LOR, T_NEQ_REGEX, T_NUMBER, T_OFFSET,
    T_ON, T_RIGHT_BRACE, T_RIGHT_PAREN, T_SMOOTHED, T_START, T_STRING, T_SUB, T_WITHOUT, TokenId,
};

use super::text::Text;
use super::{function, limits, locate};
use crate::domain::telemetry::{QueryError, series};

/// A word, number, string or sign of an expression.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// What it is.
    pub id: TokenId,
    /// As written.
    pub text: &'a str,
    /// The byte it begins at.
    pub start: usize,
}

/// The tokens of the expression.
pub fn tokens<'t>(source: &'t Text<'_>) -> Result<Vec<Token<'t>>, QueryError> {
    let text = source.parsed();
    if text.len() > limits::TEXT {
        return Err(QueryError::TooCostly(format!(
            "an expression may be {} bytes long at most, this one is {}",
            limits::TEXT,
            text.len()
        )));
    }
    let lexer = promql_parser::parser::lexer(text)
        .map_err(|message| locate::not_a_token(source, message))?;
    let lexemes = lexer.iter().flatten().filter(|lexeme| lexeme.tok_id() != T_EOF);
    let tokens: Vec<_> = lexemes
        .map(|lexeme| Token {
            id: lexeme.tok_id(),
            text: text.get(lexeme.span().start()..lexeme.span().end()).unwrap_or_default(),
            start: lexeme.span().start(),
        })
        .collect();
    if tokens.is_empty() {
        return Err(source.invalid(0, "there is no expression here"));
    }
    if tokens.len() > limits::TOKENS {
        return Err(QueryError::TooCostly(format!(
            "an expression may have {} words and signs at most, this one has {}",
            limits::TOKENS,
            tokens.len()
        )));
    }
    Ok(tokens)
}

/// Where in an expression a token stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Among operators and operands.
    Open,
    /// Between `{` and `}`.
    Matchers,
    /// Between the parentheses of `by`, `on` and their like.
    Labels,
}

/// Refuses what the parser would accept and this engine does not evaluate, by name and place.
pub fn refuse_unsupported(source: &Text<'_>, tokens: &[Token<'_>]) -> Result<(), QueryError> {
    let mut place = Place::Open;
    let (mut depth, mut regexes) = (0_usize, 0_usize);
    for (index, token) in tokens.iter().enumerate() {
        let id = |distance: isize| {
            index.checked_add_signed(distance).and_then(|i| tokens.get(i)).map(|t| t.id)
        };
        let (before, after) = (id(-1), id(1));
        match token.id {
            T_LEFT_BRACE => place = Place::Matchers,
            T_RIGHT_BRACE => place = Place::Open,
            T_LEFT_PAREN => {
                depth += 1;
                if introduces_labels(before) {
                    place = Place::Labels;
                }
            }
            T_RIGHT_PAREN => {
                depth = depth.saturating_sub(1);
                place = Place::Open;
            }
            _ => {}
        }
        if depth > limits::DEPTH {
            return Err(QueryError::TooCostly(format!(
                "more than {} parentheses are open at once here",
                limits::DEPTH
            )));
        }
        let in_offset = before == Some(T_OFFSET)
            || (matches!(before, Some(T_ADD | T_SUB)) && id(-2) == Some(T_OFFSET));
        let wants_duration = matches!(before, Some(T_LEFT_BRACKET | T_COLON)) || in_offset;
        let complaint = match token.id {
            T_IDENTIFIER if after == Some(T_LEFT_PAREN) && place == Place::Open && !introduces_labels(before) => {
                unknown_function(token.text)
            }
            T_START | T_END if after == Some(T_LEFT_PAREN) && before != Some(T_AT) && place == Place::Open => unknown_function(token.text),
            T_LIMITK | T_LIMIT_RATIO if matches!(after, Some(T_LEFT_PAREN | T_BY | T_WITHOUT)) => Some(unknown_aggregation(token.text)),
            T_FILL | T_FILL_LEFT | T_FILL_RIGHT | T_SMOOTHED | T_ANCHORED => {
                Some(format!("`{}` is not supported; it came with Prometheus 3, and this engine speaks the PromQL of 2.42", token.text))
            }
            T_NUMBER if wants_duration => {
                Some(format!("a duration needs a unit: `{}s`, not `{0}`; units are ms, s, m, h, d, w and y", token.text))
            }
            T_DURATION if !wants_duration => Some(format!(
                "the duration `{}` stands where a number belongs; durations are supported in `[...]` and after `offset`",
                token.text
            )),
            T_DURATION if digits_in_a_row(token.text) > 9 => Some(format!("the duration `{}` is longer than any record", token.text)),
            T_ADD if before == Some(T_OFFSET) => {
                Some("`offset +` is not supported; write `offset 5m` to look back, `offset -5m` to look ahead".into())
            }
            T_STRING if place == Place::Matchers && matches!(before, Some(T_LEFT_BRACE | T_COMMA | T_LOR)) => Some(quoted_name(token.text)),
            T_STRING if place == Place::Labels => Some(quoted_name(token.text)),
            T_LOR if place == Place::Matchers => Some("`or` between matchers is not supported; use a pattern, `label=~\"a|b\"`".into()),
            _ => None,
        };
        if let Some(complaint) = complaint {
            return Err(source.unsupported(token.start, complaint));
        }
        if token.id == T_NUMBER && !is_number(token.text) {
            return Err(source.invalid(
                token.start,
                format!("`{}` is not a number, or is too large", token.text),
            ));
        }
        if matches!(before, Some(T_EQL_REGEX | T_NEQ_REGEX)) {
            regexes += 1;
            refuse_bad_regex(source, token)?;
        }
    }
    if regexes > limits::REGEXES {
        return Err(QueryError::TooCostly(format!(
            "an expression may have {} regular expressions at most, this one has {regexes}",
            limits::REGEXES
        )));
    }
    Ok(())
}

fn introduces_labels(id: Option<TokenId>) -> bool {
    matches!(id, Some(T_BY | T_WITHOUT | T_ON | T_IGNORING | T_GROUP_LEFT | T_GROUP_RIGHT))
}

fn unknown_function(name: &str) -> Option<String> {
    let names = function::names();
    if names.contains(&name) {
        return None;
    }
    if name == "histogram_quantile" {
        return Some(
            "`histogram_quantile` is not supported: no buckets are recorded here. Kafka's own quantiles are series, \
             `{quantile=\"0.99\"}`, and `_sum` over `_count` is a mean"
                .to_owned(),
        );
    }
    let close = names
        .iter()
        .filter(|known| strsim::damerau_levenshtein(name, known) <= 2)
        .min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let hint = close.map(|known| format!(" Did you mean `{known}`?")).unwrap_or_default();
    Some(format!("the function `{name}` is not supported; these are: {}.{hint}", names.join(", ")))
}

fn unknown_aggregation(name: &str) -> String {
    format!(
        "the aggregation `{name}` is not supported; these are: avg, bottomk, count, count_values, group, max, min, quantile, stddev, stdvar, sum, topk"
    )
}

fn quoted_name(text: &str) -> String {
    format!(
        "the quoted name {text} is not supported; names of metrics and labels are letters, digits and `_`, without quotes"
    )
}

fn is_number(text: &str) -> bool {
    let spells_infinity = text.eq_ignore_ascii_case("inf");
    promql_parser::util::parse_str_radix(text)
        .is_ok_and(|value| value.is_finite() || value.is_nan() || spells_infinity)
}

fn digits_in_a_row(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}

/// The parser would compile it without asking how large it gets, and not say where it stands.
fn refuse_bad_regex(source: &Text<'_>, token: &Token<'_>) -> Result<(), QueryError> {
    let Ok(pattern) = promql_parser::util::unquote_string(token.text) else { return Ok(()) };
    match series::anchored(&pattern) {
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err(source.invalid(token.start, "this pattern is too large; repeat less"))
        }
        // The parser knows how to read some patterns of Go that are none in Rust.
        Err(_) => match Matcher::new_matcher(T_EQL_REGEX, String::new(), pattern) {
            Ok(_) => Ok(()),
            Err(_) => Err(source
                .invalid(token.start, format!("{} is not a valid regular expression", token.text))),
        },
    }
}
