//! Properties files, in the syntax of `java.util.Properties`: `#` and `!` comments, `=`, `:` or
//! white space between key and value, lines continued by a backslash, `\t`, `\n` and `\uXXXX`
//! escapes.

/// One property as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The line its key stands on, from 1.
    pub line: usize,
    /// The key, escapes resolved.
    pub key: String,
    /// The value, escapes resolved, white space at its end removed as Kafka's own configuration
    /// does.
    pub value: String,
}

/// The properties of a file in its order; of a key written twice the last counts, as in Java.
pub fn parse(text: &str) -> Vec<Property> {
    let mut properties: Vec<Property> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let mut logical = line.trim_start().to_owned();
        if logical.is_empty() || logical.starts_with(['#', '!']) {
            continue;
        }
        while is_continued(&logical) {
            logical.pop();
            match lines.next() {
                Some((_, next)) => logical.push_str(next.trim_start()),
                None => break,
            }
        }
        let (key, value) = split(&logical);
        let property = Property {
            line: index + 1,
            key: unescape(key),
            value: unescape(value).trim_end().to_owned(),
        };
        properties.retain(|earlier| earlier.key != property.key);
        properties.push(property);
    }
    properties
}

/// An odd number of backslashes at the end continues a line; an even number is that many escaped
/// ones.
fn is_continued(line: &str) -> bool {
    line.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1
}

/// Key and value, still escaped. The key ends at the first unescaped separator; one `=` or `:` may
/// stand within white space.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let ends = !escaped && (matches!(c, '=' | ':') || c.is_whitespace());
        escaped = c == '\\' && !escaped;
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    (key, rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start())
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let code: String = chars.by_ref().take(4).collect();
                let decoded = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                out.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(usize, String, String)> {
        parse(text).into_iter().map(|p| (p.line, p.key, p.value)).collect()
    }

    fn pair(line: usize, key: &str, value: &str) -> (usize, String, String) {
        (line, key.to_owned(), value.to_owned())
    }

    #[test]
    fn separators_and_comments() {
        let text =
            "# comment\n! another\n\nacks=all\n  linger.ms : 5\nclient.id orders\nempty=\nlone\n";
        let expected = [
            pair(4, "acks", "all"),
            pair(5, "linger.ms", "5"),
            pair(6, "client.id", "orders"),
            pair(7, "empty", ""),
            pair(8, "lone", ""),
        ];
        assert_eq!(pairs(text), expected);
    }

    #[test]
    fn a_value_keeps_separators_and_hashes_but_not_the_white_space_after_it() {
        assert_eq!(
            pairs("bootstrap.servers = a:9092,b:9092 \nnote=#1=2"),
            [pair(1, "bootstrap.servers", "a:9092,b:9092"), pair(2, "note", "#1=2")]
        );
    }

    #[test]
    fn continued_lines_count_from_where_they_begin() {
        assert_eq!(pairs("a=1,\\\n   2,\\\n   3\nb=4"), [pair(1, "a", "1,2,3"), pair(4, "b", "4")]);
        assert_eq!(pairs("path=c:\\\\\nb=4"), [pair(1, "path", "c:\\"), pair(2, "b", "4")]);
        assert_eq!(pairs("a=1\\"), [pair(1, "a", "1")]);
    }

    #[test]
    fn escapes() {
        assert_eq!(pairs("a\\=b\\:c\\ d=x\\ty\\u00e9\\q"), [pair(1, "a=b:c d", "x\tyéq")]);
        assert_eq!(pairs("a=\\uZZZZ"), [pair(1, "a", "\u{fffd}")]);
    }

    #[test]
    fn the_last_of_two_counts() {
        assert_eq!(pairs("rate=1\nacks=1\nrate=2"), [pair(2, "acks", "1"), pair(3, "rate", "2")]);
    }
}
