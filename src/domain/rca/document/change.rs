//! Setting one answer of a person's file, or taking one entry out, without touching anything else.

use std::ops::Range;

use serde_json::{Value, json};

use super::edit::{EditError, read};
use super::{Severity, front_matter};
use crate::domain::yaml::{self, Located, Position, Step, nearest};

/// An answer that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// A field of its own: `severity`.
    Top(&'static str),
    /// One of the times: `onset`.
    Time(&'static str),
    /// One of the first cause: `class`.
    Cause(&'static str),
}

/// Every answer, by the word it is set with.
pub const FIELDS: &[(&str, Field)] = &[
    ("class", Field::Cause("class")),
    ("component", Field::Cause("component")),
    ("trigger", Field::Cause("trigger")),
    ("onset", Field::Time("onset")),
    ("detected", Field::Time("detected")),
    ("acknowledged", Field::Time("acknowledged")),
    ("escalated", Field::Time("escalated")),
    ("mitigated", Field::Time("mitigated")),
    ("recovered", Field::Time("recovered")),
    ("severity", Field::Top("severity")),
    ("author", Field::Top("author")),
    ("title", Field::Top("title")),
    ("form", Field::Top("form")),
];

impl Field {
    /// The answer of this word. The error suggests the nearest one.
    pub fn of_word(word: &str) -> Result<Self, String> {
        let last = word.rsplit('.').next().unwrap_or(word);
        if let Some((_, field)) = FIELDS.iter().find(|(name, _)| *name == last) {
            return Ok(*field);
        }
        let names = || FIELDS.iter().map(|(name, _)| *name);
        let meant = nearest(word, names());
        let meant = meant.map_or(".".to_owned(), |m| format!("; did you mean `{m}`?"));
        let names: Vec<_> = names().collect();
        Err(format!("`{word}` cannot be set{meant} These can: {}", names.join(", ")))
    }

    fn key(self) -> &'static str {
        match self {
            Self::Top(key) | Self::Time(key) | Self::Cause(key) => key,
        }
    }

    /// What is written for these words. The error says what would be right.
    fn value(self, words: &[String]) -> Result<Value, String> {
        let text = words.join(" ");
        match self {
            Self::Cause("component") => Ok(json!(words)),
            Self::Top("severity") => Ok(json!(Severity::parse(&text)?)),
            Self::Top(_) | Self::Time(_) | Self::Cause(_) => Ok(json!(text)),
        }
    }

    /// Where it stands; the mapping it stands in comes first.
    fn path(self) -> Vec<Step<'static>> {
        match self {
            Self::Top(key) => vec![key.into()],
            Self::Time(key) => vec!["timeline".into(), key.into()],
            Self::Cause(key) => vec!["root_cause".into(), 0.into(), key.into()],
        }
    }

    /// The document with it set.
    fn set_in(self, mut front: Value, value: Value) -> Value {
        let key = self.key();
        match self {
            Self::Top(_) => front[key] = value,
            Self::Time(_) => front["timeline"][key] = value,
            Self::Cause(_) if front["root_cause"][0].is_object() => {
                front["root_cause"][0][key] = value;
            }
            Self::Cause(_) => front["root_cause"] = json!([{ key: value }]),
        }
        front
    }
}

/// The file with one answer set, everything else byte for byte as it was.
pub fn set(file: &str, field: Field, words: &[String]) -> Result<String, EditError> {
    let before = read(file)?;
    let at = field.path();
    let value =
        field.value(words).map_err(|message| EditError::Elsewhere(before.problem(&at, message)))?;
    let written = yaml::flow(&value).expect("an answer is data");
    let source = Source::of(file)?;
    let text = source.set(&before, field, &written);
    let by_hand = format!("{}: {written}", field.key());
    as_wanted(text, field.set_in(before.value.clone(), value), &before, &at, &by_hand)
}

/// The file without the entry of this id, everything else byte for byte as it was. `V7` is an entry
/// of the chain, `prevention:2` the second entry of a list whose entries have no ids.
pub fn remove(file: &str, id: &str) -> Result<String, EditError> {
    let before = read(file)?;
    let Some((list, index)) = place_of(&before.value, id) else {
        let known = known(&before.value);
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let message = format!("there is no entry `{id}` to remove; there are: {known}");
        return Err(EditError::Elsewhere(before.problem(&[], message)));
    };
    let path = [list.into(), index.into()];
    let source = Source::of(file)?;
    let text = source.without(&before, list, index);
    let mut wanted = before.value.clone();
    if let Value::Array(entries) = &mut wanted[list] {
        entries.remove(index);
    }
    as_wanted(text, wanted, &before, &path, "(nothing in place of this entry)")
}

