//! Following the logs of all machines, as their containers write them.

use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::engine::Lab;
use crate::lab::wait::pause;

const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// Longer lines are cut: a stack trace has many short ones, a dump has one that helps nobody.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// Follows the logs of a lab.
#[derive(Debug)]
pub struct Logs {
    tasks: Vec<JoinHandle<()>>,
}

impl Logs {
    /// Begins to follow, from lines after `since`. Must be called within a `LocalSet`.
    pub fn follow(docker: &Docker, lab: &Lab, since: UnixMs, lines: &UnboundedSender<LogLine>) -> Self {
        let follow = |machine: &str| {
            let log = MachineLog {
                docker: docker.clone(),
                container: lab.container(machine),
                node: machine.to_owned(),
                last: (since, String::new()),
            };
            tokio::task::spawn_local(log.follow(lines.clone()))
        };
        Self { tasks: lab.machines().map(follow).collect() }
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

struct MachineLog {
    docker: Docker,
    container: String,
    node: String,
    /// Time of the last line taken, and its time as the engine wrote it, to the nanosecond.
    last: (UnixMs, String),
}

impl MachineLog {
    async fn follow(mut self, lines: UnboundedSender<LogLine>) {
        loop {
            // The engine counts in seconds here: what was already taken is skipped by its own time.
            let since = i32::try_from(self.last.0 / 1000).unwrap_or(i32::MAX);
            let options = LogsOptionsBuilder::default().follow(true).stdout(true).stderr(true).timestamps(true).since(since).build();
            let mut stream = self.docker.logs(&self.container, Some(options));
            while let Some(Ok(output)) = stream.next().await {
                let (LogOutput::StdOut { message } | LogOutput::StdErr { message } | LogOutput::Console { message }) = output else {
                    continue;
                };
                if let Some(line) = self.take(&message)
                    && lines.send(line).is_err()
                {
                    return;
                }
            }
            pause(REOPEN_AFTER).await;
        }
    }

    fn take(&mut self, message: &[u8]) -> Option<LogLine> {
        let text = String::from_utf8_lossy(&message[..message.len().min(MAX_LINE_BYTES)]);
        let (time, line) = text.split_once(' ')?;
        if time <= self.last.1.as_str() {
            return None;
        }
        let at = time.parse::<jiff::Timestamp>().ok()?.as_millisecond();
        self.last = (at, time.to_owned());
        Some(LogLine { at, node: self.node.clone(), line: line.trim_end().to_owned() })
    }
}
