//! The commands of a session as they are written into the record, and their numbers as they are
//! shown.

use std::io::IsTerminal;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::recorded::{show_number, told_keeper};
use crate::domain::rca::commands::{Nature, judge};
use crate::domain::telemetry::terminal::{Begin, Event, row_left};
use crate::lab::engine::Window;
use crate::lab::keeper::clock::now;
use crate::lab::keeper::protocol::{KeeperClient, Request};

/// How a shell without marks is written down: as the one command that was run.
const UNMARKED: &str = "bash";

/// Records a session.
pub struct Ledger<'a> {
    context: &'a Context,
    node: &'a str,
    keeper: KeeperClient,
    /// The commands under way, the innermost last.
    open: Vec<u32>,
    /// The learner's terminal, when there is one.
    pub window: Option<Window>,
    /// How many commands were recorded.
    pub recorded: usize,
}

impl<'a> Ledger<'a> {
    /// A session on a machine, driving this process on the engine: the keeper ends it when we
    /// vanish.
    pub async fn open(
        context: &'a Context,
        node: &'a str,
        mut keeper: KeeperClient,
        shell: &str,
        window: Option<Window>,
    ) -> Result<Self, Failure> {
        keeper.tell(&Request::Drives { exec: shell.to_owned() }).await.map_err(told_keeper)?;
        Ok(Self { context, node, keeper, open: Vec::new(), window, recorded: 0 })
    }

    /// Shows and records what happened.
    pub async fn take(&mut self, events: Vec<Event>) -> Result<(), Failure> {
        for event in events {
            match event {
                Event::Show(bytes) => self.context.output.bytes(&bytes)?,
                Event::Begin(begin) => self.begin(&begin).await?,
                Event::Print(text) => {
                    if let Some(&number) = self.open.last() {
                        self.keeper
                            .tell(&Request::Output { number, text })
                            .await
                            .map_err(told_keeper)?;
                    }
                }
                Event::End { exit } => {
                    if let Some(number) = self.open.pop() {
                        self.keeper
                            .ask(&Request::End { number, exit })
                            .await
                            .map_err(told_keeper)?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn begin(&mut self, begin: &Begin) -> Result<(), Failure> {
        let (line, ago_ms) = match begin {
            Begin::Typed { line, at, .. } => (line.as_str(), now() - at),
            Begin::Unmarked => (UNMARKED, 0),
        };
        let mutating = matches!(judge(line).nature, Nature::Mutating(_));
        let number = self
            .keeper
            .begin("shell", self.node, line, mutating, ago_ms)
            .await
            .map_err(told_keeper)?;
        self.open.push(number);
        self.recorded += 1;
        self.show(number, begin)
    }

    /// Shows a number: on a terminal at the right end of the line that was entered, where it
    /// disturbs nothing.
    fn show(&self, number: u32, begin: &Begin) -> Result<(), Failure> {
        let output = self.context.output;
        let Some(window) = self.window.filter(|_| std::io::stdout().is_terminal() && !output.quiet)
        else {
            show_number(output, number);
            return Ok(());
        };
        let label = format!("[#{number}]");
        let dim = if output.colours() { format!("\x1b[2m{label}\x1b[0m") } else { label.clone() };
        let columns = usize::from(window.columns);
        let left = match begin {
            Begin::Typed { line, prompt, .. } => row_left(prompt, line, columns),
            Begin::Unmarked => None,
        };
        // The cursor stands at the beginning of the row below, and comes back there.
        let can_move = std::env::var("TERM").is_ok_and(|terminal| terminal != "dumb");
        let text = match left.filter(|left| can_move && *left > label.len() + 1) {
            Some(_) => format!("\x1b7\x1b[A\x1b[{}G{dim}\x1b8", columns - label.len()),
            None => format!("{dim}\r\n"),
        };
        output.text(&text)
    }
}
