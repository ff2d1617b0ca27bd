//! Commands in a machine.

use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt;

use super::{DockerEngine, failed};
use crate::lab::engine::{EngineError, Lab};
use crate::lab::wait;

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
    pub async fn run(
        &self,
        lab: &Lab,
        machine: &str,
        argv: &[&str],
    ) -> Result<Output, EngineError> {
        let operation = || format!("run `{}` on {machine}", argv.join(" "));
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(argv.to_vec()),
            ..Default::default()
        };
        let exec = self
            .docker
            .create_exec(&lab.container(machine), options)
            .await
            .map_err(failed(operation()))?;
        let started = self.docker.start_exec(&exec.id, None).await.map_err(failed(operation()))?;
        let mut text = Vec::new();
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(chunk) = output.next().await {
                match chunk.map_err(failed(operation()))? {
                    LogOutput::StdOut { message }
                    | LogOutput::StdErr { message }
                    | LogOutput::Console { message } => text.extend_from_slice(&message),
                    LogOutput::StdIn { .. } => {}
                }
            }
        }
        let inspected = self.docker.inspect_exec(&exec.id).await.map_err(failed(operation()))?;
        Ok(Output {
            exit: inspected.exit_code.unwrap_or(-1),
            text: String::from_utf8_lossy(&text).into_owned(),
        })
    }

    /// Runs a command that must succeed.
    pub async fn run_ok(
        &self,
        lab: &Lab,
        machine: &str,
        argv: &[&str],
    ) -> Result<String, EngineError> {
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

/// How long a session's processes may take to end by themselves.
const HANG_UP_WITHIN: Duration = Duration::from_secs(2);

/// Ends a command whose client is gone, and all that it started: its whole session is hung up on,
/// as when a terminal closes, then killed.
pub async fn end_exec(docker: &Docker, exec: &str) -> Result<(), EngineError> {
    let inspected =
        docker.inspect_exec(exec).await.map_err(failed("look at a command that must end"))?;
    let (Some(true), Some(container), Some(pid)) =
        (inspected.running, inspected.container_id, inspected.pid)
    else {
        return Ok(());
    };
    // An exec leads a session of its own; the machine knows it by another number than the host.
    let Some(session) = pid_in_machine(pid) else { return Ok(()) };
    for signal in ["-HUP", "-KILL"] {
        let options = CreateExecOptions {
            cmd: Some(vec!["pkill", signal, "-s", &session]),
            ..Default::default()
        };
        let kill =
            docker.create_exec(&container, options).await.map_err(failed("end a command"))?;
        let detached = StartExecOptions { detach: true, ..Default::default() };
        docker.start_exec(&kill.id, Some(detached)).await.map_err(failed("end a command"))?;
        let ended = wait::until(HANG_UP_WITHIN, Duration::from_millis(100), async || {
            let inspected = docker
                .inspect_exec(exec)
                .await
                .map_err(failed("look at a command that must end"))?;
            Ok::<_, EngineError>((inspected.running != Some(true)).then_some(()))
        });
        if ended.await?.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

/// The process id inside the machine's own namespace, the last of those the host knows it by.
fn pid_in_machine(pid: i64) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("NSpid:"))?;
    line.split_whitespace().last().map(str::to_owned)
}
