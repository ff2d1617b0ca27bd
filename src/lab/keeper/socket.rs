//! The keeper's end of the socket: numbers commands, keeps the head and tail of their output, and
//! ends what a vanished client drove.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::UnboundedSender;

use super::fingerprint::{Fingerprints, Watched};
use super::protocol::{Reply, Request, SocketPath};
use super::record::Recorder;
use crate::lab::engine::Exec;
use crate::lab::store::{CommandEnd, CommandStart};

/// How much of a command's output is kept at its beginning, and again at its end.
const KEPT_BYTES: usize = 128 * 1024;

/// A command is told to have begun this much earlier at most: a terminal that is slow to show is
/// late by seconds.
const LATEST_MS: i64 = 60_000;

/// Listens in the run's folder, in place of a keeper that is gone.
pub fn listen(folder: &Path) -> std::io::Result<UnixListener> {
    let socket = SocketPath::of(folder)?;
    match std::fs::remove_file(&socket.path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(&socket.path)
}

/// Serves clients until the keeper ends. A client's wish to stop is passed on, with the way to
/// answer it.
pub async fn serve(
    listener: UnixListener,
    recorder: Rc<Recorder>,
    engine: impl Exec + Clone + 'static,
    fingerprints: Rc<Fingerprints<impl Exec + 'static>>,
    stops: UnboundedSender<UnixStream>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::task::spawn_local(converse(
                stream,
                recorder.clone(),
                engine.clone(),
                fingerprints.clone(),
                stops.clone(),
            ))),
            Err(error) => tracing::warn!(%error, "a client could not connect"),
        }
    }
}

async fn converse(
    mut stream: UnixStream,
    recorder: Rc<Recorder>,
    engine: impl Exec,
    fingerprints: Rc<Fingerprints<impl Exec>>,
    stops: UnboundedSender<UnixStream>,
) {
    let (running, execs) = (BTreeMap::new(), Vec::new());
    let mut session = Session { recorder, fingerprints, running, execs };
    let (read, mut write) = stream.split();
    let mut requests = BufReader::new(read).lines();
    let mut wants_stop = false;
    while let Ok(Some(line)) = requests.next_line().await {
        let reply = match serde_json::from_str(&line) {
            Ok(Request::Stop) => {
                wants_stop = true;
                break;
            }
            Ok(request) => session.take(request).await,
            Err(error) => Some(Reply::Failed(format!("not a request: {error}"))),
        };
        let Some(reply) = reply else { continue };
        let mut text = serde_json::to_string(&reply).expect("a reply is JSON");
        text.push('\n');
        if write.write_all(text.as_bytes()).await.is_err() {
            break;
        }
    }
    session.end(&engine).await;
    if wants_stop {
        // The keeper may be ending already; then nobody is left to answer.
        let _ = stops.send(stream);
    }
}

/// How a command is given that begins before anybody hears of it.
const TYPED: &str = "shell";

/// What one client has under way.
struct Session<E> {
    recorder: Rc<Recorder>,
    fingerprints: Rc<Fingerprints<E>>,
    running: BTreeMap<u32, Running>,
    execs: Vec<String>,
}

/// A command under way.
struct Running {
    output: Output,
    /// What is known of the lab before it; nothing of one that is plainly a reader's.
    watched: Option<Watched>,
}

