//! LogQL's stream selector and line filters, `{node="kafka-2"} |= "Shrinking ISR" != "x"`: which
//! recorded log lines a claim is about.
//!
//! Grafana Loki's rules hold: all filters must accept a line, `|=` and `!=` look for a text, `|~`
//! and `!~` for a pattern anywhere in the line, while the patterns of the selector have to match
//! the whole label. The only label is `node`.

#[cfg(test)]
mod tests;

use regex::{Regex, RegexBuilder};

use super::QueryError;
use super::log::{LogLine, LogSource};
use super::series::{MatchOp, REGEX_SIZE, UnixMs, anchored};

/// The only label a log line has.
const LABEL: &str = "node";

/// Longest text of a log query, in bytes.
const MAX_TEXT: usize = 4096;

/// Most matchers and filters together.
const MAX_PARTS: usize = 32;

/// A log query that can be answered.
#[derive(Debug, Clone)]
pub struct LogQuery {
    text: String,
    nodes: Vec<MatchOp>,
    filters: Vec<LineFilter>,
}

/// What a line must be like.
#[derive(Debug, Clone)]
pub enum LineFilter {
    /// `|=`: has this text.
    Contains(String),
    /// `!=`: has not this text.
    Lacks(String),
    /// `|~`: has a place that matches.
    Matches(Regex),
    /// `!~`: has no place that matches.
    MatchesNot(Regex),
}

impl LineFilter {
    /// Whether the line passes.
    pub fn accepts(&self, line: &str) -> bool {
        match self {
            Self::Contains(text) => line.contains(text.as_str()),
            Self::Lacks(text) => !line.contains(text.as_str()),
            Self::Matches(regex) => regex.is_match(line),
            Self::MatchesNot(regex) => !regex.is_match(line),
        }
    }
}

impl LogQuery {
    /// Parses a query; errors name the place.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > MAX_TEXT {
            return Err(QueryError::TooCostly(format!(
                "a log query may be {MAX_TEXT} bytes long at most, this one is {}",
                text.len()
            )));
        }
        let mut reader = Reader { text, at: 0 };
        let nodes = reader.selector()?;
        let filters = reader.filters()?;
        if nodes.len() + filters.len() > MAX_PARTS {
            return Err(QueryError::TooCostly(format!(
                "a log query may have {MAX_PARTS} matchers and filters at most"
            )));
        }
        Ok(Self { text: text.to_owned(), nodes, filters })
    }

    /// The query as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a line must be like, in the order of writing.
    pub fn filters(&self) -> &[LineFilter] {
        &self.filters
    }

    /// Whether lines of this node are looked at.
    pub fn wants(&self, node: &str) -> bool {
        self.nodes.iter().all(|matcher| matcher.accepts(node))
    }

    /// The lines in `[from, to]` that pass, oldest first.
    pub fn select(
        &self,
        source: &dyn LogSource,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, QueryError> {
        let mut lines = source.lines(&|node| self.wants(node), from, to)?;
        lines.retain(|line| self.filters.iter().all(|filter| filter.accepts(&line.line)));
        Ok(lines)
    }
}