/// The text, if it says what was wanted; else the file stays as it is.
fn as_wanted(
    text: Option<String>,
    wanted: Value,
    before: &Located<Value>,
    path: &[Step<'_>],
    by_hand: &str,
) -> Result<String, EditError> {
    match text.map(|text| (read(&text), text)) {
        Some((Ok(after), text)) if after.value == wanted => Ok(text),
        _ => Err(EditError::Elsewhere(before.problem(
            path,
            format!("what stands here is written in a way that cannot be changed by itself; write it by hand: {by_hand}"),
        ))),
    }
}

/// Lists whose entries have ids.
const WITH_IDS: [&str; 3] = ["evidence", "impact", "hypotheses"];
/// Lists whose entries are named by their number.
const NUMBERED: [&str; 4] = ["causal_chain", "contributing_factors", "mitigation", "prevention"];

fn place_of(front: &Value, id: &str) -> Option<(&'static str, usize)> {
    let entry =
        |list: &str, is: &dyn Fn(&Value) -> bool| front[list].as_array()?.iter().position(is);
    let by_id = WITH_IDS
        .iter()
        .find_map(|list| Some((*list, entry(list, &|e| e["id"].as_str() == Some(id))?)));
    by_id
        .or_else(|| Some(("causal_chain", entry("causal_chain", &|e| e.as_str() == Some(id))?)))
        .or_else(|| {
            let (name, number) = id.split_once(':')?;
            let list = WITH_IDS.iter().chain(&NUMBERED).find(|list| **list == name)?;
            let index = number.parse::<usize>().ok()?.checked_sub(1)?;
            front[*list].get(index).map(|_| (*list, index))
        })
}

fn known(front: &Value) -> Vec<String> {
    let with_ids = WITH_IDS.iter().filter_map(|list| front[*list].as_array()).flatten();
    let ids = with_ids.filter_map(|entry| entry["id"].as_str().map(str::to_owned));
    let numbered = NUMBERED.iter().flat_map(|list| {
        let entries = front[*list].as_array().map_or(0, Vec::len);
        (1..=entries).map(move |number| format!("{list}:{number}"))
    });
    ids.chain(numbered).collect()
}

/// A file, in which values are found by the characters of its front matter.
struct Source<'a> {
    file: &'a str,
    matter: Range<usize>,
    line_end: &'static str,
}

impl<'a> Source<'a> {
    fn of(file: &'a str) -> Result<Self, EditError> {
        let matter = front_matter(file).map_err(|problem| EditError::Unreadable(vec![problem]))?;
        let line_end = if file[matter.clone()].contains("\r\n") { "\r\n" } else { "\n" };
        Ok(Self { file, matter, line_end })
    }

    fn byte(&self, character: usize) -> usize {
        let matter = &self.file[self.matter.clone()];
        let within = matter.char_indices().nth(character).map_or(matter.len(), |(byte, _)| byte);
        self.matter.start + within
    }

    /// The byte after the colon of the key at this place.
    fn after_key(&self, key: Position) -> Option<usize> {
        let line: usize = self.file.split_inclusive('\n').take(key.line - 1).map(str::len).sum();
        let in_line = self.file[line..].char_indices().nth(key.column - 1)?.0;
        let from = line + in_line;
        Some(from + self.file[from..].find(':')? + 1)
    }

    /// The beginning of the line after this byte.
    fn next_line(&self, byte: usize) -> usize {
        if byte > self.matter.start && self.file[..byte].ends_with('\n') {
            return byte;
        }
        let rest = &self.file[byte..self.matter.end];
        rest.find('\n').map_or(self.matter.end, |n| byte + n + 1)
    }

    fn spliced(&self, at: Range<usize>, new: &str) -> String {
        format!("{}{new}{}", &self.file[..at.start], &self.file[at.end..])
    }

    /// The file with a field set to what is written.
    fn set(&self, front: &Located<Value>, field: Field, written: &str) -> Option<String> {
        let path = field.path();
        let (key, above) = (field.key(), &path[..path.len() - 1]);
        let end = self.line_end;
        if let Some(at) = front.key_at(&path) {
            let old = at_path(&front.value, &path)?;
            if old.is_null() {
                return self.fill(front, &path, at, written);
            }
            let to = self.byte(front.end(&path)?);
            if old.is_array() && !front.is_flow(&path) {
                // A list of lines becomes one of brackets behind its key.
                let after = self.after_key(at)?;
                let key_line = &self.file[after..self.next_line(after)];
                let lines = after..self.next_line(to);
                return Some(self.spliced(lines, &format!(" {written}{key_line}")));
            }
            let from = self.byte(front.range(&path)?.start);
            let to = if old.as_array().is_some_and(Vec::is_empty) {
                self.byte(front.range(&path)?.end)
            } else {
                to
            };
            return Some(self.spliced(from..self.closed(from..to), written));
        }
        let last = self.matter.end..self.matter.end;
        let line = format!("{key}: {written}");
        let (name, item) = match field {
            Field::Top(_) => return Some(self.spliced(last, &format!("{line}{end}"))),
            Field::Time(_) => ("timeline", ""),
            Field::Cause(_) => ("root_cause", "- "),
        };
        let parent = [name.into()];
        let Some(at) = front.key_at(&parent) else {
            return Some(self.spliced(last, &format!("{name}:{end}  {item}{line}{end}")));
        };
        match at_path(&front.value, above) {
            Some(Value::Object(entries)) if !entries.is_empty() => {
                self.beside(front, above, entries, &line)
            }
            Some(Value::Object(_)) => {
                let range = front.range(above)?;
                Some(
                    self.spliced(
                        self.byte(range.start)..self.byte(range.end),
                        &format!("{{{line}}}"),
                    ),
                )
            }
            _ if front.value[name].is_array() => {
                let range = front.range(&parent)?;
                let whole = self.byte(range.start)..self.byte(range.end);
                Some(self.spliced(whole, &format!("[{{{line}}}]")))
            }
            _ => {
                let below = self.next_line(self.after_key(at)?);
                Some(self.spliced(below..below, &format!("  {item}{line}{end}")))
            }
        }
    }

