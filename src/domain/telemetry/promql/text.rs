//! The text of an expression as the parser gets it, and the way back to what was written.

use std::borrow::Cow;

use crate::domain::telemetry::{Position, QueryError};

/// The text of an expression.
///
/// `promql-parser` takes a backslash in a backtick string for an escape, which it is not in PromQL,
/// and so refuses `` `\d+` ``. Such strings are handed to it in double quotes; places in what it
/// got are turned back into places in what was written.
pub struct Text<'a> {
    written: &'a str,
    parsed: Cow<'a, str>,
    /// The strings that were changed, in order.
    changed: Vec<Changed>,
}

struct Changed {
    /// Where the string begins and ends in what was written.
    written: (usize, usize),
    /// Where it begins and ends in what is parsed.
    parsed: (usize, usize),
}

impl<'a> Text<'a> {
    /// The text, ready for the parser.
    pub fn new(written: &'a str) -> Self {
        let mut text = Self { written, parsed: Cow::Borrowed(written), changed: Vec::new() };
        if written.contains('`') && written.contains('\\') {
            text.quote_raw_strings();
        }
        text
    }

    fn quote_raw_strings(&mut self) {
        let mut parsed = String::new();
        let mut rest = self.written;
        while let Some(start) = rest.find(['"', '\'', '`', '#']) {
            let (before, piece) = rest.split_at(start);
            let end = end_of_piece(piece);
            let (piece, after) = piece.split_at(end);
            parsed.push_str(before);
            match piece.strip_prefix('`').and_then(|raw| raw.strip_suffix('`')) {
                Some(raw) if raw.contains('\\') => {
                    let (from, begin) =
                        (self.written.len() - after.len() - piece.len(), parsed.len());
                    parsed.push_str(&crate::domain::telemetry::series::quoted(raw));
                    self.changed.push(Changed {
                        written: (from, from + piece.len()),
                        parsed: (begin, parsed.len()),
                    });
                }
                _ => parsed.push_str(piece),
            }
            rest = after;
        }
        parsed.push_str(rest);
        self.parsed = Cow::Owned(parsed);
    }

    /// What the parser gets.
    pub fn parsed(&self) -> &str {
        &self.parsed
    }

    /// The place in what was written of a byte of what is parsed.
    pub fn position(&self, offset: usize) -> Position {
        let offset = match self.changed.iter().rev().find(|changed| changed.parsed.0 <= offset) {
            Some(changed) if offset >= changed.parsed.1 => {
                changed.written.1 + (offset - changed.parsed.1)
            }
            Some(changed) => changed.written.0,
            None => offset,
        };
        Position::in_text(self.written, offset)
    }

    /// The expression is wrong at this byte of what is parsed.
    pub fn invalid(&self, offset: usize, message: impl Into<String>) -> QueryError {
        QueryError::Invalid { message: message.into(), at: Some(self.position(offset)) }
    }

    /// What stands at this byte of what is parsed is left out on purpose.
    pub fn unsupported(&self, offset: usize, message: impl Into<String>) -> QueryError {
        QueryError::Unsupported { message: message.into(), at: Some(self.position(offset)) }
    }
}

/// Where the string or comment that `piece` begins with ends; at the end of the text when it is
/// never closed.
fn end_of_piece(piece: &str) -> usize {
    let mut chars = piece.char_indices();
    let Some((_, opening)) = chars.next() else { return 0 };
    let mut escaped = false;
    let closes = |c: char| match opening {
        '#' => c == '\n' || c == '\r',
        '`' => c == '`',
        quote => {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        }
    };
    let mut closes = closes;
    chars.find(|(_, c)| closes(*c)).map_or(piece.len(), |(at, c)| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtick_string_with_backslashes_is_handed_on_in_double_quotes() {
        let text = Text::new(r#"a{b=~`\d"`} + "`\\" # `\"#);
        assert_eq!(text.parsed(), r#"a{b=~"\\d\""} + "`\\" # `\"#);
        let plus = text.parsed().find('+').unwrap_or_default();
        assert_eq!(text.position(plus).to_string(), "1:13");
        assert_eq!(text.position(8).to_string(), "1:6");
        assert_eq!(text.position(2).to_string(), "1:3");
    }
}
