//! A visit to all machines of a lab at once. An engine tells whoever asks it of every command in a
//! machine and of every file that is copied: when, where, how many. So an action opens one shell on
//! each machine, does what it does through the shell of its own, and leaves all of them together.
//! From outside every action is the same, wherever it acts.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::lab::engine::exec::{quoted, runnable};
use crate::lab::engine::{
    Chunk, Chunks, EngineError, Exec, Files, Input, Lab, Limits, Output, QUICKLY, SHELL,
};

/// Stands around the exit code behind what a command printed: a character no tool prints.
const MARK: char = '\u{1e}';
/// A machine that has too little processor for a shell is not waited for.
const OPENS_WITHIN: Duration = Duration::from_secs(5);
/// Ends a file that is written.
const END_OF_FILE: &str = "END";

/// Shells on the machines of a lab.
pub(super) struct Visit<'a, E> {
    engine: &'a E,
    shells: Mutex<HashMap<String, Shell>>,
}

/// A shell that reads what to do.
struct Shell {
    exec: String,
    chunks: Chunks,
    input: Input,
}

impl<'a, E: Exec> Visit<'a, E> {
    /// Opens a shell on every machine that lets us. On one that does not, whoever needs it is told.
    pub(super) async fn begin(engine: &'a E, lab: &Lab) -> Self {
        let opened = lab.machines().map(async |machine| {
            match timeout(OPENS_WITHIN, Shell::open(engine, lab, machine)).await {
                Ok(Ok(shell)) => return Some((machine.to_owned(), shell)),
                Ok(Err(error)) => tracing::info!(%error, machine, "no shell there"),
                Err(_) => tracing::info!(machine, "no shell there in time"),
            }
            None
        });
        let shells = join_all(opened).await.into_iter().flatten().collect();
        Self { engine, shells: Mutex::new(shells) }
    }

    /// Leaves all machines.
    pub(super) async fn end(self) {
        for mut shell in self.shells.into_inner().into_values() {
            // A shell that is gone already has no end to be told.
            let _ = shell.input.shutdown().await;
        }
    }

    /// Lets the shell of a machine run some lines, and gives what they print and the exit code of
    /// the last.
    async fn ask(
        &self,
        lab: &Lab,
        machine: &str,
        lines: &str,
        what: &str,
        within: Duration,
    ) -> Result<Output, EngineError> {
        let mut shells = self.shells.lock().await;
        let mut shell = match shells.remove(machine) {
            Some(shell) => shell,
            None => Shell::open(self.engine, lab, machine).await?,
        };
        let mut printed = Vec::new();
        match timeout(within, shell.answer(lines, &mut printed)).await {
            Ok(answer) => {
                let exit = answer.map_err(|reason| {
                    EngineError::Exhausted(format!("could not run `{what}` on {machine}: {reason}"))
                })?;
                shells.insert(machine.to_owned(), shell);
                Ok(Output { exit, text: String::from_utf8_lossy(&printed).into_owned() })
            }
            Err(_) => {
                if let Err(error) = self.engine.end_exec(&shell.exec).await {
                    tracing::warn!(%error, machine, "a command that took too long goes on");
                }
                Err(EngineError::Unfinished {
                    node: machine.to_owned(),
                    command: what.to_owned(),
                    seconds: within.as_secs(),
                    output: String::from_utf8_lossy(&printed).trim().to_owned(),
                })
            }
        }
    }
}

impl Shell {
    async fn open(engine: &impl Exec, lab: &Lab, machine: &str) -> Result<Self, EngineError> {
        let exec = engine.create_exec(lab, machine, &[SHELL], true).await?;
        let (chunks, input) = engine.start_exec(&exec).await?;
        Ok(Self { exec, chunks, input })
    }

    /// Runs lines; what they print goes to `printed`, and the exit code of the last comes back.
    async fn answer(&mut self, lines: &str, printed: &mut Vec<u8>) -> Result<i64, String> {
        let told = format!("{lines}\nprintf '\\036%d\\036' $?\n");
        self.input.write_all(told.as_bytes()).await.map_err(|error| error.to_string())?;
        self.input.flush().await.map_err(|error| error.to_string())?;
        loop {
            if let Some(exit) = take_exit(printed) {
                return Ok(exit);
            }
            match self.chunks.next().await {
                Some(Ok(Chunk::StdOut(bytes) | Chunk::StdErr(bytes))) => printed.extend(bytes),
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("its shell ended".to_owned()),
            }
        }
    }
}

/// Takes the exit code off the end of what was printed, once it is there.
fn take_exit(printed: &mut Vec<u8>) -> Option<i64> {
    let mark = MARK as u8;
    let (last, before) = printed.split_last()?;
    let from = before.iter().rposition(|byte| *byte == mark).filter(|_| *last == mark)?;
    let exit = std::str::from_utf8(&before[from + 1..]).ok()?.parse().ok()?;
    printed.truncate(from);
    Some(exit)
}