impl<E: Exec> Session<E> {
    async fn take(&mut self, request: Request) -> Option<Reply> {
        match request {
            Request::Begin { who, kind, node, text, mutating, ago_ms } => {
                if kind != TYPED {
                    self.fingerprints.before(&node, &text).await;
                }
                let at = self.recorder.clock().now() - ago_ms.clamp(0, LATEST_MS);
                let start = CommandStart { at, who, kind, node, text, mutating };
                Some(match self.recorder.command_started(&start) {
                    Ok(number) => {
                        let watched = self.fingerprints.began(number, &start.node, &start.text, at);
                        self.running.insert(number, Running { output: Output::default(), watched });
                        Reply::Number(number)
                    }
                    Err(error) => Reply::Failed(error.to_string()),
                })
            }
            Request::Enters { node } => {
                self.fingerprints.enters(&node).await;
                None
            }
            Request::Drives { exec } => {
                self.execs.push(exec);
                None
            }
            Request::Output { number, text } => {
                if let Some(running) = self.running.get_mut(&number) {
                    running.output.append(text.as_bytes());
                }
                None
            }
            Request::End { number, exit } => Some(match self.running.remove(&number) {
                Some(running) => Reply::Ended { changed: self.close(number, running, exit).await },
                None => Reply::Failed(format!("command {number} is not running")),
            }),
            Request::IsRecording => {
                let outage = self.recorder.outage();
                let failing_since = outage.as_ref().map(|o| o.since);
                Some(Reply::Recording { failing_since, reason: outage.map(|o| o.reason) })
            }
            Request::Stop => None,
        }
    }

    /// Ends a command, and says what it changed.
    async fn close(&self, number: u32, running: Running, exit: Option<i64>) -> Option<Vec<String>> {
        let Running { output, watched } = running;
        self.recorder.command_ended(number, output.end(self.recorder.clock().now(), exit));
        let changed = self.fingerprints.ended(number, &watched?, exit).await?;
        if let Err(error) = self.recorder.command_changed(number, &changed) {
            tracing::warn!(%error, number, "what a command changed could not be recorded");
        }
        Some(changed)
    }

    /// The client is gone: what it had not ended ends now.
    async fn end(mut self, engine: &impl Exec) {
        for exec in &self.execs {
            if let Err(error) = engine.end_exec(exec).await {
                tracing::warn!(%error, "what a client drove could not be ended");
            }
        }
        for (number, running) in std::mem::take(&mut self.running) {
            self.close(number, running, None).await;
        }
    }
}

/// The beginning and the end of an output.
#[derive(Debug, Default)]
struct Output {
    head: Vec<u8>,
    tail: Vec<u8>,
    dropped: u64,
}

impl Output {
    fn append(&mut self, mut piece: &[u8]) {
        let room = KEPT_BYTES - self.head.len();
        let (head, rest) = piece.split_at(room.min(piece.len()));
        self.head.extend_from_slice(head);
        piece = rest;
        self.tail.extend_from_slice(piece);
        // Cut back only now and then: the tail is a window over what comes last.
        if self.tail.len() > 2 * KEPT_BYTES {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let excess = self.tail.len().saturating_sub(KEPT_BYTES);
        self.tail.drain(..excess);
        self.dropped += excess as u64;
    }

    fn end(mut self, at: i64, exit: Option<i64>) -> CommandEnd {
        self.cut();
        CommandEnd { at, exit, head: self.head, tail: self.tail, dropped: self.dropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_output_is_kept_whole() {
        let mut output = Output::default();
        output.append(b"orders\n");
        output.append(b"payments\n");
        let end = output.end(1, Some(0));
        assert_eq!(
            (end.head.as_slice(), end.tail.len(), end.dropped),
            (&b"orders\npayments\n"[..], 0, 0)
        );
    }

    #[test]
    fn a_long_output_keeps_its_beginning_and_its_end() {
        let mut output = Output::default();
        let line = |k: u32| format!("{k:07}\n");
        (0..200_000).for_each(|k| output.append(line(k).as_bytes()));
        let end = output.end(1, Some(0));
        assert_eq!((end.head.len(), end.tail.len()), (KEPT_BYTES, KEPT_BYTES));
        assert_eq!(end.dropped as usize, 200_000 * 8 - 2 * KEPT_BYTES);
        assert!(
            end.head.starts_with(line(0).as_bytes())
                && end.tail.ends_with(line(199_999).as_bytes())
        );
    }
}
