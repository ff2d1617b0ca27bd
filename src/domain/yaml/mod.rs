//! YAML with positions. Typed by serde_yaml, which stops at its first error; a span-keeping tree
//! beside it gives every value a place in the file and lets reading go on past an error, so that
//! all problems of a document are told at once.

mod building;
mod flow;
mod tree;

use std::fmt;

pub use flow::flow;

use serde::de::DeserializeOwned;
/// For fields that hold enums: `action: {stop: {...}}` instead of a YAML tag, so that every error
/// carries its place.
pub use serde_yaml::with::singleton_map_recursive as one_key;
use tree::{Line, Node, Tree};

/// A place in a file, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// Something wrong in a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub at: Position,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.at.line, self.at.column, self.message)
    }
}

/// One step on the way to a value: the key in a mapping or the index in a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A mapping's entry.
    Key(&'a str),
    /// A sequence's item, counted from 0.
    Item(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Item(index)
    }
}

/// A document as read: its value, and where each part of it stands.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The typed content.
    pub value: T,
    tree: Tree,
}

impl<T> Located<T> {
    /// Where the value at this path begins; where the nearest enclosing value begins when there is
    /// nothing at the path.
    pub fn at(&self, path: &[Step<'_>]) -> Position {
        self.tree.position(path)
    }

    /// Characters of the source, from and to, that the value at this path covers.
    pub fn range(&self, path: &[Step<'_>]) -> Option<std::ops::Range<usize>> {
        self.tree.range(path)
    }

    /// The character after the last one of the value at this path, comments and line ends behind it
    /// left out.
    pub fn end(&self, path: &[Step<'_>]) -> Option<usize> {
        self.tree.end(path)
    }

    /// Whether the value at this path is written within brackets or braces.
    pub fn is_flow(&self, path: &[Step<'_>]) -> bool {
        self.tree.is_flow(path)
    }

    /// Where the key of the value at this path begins, when it is an entry of a mapping.
    pub fn key_at(&self, path: &[Step<'_>]) -> Option<Position> {
        self.tree.key_position(path)
    }

    /// A problem with the value at this path.
    pub fn problem(&self, path: &[Step<'_>], message: impl Into<String>) -> Problem {
        Problem { at: self.at(path), message: message.into() }
    }
}

/// Reads a document. `first_line` is the line of the file on which `text` begins, 1 for a whole
/// file.
///
/// Refused besides what serde refuses: duplicate keys, anchors and aliases, more than one document,
/// nesting deeper than 40 levels.
pub fn read<T: DeserializeOwned>(
    text: &str,
    first_line: usize,
) -> Result<Located<T>, Vec<Problem>> {
    typed(building::parse(text, first_line)?)
}

/// Reads a document whose values are templates: each is filled before it is given its type, and
/// keeps its place.
pub fn read_filled<T: DeserializeOwned>(
    text: &str,
    fill: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Located<T>, Vec<Problem>> {
    let mut tree = building::parse(text, 1)?;
    tree.fill(fill)?;
    typed(tree)
}

/// The most problems that are told of one document: each takes another reading of it, and nobody
/// reads more at once.
const MOST_PROBLEMS: usize = 20;
/// The most readings: some problems only follow from others.
const MOST_ROUNDS: usize = 2 * MOST_PROBLEMS;

fn typed<T: DeserializeOwned>(mut tree: Tree) -> Result<Located<T>, Vec<Problem>> {
    let whole = tree.clone();
    let mut problems: Vec<Problem> = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let (rendered, lines) = tree.render();
        let error = match serde_yaml::from_str::<T>(&rendered) {
            Ok(value) if problems.is_empty() => return Ok(Located { value, tree: whole }),
            Ok(_) => break,
            Err(error) => error,
        };
        let line = error.location().and_then(|l| lines.get(l.line().saturating_sub(1))).copied();
        let message = plain(&error);
        let absent = absent_field(&message);
        // What is told of a mapping as a whole carries the mark of its first key.
        let of_mapping =
            absent.is_some() || message.contains(": map,") || message.starts_with("invalid length");
        let of_key = line.is_some_and(|l| l.key) && !of_mapping;
        let node = match line {
            Some(Line { node, key: true }) if of_mapping => tree.parent(node),
            Some(Line { node, .. }) => Some(node),
            None => Some(Node::ROOT),
        };
        let Some(node) = node else { break };
        let follows_from_removal = match absent {
            Some(field) => tree.has_removed(node, |key| key == field),
            None => !of_key && tree.has_removed(node, |_| true),
        };
        if !follows_from_removal {
            let path = if of_key {
                tree.parent(node).map(|p| tree.path(p))
            } else {
                Some(tree.path(node))
            }
            .filter(|p| !p.is_empty());
            let message =
                path.map(|p| format!("{p}: ")).unwrap_or_default() + &suggest_in(&message);
            problems.push(Problem { at: tree.node_position(node, of_key), message });
        }
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
        if !tree.remove(node) {
            break;
        }
    }
    problems.sort();
    problems.dedup();
    Err(problems)
}

/// The error without serde_yaml's own path and location, which are those of the rendering.
fn plain(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    let text = &text[..text.rfind(" at line ").unwrap_or(text.len())];
    let (path, rest) = text.split_once(": ").unwrap_or(("", text));
    let is_path = !path.contains(' ') && !path.contains('`');
    if is_path { rest } else { text }.to_owned()
}

fn absent_field(message: &str) -> Option<&str> {
    let rest = &message[message.find("missing field `")? + "missing field `".len()..];
    rest.split('`').next()
}

/// Adds the nearest allowed name to serde's "unknown field/variant `x`, expected one of `a`, `b`".
fn suggest_in(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (Some(wrong), true) = (quoted.next(), message.contains("unknown ")) else {
        return message.to_owned();
    };
    match nearest(wrong, quoted) {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

/// Above this likeness a name is near enough to be what was meant.
pub const ALIKE: f64 = 0.8;

/// How much alike two names are written, whatever their case: from 0 to 1, which is the same.
pub fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(&a.to_lowercase(), &b.to_lowercase())
}

/// The candidate most like `name`, when one is near enough to be what was meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|c| (likeness(name, c), c));
    scored.filter(|(score, _)| *score > ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        #[serde(default)]
        #[allow(dead_code)]
        items: Vec<Inner>,
        #[serde(default, with = "serde_yaml::with::singleton_map_recursive")]
        #[allow(dead_code)]
        action: Option<Action>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        id: String,
        count: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "kebab-case", deny_unknown_fields)]
    #[allow(dead_code)]
    enum Action {
        LinkCap { node: String, kbit: u32 },
        Stop { node: String },
    }

    fn problems(text: &str) -> String {
        let problems = read::<Outer>(text, 1).expect_err("the text is wrong");
        problems.iter().map(|p| format!("{p}\n")).collect()
    }

    #[test]
    fn a_right_document_knows_where_its_values_stand() {
        let doc = read::<Outer>("name: x\nitems:\n  - id: a\n    count: 1\n  - {id: b, count: 2}\naction:\n  stop: {node: kafka-1}\n", 10)
            .expect("right");
        assert_eq!(doc.value.name, "x");
        assert_eq!(
            doc.at(&["items".into(), 1.into(), "count".into()]),
            Position { line: 14, column: 20 }
        );
        assert_eq!(doc.at(&["items".into(), 7.into()]), Position { line: 12, column: 3 });
    }

    #[test]
    fn all_problems_are_told_at_once_with_the_nearest_name() {
        insta::assert_snapshot!(problems("name: x\nitms: []\nitems:\n  - {id: a, count: many}\n  - {id: b, count: 2, cuont: 3}\n  - {count: 2}\naction:\n  link-kap: {}\n"), @"
        2:1: unknown field `itms`, expected one of `name`, `items`, `action`; did you mean `items`?
        4:20: items[0].count: invalid type: string \"many\", expected u32
        5:23: items[1]: unknown field `cuont`, expected `id` or `count`; did you mean `count`?
        6:5: items[2]: missing field `id`
        8:3: action: unknown variant `link-kap`, expected `link-cap` or `stop`; did you mean `link-cap`?
        ");
    }

    #[test]
    fn a_wrong_required_value_is_told_once() {
        insta::assert_snapshot!(problems("name: [1]\nitems:\n  - {id: a, count: -1}\n"), @"
        1:7: name: invalid type: sequence, expected a string
        3:20: items[0].count: invalid type: integer `-1`, expected u32
        ");
    }

    #[test]
    fn values_can_be_templates_of_any_type() {
        let fill = |text: &str| match text {
            "{{ n }}" => Ok("2".to_owned()),
            "{{ bad }}" => Err("there is no `bad`".to_owned()),
            _ => Ok(text.to_owned()),
        };
        let doc = read_filled::<Outer>(
            "name: \"{{ n }}\"\nitems: [{id: \"{{ n }}\", count: \"{{ n }}\"}]\n",
            &fill,
        )
        .expect("right");
        assert_eq!((doc.value.name.as_str(), doc.value.items[0].count), ("2", 2));
        let problems =
            read_filled::<Outer>("name: x\nitems: [{id: \"{{ bad }}\", count: 1}]\n", &fill)
                .expect_err("not fillable");
        assert_eq!(problems[0].to_string(), "2:14: there is no `bad`");
    }

    #[test]
    fn what_yaml_allows_and_we_do_not_is_refused_with_its_place() {
        insta::assert_snapshot!(problems("name: x\nname: y\n"), @"2:1: the key `name` is given twice, first on line 1");
        insta::assert_snapshot!(problems("name: &a x\nitems: [*a]\n"), @"
        1:7: anchors are not used here: write the value out
        2:9: aliases are not used here: write the value out
        ");
        insta::assert_snapshot!(problems("name: \"x\n"), @"1:7: this is not YAML: while scanning a quoted scalar, found unexpected end of stream");
        insta::assert_snapshot!(problems(&format!("name: {}\n", "[".repeat(100))), @"1:46: nested deeper than 40 levels");
    }
}
