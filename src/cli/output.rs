//! Writing to the terminal: lines, tables and JSON on standard output; what is about the command
//! itself on standard error.

use std::io::{IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use super::exit::Failure;
use crate::drill::{DrillError, Notice, Notices};

/// Where a command writes.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Data as JSON instead of text.
    pub json: bool,
    /// No remarks on standard error.
    pub quiet: bool,
}

impl Output {
    /// Writes a line. A reader that is gone ends the command cleanly.
    pub fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        writeln!(std::io::stdout().lock(), "{}", text.as_ref()).map_err(broken)
    }

    /// Writes text as it is.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(broken)
    }

    /// Writes bytes as they are.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(broken)
    }

    /// Writes a value as JSON.
    pub fn value(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.line(
            serde_json::to_string_pretty(value)
                .expect("what is printed as JSON has text keys only"),
        )
    }

    /// Text as it is shown: made for people, or, where it was asked for, the value as JSON.
    pub fn either(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> String {
        if !self.json {
            return text();
        }
        let json = serde_json::to_string_pretty(value);
        json.expect("what is printed as JSON has text keys only") + "\n"
    }

    /// Writes a table with a heading line.
    pub fn table(
        &self,
        heading: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Result<(), Failure> {
        self.text(&tabulated(heading, rows))
    }

    /// Remarks on what the command does.
    pub fn remark(&self, text: impl AsRef<str>) {
        if !self.quiet {
            warn(text);
        }
    }

    /// Whether to use colours: on a terminal, unless NO_COLOR is set.
    pub fn colours(&self) -> bool {
        std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    }

    /// Text in bold, on a terminal.
    pub fn bold(&self, text: &str) -> String {
        if self.colours() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Notices for Output {
    fn notify(&self, notice: Notice) {
        self.remark(notice.to_string());
    }
}

/// Tells something on standard error, whatever was asked for. That nobody reads it is no reason to
/// stop.
pub fn warn(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
}

/// A table with a heading line, as text.
pub fn tabulated(heading: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(heading);
    table.add_rows(rows);
    // Columns of a table without borders are padded at the end too.
    table.lines().map(|l| l.trim_end().to_owned() + "\n").collect()
}

fn broken(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
        _ => DrillError::io("write to standard output")(error).into(),
    }
}
