//! `chaoslab shell`: an interactive shell on a machine of the lab, each command recorded.

mod ledger;
mod terminal;

use std::time::Duration;

use clap::Args;
use futures_util::StreamExt;

use self::ledger::Ledger;
use self::terminal::{Heard, RawMode, Signals, is_interactive, window};
use super::context::{Chosen, Context};
use super::exec::known_machine;
use super::exit::Failure;
use super::input;
use crate::domain::telemetry::terminal::{Session, Shown};
use crate::lab::engine::{Exec, Host, Lab, MachineState, Printed, Terminal};
use crate::lab::run::{RunState, random_token};
use crate::lab::wait;

/// Arguments of `shell`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab shell\n  chaoslab shell kafka-2\n  chaoslab shell kafka-2 < look.sh"
)]
pub struct Arguments {
    /// The machine: a node, a service or the toolbox; the toolbox when not given
    node: Option<String>,
}

/// What the machine's `/etc/bash.bashrc` asks for to put marks into the stream, with the id they
/// carry.
const SESSION_ID: &str = "TERM_SESSION_ID";
/// What programs on the other side must know of this terminal.
const PASSED_ON: [&str; 3] = ["TERM", "COLORTERM", "NO_COLOR"];

/// So long the engine may take to know that a machine whose shell ended is down itself.
const DOWN_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What the kernel's SIGKILL leaves: a shell that ends so may have gone down with its machine.
const KILLED: i64 = 137;

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.open()?;
    let lab = chosen.lab()?;
    let node = arguments.node.as_deref().unwrap_or(lab.toolbox());
    known_machine(&lab, node)?;
    let engine = chosen.engine().await?;
    let machine = Machine { chosen: &chosen, lab: &lab, engine: &engine, node };
    let state = engine.machine_state(&lab, node).await?;
    if let MachineState::Away(reason) = &state {
        return Err(Failure::Refused(format!(
            "could not open a shell on {node}: the machine is not running ({reason}). What it logged: `chaoslab logs {node}`; what was \
             measured on it: `chaoslab query 'up{{node=\"{node}\"}}'`; which machines are up: `chaoslab status`"
        )));
    }
    let keeper = chosen.keeper(context.output).await?;
    let mut signals = Signals::listen()?;
    let window = is_interactive().then(window);
    let id = random_token()?;
    let passed_on =
        PASSED_ON.iter().filter_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
    let environment =
        passed_on.filter(|_| window.is_some()).chain([format!("{SESSION_ID}={id}")]).collect();
    let rescue = match &state {
        MachineState::Ended(reason) => {
            context.output.remark(format!(
                "{node} is down: {reason}. This is a rescue shell with a copy of its disk and the kernel's messages (`dmesg`); nothing runs here, \
                 and what you change here changes nothing there"
            ));
            Some(engine.rescue(&lab, node, &id[..6]).await?)
        }
        MachineState::Up | MachineState::Away(_) => None,
    };
    let shell =
        engine.create_shell(&lab, rescue.as_deref().unwrap_or(node), environment, window).await?;
    let mut ledger = Ledger::open(context, node, keeper, &shell, window).await?;
    if window.is_some() {
        context.output.remark(format!(
            "a shell on {node}; what you run gets a number in `chaoslab history`. Ctrl-D ends it"
        ));
    }
    let raw = window.map(|_| RawMode::enter()).transpose()?;
    let (printed, typed) = engine.start_shell(&shell, window.is_some()).await?;
    let feeding = tokio::spawn(input::pass_on(typed));
    let mut session =
        Session::new(&id, if window.is_some() { Shown::Everything } else { Shown::OutputOnly });
    let followed = follow(&engine, &shell, printed, &mut session, &mut ledger, &mut signals).await;
    feeding.abort();
    if let Some(rescue) = &rescue {
        engine.end_rescue(&lab, rescue).await?;
    }
    let ended = match followed {
        Ok(Some(KILLED)) => machine.went_down().await.map_or(Ok(Some(KILLED)), Err),
        Err(failure) => Err(machine.why(&shell, failure).await),
        ended => ended,
    };
    match ended {
        Ok(exit) => {
            drop(raw);
            if window.is_some() {
                context.output.remark(format!("commands recorded: {}", ledger.recorded));
            }
            match exit.unwrap_or(0) {
                0 => Ok(()),
                code => Err(Failure::Passed(u8::try_from(code).unwrap_or(255))),
            }
        }
        Err(failure) => {
            if let Some(raw) = raw {
                raw.cut_off();
            }
            Err(failure)
        }
    }
}

/// Shows and records the shell until it ends, and gives its exit code.
async fn follow(
    engine: &impl Terminal,
    shell: &str,
    mut printed: Printed,
    session: &mut Session,
    ledger: &mut Ledger<'_>,
    signals: &mut Signals,
) -> Result<Option<i64>, Failure> {
    loop {
        let chunk = tokio::select! {
            chunk = printed.next() => chunk,
            heard = signals.next() => match heard {
                Heard::Resized if ledger.window.is_some() => {
                    ledger.window = Some(window());
                    // A shell that ends in this moment has no size.
                    let _ = engine.resize_shell(shell, window()).await;
                    continue;
                }
                Heard::Resized => continue,
                // Vanishing is what ends the shell: the keeper sees to it.
                Heard::End => return Err(Failure::Passed(130)),
            },
        };
        let Some(chunk) = chunk else { break };
        ledger.take(session.take(&chunk?)).await?;
    }
    let exit = engine.exec_exit(shell).await?;
    ledger.take(session.end(exit)).await?;
    Ok(exit)
}

/// The machine a shell is on.
struct Machine<'a> {
    chosen: &'a Chosen,
    lab: &'a Lab,
    engine: &'a Host,
    node: &'a str,
}

impl Machine<'_> {
    /// Why a session was cut off: its machine went down, or what failed here.
    async fn why(&self, shell: &str, failure: Failure) -> Failure {
        if matches!(failure, Failure::Passed(_)) {
            return failure;
        }
        if let Some(reason) = self.went_down().await {
            return reason;
        }
        // A keeper that died cannot end the shell.
        if let Err(error) = self.engine.end_exec(shell).await {
            tracing::warn!(%error, "the shell could not be ended");
        }
        failure
    }

    /// Whether the machine went down, and its shells with it: by itself, or because the run is
    /// being stopped.
    async fn went_down(&self) -> Option<Failure> {
        let look = wait::until(DOWN_WITHIN, LOOK_EVERY, async || {
            match self.engine.machine_state(self.lab, self.node).await {
                Ok(MachineState::Ended(reason) | MachineState::Away(reason)) => Ok(Some(reason)),
                Ok(MachineState::Up) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let reason = look.await.ok().flatten()?;
        let is_open = self.chosen.run.read().is_ok_and(|file| file.state == RunState::Open);
        // Stopping begins with the keeper and ends with the state.
        let told = if is_open && self.chosen.run.is_kept().unwrap_or(true) {
            format!("the machine {} went down ({reason}), and the shell on it", self.node)
        } else {
            format!("the run {} was stopped, and its shells with it", self.chosen.run.id)
        };
        Some(Failure::Refused(told))
    }
}
