//! A recorded terminal session: its stream of bytes told apart into commands with their output, by
//! the marks its shells put into it.

mod marks;
mod place;

pub use marks::{Mark, Marks, Piece};
pub use place::row_left;

use super::series::UnixMs;

/// What came of a piece of the stream, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes for the learner's terminal.
    Show(Vec<u8>),
    /// A command begins, inside the one that is under way, if one is: a shell in a shell.
    Begin(Begin),
    /// The innermost command under way printed this.
    Print(String),
    /// The innermost command under way ended.
    End {
        /// Its exit code, if that is known.
        exit: Option<i64>,
    },
}

/// The beginning of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// A command that was typed.
    Typed {
        /// The line.
        line: String,
        /// When, by the machine's clock.
        at: UnixMs,
        /// The prompt it was typed at, as it was shown.
        prompt: String,
    },
    /// Output of a shell that does not mark its commands.
    Unmarked,
}

/// What of the stream is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All but the marks.
    Everything,
    /// What commands print: nobody types, so prompts are of no use.
    OutputOnly,
}

/// So much is kept of what looks typed, in case it was not.
const TYPED_BYTES: usize = 64 * 1024;

/// A session under way.
#[derive(Debug)]
pub struct Session {
    marks: Marks,
    shown: Shown,
    /// The shells of the commands under way, the innermost last; none for unmarked output.
    open: Vec<Option<u32>>,
    phase: Phase,
    prompt: Vec<u8>,
    typed: Vec<u8>,
    /// The beginning of a character whose end has not come yet.
    split: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No mark was seen yet.
    Unmarked,
    /// A command was over; the prompt has not begun.
    Between,
    Prompt,
    Typing,
    Running,
}

impl Session {
    /// A session whose shells know this id.
    pub fn new(id: &str, shown: Shown) -> Self {
        Self {
            marks: Marks::of_session(id),
            shown,
            open: Vec::new(),
            phase: Phase::Unmarked,
            prompt: Vec::new(),
            typed: Vec::new(),
            split: Vec::new(),
        }
    }

    /// Takes the next bytes of the stream.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for piece in self.marks.take(bytes) {
            match piece {
                Piece::Output(bytes) => self.output(bytes, &mut events),
                Piece::Mark(mark) => self.mark(mark, &mut events),
            }
        }
        events
    }

    /// The stream has ended, with the exit code of the first shell if that is known. A command that
    /// did not end ended its shell (`exit`), or was ended with it: it has the shell's code.
    pub fn end(&mut self, exit: Option<i64>) -> Vec<Event> {
        let mut events = Vec::new();
        let rest = self.marks.rest();
        self.output(rest, &mut events);
        // Bash says `exit` when its input ends. More than that was not typed: the shell stopped
        // marking.
        if self.phase == Phase::Typing
            && (!self.open.is_empty() || self.typed.iter().filter(|b| **b == b'\n').count() > 1)
        {
            self.typed_was_printed(&mut events);
        }
        self.complete_character(&mut events);
        while self.open.pop().is_some() {
            events.push(Event::End { exit });
        }
        events
    }

    fn output(&mut self, bytes: Vec<u8>, events: &mut Vec<Event>) {
        if bytes.is_empty() {
            return;
        }
        match self.phase {
            Phase::Unmarked | Phase::Running => self.print(&bytes, events),
            Phase::Prompt => self.prompt.extend_from_slice(&bytes),
            Phase::Typing => {
                let room = TYPED_BYTES - self.typed.len();
                self.typed.extend_from_slice(&bytes[..room.min(bytes.len())]);
            }
            Phase::Between => {}
        }
        if self.shown == Shown::Everything || !matches!(self.phase, Phase::Prompt | Phase::Typing) {
            events.push(Event::Show(bytes));
        }
    }

    /// Adds to the output of the innermost command.
    fn print(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        if self.open.is_empty() {
            self.open.push(None);
            events.push(Event::Begin(Begin::Unmarked));
        }
        let mut pending = std::mem::take(&mut self.split);
        pending.extend_from_slice(bytes);
        // The end of a last character may be in the next chunk.
        let unfinished = pending.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
        let is_begun =
            std::str::from_utf8(unfinished).is_err_and(|error| error.error_len().is_none());
        self.split = pending.split_off(pending.len() - if is_begun { unfinished.len() } else { 0 });
        if !pending.is_empty() {
            events.push(Event::Print(String::from_utf8_lossy(&pending).into_owned()));
        }
    }

    /// Nothing more comes for the innermost command.
    fn complete_character(&mut self, events: &mut Vec<Event>) {
        let split = std::mem::take(&mut self.split);
        if !split.is_empty() {
            events.push(Event::Print(String::from_utf8_lossy(&split).into_owned()));
        }
    }

    fn typed_was_printed(&mut self, events: &mut Vec<Event>) {
        let typed = std::mem::take(&mut self.typed);
        self.print(&typed, events);
    }

    fn mark(&mut self, mark: Mark, events: &mut Vec<Event>) {
        match mark {
            Mark::PromptBegins => {
                self.prompt.clear();
                self.phase = Phase::Prompt;
            }
            Mark::PromptEnds => {
                self.typed.clear();
                self.phase = Phase::Typing;
            }
            Mark::CommandBegins { shell, at, line } => {
                self.close_unmarked(events);
                // Its shell did not tell how the one before ended.
                self.close(shell, None, events);
                self.open.push(Some(shell));
                let prompt = String::from_utf8_lossy(&self.prompt).into_owned();
                events.push(Event::Begin(Begin::Typed { line, at, prompt }));
                self.phase = Phase::Running;
            }
            Mark::CommandEnded { shell, exit } => {
                self.close_unmarked(events);
                // A shell inside ended at its prompt: what came since is what the command printed
                // after it.
                if self.phase == Phase::Typing && self.open.contains(&Some(shell)) {
                    self.typed_was_printed(events);
                }
                self.close(shell, Some(exit), events);
                self.phase = Phase::Between;
            }
        }
    }

    fn close_unmarked(&mut self, events: &mut Vec<Event>) {
        self.complete_character(events);
        if self.open.last() == Some(&None) {
            self.open.pop();
            events.push(Event::End { exit: None });
        }
    }

    /// Ends the command of this shell and all inside it, if there is one.
    fn close(&mut self, shell: u32, exit: Option<i64>, events: &mut Vec<Event>) {
        self.complete_character(events);
        let Some(at) = self.open.iter().position(|open| *open == Some(shell)) else { return };
        for _ in self.open.drain(at..) {
            events.push(Event::End { exit });
        }
    }
}

#[cfg(test)]
mod tests;
