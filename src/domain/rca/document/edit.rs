//! Adding one entry to a person's file without touching anything else in it.

use serde::Serialize;
use serde_json::Value;

use super::{Evidence, Hypothesis, Mitigation, Prevention, front_matter, line_of, text};
use crate::domain::yaml::{self, Located, Problem, Step};

/// What can be added, each to its own list.
#[derive(Debug, Clone, PartialEq)]
pub enum Addition {
    /// To `evidence`, with the next free id when it has none.
    Evidence(Evidence),
    /// To `impact`, with the next free id when it has none.
    Impact(Evidence),
    /// To `hypotheses`, with the next free id when it has none.
    Hypothesis(Hypothesis),
    /// To `causal_chain`: the number of a detection, as `V7`.
    Detection(String),
    /// To `causal_chain`: an event, told.
    Event(Event),
    /// To `mitigation`.
    Mitigation(Mitigation),
    /// To `prevention`.
    Prevention(Prevention),
}

/// An event of a causal chain, to be added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// An event of the vocabulary.
    pub event: String,
    /// The component it happened on.
    pub on: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Ids of the evidence that shows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

/// Why nothing was added. The file is as it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EditError {
    /// The file is not readable as it is.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Unreadable(Vec<Problem>),
    /// There is something else where the list should be.
    #[error("{0}")]
    NotAList(Problem),
    /// The list is written in a way that cannot be added to without changing it.
    #[error("{0}")]
    Elsewhere(Problem),
}

impl EditError {
    /// The places and what is wrong there.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Unreadable(problems) => problems.clone(),
            Self::NotAList(problem) | Self::Elsewhere(problem) => vec![problem.clone()],
        }
    }
}

impl Addition {
    fn list(&self) -> &'static str {
        match self {
            Self::Evidence(_) => "evidence",
            Self::Impact(_) => "impact",
            Self::Hypothesis(_) => "hypotheses",
            Self::Detection(_) | Self::Event(_) => "causal_chain",
            Self::Mitigation(_) => "mitigation",
            Self::Prevention(_) => "prevention",
        }
    }

    /// The entry, and the letter its id begins with if it has one.
    fn entry(&self) -> (Value, Option<&'static str>) {
        match self {
            Self::Evidence(entry) => (value(entry), Some("E")),
            Self::Impact(entry) => (value(entry), Some("I")),
            Self::Hypothesis(entry) => (value(entry), Some("H")),
            Self::Detection(number) => (Value::from(number.as_str()), None),
            Self::Event(entry) => (value(entry), None),
            Self::Mitigation(entry) => (value(entry), None),
            Self::Prevention(entry) => (value(entry), None),
        }
    }
}

fn value(entry: &impl Serialize) -> Value {
    serde_json::to_value(entry).expect("an entry is made of texts, numbers and lists")
}

/// The file with one entry more at the end of its list, everything else byte for byte as it was.
pub fn add(file: &str, addition: &Addition) -> Result<String, EditError> {
    let before = read(file)?;
    let list = addition.list();
    let (mut entry, letter) = addition.entry();
    if let (Some(letter), Value::Object(fields)) = (letter, &mut entry)
        && fields.get("id").is_none_or(Value::is_null)
    {
        fields.insert("id".to_owned(), next_id(&before.value, letter).into());
    }
    let written = yaml::flow(&entry).expect("an entry is data");
    let text = insert(file, &before, list, &written)?;
    let mut wanted = before.value.clone();
    match &mut wanted[list] {
        Value::Array(entries) => entries.push(entry),
        absent => *absent = Value::Array(vec![entry]),
    }
    // Whatever YAML a person wrote: what comes out must be what went in and the entry, or the file
    // stays as it is.
    match read(&text) {
        Ok(after) if after.value == wanted => Ok(text),
        _ => Err(EditError::Elsewhere(before.problem(
            &[list.into()],
            format!("`{list}` is written in a way that cannot be added to by itself; add this line by hand: - {written}"),
        ))),
    }
}

pub(super) fn read(file: &str) -> Result<Located<Value>, EditError> {
    let text = text(file.as_bytes()).map_err(EditError::Unreadable)?;
    let matter = front_matter(text).map_err(|problem| EditError::Unreadable(vec![problem]))?;
    let first_line = line_of(text, matter.start);
    yaml::read::<Value>(&text[matter], first_line).map_err(EditError::Unreadable)
}