impl std::fmt::Display for LogQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads a query from left to right.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Goes past the word, if it is next.
    fn take(&mut self, word: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// A complaint about what comes next.
    fn expected(&self, what: &str) -> QueryError {
        let found = match self.rest().chars().next() {
            None => "the query ends here".to_owned(),
            Some(next) => format!("here is `{next}`"),
        };
        QueryError::invalid(self.text, self.at, format!("{found} where {what} must be"))
    }

    fn selector(&mut self) -> Result<Vec<MatchOp>, QueryError> {
        if !self.take("{") {
            let example = "a selector such as {node=\"kafka-1\"}";
            return match self.word() {
                "" => Err(self.expected(example)),
                word => Err(QueryError::unsupported(
                    self.text,
                    self.at,
                    format!("`{word}` is not supported; a log query is {example} and line filters"),
                )),
            };
        }
        let mut nodes = Vec::new();
        while !self.take("}") {
            if !nodes.is_empty() && !self.take(",") {
                return Err(self.expected("`,` or `}`"));
            }
            nodes.push(self.matcher()?);
        }
        // Loki's rule: at least one matcher has to say what a line must have, not only what it must
        // not.
        let is_positive = |matcher: &MatchOp| {
            matches!(matcher, MatchOp::Equal(_) | MatchOp::Matches(_)) && !matcher.accepts("")
        };
        if !nodes.iter().any(is_positive) {
            let message = "the selector must name a node, or a pattern that is not empty: {node=~\".+\"} is every node";
            return Err(QueryError::invalid(self.text, 0, message));
        }
        Ok(nodes)
    }

    fn matcher(&mut self) -> Result<MatchOp, QueryError> {
        self.skip_space();
        let label = self.word();
        if label.is_empty() {
            return Err(self.expected("the label `node`"));
        }
        if label != LABEL {
            return Err(QueryError::unsupported(
                self.text,
                self.at,
                format!("log lines have no label `{label}`; the only one is `{LABEL}`"),
            ));
        }
        self.at += label.len();
        let sign = ["=~", "!~", "!=", "="]
            .into_iter()
            .find(|sign| self.take(sign))
            .ok_or_else(|| self.expected("`=`, `!=`, `=~` or `!~`"))?;
        let (start, value) = self.string()?;
        let pattern =
            |value: &str| anchored(value).map_err(|error| self.not_a_pattern(start, &error));
        Ok(match sign {
            "=" => MatchOp::Equal(value),
            "!=" => MatchOp::NotEqual(value),
            "=~" => MatchOp::Matches(pattern(&value)?),
            _ => MatchOp::NotMatches(pattern(&value)?),
        })
    }

    fn filters(&mut self) -> Result<Vec<LineFilter>, QueryError> {
        let mut filters = Vec::new();
        loop {
            self.skip_space();
            if self.rest().is_empty() {
                return Ok(filters);
            }
            let Some(sign) = ["|=", "|~", "!=", "!~"].into_iter().find(|sign| self.take(sign))
            else {
                return Err(self.not_a_filter());
            };
            let (start, first) = self.string()?;
            let mut values = vec![first];
            while self.take("or") {
                values.push(self.string()?.1);
            }
            let pattern = |value: &str| {
                let built = RegexBuilder::new(value).size_limit(REGEX_SIZE).build();
                built.map_err(|error| self.not_a_pattern(start, &error))
            };
            // What has one of several texts matches a pattern of them; what has none lacks each.
            match (sign, values.as_slice()) {
                ("|=", [value]) => filters.push(LineFilter::Contains(value.clone())),
                ("|=", several) => {
                    let texts: Vec<String> =
                        several.iter().map(|text| regex::escape(text)).collect();
                    filters.push(LineFilter::Matches(pattern(&texts.join("|"))?));
                }
                ("|~", [value]) => filters.push(LineFilter::Matches(pattern(value)?)),
                ("|~", several) => {
                    let patterns: Vec<String> =
                        several.iter().map(|one| format!("(?:{one})")).collect();
                    filters.push(LineFilter::Matches(pattern(&patterns.join("|"))?));
                }
                ("!=", each) => filters.extend(each.iter().cloned().map(LineFilter::Lacks)),
                (_, each) => {
                    for one in each {
                        filters.push(LineFilter::MatchesNot(pattern(one)?));
                    }
                }
            }
        }
    }

    fn not_a_filter(&mut self) -> QueryError {
        let start = self.at;
        let (is_stage, word) = (self.take("|"), {
            self.skip_space();
            self.word()
        });
        let filters = "the line filters |=, !=, |~ and !~";
        match word {
            "" => {
                self.at = start;
                self.expected(&format!("one of {filters}"))
            }
            word if is_stage => QueryError::unsupported(
                self.text,
                start,
                format!("the stage `| {word}` is not supported; {filters} are"),
            ),
            word => QueryError::unsupported(
                self.text,
                start,
                format!("`{word}` is not supported here; {filters} are"),
            ),
        }
    }

    fn not_a_pattern(&self, start: usize, error: &regex::Error) -> QueryError {
        let reason = match error {
            regex::Error::CompiledTooBig(_) => "this pattern is too large; repeat less".to_owned(),
            // The last line of the library's drawing says what is wrong.
            other => format!(
                "this is not a valid regular expression: {}",
                other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ")
            ),
        };
        QueryError::invalid(self.text, start, reason)
    }

    fn word(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    }

    /// A string in double quotes, with Go's escapes, or in backticks, as it stands; and where it
    /// begins.
    fn string(&mut self) -> Result<(usize, String), QueryError> {
        self.skip_space();
        let (start, rest) = (self.at, self.rest());
        let end = match rest.chars().next() {
            Some('`') => rest[1..].find('`').map(|end| end + 2),
            Some('"') => {
                let mut escaped = false;
                let closes = |(_, c): &(usize, char)| {
                    let closes = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    closes
                };
                rest.char_indices().skip(1).find(closes).map(|(end, _)| end + 1)
            }
            _ => return Err(self.expected("a string in double quotes or backticks")),
        };
        let end = end
            .ok_or_else(|| QueryError::invalid(self.text, start, "this string is never closed"))?;
        let message = "this string has an escape that is not known, or a line end";
        let value =
            unquoted(&rest[..end]).ok_or_else(|| QueryError::invalid(self.text, start, message))?;
        self.at += end;
        Ok((start, value))
    }
}

/// What a string says. The library takes the byte after a backslash for a whole character, so it
/// must not see another there.
fn unquoted(string: &str) -> Option<String> {
    let mut escaped = false;
    let in_order = |c: char| {
        let in_order = !escaped || c.is_ascii();
        escaped = c == '\\' && !escaped;
        in_order
    };
    let readable = string.starts_with('`') || string.chars().all(in_order);
    if readable { promql_parser::util::unquote_string(string).ok() } else { None }
}