    /// Where a quoted text ends, a comment behind it left out; the end of anything else.
    fn closed(&self, value: Range<usize>) -> usize {
        let text = &self.file[value.clone()];
        let Some(quote) = text.chars().next().filter(|c| "'\"".contains(*c)) else {
            return value.end;
        };
        let mut rest = text.char_indices().skip(1).peekable();
        while let Some((at, c)) = rest.next() {
            let is_doubled = quote == '\'' && rest.peek().is_some_and(|(_, next)| *next == quote);
            if c == quote && !is_doubled {
                return value.start + at + 1;
            }
            if c == quote || c == '\\' && quote == '"' {
                rest.next();
            }
        }
        value.end
    }

    /// The file with a value after a key that has none.
    fn fill(
        &self,
        front: &Located<Value>,
        path: &[Step<'_>],
        key: Position,
        written: &str,
    ) -> Option<String> {
        let range = front.range(path)?;
        let word = self.byte(range.start)..self.byte(range.end);
        if matches!(self.file[word.clone()].trim(), "null" | "~" | "Null" | "NULL") {
            return Some(self.spliced(word, written));
        }
        let after = self.after_key(key)?;
        Some(self.spliced(after..after, &format!(" {written}")))
    }

    /// The file with a line beside the entries of a mapping.
    fn beside(
        &self,
        front: &Located<Value>,
        above: &[Step<'_>],
        entries: &serde_json::Map<String, Value>,
        line: &str,
    ) -> Option<String> {
        let child = |key: &'_ str| -> Option<(Position, usize)> {
            let mut path: Vec<Step<'_>> = above.to_vec();
            path.push(key.into());
            let at = front.key_at(&path)?;
            let is_empty = at_path(&front.value, &path).is_none_or(Value::is_null);
            let end = if is_empty { self.after_key(at)? } else { self.byte(front.end(&path)?) };
            Some((at, end))
        };
        let places = entries.keys().filter_map(|key| child(key));
        let (at, end) = places.max_by_key(|(at, _)| *at)?;
        if front.is_flow(above) {
            return Some(self.spliced(end..end, &format!(", {line}")));
        }
        let below = self.next_line(end);
        let indent = " ".repeat(at.column - 1);
        Some(self.spliced(below..below, &format!("{indent}{line}{}", self.line_end)))
    }

    /// The file without an entry of a list.
    fn without(&self, front: &Located<Value>, list: &str, index: usize) -> Option<String> {
        let entry = [list.into(), index.into()];
        let (start, end) = (self.byte(front.range(&entry)?.start), self.byte(front.end(&entry)?));
        let count = front.value[list].as_array().map_or(0, Vec::len);
        if front.is_flow(&[list.into()]) {
            let rest = &self.file[end..];
            let after = rest.len() - rest.trim_start().len();
            if let Some(more) = rest[after..].strip_prefix(',') {
                let blank = more.len() - more.trim_start_matches(' ').len();
                return Some(self.spliced(start..end + after + 1 + blank, ""));
            }
            let comma = if index > 0 { self.file[..start].rfind(',')? } else { start };
            return Some(self.spliced(comma..end, ""));
        }
        // An item may begin on the line below its dash.
        let mut first = self.file[..start].rfind('\n').map_or(0, |n| n + 1);
        while !self.file[first..].trim_start().starts_with('-') {
            first = self.file[..first.checked_sub(1)?].rfind('\n').map_or(0, |n| n + 1);
        }
        let text = self.spliced(first..self.next_line(end), "");
        if count > 1 {
            return Some(text);
        }
        let after = self.after_key(front.key_at(&[list.into()])?)?;
        Some(format!("{} []{}", &text[..after], &text[after..]))
    }
}

/// The value at a path.
fn at_path<'v>(value: &'v Value, path: &[Step<'_>]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Item(index) => value.get(index),
    })
}