impl<E: Exec> Exec for Visit<'_, E> {
    async fn create_exec(
        &self,
        lab: &Lab,
        machine: &str,
        argv: &[&str],
        has_input: bool,
    ) -> Result<String, EngineError> {
        self.engine.create_exec(lab, machine, argv, has_input).await
    }

    async fn start_exec(&self, exec: &str) -> Result<(Chunks, Input), EngineError> {
        self.engine.start_exec(exec).await
    }

    async fn exec_exit(&self, exec: &str) -> Result<Option<i64>, EngineError> {
        self.engine.exec_exit(exec).await
    }

    async fn end_exec(&self, exec: &str) -> Result<(), EngineError> {
        self.engine.end_exec(exec).await
    }

    async fn run(
        &self,
        lab: &Lab,
        machine: &str,
        argv: &[&str],
        within: Duration,
    ) -> Result<Output, EngineError> {
        runnable(argv)?;
        let lines = format!("(exec {}) </dev/null 2>&1", quoted(argv));
        self.ask(lab, machine, &lines, &argv.join(" "), within).await
    }
}

impl<E: Exec> Files for Visit<'_, E> {
    async fn write_files(
        &self,
        lab: &Lab,
        machine: &str,
        files: &[(String, impl AsRef<[u8]>)],
    ) -> Result<(), EngineError> {
        for (path, content) in files {
            let what = format!("write {path}");
            let lines = write_lines(path, content.as_ref());
            let written = self.ask(lab, machine, &lines, &what, QUICKLY).await?;
            succeeded(machine, what, written)?;
        }
        Ok(())
    }

    async fn read_bytes(
        &self,
        lab: &Lab,
        machine: &str,
        path: &str,
    ) -> Result<Vec<u8>, EngineError> {
        let what = format!("read {path}");
        let lines = format!("base64 -w 0 {}2>&1", quoted(&[path]));
        let read = self.ask(lab, machine, &lines, &what, QUICKLY).await?;
        STANDARD.decode(succeeded(machine, what, read)?.trim()).map_err(|error| {
            EngineError::Exhausted(format!("could not read {path} on {machine}: {error}"))
        })
    }
}

/// Writes a file beside its place and moves it there, as old as every file that an engine copies.
fn write_lines(path: &str, content: &[u8]) -> String {
    let folder = Path::new(path).parent().unwrap_or(Path::new("/")).display().to_string();
    let (folder, file) = (quoted(&[&folder]), quoted(&[path]));
    let part = quoted(&[&format!("{path}.part")]);
    let mode = if content.starts_with(b"#!") { "755" } else { "644" };
    let content = STANDARD.encode(content);
    format!(
        "{{ mkdir -p {folder} && base64 -d >{part} && chmod {mode} {part} && touch -d @0 {part} \
         && mv -f {part} {file}; }} 2>&1 <<{END_OF_FILE}\n{content}\n{END_OF_FILE}"
    )
}

fn succeeded(machine: &str, command: String, output: Output) -> Result<String, EngineError> {
    if output.exit == 0 {
        return Ok(output.text);
    }
    let (node, exit) = (machine.to_owned(), output.exit);
    Err(EngineError::Command { node, command, exit, output: output.text.trim().to_owned() })
}

impl<E: Limits> Limits for Visit<'_, E> {
    async fn cpu_limit(&self, lab: &Lab, machine: &str) -> Result<Option<u32>, EngineError> {
        self.engine.cpu_limit(lab, machine).await
    }

    async fn limit_cpu(
        &self,
        lab: &Lab,
        machine: &str,
        millicores: Option<u32>,
    ) -> Result<(), EngineError> {
        self.engine.limit_cpu(lab, machine, millicores).await
    }

    async fn memory_limit(&self, lab: &Lab, machine: &str) -> Result<Option<u32>, EngineError> {
        self.engine.memory_limit(lab, machine).await
    }

    async fn limit_memory(
        &self,
        lab: &Lab,
        machine: &str,
        mebibytes: Option<u32>,
    ) -> Result<(), EngineError> {
        self.engine.limit_memory(lab, machine, mebibytes).await
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_exit_code_is_taken_once_it_is_whole() {
        let mut printed = b"a\nb\x1e1".to_vec();
        assert_eq!(take_exit(&mut printed), None);
        printed.extend(b"2\x1e");
        assert_eq!(take_exit(&mut printed), Some(12));
        assert_eq!(printed, b"a\nb");
        assert_eq!(take_exit(&mut printed), None);
        assert_eq!(take_exit(&mut Vec::new()), None);
    }

    #[test]
    fn a_file_is_written_byte_by_byte_with_its_mode_and_no_date() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("it's/new/run").display().to_string();
        let content: Vec<u8> = b"#!".iter().copied().chain(0..=255).collect();
        let mut shell = Command::new(SHELL).stdin(Stdio::piped()).spawn().expect("a shell");
        let told = format!("{}\n", write_lines(&path, &content));
        shell.stdin.take().expect("piped").write_all(told.as_bytes()).expect("told");
        assert!(shell.wait().expect("it ends").success());
        assert_eq!(std::fs::read(&path).expect("written"), content);
        let metadata = std::fs::metadata(&path).expect("there");
        assert_eq!(metadata.modified().expect("a time"), std::time::UNIX_EPOCH);
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(metadata.permissions().mode() & 0o777, 0o755);
    }
}
