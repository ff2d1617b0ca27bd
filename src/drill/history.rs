//! The numbered record of what was run.

use serde::Serialize;

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest};
use super::instant;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::{facts, store};

/// A command of the record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Command {
    /// Its number.
    pub number: u32,
    /// How it was given: `exec`, `shell`, `query`, ...
    pub kind: String,
    /// The machine, or empty.
    pub node: String,
    /// The command line.
    pub command: String,
    /// Whether it changed the lab: as was found by comparison, else as its words say.
    pub mutating: bool,
    /// What was found changed after it, a line each; absent when its words decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Vec<String>>,
    /// When it began.
    #[serde(serialize_with = "instant::at")]
    pub started: UnixMs,
    /// When it ended; nothing while it runs.
    #[serde(serialize_with = "instant::if_any")]
    pub ended: Option<UnixMs>,
    /// Its exit code; nothing while it runs, and when it was cut off.
    pub exit: Option<i64>,
    /// What it printed.
    pub output: String,
}

impl From<&store::Command> for Command {
    fn from(c: &store::Command) -> Self {
        Self {
            number: c.number,
            kind: c.start.kind.clone(),
            node: c.start.node.clone(),
            command: c.start.text.clone(),
            mutating: facts::command(c).is_change(),
            changed: c.changed.clone(),
            started: c.start.at,
            ended: c.end.as_ref().map(|e| e.at),
            exit: c.end.as_ref().and_then(|e| e.exit),
            output: c.output(),
        }
    }
}

/// The commands in order; on request only those that changed the lab.
pub fn history(chosen: &Chosen, only_mutating: bool) -> Result<Vec<Command>, DrillError> {
    let commands = chosen.reader()?.commands()?;
    let commands = commands.iter().map(Command::from);
    Ok(commands.filter(|c| !only_mutating || c.mutating).collect())
}

/// One of them, by its number.
pub fn command(chosen: &Chosen, number: u32) -> Result<Command, DrillError> {
    let commands = chosen.reader()?.commands()?;
    let command = commands.iter().find(|c| c.number == number);
    Ok(command.map(Command::from).ok_or(InvalidRequest::NoCommand(number))?)
}
