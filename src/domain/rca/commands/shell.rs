//! A command line split into its simple commands, as far as judging them needs. What it cannot
//! follow it says so, and never guesses.

/// One command of a line: its words without quotes, and what it reads and writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub words: Vec<String>,
    pub assigns: Vec<(String, String)>,
    /// Files its output is sent to.
    pub writes: Vec<String>,
    /// Whether its input is the output of the command before it.
    pub piped: bool,
    /// Whether its input is text of the line: a here-document or here-string.
    pub typed_input: bool,
}

/// A whole line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub commands: Vec<Simple>,
    /// The text inside `$(...)`, backticks and `<(...)`: lines of their own.
    pub inner: Vec<String>,
    /// A function is defined, or quotes or brackets do not end.
    pub opaque: bool,
    /// The names of the functions it defines.
    pub defines: Vec<String>,
}

/// Words that only hold commands together.
const GLUE: &[&str] =
    &["do", "then", "else", "elif", "if", "while", "until", "!", "{", "time", "&&", "||"];
const CLOSING: &[&str] = &["done", "fi", "esac", "}", ";;"];

pub(super) fn split(text: &str) -> Line {
    let mut splitter = Splitter {
        chars: text.chars().peekable(),
        line: Line::default(),
        now: Simple::default(),
        heredocs: Vec::new(),
    };
    splitter.run();
    splitter.line
}

struct Splitter<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: Line,
    now: Simple,
    heredocs: Vec<String>,
}

