//! Commands that get a number in the record, told when they begin.

use super::choose::Chosen;
use super::error::DrillError;
use super::keep;
use super::notice::{Notice, Notices};
use crate::lab::keeper::protocol::{KeeperClient, Request};
use crate::lab::run::RunState;

/// A command being recorded. After the run was stopped the record is closed, and nothing is added
/// to it.
#[derive(Debug)]
pub(super) struct Recorded {
    keeper: Option<KeeperClient>,
    /// Its number, while the run is open.
    pub(super) number: Option<u32>,
}

/// A command as it is written down.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    /// How it was given: `exec`, `query`, ...
    pub(super) kind: &'a str,
    /// The machine, or empty.
    pub(super) node: &'a str,
    /// The command line.
    pub(super) text: &'a str,
    /// Whether it may change the lab.
    pub(super) mutating: bool,
}

impl Recorded {
    /// Begins a command and tells its number.
    pub(super) async fn begin(
        chosen: &Chosen,
        entry: Entry<'_>,
        notices: &dyn Notices,
    ) -> Result<Self, DrillError> {
        if chosen.file.state != RunState::Open {
            return Ok(Self { keeper: None, number: None });
        }
        let mut keeper = keep::connect(chosen, notices).await?;
        let number = keeper
            .begin(entry.kind, entry.node, entry.text, entry.mutating, 0)
            .await
            .map_err(DrillError::Talk)?;
        notices.notify(Notice::Numbered(number));
        Ok(Self { keeper: Some(keeper), number: Some(number) })
    }

    /// Lets the keeper end this process on the engine when we vanish.
    pub(super) async fn drives(&mut self, exec: &str) -> Result<(), DrillError> {
        self.tell(Request::Drives { exec: exec.to_owned() }).await
    }

    /// Adds output.
    pub(super) async fn output(&mut self, text: &str) -> Result<(), DrillError> {
        match self.number {
            Some(number) => self.tell(Request::Output { number, text: text.to_owned() }).await,
            None => Ok(()),
        }
    }

    async fn tell(&mut self, request: Request) -> Result<(), DrillError> {
        match &mut self.keeper {
            Some(keeper) => keeper.tell(&request).await.map_err(DrillError::Talk),
            None => Ok(()),
        }
    }

    /// Ends the command, and says what it changed, a line each; nothing when it was a look, or when
    /// that cannot be told.
    pub(super) async fn end(mut self, exit: Option<i64>) -> Result<Vec<String>, DrillError> {
        match (&mut self.keeper, self.number) {
            (Some(keeper), Some(number)) => {
                let changed = keeper.end(number, exit).await.map_err(DrillError::Talk)?;
                Ok(changed.unwrap_or_default())
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// A result whose command is under way until it was shown: what the person saw is what the record
/// holds of it, and what `command:` evidence quotes.
#[derive(Debug)]
pub struct Numbered<T> {
    /// The result.
    pub value: T,
    pub(super) recorded: Recorded,
}

impl<T> Numbered<T> {
    /// Its number in the record, while the run is open.
    pub fn number(&self) -> Option<u32> {
        self.recorded.number
    }

    /// Ends the command with what was shown of it.
    pub async fn shown(mut self, text: &str) -> Result<(), DrillError> {
        self.recorded.output(text).await?;
        self.recorded.end(Some(0)).await.map(drop)
    }
}
