//! This program, run as a learner runs it: a process of its own, with what it printed.

use std::process::Stdio;

use crate::cli::exit::Failure;
use crate::domain::rca::commands::words;
use crate::lab::run::Run;

/// What a command left.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its exit code; none when a signal ended it.
    pub exit: Option<i32>,
    /// Standard output and standard error.
    pub printed: String,
}

/// The arguments of a command line of this program.
pub fn arguments(line: &str) -> Result<Vec<String>, String> {
    words(line).ok_or_else(|| "it is not one plain command".to_owned())
}

/// Runs a command on a run.
pub async fn run(run: &Run, arguments: &[String]) -> Result<Outcome, Failure> {
    let program = std::env::current_exe().map_err(Failure::io("find this program"))?;
    let home = run.folder().ancestors().nth(2).unwrap_or(run.folder());
    let mut command = tokio::process::Command::new(program);
    command
        .args(["--run", &run.id])
        .args(arguments)
        .env("CHAOSLAB_HOME", home)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command
        .output()
        .await
        .map_err(Failure::io(format!("run `chaoslab {}`", arguments.join(" "))))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Ok(Outcome { exit: output.status.code(), printed })
}
