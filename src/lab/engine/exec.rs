//! Commands in a machine.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::{EngineError, Lab};

/// A command that only looks, or tells the kernel something, takes no longer than this.
pub const QUICKLY: Duration = Duration::from_secs(20);

/// The longest path the kernel takes, in bytes (PATH_MAX without its closing NUL).
const LONGEST_PROGRAM: usize = 4095;
/// The longest argument the kernel takes, in bytes (MAX_ARG_STRLEN without its closing NUL).
const LONGEST_ARGUMENT: usize = 131_071;

/// What every command of ours is to the engine.
pub const SHELL: &str = "sh";

/// A piece of what a command prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// On standard output.
    StdOut(Bytes),
    /// On standard error.
    StdErr(Bytes),
}

/// What a command prints, as it comes.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<Chunk, EngineError>> + Send>>;
/// What a command reads.
pub type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// What a finished command left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit code.
    pub exit: i64,
    /// What it wrote to standard output and standard error, as it came.
    pub text: String,
}

/// Runs commands in machines. What is asked of an exec is asked by the engine's own id of it.
#[allow(async_fn_in_trait)]
pub trait Exec {
    /// Prepares a command, with or without a standard input, and gives the engine's id of it.
    async fn create_exec(
        &self,
        lab: &Lab,
        machine: &str,
        argv: &[&str],
        has_input: bool,
    ) -> Result<String, EngineError>;

    /// Starts a prepared command, and returns once the machine runs it. From then on it may take
    /// as long as it likes.
    async fn start_exec(&self, exec: &str) -> Result<(Chunks, Input), EngineError>;

    /// What a command ended with; nothing while it runs.
    async fn exec_exit(&self, exec: &str) -> Result<Option<i64>, EngineError>;

    /// Ends a command whose client is gone, and all that it started: its whole session is hung up
    /// on, as when a terminal closes, then killed.
    async fn end_exec(&self, exec: &str) -> Result<(), EngineError>;

    /// Runs a command to its end; one that takes longer than `within` is ended. The engine's own
    /// events show every exec with its arguments to whoever reads them, so all that is run here is
    /// the same for them: a shell that is told on its standard input what to become.
    async fn run(
        &self,
        lab: &Lab,
        machine: &str,
        argv: &[&str],
        within: Duration,
    ) -> Result<Output, EngineError> {
        runnable(argv)?;
        let exec = self.create_exec(lab, machine, &[SHELL], true).await?;
        let mut printed = Vec::new();
        let to_its_end = async {
            let (mut chunks, mut input) = self.start_exec(&exec).await?;
            let told = async {
                input.write_all(become_line(argv).as_bytes()).await?;
                input.shutdown().await
            };
            told.await.map_err(|error| {
                EngineError::Exhausted(format!(
                    "could not run `{}` on {machine}: {error}",
                    argv.join(" ")
                ))
            })?;
            while let Some(chunk) = chunks.next().await {
                match chunk? {
                    Chunk::StdOut(bytes) | Chunk::StdErr(bytes) => {
                        printed.extend_from_slice(&bytes)
                    }
                }
            }
            self.exec_exit(&exec).await
        };
        let ended = timeout(within, to_its_end).await;
        let text = String::from_utf8_lossy(&printed).into_owned();
        match ended {
            Ok(exit) => Ok(Output { exit: exit?.unwrap_or(-1), text }),
            Err(_) => {
                if let Err(error) = self.end_exec(&exec).await {
                    tracing::warn!(%error, machine, "a command that took too long goes on");
                }
                Err(EngineError::Unfinished {
                    node: machine.to_owned(),
                    command: argv.join(" "),
                    seconds: within.as_secs(),
                    output: text.trim().to_owned(),
                })
            }
        }
    }

    /// Runs a command that must succeed, and gives what it printed.
    async fn run_ok(
        &self,
        lab: &Lab,
        machine: &str,
        argv: &[&str],
        within: Duration,
    ) -> Result<String, EngineError> {
        let output = self.run(lab, machine, argv, within).await?;
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

/// What a shell is told to become this command, with nothing to read.
fn become_line(argv: &[&str]) -> String {
    format!("exec {}</dev/null\n", quoted(argv))
}

/// Words as a shell takes them as they are, each with a blank behind it.
pub(super) fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{}' ", word.replace('\'', r"'\''"))).collect()
}

/// Refuses a command line that no kernel runs. An engine asked for one all the same may never
/// answer, and let nobody into the machine any more.
pub(super) fn runnable(argv: &[&str]) -> Result<(), EngineError> {
    let program = argv.first().copied().unwrap_or_default();
    let reason = if program.is_empty() {
        "the name of the program is empty"
    } else if program.len() > LONGEST_PROGRAM {
        "the name of the program is longer than 4095 bytes"
    } else if argv.iter().any(|argument| argument.contains('\0')) {
        "an argument contains a NUL character"
    } else if argv.iter().any(|argument| argument.len() > LONGEST_ARGUMENT) {
        "an argument is longer than 131071 bytes"
    } else {
        return Ok(());
    };
    Err(EngineError::NoCommand(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_becomes_the_command_word_by_word() {
        let argv = ["printf", "%s|", "a b", "it's", "$HOME", "two\nlines", "", "a&b;c"];
        let told = become_line(&argv);
        let shell = std::process::Command::new(SHELL)
            .args(["-c", &format!("{told}echo never")])
            .output()
            .expect("a shell");
        let printed = String::from_utf8_lossy(&shell.stdout);
        assert_eq!(printed, "a b|it's|$HOME|two\nlines||a&b;c|");
    }

    #[test]
    fn what_no_kernel_runs_is_refused_before_the_engine_is_asked() {
        let refused = |argv: &[&str]| runnable(argv).err().map(|error| error.to_string());
        let (long, longer) = ("z".repeat(4095), "z".repeat(4096));
        assert_eq!(refused(&[&long, "a b", ""]), None);
        let told = "no machine can run this: the name of the program is longer than 4095 bytes";
        assert_eq!(refused(&[&longer]).as_deref(), Some(told));
        for argv in [&[][..], &[""], &["ls", "a\0b"], &["l\0s"], &["ls", &"z".repeat(131_072)]] {
            assert!(refused(argv).is_some(), "{:.40} is let through", argv.join(" "));
        }
    }
}
