//! This program, run as a learner runs it: a process of its own, with what it printed.

use std::process::Stdio;

use crate::domain::rca::commands::words;
use crate::drill::error::DrillError;
use crate::lab::run::Run;

/// What a command left.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// Its exit code; none when a signal ended it.
    pub(super) exit: Option<i32>,
    /// Standard output and standard error.
    pub(super) printed: String,
}

/// The arguments of a command line of this program; none when it is not one plain command.
pub fn arguments(line: &str) -> Option<Vec<String>> {
    words(line)
}

/// Runs a command line on a run.
pub(super) async fn run(run: &Run, line: &str) -> Result<Outcome, DrillError> {
    let no_command = || DrillError::Content(format!("`{line}` is not one plain command"));
    let arguments = arguments(line).ok_or_else(no_command)?;
    let program = std::env::current_exe().map_err(DrillError::io("find this program"))?;
    let home = run.folder().ancestors().nth(2).unwrap_or(run.folder());
    let mut command = tokio::process::Command::new(program);
    command
        .args(["--run", &run.id])
        .args(arguments)
        .env("CHAOSLAB_HOME", home)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output =
        command.output().await.map_err(DrillError::io(format!("run `chaoslab {line}`")))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Ok(Outcome { exit: output.status.code(), printed })
}
