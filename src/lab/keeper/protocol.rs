//! What commands tell the keeper, and what it answers: one JSON object a line, over a socket in the
//! run's folder.
//!
//! `shell`, `exec` and all other recorded commands --Begin, Output, End--> keeper; `stop` --Stop-->
//! keeper.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::domain::telemetry::series::UnixMs;

/// Said to the keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// A command begins; answered with its number.
    Begin {
        /// The person who gave it; absent for the learner.
        #[serde(default)]
        who: Option<String>,
        /// How it was given: `exec`, `shell`, `query`, ...
        kind: String,
        /// The machine it runs on, or empty.
        node: String,
        /// The command line.
        text: String,
        /// Whether it may change the lab.
        mutating: bool,
        /// For how long it has been running, in milliseconds.
        #[serde(default)]
        ago_ms: i64,
    },
    /// Somebody is about to type commands on this machine: it is looked at as it is before.
    Enters {
        /// The machine.
        node: String,
    },
    /// This connection drives a process on the engine: it must end when the connection does.
    Drives {
        /// The engine's id of the exec.
        exec: String,
    },
    /// Output of a command.
    Output {
        /// Its number.
        number: u32,
        /// The next piece.
        text: String,
    },
    /// A command ended.
    End {
        /// Its number.
        number: u32,
        /// Its exit code.
        exit: Option<i64>,
    },
    /// Whether the record can be written; answered with [`Reply::Recording`].
    IsRecording,
    /// End observation and the keeper with it; answered when the record is complete.
    Stop,
}

/// Answered by the keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The number of a command that began.
    Number(u32),
    /// A command ended.
    Ended {
        /// What it changed, a line each, nothing when it was a look; `None` when its words decide.
        changed: Option<Vec<String>>,
    },
    /// Done.
    Done,
    /// The record can be written, or why not and since when, in milliseconds since the epoch.
    Recording {
        /// The last second before nothing could be written.
        failing_since: Option<UnixMs>,
        /// Why, in a few words.
        reason: Option<String>,
    },
    /// It could not be done.
    Failed(String),
}

/// The socket's name in the run's folder.
const SOCKET: &str = "keeper.sock";

/// A socket's path may have about 100 characters, a run's folder any number: so it is reached
/// through an open descriptor of the folder.
pub(super) struct SocketPath {
    _folder: File,
    pub(super) path: PathBuf,
}

impl SocketPath {
    pub(super) fn of(folder: &Path) -> std::io::Result<Self> {
        let folder = File::open(folder)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()));
        Ok(Self { _folder: folder, path })
    }
}

/// A connection to a keeper.
#[derive(Debug)]
pub struct KeeperClient {
    replies: Lines<BufReader<OwnedReadHalf>>,
    requests: OwnedWriteHalf,
    who: Option<String>,
}

impl KeeperClient {
    /// Connects to the keeper of the run in this folder.
    pub async fn connect(folder: &Path) -> std::io::Result<Self> {
        let socket = SocketPath::of(folder)?;
        let (read, requests) = UnixStream::connect(&socket.path).await?.into_split();
        Ok(Self { replies: BufReader::new(read).lines(), requests, who: None })
    }

    /// Gives commands as this person from now on; before, as the learner.
    pub fn as_person(mut self, name: &str) -> Self {
        self.who = Some(name.to_owned());
        self
    }

    /// Says something that is not answered.
    pub async fn tell(&mut self, request: &Request) -> std::io::Result<()> {
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        self.requests.write_all(line.as_bytes()).await
    }

    /// Says something and waits for the answer.
    pub async fn ask(&mut self, request: &Request) -> std::io::Result<Reply> {
        self.tell(request).await?;
        let line = self
            .replies
            .next_line()
            .await?
            .ok_or_else(|| std::io::Error::other("the keeper hung up"))?;
        Ok(serde_json::from_str(&line)?)
    }

    /// Since when the keeper cannot write the record, and why; `None` while it can.
    pub async fn outage(&mut self) -> std::io::Result<Option<(UnixMs, String)>> {
        match self.ask(&Request::IsRecording).await? {
            Reply::Recording { failing_since, reason } => Ok(failing_since.zip(reason)),
            Reply::Failed(reason) => Err(std::io::Error::other(reason)),
            Reply::Number(_) | Reply::Ended { .. } | Reply::Done => {
                Err(std::io::Error::other("the keeper did not tell how it records"))
            }
        }
    }

    /// Begins a command that has been running for `ago_ms` milliseconds, and returns its number.
    pub async fn begin(
        &mut self,
        kind: &str,
        node: &str,
        text: &str,
        mutating: bool,
        ago_ms: i64,
    ) -> std::io::Result<u32> {
        let request = Request::Begin {
            who: self.who.clone(),
            kind: kind.to_owned(),
            node: node.to_owned(),
            text: text.to_owned(),
            mutating,
            ago_ms,
        };
        match self.ask(&request).await? {
            Reply::Number(number) => Ok(number),
            Reply::Failed(reason) => Err(std::io::Error::other(reason)),
            Reply::Ended { .. } | Reply::Done | Reply::Recording { .. } => {
                Err(std::io::Error::other("the keeper gave no number"))
            }
        }
    }

    /// Ends a command, and returns what it changed; `None` when its words decide.
    pub async fn end(
        &mut self,
        number: u32,
        exit: Option<i64>,
    ) -> std::io::Result<Option<Vec<String>>> {
        match self.ask(&Request::End { number, exit }).await? {
            Reply::Ended { changed } => Ok(changed),
            Reply::Failed(reason) => Err(std::io::Error::other(reason)),
            Reply::Number(_) | Reply::Done | Reply::Recording { .. } => {
                Err(std::io::Error::other("the keeper did not say that the command ended"))
            }
        }
    }
}
