//! The document as a tree whose nodes know their place, and its rendering with one key or value a
//! line for serde_yaml to read.

use std::fmt::Write;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{Position, Problem, Step};

const MAX_DEPTH: usize = 40;

/// A node's index in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(usize);

impl Node {
    pub(super) const ROOT: Self = Self(0);
}

/// What one line of the rendering shows: a node's value, or the key under which it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) node: Node,
    pub(super) key: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Tree {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    parent: Option<usize>,
    /// The key under which it stands, with its place, when its parent is a mapping.
    key: Option<(String, Position)>,
    at: Position,
    range: std::ops::Range<usize>,
    /// Written within brackets or braces.
    flow: bool,
    content: Content,
    removed: bool,
}

#[derive(Debug, Clone)]
enum Content {
    Scalar { text: String, plain: bool },
    Sequence(Vec<usize>),
    Mapping(Vec<usize>),
}

impl Tree {
    pub(super) fn parse(text: &str, first_line: usize) -> Result<Self, Vec<Problem>> {
        let chars = text.chars().collect();
        let tree = Self { entries: Vec::new() };
        let mut building = Building {
            tree,
            chars,
            open: Vec::new(),
            key: None,
            first_line,
            problems: Vec::new(),
            documents: 0,
        };
        for event in Parser::new_from_str(text) {
            match event {
                Ok((event, span)) => {
                    if !building.take(event, span) {
                        break;
                    }
                }
                Err(error) => {
                    let at = building.place(error.marker().line(), error.marker().col());
                    building.problems.push(Problem {
                        at,
                        message: format!("this is not YAML: {}", error.info()),
                    });
                    break;
                }
            }
        }
        if building.tree.entries.is_empty() && building.problems.is_empty() {
            building.problems.push(Problem {
                at: Position { line: first_line, column: 1 },
                message: "there is nothing here".to_owned(),
            });
        }
        if building.problems.is_empty() { Ok(building.tree) } else { Err(building.problems) }
    }

