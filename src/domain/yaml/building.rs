//! The tree of a document, built from the events of its text; what is refused on the way.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::tree::{Content, Entry, Tree};
use super::{Position, Problem};

const MAX_DEPTH: usize = 40;

/// Reads a text. `first_line` is the line of the file on which it begins.
pub(super) fn parse(text: &str, first_line: usize) -> Result<Tree, Vec<Problem>> {
    let mut building = Building::new(text, first_line);
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                if !building.take(event, span) {
                    break;
                }
            }
            Err(error) => {
                let at = building.place(error.marker().line(), error.marker().col());
                building.refuse(at, format!("this is not YAML: {}", error.info()));
                break;
            }
        }
    }
    if building.tree.entries.is_empty() && building.problems.is_empty() {
        building.refuse(Position { line: first_line, column: 1 }, "there is nothing here");
    }
    if building.problems.is_empty() { Ok(building.tree) } else { Err(building.problems) }
}

/// A tree while the events of its text come in.
struct Building {
    tree: Tree,
    chars: Vec<char>,
    /// The lists and mappings that have not ended.
    open: Vec<usize>,
    /// The key whose value comes next.
    key: Option<(String, Position)>,
    first_line: usize,
    problems: Vec<Problem>,
    documents: usize,
}

impl Building {
    fn new(text: &str, first_line: usize) -> Self {
        Self {
            tree: Tree::default(),
            chars: text.chars().collect(),
            open: Vec::new(),
            key: None,
            first_line,
            problems: Vec::new(),
            documents: 0,
        }
    }

    fn refuse(&mut self, at: Position, message: impl Into<String>) {
        self.problems.push(Problem { at, message: message.into() });
    }

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
                    self.refuse(at, "a second document begins here; one is expected");
                    return false;
                }
            }
            Event::Alias(_) => {
                self.refuse(at, "aliases are not used here: write the value out");
                self.add(Content::Scalar { text: String::new(), plain: false }, at, span);
            }
            Event::Scalar(text, style, anchor, _) => {
                self.refuse_anchor(anchor, at);
                let (text, plain) = (text.into_owned(), style == ScalarStyle::Plain);
                if self.expects_key() {
                    self.take_key(text, at);
                } else {
                    self.add(Content::Scalar { text, plain }, at, span);
                }
            }
            Event::SequenceStart(anchor, _) => {
                self.refuse_anchor(anchor, at);
                return self.begin(Content::Sequence(Vec::new()), at, span);
            }
            Event::MappingStart(anchor, _) => {
                self.refuse_anchor(anchor, at);
                return self.begin(Content::Mapping(Vec::new()), at, span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        true
    }

    /// A list or mapping begins; `false` when reading must stop.
    fn begin(&mut self, content: Content, at: Position, span: Span) -> bool {
        if self.open.len() >= MAX_DEPTH {
            self.refuse(at, format!("nested deeper than {MAX_DEPTH} levels"));
            return false;
        }
        if self.expects_key() {
            self.refuse(at, "a key must be a word, not a list or a mapping");
            return false;
        }
        let node = self.add(content, at, span);
        self.open.push(node);
        true
    }

    /// The list or mapping that began last ends.
    fn end(&mut self, span: Span) {
        let Some(node) = self.open.pop() else { return };
        // The end of brackets and braces is the closing one, not the next thing after it.
        let closing = span.start.index();
        let entry = &mut self.tree.entries[node];
        let is_closed = entry.flow && matches!(self.chars.get(closing), Some(']' | '}'));
        entry.range.end = if is_closed { closing + 1 } else { span.end.index() };
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
            self.refuse(at, message);
        }
        self.key = Some((key, at));
    }

    fn refuse_anchor(&mut self, anchor: usize, at: Position) {
        if anchor != 0 {
            self.refuse(at, "anchors are not used here: write the value out");
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
