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

/// Lets the keeper end this process on the engine when we vanish.
pub(super) async fn drives(keeper: &mut KeeperClient, shell: &str) -> Result<(), DrillError> {
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
                terminal::Event::End { exit } => {
                    self.end(exit).await?;
                    continue;
                }
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

    async fn end(&mut self, exit: Option<i64>) -> Result<(), DrillError> {
        match self.open.pop() {
            Some(number) => {
                let ended = self.keeper.ask(&Request::End { number, exit }).await;
                ended.map(drop).map_err(DrillError::Talk)
            }
            None => Ok(()),
        }
    }
}
