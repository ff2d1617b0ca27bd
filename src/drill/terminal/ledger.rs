//! The commands of a session as they are written into the record.

use tokio::sync::mpsc::Sender;

use super::Event;
use crate::domain::rca::commands::{Nature, judge};
use crate::domain::telemetry::terminal::{self, Begin};
use crate::drill::error::DrillError;
use crate::lab::keeper::clock::now;
use crate::lab::keeper::protocol::{KeeperClient, Request};

/// How a shell without marks is written down: as the one command that was run.
const UNMARKED: &str = "bash";

/// Records a session.
#[derive(Debug)]
pub(super) struct Ledger {
    node: String,
    keeper: KeeperClient,
    /// The commands under way, the innermost last.
    open: Vec<u32>,
}

/// Lets the keeper look at the machine before anything is typed there, and end this process on the
/// engine when we vanish.
pub(super) async fn drives(
    keeper: &mut KeeperClient,
    node: &str,
    shell: &str,
) -> Result<(), DrillError> {
    let enters = Request::Enters { node: node.to_owned() };
    keeper.tell(&enters).await.map_err(DrillError::Talk)?;
    keeper.tell(&Request::Drives { exec: shell.to_owned() }).await.map_err(DrillError::Talk)
}

impl Ledger {
    /// A session on a machine.
    pub(super) fn new(node: &str, keeper: KeeperClient) -> Self {
        Self { node: node.to_owned(), keeper, open: Vec::new() }
    }

    /// Records what happened and passes it on.
    pub(super) async fn take(
        &mut self,
        happened: Vec<terminal::Event>,
        events: &Sender<Result<Event, DrillError>>,
    ) -> Result<(), DrillError> {
        for event in happened {
            let shown = match event {
                terminal::Event::Show(bytes) => Event::Output(bytes),
                terminal::Event::Begin(begin) => {
                    Event::Command { number: self.begin(&begin).await?, begin }
                }
                terminal::Event::Print(text) => {
                    self.print(text).await?;
                    continue;
                }
                terminal::Event::End { exit } => match self.end(exit).await? {
                    Some((number, changed)) => Event::Changed { number, changed },
                    None => continue,
                },
            };
            // Whoever showed it is gone, and will end this.
            let _ = events.send(Ok(shown)).await;
        }
        Ok(())
    }

    async fn begin(&mut self, begin: &Begin) -> Result<u32, DrillError> {
        let (line, ago_ms) = match begin {
            Begin::Typed { line, at, .. } => (line.as_str(), now() - at),
            Begin::Unmarked => (UNMARKED, 0),
        };
        let mutating = matches!(judge(line).nature, Nature::Mutating(_));
        let begun = self.keeper.begin("shell", &self.node, line, mutating, ago_ms).await;
        let number = begun.map_err(DrillError::Talk)?;
        self.open.push(number);
        Ok(number)
    }

    async fn print(&mut self, text: String) -> Result<(), DrillError> {
        match self.open.last() {
            Some(&number) => {
                self.keeper.tell(&Request::Output { number, text }).await.map_err(DrillError::Talk)
            }
            None => Ok(()),
        }
    }

    /// Ends the innermost command, and says what it changed, if it changed anything.
    async fn end(&mut self, exit: Option<i64>) -> Result<Option<(u32, Vec<String>)>, DrillError> {
        let Some(number) = self.open.pop() else { return Ok(None) };
        let changed = self.keeper.end(number, exit).await.map_err(DrillError::Talk)?;
        Ok(changed.filter(|changed| !changed.is_empty()).map(|changed| (number, changed)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::UnixListener;
    use tokio::sync::mpsc::channel;

    use super::*;
    use crate::lab::keeper::protocol::Reply;

    /// Serves one client as a keeper does, numbering from 7, and gives what it was asked.
    async fn keeper(listener: UnixListener) -> Vec<Request> {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let (read, mut write) = stream.split();
        let (mut lines, mut number, mut asked) = (BufReader::new(read).lines(), 7, Vec::new());
        while let Some(line) = lines.next_line().await.expect("a line") {
            let request: Request = serde_json::from_str(&line).expect("a request");
            let reply = match &request {
                Request::Begin { .. } => {
                    number += 1;
                    Some(Reply::Number(number - 1))
                }
                Request::End { number, .. } => {
                    let changed =
                        (*number == 8).then(|| vec!["process kafka restarted".to_owned()]);
                    Some(Reply::Ended { changed })
                }
                Request::Enters { .. }
                | Request::Drives { .. }
                | Request::Output { .. }
                | Request::IsRecording
                | Request::Stop => None,
            };
            if let Some(reply) = reply {
                let text = serde_json::to_string(&reply).expect("JSON") + "\n";
                write.write_all(text.as_bytes()).await.expect("it listens");
            }
            asked.push(request);
        }
        asked
    }

    #[tokio::test]
    async fn commands_in_a_shell_inside_are_recorded_as_they_end_the_innermost_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("keeper.sock")).expect("bound");
        let (send, mut events) = channel(16);
        let typed = |line: &str| {
            let (line, prompt) = (line.to_owned(), "# ".to_owned());
            Begin::Typed { line, at: now(), prompt }
        };
        let session = async {
            let mut client = KeeperClient::connect(folder.path()).await.expect("connected");
            drives(&mut client, "kafka-1", "exec-1").await.expect("told");
            let mut ledger = Ledger::new("kafka-1", client);
            let happened = vec![
                terminal::Event::Show(b"# bash\r\n".to_vec()),
                terminal::Event::Begin(typed("bash")),
                terminal::Event::Begin(typed("kill 1")),
                terminal::Event::Print("no\n".to_owned()),
                terminal::Event::End { exit: Some(1) },
                terminal::Event::End { exit: None },
            ];
            ledger.take(happened, &send).await.expect("recorded");
        };
        let (asked, ()) = tokio::join!(keeper(listener), session);
        drop(send);
        let mut shown = Vec::new();
        while let Some(event) = events.recv().await {
            shown.push(event.expect("an event"));
        }
        assert!(matches!(
            shown.as_slice(),
            [
                Event::Output(_),
                Event::Command { number: 7, .. },
                Event::Command { number: 8, .. },
                Event::Changed { number: 8, .. },
            ]
        ));
        assert!(
            matches!(
                asked.as_slice(),
                [
                    Request::Enters { .. },
                    Request::Drives { .. },
                    Request::Begin { .. },
                    Request::Begin { mutating: true, .. },
                    Request::Output { number: 8, .. },
                    Request::End { number: 8, exit: Some(1) },
                    Request::End { number: 7, exit: None },
                ]
            ),
            "{asked:?}"
        );
    }
}
