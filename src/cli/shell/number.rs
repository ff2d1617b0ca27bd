//! The number of a command, shown where it was typed, and what it changed, shown below its output.

use std::io::IsTerminal;

use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::domain::telemetry::terminal::{Begin, row_left};
use crate::drill::terminal::Window;
use crate::drill::{Notice, Notices};

/// Shows a number: on a terminal at the right end of the line that was entered, where it disturbs
/// nothing.
pub fn show(
    output: Output,
    window: Option<Window>,
    number: u32,
    begin: &Begin,
) -> Result<(), Failure> {
    let Some(window) = window.filter(|_| std::io::stdout().is_terminal() && !output.quiet) else {
        output.notify(Notice::Numbered(number));
        return Ok(());
    };
    let label = format!("[#{number}]");
    let dim = if output.colours() { format!("\x1b[2m{label}\x1b[0m") } else { label.clone() };
    let columns = usize::from(window.columns);
    let left = match begin {
        Begin::Typed { line, prompt, .. } => row_left(prompt, line, columns),
        Begin::Unmarked => None,
    };
    // The cursor stands at the beginning of the row below, and comes back there.
    let can_move = std::env::var("TERM").is_ok_and(|terminal| terminal != "dumb");
    let text = match left.filter(|left| can_move && *left > label.len() + 1) {
        Some(_) => format!("\x1b7\x1b[A\x1b[{}G{dim}\x1b8", columns - label.len()),
        None => format!("{dim}\r\n"),
    };
    output.text(&text)
}

/// Shows what a command changed, on a line of its own before the next prompt.
pub fn changed(
    output: Output,
    window: Option<Window>,
    number: u32,
    changed: Vec<String>,
) -> Result<(), Failure> {
    let notice = Notice::Changed { number, changed };
    if window.is_none() || !std::io::stdout().is_terminal() || output.quiet {
        output.notify(notice);
        return Ok(());
    }
    let text = match output.colours() {
        true => format!("\x1b[2m{notice}\x1b[0m\r\n"),
        false => format!("{notice}\r\n"),
    };
    output.text(&text)
}