    /// Fills every scalar value. What becomes a number or a truth value reads as one; everything
    /// else reads as text.
    pub(super) fn fill(
        &mut self,
        fill: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        for entry in &mut self.entries {
            let Content::Scalar { text, plain } = &mut entry.content else { continue };
            match fill(text) {
                Ok(filled) if filled == *text => {}
                Ok(filled) => {
                    *plain = filled.parse::<f64>().is_ok() || filled.parse::<bool>().is_ok();
                    *text = filled;
                }
                Err(message) => problems.push(Problem { at: entry.at, message }),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn children(&self, node: usize) -> &[usize] {
        match &self.entries[node].content {
            Content::Scalar { .. } => &[],
            Content::Sequence(children) | Content::Mapping(children) => children,
        }
    }

    fn find(&self, path: &[Step<'_>]) -> (usize, bool) {
        let mut node = 0;
        for step in path {
            let next = match step {
                Step::Key(key) => self
                    .children(node)
                    .iter()
                    .find(|c| self.entries[**c].key.as_ref().is_some_and(|(k, _)| k == key)),
                Step::Item(index) => self.children(node).get(*index),
            };
            match next {
                Some(next) => node = *next,
                None => return (node, false),
            }
        }
        (node, true)
    }

    pub(super) fn position(&self, path: &[Step<'_>]) -> Position {
        self.entries[self.find(path).0].at
    }

    pub(super) fn range(&self, path: &[Step<'_>]) -> Option<std::ops::Range<usize>> {
        let (node, found) = self.find(path);
        found.then(|| self.entries[node].range.clone())
    }

    pub(super) fn end(&self, path: &[Step<'_>]) -> Option<usize> {
        let (mut node, found) = self.find(path);
        // A block's own end lies behind the comments that follow it: its last value's does not.
        while let (false, Some(last)) = (self.entries[node].flow, self.children(node).last()) {
            node = *last;
        }
        found.then(|| self.entries[node].range.end)
    }

    pub(super) fn is_flow(&self, path: &[Step<'_>]) -> bool {
        let (node, found) = self.find(path);
        found && self.entries[node].flow
    }

    pub(super) fn key_position(&self, path: &[Step<'_>]) -> Option<Position> {
        let (node, found) = self.find(path);
        self.entries[node].key.as_ref().filter(|_| found).map(|(_, at)| *at)
    }

    pub(super) fn node_position(&self, node: Node, of_key: bool) -> Position {
        let entry = &self.entries[node.0];
        match (&entry.key, of_key) {
            (Some((_, at)), true) => *at,
            _ => entry.at,
        }
    }

    pub(super) fn parent(&self, node: Node) -> Option<Node> {
        self.entries[node.0].parent.map(Node)
    }

    /// Takes the node out of the rendering; `false` when it is the root, which cannot be taken out.
    pub(super) fn remove(&mut self, node: Node) -> bool {
        self.entries[node.0].removed = true;
        node != Node::ROOT
    }

    /// Whether an entry of this mapping whose key is `wanted` was taken out.
    pub(super) fn has_removed(&self, mapping: Node, wanted: impl Fn(&str) -> bool) -> bool {
        self.children(mapping.0).iter().any(|c| {
            self.entries[*c].removed && self.entries[*c].key.as_ref().is_none_or(|(k, _)| wanted(k))
        })
    }

    /// The way to the node, as `items[2].count`; empty for the root.
    pub(super) fn path(&self, node: Node) -> String {
        let Some(parent) = self.entries[node.0].parent else { return String::new() };
        let before = self.path(Node(parent));
        match &self.entries[node.0].key {
            Some((key, _)) if before.is_empty() => key.clone(),
            Some((key, _)) => format!("{before}.{key}"),
            None => {
                let index = self
                    .children(parent)
                    .iter()
                    .position(|c| *c == node.0)
                    .expect("a node is among its parent's children");
                format!("{before}[{index}]")
            }
        }
    }

    pub(super) fn render(&self) -> (String, Vec<Line>) {
        let mut rendering = (String::new(), Vec::new());
        self.render_node(0, 0, &mut rendering);
        rendering
    }

    fn render_node(&self, node: usize, depth: usize, out: &mut (String, Vec<Line>)) {
        let indent = " ".repeat(depth);
        let children: Vec<usize> =
            self.children(node).iter().copied().filter(|c| !self.entries[*c].removed).collect();
        let mut line = |text: &str, of: usize, key: bool| {
            writeln!(out.0, "{indent}{text}").expect("writing to a string does not fail");
            out.1.push(Line { node: Node(of), key });
        };
        match &self.entries[node].content {
            Content::Scalar { text, plain: true } => line(text, node, false),
            Content::Scalar { text, plain: false } => line(&quoted(text), node, false),
            Content::Sequence(_) if children.is_empty() => line("[]", node, false),
            Content::Mapping(_) if children.is_empty() => line("{}", node, false),
            Content::Sequence(_) | Content::Mapping(_) => {
                for child in children {
                    let head = match &self.entries[child].key {
                        Some((key, _)) => format!("{}:", quoted(key)),
                        None => "-".to_owned(),
                    };
                    let indent = " ".repeat(depth);
                    writeln!(out.0, "{indent}{head}").expect("writing to a string does not fail");
                    let key = self.entries[child].key.is_some();
                    // The mark of a sequence is its first dash.
                    out.1.push(Line { node: Node(if key { child } else { node }), key });
                    self.render_node(child, depth + 1, out);
                }
            }
        }
    }
}

/// As a double-quoted scalar: JSON's string escapes are a subset of YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

struct Building {
    tree: Tree,
    chars: Vec<char>,
    open: Vec<usize>,
    key: Option<(String, Position)>,
    first_line: usize,
    problems: Vec<Problem>,
    documents: usize,
}

impl Building {
    fn place(&self, line: usize, column_from_0: usize) -> Position {
        Position { line: line.max(1) + self.first_line - 1, column: column_from_0 + 1 }
    }

    /// Takes one event in; `false` when reading must stop.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let at = self.place(span.start.line(), span.start.col());
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.problems.push(Problem {
                        at,
                        message: "a second document begins here; one is expected".to_owned(),
                    });
                    return false;
                }
            }
            Event::Alias(_) => {
                self.problems.push(Problem {
                    at,
                    message: "aliases are not used here: write the value out".to_owned(),
                });
                self.add(Content::Scalar { text: String::new(), plain: false }, at, span);
            }
            Event::Scalar(text, style, anchor, _) => {
                self.refuse_anchor(anchor, at);
                if self.expects_key() {
                    self.take_key(text.into_owned(), at);
                } else {
                    self.add(
                        Content::Scalar {
                            text: text.into_owned(),
                            plain: style == ScalarStyle::Plain,
                        },
                        at,
                        span,
                    );
                }
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                self.refuse_anchor(anchor, at);
                if self.open.len() >= MAX_DEPTH {
                    self.problems.push(Problem {
                        at,
                        message: format!("nested deeper than {MAX_DEPTH} levels"),
                    });
                    return false;
                }
                if self.expects_key() {
                    self.problems.push(Problem {
                        at,
                        message: "a key must be a word, not a list or a mapping".to_owned(),
                    });
                    return false;
                }
                let content = if matches!(event, Event::SequenceStart(..)) {
                    Content::Sequence(Vec::new())
                } else {
                    Content::Mapping(Vec::new())
                };
                let node = self.add(content, at, span);
                self.open.push(node);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(node) = self.open.pop() {
                    // The end of brackets and braces is the closing one, not the next thing after
                    // it.
                    let closing = span.start.index();
                    let flow = self.tree.entries[node].flow
                        && matches!(self.chars.get(closing), Some(']' | '}'));
                    self.tree.entries[node].range.end =
                        if flow { closing + 1 } else { span.end.index() };
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        true
    }

    fn expects_key(&self) -> bool {
        self.key.is_none()
            && self
                .open
                .last()
                .is_some_and(|n| matches!(self.tree.entries[*n].content, Content::Mapping(_)))
    }

    fn take_key(&mut self, key: String, at: Position) {
        let mapping = *self.open.last().expect("a key is only expected inside a mapping");
        let first = self
            .tree
            .children(mapping)
            .iter()
            .find_map(|c| self.tree.entries[*c].key.as_ref().filter(|(k, _)| *k == key));
        if let Some((_, first)) = first {
            let message = format!("the key `{key}` is given twice, first on line {}", first.line);
            self.problems.push(Problem { at, message });
        }
        self.key = Some((key, at));
    }

    fn refuse_anchor(&mut self, anchor: usize, at: Position) {
        if anchor != 0 {
            self.problems.push(Problem {
                at,
                message: "anchors are not used here: write the value out".to_owned(),
            });
        }
    }

    fn add(&mut self, content: Content, at: Position, span: Span) -> usize {
        let node = self.tree.entries.len();
        let parent = self.open.last().copied();
        let range = span.start.index()..span.end.index();
        let flow = !matches!(content, Content::Scalar { .. })
            && matches!(self.chars.get(range.start), Some('[' | '{'));
        self.tree.entries.push(Entry {
            parent,
            key: self.key.take(),
            at,
            range,
            flow,
            content,
            removed: false,
        });
        if let Some(Content::Sequence(children) | Content::Mapping(children)) =
            parent.map(|p| &mut self.tree.entries[p].content)
        {
            children.push(node);
        }
        node
    }
}
