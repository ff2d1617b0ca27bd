//! Commands in a machine.

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use futures_util::StreamExt;

use super::{DockerEngine, failed};
use crate::lab::engine::{EngineError, Lab};

/// What a finished command left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit code.
    pub exit: i64,
    /// What it wrote to standard output and standard error, as it came.
    pub text: String,
}

impl DockerEngine {
    /// Runs a command to its end.
    pub async fn run(&self, lab: &Lab, machine: &str, argv: &[&str]) -> Result<Output, EngineError> {
        let operation = || format!("run `{}` on {machine}", argv.join(" "));
        let options =
            CreateExecOptions { attach_stdout: Some(true), attach_stderr: Some(true), cmd: Some(argv.to_vec()), ..Default::default() };
        let exec = self.docker.create_exec(&lab.container(machine), options).await.map_err(failed(operation()))?;
        let started = self.docker.start_exec(&exec.id, None).await.map_err(failed(operation()))?;
        let mut text = Vec::new();
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(chunk) = output.next().await {
                match chunk.map_err(failed(operation()))? {
                    LogOutput::StdOut { message } | LogOutput::StdErr { message } | LogOutput::Console { message } => {
                        text.extend_from_slice(&message)
                    }
                    LogOutput::StdIn { .. } => {}
                }
            }
        }
        let inspected = self.docker.inspect_exec(&exec.id).await.map_err(failed(operation()))?;
        Ok(Output { exit: inspected.exit_code.unwrap_or(-1), text: String::from_utf8_lossy(&text).into_owned() })
    }

    /// Runs a command that must succeed.
    pub async fn run_ok(&self, lab: &Lab, machine: &str, argv: &[&str]) -> Result<String, EngineError> {
        let output = self.run(lab, machine, argv).await?;
        if output.exit == 0 {
            return Ok(output.text);
        }
        Err(EngineError::Command {
            node: machine.to_owned(),
            command: argv.join(" "),
            exit: output.exit,
            output: output.text.trim().to_owned(),
        })
    }
}
