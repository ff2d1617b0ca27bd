//! Commands in a machine.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ExecInspectResponse;
use futures_util::{StreamExt, future};

use super::{DockerEngine, failed, within};
use crate::lab::engine::exec::runnable;
use crate::lab::engine::{Chunk, Chunks, EngineError, Exec, Input, Lab, Refusal};
use crate::lab::wait;

/// How long a session's processes may take to end by themselves.
const HANG_UP_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const BEGINS_EVERY: Duration = Duration::from_millis(20);

impl Exec for DockerEngine {
    async fn create_exec(
        &self,
        lab: &Lab,
        machine: &str,
        argv: &[&str],
        has_input: bool,
    ) -> Result<String, EngineError> {
        runnable(argv)?;
        let options = CreateExecOptions {
            attach_stdin: Some(has_input),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(argv.to_vec()),
            ..Default::default()
        };
        let container = lab.container(machine);
        let created = self.docker.create_exec(&container, options);
        let operation = format!("run `{}` on {machine}", argv.join(" "));
        Ok(within(operation, self.patience.answers, created).await?.id)
    }

    async fn start_exec(&self, exec: &str) -> Result<(Chunks, Input), EngineError> {
        let operation = "start a command";
        let started = within(operation, self.patience.answers, self.docker.start_exec(exec, None));
        let StartExecResults::Attached { output, input } = started.await? else {
            return Err(EngineError::Exhausted(
                "the engine did not attach to the command".to_owned(),
            ));
        };
        self.await_begun(exec).await?;
        let chunks = output.filter_map(|chunk| {
            future::ready(match chunk {
                Ok(LogOutput::StdErr { message }) => Some(Ok(Chunk::StdErr(message))),
                Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => {
                    Some(Ok(Chunk::StdOut(message)))
                }
                Ok(LogOutput::StdIn { .. }) => None,
                Err(error) => Some(Err(failed("read what a command prints")(error))),
            })
        });
        Ok((Box::pin(chunks), input))
    }

    async fn exec_exit(&self, exec: &str) -> Result<Option<i64>, EngineError> {
        Ok(self.inspect_exec(exec).await?.exit_code)
    }

    async fn end_exec(&self, exec: &str) -> Result<(), EngineError> {
        let inspected = self.inspect_exec(exec).await?;
        let (Some(true), Some(container), Some(pid)) =
            (inspected.running, inspected.container_id, inspected.pid)
        else {
            return Ok(());
        };
        // An exec leads a session of its own; the machine knows it by another number than the host.
        let Some(session) = pid_in_machine(pid) else { return Ok(()) };
        for signal in ["-HUP", "-KILL"] {
            within(
                "end a command",
                self.patience.answers,
                self.hang_up(&container, &session, signal),
            )
            .await?;
            let ended = wait::until(HANG_UP_WITHIN, LOOK_EVERY, async || {
                let inspected = self.inspect_exec(exec).await?;
                Ok::<_, EngineError>((inspected.running != Some(true)).then_some(()))
            });
            if ended.await?.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl DockerEngine {
    async fn inspect_exec(&self, exec: &str) -> Result<ExecInspectResponse, EngineError> {
        within("look at a command", self.patience.answers, self.docker.inspect_exec(exec)).await
    }

    /// Waits until the machine runs a command that was started: the engine attaches to it before,
    /// and never tells when its runtime hangs.
    pub(super) async fn await_begun(&self, exec: &str) -> Result<(), EngineError> {
        let begun = wait::until(self.patience.answers, BEGINS_EVERY, async || {
            let inspected = self.inspect_exec(exec).await?;
            let begun = inspected.running == Some(true) || inspected.exit_code.is_some();
            Ok::<_, EngineError>(begun.then_some(()))
        });
        let seconds = self.patience.answers.as_secs();
        let late = || failed("start a command")(Refusal::Unanswered { seconds });
        begun.await?.ok_or_else(late)
    }

    async fn hang_up(&self, container: &str, session: &str, signal: &str) -> Result<(), Error> {
        let options = CreateExecOptions {
            cmd: Some(vec!["pkill", signal, "-s", session]),
            ..Default::default()
        };
        let kill = self.docker.create_exec(container, options).await?;
        let detached = StartExecOptions { detach: true, ..Default::default() };
        self.docker.start_exec(&kill.id, Some(detached)).await.map(|_| ())
    }
}

/// The process id inside the machine's own namespace, the last of those the host knows it by;
/// nothing for a process that is gone.
fn pid_in_machine(pid: i64) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("NSpid:"))?;
    line.split_whitespace().last().map(str::to_owned)
}
