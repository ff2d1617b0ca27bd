//! Commands that get a number in the record, shown when they run.

use super::context::{Chosen, Context};
use super::exit::Failure;
use super::output::Output;
use crate::lab::keeper::protocol::{KeeperClient, Request};
use crate::lab::run::RunState;

/// A command being recorded. After the run was stopped the record is closed, and nothing is added
/// to it.
#[derive(Debug)]
pub struct Recorded {
    keeper: Option<KeeperClient>,
    /// Its number, while the run is open.
    pub number: Option<u32>,
}

/// A command as it is written down.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// How it was given: `exec`, `query`, ...
    pub kind: &'a str,
    /// The machine, or empty.
    pub node: &'a str,
    /// The command line.
    pub text: &'a str,
    /// Whether it may change the lab.
    pub mutating: bool,
}

impl Recorded {
    /// Begins a command and shows its number.
    pub async fn begin(
        context: &Context,
        chosen: &Chosen,
        entry: Entry<'_>,
    ) -> Result<Self, Failure> {
        if chosen.file.state != RunState::Open {
            return Ok(Self { keeper: None, number: None });
        }
        let mut keeper = chosen.keeper(context.output).await?;
        let number = keeper
            .begin(entry.kind, entry.node, entry.text, entry.mutating, 0)
            .await
            .map_err(told_keeper)?;
        show_number(context.output, number);
        Ok(Self { keeper: Some(keeper), number: Some(number) })
    }

    /// Lets the keeper end this process on the engine when we vanish.
    pub async fn drives(&mut self, exec: &str) -> Result<(), Failure> {
        self.tell(Request::Drives { exec: exec.to_owned() }).await
    }

    /// Adds output.
    pub async fn output(&mut self, text: &str) -> Result<(), Failure> {
        match self.number {
            Some(number) => self.tell(Request::Output { number, text: text.to_owned() }).await,
            None => Ok(()),
        }
    }

    async fn tell(&mut self, request: Request) -> Result<(), Failure> {
        match &mut self.keeper {
            Some(keeper) => keeper.tell(&request).await.map_err(told_keeper),
            None => Ok(()),
        }
    }

    /// Ends the command.
    pub async fn end(mut self, exit: Option<i64>) -> Result<(), Failure> {
        if let (Some(keeper), Some(number)) = (&mut self.keeper, self.number) {
            keeper.ask(&Request::End { number, exit }).await.map_err(told_keeper)?;
        }
        Ok(())
    }

    /// Records what was printed and ends the command with success.
    pub async fn end_with(mut self, printed: &str) -> Result<(), Failure> {
        self.output(printed).await?;
        self.end(Some(0)).await
    }
}

/// Shows a command's number, for `command:` evidence.
pub fn show_number(output: Output, number: u32) {
    output.remark(format!("[#{number}]"));
}

pub(super) fn told_keeper(source: std::io::Error) -> Failure {
    Failure::Io { operation: "talk to the background process of the run".to_owned(), source }
}
