//! The program as its users run it: one builder for all tests that look at it from outside.
#![allow(dead_code)] // Each test binary uses the part it needs.

pub mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chaoslab::lab::engine::{Sweep, connect};

/// A home of its own, and the program with it.
pub struct Program {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// A test that fails takes its labs down all the same: they would slow all tests after it.
impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let runs = std::fs::read_dir(self.home().join("runs"))
                .into_iter()
                .flatten()
                .filter_map(|e| e.ok()?.file_name().into_string().ok());
            for run in runs.collect::<Vec<_>>() {
                // That it could not be stopped is told by what the failing test left.
                let _ = self.command(&["-q", "stop", "--run", &run]).status();
            }
        }
    }
}

/// What a command left.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Program {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a folder"), variables: Vec::new() }
    }

    /// Sets a variable of its environment.
    pub fn with(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.variables.push((name.to_owned(), value.as_ref().display().to_string()));
        self
    }

    /// An engine that is not there.
    pub fn without_engine(self) -> Self {
        self.with("DOCKER_HOST", "unix:///nowhere/docker.sock")
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The folder of a run.
    pub fn run_folder(&self, id: &str) -> PathBuf {
        self.home().join("runs").join(id)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chaoslab"));
        command
            .args(arguments)
            .env("CHAOSLAB_HOME", self.home())
            .env("NO_COLOR", "1")
            .env("USER", "alice")
            .stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(k, v)| (k, v)));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).output().expect("the program starts");
        Outcome {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs what must succeed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert_eq!(
            outcome.code,
            0,
            "chaoslab {} said:\n{}{}",
            arguments.join(" "),
            outcome.out,
            outcome.err
        );
        outcome.out
    }

    /// The JSON of what must succeed.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let out = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|e| {
            panic!("chaoslab {} printed no JSON ({e}):\n{out}", arguments.join(" "))
        })
    }
}

/// The checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What of a run still stands: containers, networks and volumes on the engine, processes on this
/// machine.
pub fn standing(run: &str) -> String {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let swept = runtime.block_on(async {
        let engine = connect().await.expect("an engine: these tests need one");
        engine.standing(Some(run)).await.expect("it answers")
    });
    let processes = processes_of(run).len();
    format!(
        "{} containers, {} networks, {} volumes, {processes} processes",
        swept.containers, swept.networks, swept.volumes
    )
}

/// Nothing stands.
pub const NOTHING: &str = "0 containers, 0 networks, 0 volumes, 0 processes";

/// Processes of ours that serve a run, by what their command line says.
pub fn processes_of(run: &str) -> Vec<i32> {
    let all = std::fs::read_dir("/proc")
        .expect("there")
        .filter_map(|e| e.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let serves = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<_> = line.split(|b| *b == 0).collect();
        words.first().is_some_and(|w| w.ends_with(b"chaoslab")) && words.contains(&run.as_bytes())
    };
    all.filter(serves).collect()
}

/// Asks until there is an answer; fails with what was expected when it does not come in time.
pub fn until<T>(what: &str, within: std::time::Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "{what}: not within {} s", within.as_secs());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
