//! The document as a tree whose nodes know their place, and its rendering with one key or value a
//! line for serde_yaml to read.

use std::fmt::Write;

use super::{Position, Problem, Step};

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

#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    /// Parents before their children; the root first.
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) parent: Option<usize>,
    /// The key under which it stands, with its place, when its parent is a mapping.
    pub(super) key: Option<(String, Position)>,
    pub(super) at: Position,
    /// Where it stands in the text, in characters.
    pub(super) range: std::ops::Range<usize>,
    /// Written within brackets or braces.
    pub(super) flow: bool,
    pub(super) content: Content,
    /// Taken out of the rendering.
    pub(super) removed: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Scalar { text: String, plain: bool },
    Sequence(Vec<usize>),
    Mapping(Vec<usize>),
}

impl Tree {
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

    pub(super) fn children(&self, node: usize) -> &[usize] {
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
