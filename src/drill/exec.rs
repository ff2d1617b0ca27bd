//! One recorded command on a machine of the lab.

use futures_util::StreamExt;

use super::choose::Chosen;
use super::error::DrillError;
use super::machine;
use super::notice::{Notice, Notices};
use super::recorded::{Entry, Recorded};
use crate::domain::rca::commands::{Nature, judge};
use crate::lab::engine::{Chunks, Exec, Host};

pub use crate::lab::engine::{Chunk, Input};

/// A command under way. Dropping it is what ends it: the keeper sees to that.
pub struct Running {
    engine: Host,
    exec: String,
    chunks: Chunks,
    input: Option<Input>,
    recorded: Recorded,
}

/// Runs a command on a machine, the toolbox when none is named, with or without a standard input.
pub async fn exec(
    chosen: &Chosen,
    named: Option<&str>,
    command: &[String],
    has_input: bool,
    notices: &dyn Notices,
) -> Result<Running, DrillError> {
    let lab = chosen.lab()?;
    let node = machine::resolve(&lab, named)?;
    let engine = chosen.engine().await?;
    let text = command_line(command);
    let mutating = matches!(judge(&text).nature, Nature::Mutating(_));
    let entry = Entry { kind: "exec", node, text: &text, mutating };
    let mut recorded = Recorded::begin(chosen, entry, notices).await?;
    let argv: Vec<_> = command.iter().map(String::as_str).collect();
    let exec = engine.create_exec(&lab, node, &argv, has_input).await?;
    recorded.drives(&exec).await?;
    let (chunks, input) = engine.start_exec(&exec).await?;
    Ok(Running { engine, exec, chunks, input: has_input.then_some(input), recorded })
}

impl Running {
    /// Its number in the record.
    pub fn number(&self) -> Option<u32> {
        self.recorded.number
    }

    /// Where it reads from, once, when it has a standard input. Its end is the end of the input.
    pub fn input(&mut self) -> Option<Input> {
        self.input.take()
    }

    /// What it prints next, recorded; nothing once it has ended.
    pub async fn next(&mut self) -> Result<Option<Chunk>, DrillError> {
        let Some(chunk) = self.chunks.next().await.transpose()? else { return Ok(None) };
        let (Chunk::StdOut(bytes) | Chunk::StdErr(bytes)) = &chunk;
        self.recorded.output(&String::from_utf8_lossy(bytes)).await?;
        Ok(Some(chunk))
    }

    /// What it ended with. What it changed is told.
    pub async fn end(self, notices: &dyn Notices) -> Result<i64, DrillError> {
        let exit = self.engine.exec_exit(&self.exec).await?.unwrap_or(-1);
        let number = self.recorded.number;
        let changed = self.recorded.end(Some(exit)).await?;
        if let Some(number) = number.filter(|_| !changed.is_empty()) {
            notices.notify(Notice::Changed { number, changed });
        }
        Ok(exit)
    }
}

/// A command line as it would be typed: arguments with blanks are quoted.
fn command_line(arguments: &[String]) -> String {
    let plain = |a: &str| {
        !a.is_empty() && a.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c))
    };
    let quoted =
        |a: &String| if plain(a) { a.clone() } else { format!("'{}'", a.replace('\'', "'\\''")) };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stands_in_the_record_as_it_can_be_typed_again() {
        let line = |arguments: &[&str]| {
            command_line(&arguments.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(line(&["ss", "-ti", "dst=10.0.0.1:9092"]), "ss -ti dst=10.0.0.1:9092");
        assert_eq!(line(&["sh", "-c", "echo \"it's\"", ""]), r#"sh -c 'echo "it'\''s"' ''"#);
    }
}
