//! What the machines log, as their containers write it.

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::{StreamExt, future, stream};
use jiff::Timestamp;

use super::{DockerEngine, failed};
use crate::domain::telemetry::series::UnixMs;
use crate::lab::engine::{Lab, Lines, Logs, Written};

impl Logs for DockerEngine {
    fn follow_log(&self, lab: &Lab, machine: &str, since: UnixMs) -> Lines {
        // The engine counts in seconds here.
        let since = i32::try_from(since / 1000).unwrap_or(i32::MAX);
        let options = LogsOptionsBuilder::default()
            .follow(true)
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .since(since)
            .build();
        let (docker, container) = (self.streams(), lab.container(machine));
        let operation = format!("follow the log of {machine}");
        let lines = stream::once(async move { docker.logs(&container, Some(options)) }).flatten();
        Box::pin(lines.filter_map(move |output| {
            future::ready(match output {
                Ok(
                    LogOutput::StdOut { message }
                    | LogOutput::StdErr { message }
                    | LogOutput::Console { message },
                ) => written(&message).map(Ok),
                Ok(LogOutput::StdIn { .. }) => None,
                Err(error) => Some(Err(failed(operation.as_str())(error))),
            })
        }))
    }
}

/// A line with the engine's time before it.
fn written(message: &[u8]) -> Option<Written> {
    let text = String::from_utf8_lossy(message);
    let (at, line) = text.split_once(' ')?;
    Some(Written { at: at.parse::<Timestamp>().ok()?, line: line.trim_end().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_time_comes_before_the_line() {
        let read =
            written(b"2026-01-02T03:04:05.123456789Z [main] INFO started \n").expect("a line");
        assert_eq!(read.at.as_nanosecond() % 1_000_000_000, 123_456_789);
        assert_eq!(read.line, "[main] INFO started");
        assert_eq!(written(b"no time"), None);
    }
}