impl Splitter<'_> {
    fn run(&mut self) {
        while let Some(c) = self.chars.next() {
            match c {
                ' ' | '\t' | '\r' => {}
                '\n' => {
                    self.end(false);
                    self.skip_heredocs();
                }
                '#' => while self.chars.next_if(|c| *c != '\n').is_some() {},
                '&' if self.chars.peek() == Some(&'>') => {
                    self.chars.next();
                    self.redirect_out();
                }
                ';' | '&' => {
                    self.chars.next_if_eq(&'&');
                    self.end(false);
                }
                '|' => {
                    let or = self.chars.next_if_eq(&'|').is_some();
                    self.chars.next_if_eq(&'&');
                    self.end(!or);
                }
                '(' if self.chars.peek() == Some(&'(') => self.arithmetic(),
                '(' => {
                    // `name()` defines a function; a bracket elsewhere opens a subshell.
                    if let Some(name) = self.now.words.last() {
                        self.line.opaque = true;
                        self.line.defines.push(name.clone());
                    }
                    self.end(false);
                }
                ')' => self.end(false),
                '>' => self.redirect_out(),
                '<' => self.redirect_in(),
                c => self.word(c),
            }
        }
        self.end(false);
    }

    /// `((...))`: numbers only, unless something is run within it.
    fn arithmetic(&mut self) {
        let text = self.bracketed();
        self.line.opaque |= !text.ends_with(')') || runs(&text);
    }

    fn end(&mut self, pipes_on: bool) {
        let mut simple = std::mem::take(&mut self.now);
        self.now.piped = pipes_on;
        while simple.words.first().is_some_and(|w| GLUE.contains(&w.as_str())) {
            simple.words.remove(0);
        }
        let head = simple.words.first().map_or("", String::as_str);
        if head == "function" {
            self.line.opaque = true;
            self.line.defines.extend(simple.words.get(1).cloned());
        }
        if matches!(head, "for" | "case" | "select") || CLOSING.contains(&head) {
            simple.words.clear();
        }
        if !simple.words.is_empty() || !simple.assigns.is_empty() || !simple.writes.is_empty() {
            self.line.commands.push(simple);
        } else if pipes_on {
            self.now.piped = simple.piped;
        }
    }

    fn redirect_out(&mut self) {
        self.chars.next_if(|c| *c == '>' || *c == '|');
        let to_descriptor = self.chars.next_if_eq(&'&').is_some();
        let target = self.target();
        let is_number = target.chars().all(|c| c.is_ascii_digit() || c == '-');
        if !(to_descriptor && is_number) {
            self.now.writes.push(target);
        }
    }

    fn redirect_in(&mut self) {
        if self.chars.next_if_eq(&'(').is_some() {
            let text = self.bracketed();
            self.line.inner.push(text);
            self.now.words.push("<()".to_owned());
            return;
        }
        if self.chars.next_if_eq(&'<').is_none() {
            // A file read in: as good as one of its arguments.
            let read_write = self.chars.next_if_eq(&'>').is_some();
            let source = self.target();
            if read_write {
                self.now.writes.push(source);
            } else {
                self.now.words.push(source);
            }
            return;
        }
        self.now.typed_input = true;
        if self.chars.next_if_eq(&'<').is_some() {
            self.target();
            return;
        }
        self.chars.next_if_eq(&'-');
        let end = self.target();
        self.heredocs.push(end);
    }

    /// The word after a redirection.
    fn target(&mut self) -> String {
        while self.chars.next_if(|c| *c == ' ' || *c == '\t').is_some() {}
        match self.chars.next() {
            Some(c) => self.text(c),
            None => String::new(),
        }
    }

    fn skip_heredocs(&mut self) {
        for end in std::mem::take(&mut self.heredocs) {
            loop {
                let mut row = String::new();
                let mut ended = true;
                for c in self.chars.by_ref() {
                    if c == '\n' {
                        ended = false;
                        break;
                    }
                    row.push(c);
                }
                if row.trim_start_matches('\t') == end || ended {
                    break;
                }
            }
        }
    }

    fn word(&mut self, first: char) {
        let text = self.text(first);
        let is_descriptor = text.chars().all(|c| c.is_ascii_digit())
            && matches!(self.chars.peek(), Some('>' | '<'));
        if is_descriptor {
            return;
        }
        let assign = text.split_once('=').filter(|(name, _)| {
            self.now.words.is_empty()
                && !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        match assign {
            Some((name, value)) => self.now.assigns.push((name.to_owned(), value.to_owned())),
            None => self.now.words.push(text),
        }
    }

    /// One word from its first character on, quotes removed.
    fn text(&mut self, first: char) -> String {
        let mut word = String::new();
        let mut next = Some(first);
        while let Some(c) = next {
            match c {
                '\'' => self.until('\'', &mut word),
                '"' => self.double_quoted(&mut word),
                '\\' => word.extend(self.chars.next().filter(|c| *c != '\n')),
                '`' => self.backticks(&mut word),
                '$' if self.chars.peek() == Some(&'(') => self.substitution(&mut word),
                c => word.push(c),
            }
            next = self.chars.next_if(|c| !" \t\r\n;&|()<>".contains(*c));
        }
        word
    }

    fn until(&mut self, end: char, word: &mut String) {
        for c in self.chars.by_ref() {
            if c == end {
                return;
            }
            word.push(c);
        }
        self.line.opaque = true;
    }

    fn double_quoted(&mut self, word: &mut String) {
        while let Some(c) = self.chars.next() {
            match c {
                '"' => return,
                '\\' => word.extend(self.chars.next()),
                '`' => self.backticks(word),
                '$' if self.chars.peek() == Some(&'(') => self.substitution(word),
                c => word.push(c),
            }
        }
        self.line.opaque = true;
    }

    fn backticks(&mut self, word: &mut String) {
        let mut text = String::new();
        self.until('`', &mut text);
        self.line.inner.push(text);
        word.push_str("$()");
    }

    fn substitution(&mut self, word: &mut String) {
        self.chars.next();
        let text = self.bracketed();
        let is_arithmetic = text.starts_with('(') && text.ends_with(')') && !runs(&text);
        if !is_arithmetic {
            self.line.inner.push(text);
        }
        word.push_str("$()");
    }

    /// The text up to the bracket that closes the one just read.
    fn bracketed(&mut self) -> String {
        let mut text = String::new();
        let mut depth = 1;
        let mut quote = None;
        while let Some(c) = self.chars.next() {
            match (c, quote) {
                ('\\', _) => {
                    text.push(c);
                    text.extend(self.chars.next());
                    continue;
                }
                (c, Some(q)) if c == q => quote = None,
                ('\'' | '"', None) => quote = Some(c),
                ('(', None) => depth += 1,
                (')', None) => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return text;
            }
            text.push(c);
        }
        self.line.opaque = true;
        text
    }
}

/// Whether a command is run within a text.
fn runs(text: &str) -> bool {
    text.contains("$(") || text.contains('`')
}
