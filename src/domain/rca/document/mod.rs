//! The analysis as a file: YAML front matter with claims, prose below. Read once, all problems told
//! together with their places.

mod change;
mod edit;
mod front;
mod prose;
mod spelling;

use std::ops::Range;

pub use change::{FIELDS, Field, remove, set};
pub use edit::{Addition, EditError, Event, add};
pub use front::{
    Cause, Evidence, Form, Front, Hypothesis, Link, Mitigation, Prevention, Severity, Timeline,
    ToldEvent, Verdict,
};
pub use prose::{HEADINGS, Section};

use crate::domain::yaml::{self, Located, Position, Problem};

/// The largest file that is read, in bytes.
pub const LARGEST: usize = 1_000_000;

/// The format's version.
pub const VERSION: u32 = 1;

/// An analysis as read.
#[derive(Debug, Clone)]
pub struct Document {
    /// The claims, each with its place in the file.
    pub front: Located<Front>,
    /// The prose.
    pub sections: Vec<Section>,
    text: String,
    matter: Range<usize>,
}

impl Document {
    /// Reads a file. Problems carry their line and column in the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        let text = text(bytes)?;
        let matter = front_matter(text).map_err(|problem| vec![problem])?;
        let front = yaml::read::<Front>(&text[matter.clone()], line_of(text, matter.start))?;
        if front.value.rca != VERSION {
            let message = format!(
                "this document is of format {}, this program reads format {VERSION}",
                front.value.rca
            );
            return Err(vec![front.problem(&["rca".into()], message)]);
        }
        let (prose, first_line) = prose_after(text, matter.end);
        let sections = prose::sections(prose, first_line);
        Ok(Self { front, sections, text: text.to_owned(), matter })
    }

    /// The section with this heading, whatever its case.
    pub fn section(&self, heading: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.heading.eq_ignore_ascii_case(heading))
    }

    /// The place of a character inside a scalar of the front matter, counted from 0, as far as the
    /// scalar is written on one line without escapes; its beginning otherwise.
    pub fn place_inside(&self, path: &[yaml::Step<'_>], character: usize) -> Position {
        let start = self.front.at(path);
        let matter = &self.text[self.matter.clone()];
        let Some(range) = self.front.range(path) else { return start };
        let written: String = matter.chars().skip(range.start).take(range.len()).collect();
        let quote = written.starts_with(['"', '\'']) as usize;
        let inner = written.trim_matches(['"', '\'']);
        let is_simple = !written.contains(['\n', '\\'])
            && !inner.contains("''")
            && !written.starts_with(['|', '>']);
        if is_simple {
            Position { column: start.column + quote + character, ..start }
        } else {
            start
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, Vec<Problem>> {
    let at = Position { line: 1, column: 1 };
    if bytes.len() > LARGEST {
        let message = format!(
            "the file has {} bytes, more than the {LARGEST} an analysis may have",
            bytes.len()
        );
        return Err(vec![Problem { at, message }]);
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or("").chars().count();
        vec![Problem {
            at: Position { line, column },
            message: "this byte is not UTF-8 text".to_owned(),
        }]
    })
}

/// The bytes between the `---` lines.
fn front_matter(text: &str) -> Result<Range<usize>, Problem> {
    let problem = |line, message: &str| Problem {
        at: Position { line, column: 1 },
        message: message.to_owned(),
    };
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut rows = text[start..].split_inclusive('\n');
    let mut at = start;
    // Blank lines before the first mark do no harm.
    let first = rows.by_ref().inspect(|row| at += row.len()).find(|row| !row.trim().is_empty());
    let Some("---") = first.map(str::trim_end) else {
        return Err(problem(
            1,
            "an analysis begins with its claims: a line `---`, YAML, and another line `---` (`chaoslab rca new` writes one)",
        ));
    };
    let begin = at;
    for row in rows {
        if row.trim_end() == "---" {
            return Ok(begin..at);
        }
        at += row.len();
    }
    Err(problem(
        line_of(text, begin) - 1,
        "the front matter that begins here does not end: a line `---` is missing below the claims",
    ))
}

fn prose_after(text: &str, end_of_matter: usize) -> (&str, usize) {
    let rest = &text[end_of_matter..];
    let mark = rest.find('\n').map_or(rest.len(), |n| n + 1);
    (&rest[mark..], line_of(text, end_of_matter + mark))
}

fn line_of(text: &str, byte: usize) -> usize {
    1 + text[..byte].matches('\n').count()
}

#[cfg(test)]
mod tests;