fn next_id(front: &Value, letter: &str) -> String {
    let lists =
        ["evidence", "impact", "hypotheses"].iter().filter_map(|list| front[*list].as_array());
    let ids = lists.flatten().filter_map(|entry| entry["id"].as_str());
    let highest =
        ids.filter_map(|id| id.strip_prefix(letter)?.parse::<u32>().ok()).max().unwrap_or(0);
    format!("{letter}{}", highest.saturating_add(1))
}

fn insert(
    file: &str,
    front: &Located<Value>,
    list: &str,
    entry: &str,
) -> Result<String, EditError> {
    let matter = front_matter(file).map_err(|problem| EditError::Unreadable(vec![problem]))?;
    let line_end = if file[matter.clone()].contains("\r\n") { "\r\n" } else { "\n" };
    let byte = |character: usize| {
        let within = file[matter.clone()]
            .char_indices()
            .nth(character)
            .map_or(matter.len(), |(byte, _)| byte);
        matter.start + within
    };
    // The beginning of the line after this byte.
    let next_line = |byte: usize| {
        let at_line_start = byte > matter.start && file[..byte].ends_with('\n');
        if at_line_start {
            byte
        } else {
            file[byte..matter.end].find('\n').map_or(matter.end, |n| byte + n + 1)
        }
    };
    let path: [Step<'_>; 1] = [list.into()];
    let spliced = |at: std::ops::Range<usize>, new: &str| {
        format!("{}{new}{}", &file[..at.start], &file[at.end..])
    };
    let value = &front.value[list];
    let (Some(range), Some(key)) = (front.range(&path), front.key_at(&path)) else {
        return Ok(spliced(
            matter.end..matter.end,
            &format!("{list}:{line_end}  - {entry}{line_end}"),
        ));
    };
    match value {
        Value::Array(entries) if entries.is_empty() => {
            emptied(file, byte(range.start)..byte(range.end), &next_line, entry, line_end)
        }
        Value::Null => {
            let key_line = line_start(file, key.line);
            let key_end = key_line + file[key_line..].find(':').map_or(0, |n| n + 1);
            // A `null` or `~` behind the key would stay beside the list: it goes.
            let written = byte(range.start)..byte(range.end);
            let word = file.get(written.clone()).map_or("", str::trim);
            let gone = if matches!(word, "null" | "~" | "Null" | "NULL") {
                written
            } else {
                key_end..key_end
            };
            emptied(file, gone, &next_line, entry, line_end)
        }
        Value::Array(entries) => {
            let last =
                front.end(&[list.into(), (entries.len() - 1).into()]).map_or(matter.end, byte);
            if front.is_flow(&path) {
                return Ok(spliced(last..last, &format!(", {entry}")));
            }
            // An item may begin on the line below its dash.
            let first_item =
                byte(front.range(&[list.into(), 0.into()]).map_or(range.start, |r| r.start));
            let lines = file[..first_item].rsplit('\n');
            let dashed =
                lines.into_iter().find(|line| line.trim_start().starts_with('-')).unwrap_or("  -");
            let indent = &dashed[..dashed.len() - dashed.trim_start().len()];
            let at = next_line(last);
            Ok(spliced(at..at, &format!("{indent}- {entry}{line_end}")))
        }
        _ => Err(EditError::NotAList(
            front.problem(&path, format!("`{list}` must be a list; there is something else here")),
        )),
    }
}

/// The file with an empty value taken out and the list's first entry on the line below it.
fn emptied(
    file: &str,
    value: std::ops::Range<usize>,
    next_line: &dyn Fn(usize) -> usize,
    entry: &str,
    line_end: &str,
) -> Result<String, EditError> {
    let below = next_line(value.end.max(1));
    Ok(format!(
        "{}{}  - {entry}{line_end}{}",
        &file[..value.start],
        &file[value.end..below],
        &file[below..]
    ))
}

fn line_start(file: &str, line: usize) -> usize {
    file.split_inclusive('\n').take(line - 1).map(str::len).sum()
}
