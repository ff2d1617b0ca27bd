//! The marks themselves: OSC 133, as terminals know it, with the session's id behind the letter.
//!
//! `A;ID` a prompt begins, `B;ID` it ends, `C;ID;SHELL;MICROSECONDS;BASE64` a command begins,
//! `D;ID;SHELL;EXIT` it ended. SHELL is the process id of the shell that says so: a shell may run
//! in a command of another one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::telemetry::series::UnixMs;

/// What a shell told about its prompts and commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// What follows is a prompt.
    PromptBegins,
    /// The prompt is complete; what follows is typed.
    PromptEnds,
    /// What follows is the output of a command.
    CommandBegins {
        /// The process id of the shell it was typed into.
        shell: u32,
        /// When, by the machine's clock.
        at: UnixMs,
        /// The command line.
        line: String,
    },
    /// The command is over.
    CommandEnded {
        /// The process id of its shell.
        shell: u32,
        /// Its exit code.
        exit: i64,
    },
}

/// A piece of a terminal's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes for the terminal.
    Output(Vec<u8>),
    /// A mark of this session.
    Mark(Mark),
}

const INTRODUCTION: &[u8] = b"\x1b]133;";
const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;
/// The longest mark believed. A command line of 64 KiB needs 86 KiB.
const LONGEST: usize = 128 * 1024;

/// Takes a session's marks out of a stream, however the stream is cut into chunks. Marks without
/// the session's id are output like any other: somebody else's terminal wrote them, or somebody who
/// would like to be believed.
#[derive(Debug)]
pub struct Marks {
    id: Vec<u8>,
    held: Vec<u8>,
}

enum Look {
    Mark(Mark, usize),
    Output,
    /// It may become a mark.
    Unfinished,
}

impl Marks {
    /// The marks that carry this id.
    pub fn of_session(id: &str) -> Self {
        Self { id: id.as_bytes().to_vec(), held: Vec::new() }
    }

    /// Takes the next chunk. The beginning of what may be a mark is held back until it is known.
    pub fn take(&mut self, chunk: &[u8]) -> Vec<Piece> {
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(chunk);
        let mut pieces = Vec::new();
        let (mut shown, mut at) = (0, 0);
        while let Some(escape) = bytes[at..].iter().position(|b| *b == ESCAPE).map(|k| k + at) {
            match self.look(&bytes[escape..]) {
                Look::Output => at = escape + 1,
                Look::Mark(mark, length) => {
                    output(&mut pieces, &bytes[shown..escape]);
                    pieces.push(Piece::Mark(mark));
                    at = escape + length;
                    shown = at;
                }
                Look::Unfinished => {
                    self.held = bytes.split_off(escape);
                    break;
                }
            }
        }
        output(&mut pieces, &bytes[shown..]);
        pieces
    }

    /// What is still held back when the stream has ended: output.
    pub fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Looks at bytes that begin with an escape.
    fn look(&self, bytes: &[u8]) -> Look {
        let starts = [b'A', b'B', b'C', b'D']
            .map(|letter| [INTRODUCTION, &[letter, b';'], &self.id].concat());
        let Some(start) = starts.iter().find(|start| bytes.starts_with(start)) else {
            return if starts.iter().any(|start| start.starts_with(bytes)) {
                Look::Unfinished
            } else {
                Look::Output
            };
        };
        let Some(length) = bytes[start.len()..].iter().position(|b| b.is_ascii_control()) else {
            return if bytes.len() > LONGEST { Look::Output } else { Look::Unfinished };
        };
        let (text, end) =
            (&bytes[start.len()..start.len() + length], &bytes[start.len() + length..]);
        let end = match end {
            [BELL, ..] => 1,
            [ESCAPE, b'\\', ..] => 2,
            [ESCAPE] => return Look::Unfinished,
            _ => return Look::Output,
        };
        let letter = start[INTRODUCTION.len()];
        match std::str::from_utf8(text).ok().and_then(|text| parse(letter, text)) {
            Some(mark) => Look::Mark(mark, start.len() + length + end),
            None => Look::Output,
        }
    }
}

fn output(pieces: &mut Vec<Piece>, bytes: &[u8]) {
    if !bytes.is_empty() {
        pieces.push(Piece::Output(bytes.to_vec()));
    }
}

/// Reads what follows the id.
fn parse(letter: u8, text: &str) -> Option<Mark> {
    let fields: Vec<&str> = text.split(';').collect();
    match (letter, fields.as_slice()) {
        (b'A', [""]) => Some(Mark::PromptBegins),
        (b'B', [""]) => Some(Mark::PromptEnds),
        (b'C', ["", shell, micros, line]) => {
            let line = STANDARD.decode(line).ok()?;
            let at = micros.parse::<UnixMs>().ok()? / 1000;
            Some(Mark::CommandBegins {
                shell: shell.parse().ok()?,
                at,
                line: String::from_utf8_lossy(&line).into_owned(),
            })
        }
        (b'D', ["", shell, exit]) => {
            Some(Mark::CommandEnded { shell: shell.parse().ok()?, exit: exit.parse().ok()? })
        }
        _ => None,
    }
}
