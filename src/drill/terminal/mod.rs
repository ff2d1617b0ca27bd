//! An interactive shell on a machine of the lab, each command recorded: bytes go in, what is shown
//! comes out, and with it the numbers of the commands.

mod ledger;

use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;

use self::ledger::Ledger;
use super::choose::Chosen;
use super::error::{DrillError, Refusal};
use super::notice::{Notice, Notices};
use super::{keep, machine};
use crate::domain::telemetry::terminal::{Begin, Session, Shown};
use crate::lab::engine::{Exec, Host, Input, Lab, MachineState, Printed, Terminal as _};
use crate::lab::run::{Run, RunState, random_token};
use crate::lab::wait;

pub use crate::lab::engine::Window;

/// What the machine's `/etc/bash.bashrc` asks for to put marks into the stream, with the id they
/// carry.
const SESSION_ID: &str = "TERM_SESSION_ID";
/// So many events may wait for whoever shows them; then the machine is not read any more.
const AHEAD: usize = 16;
/// So long the engine may take to know that a machine whose shell ended is down itself.
const DOWN_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What the kernel's SIGKILL leaves: a shell that ends so may have gone down with its machine.
const KILLED: i64 = 137;

/// What happens in a terminal, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes to be shown.
    Output(Vec<u8>),
    /// A command began, and got a number in the record.
    Command {
        /// Its number.
        number: u32,
        /// What was typed, where that is known.
        begin: Begin,
    },
    /// A command ended and had changed the lab.
    Changed {
        /// Its number.
        number: u32,
        /// What it changed, a line each.
        changed: Vec<String>,
    },
    /// The shell ended, with this exit code where it is known. Nothing comes after it.
    Ended(Option<i64>),
}

/// How a terminal is to be.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its size; without one it is no terminal, and a script is read from the input.
    pub window: Option<Window>,
    /// What programs on the other side must know, as `NAME=value`.
    pub environment: Vec<String>,
}

/// A machine with a shell on it.
#[derive(Debug, Clone)]
struct Place {
    run: Run,
    lab: Lab,
    engine: Host,
    node: String,
    /// The copy it is on, of a machine that is down.
    rescue: Option<String>,
    shell: String,
}

/// A shell that is ready to start.
pub struct Prepared {
    place: Place,
    ledger: Ledger,
    session: Session,
    in_terminal: bool,
}

/// A shell under way. Dropping it is what ends it: the keeper sees to that.
pub struct Terminal {
    place: Place,
    input: Option<Input>,
    events: mpsc::Receiver<Result<Event, DrillError>>,
    /// What reads and records; it goes on while somebody waits for the next event.
    following: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

/// Prepares a shell on a machine, the toolbox when none is named; on one that is down a rescue shell, with a copy of its disk.
pub async fn prepare(
    chosen: &Chosen,
    named: Option<&str>,
    setting: Setting,
    notices: &dyn Notices,
) -> Result<Prepared, DrillError> {
    let lab = chosen.lab()?;
    let node = machine::resolve(&lab, named)?.to_owned();
    let engine = chosen.engine().await?;
    let state = engine.machine_state(&lab, &node).await?;
    if let MachineState::Away(reason) = state {
        return Err(Refusal::MachineAway { node, reason }.into());
    }
    let mut keeper = keep::connect(chosen, notices).await?;
    let id = random_token()?;
    let rescue = match state {
        MachineState::Ended(reason) => {
            notices.notify(Notice::Rescue { node: node.clone(), reason });
            Some(engine.rescue(&lab, &node, &id[..6]).await?)
        }
        MachineState::Up | MachineState::Away(_) => None,
    };
    let mut environment = setting.environment;
    environment.push(format!("{SESSION_ID}={id}"));
    let on = rescue.as_deref().unwrap_or(&node);
    let shell = engine.create_shell(&lab, on, environment, setting.window).await?;
    // When we vanish the keeper ends it.
    ledger::drives(&mut keeper, &node, &shell).await?;
    let in_terminal = setting.window.is_some();
    let shown = if in_terminal { Shown::Everything } else { Shown::OutputOnly };
    Ok(Prepared {
        ledger: Ledger::new(&node, keeper),
        session: Session::new(&id, shown),
        in_terminal,
        place: Place { run: chosen.run.clone(), lab, engine, node, rescue, shell },
    })
}

impl Prepared {
    /// The machine it is on.
    pub fn node(&self) -> &str {
        &self.place.node
    }

    /// Starts it.
    pub async fn start(self) -> Result<Terminal, DrillError> {
        let Self { place, ledger, session, in_terminal } = self;
        let (printed, input) = match place.engine.start_shell(&place.shell, in_terminal).await {
            Ok(started) => started,
            Err(error) => {
                place.leave().await?;
                return Err(error.into());
            }
        };
        let (send, events) = mpsc::channel(AHEAD);
        let following = Box::pin(follow(place.clone(), printed, session, ledger, send));
        Ok(Terminal { place, input: Some(input), events, following: Some(following) })
    }
}

impl Terminal {
    /// Where it reads from, once. Its end is the end of the input.
    pub fn input(&mut self) -> Option<Input> {
        self.input.take()
    }

    /// What happens next; nothing after its end. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Result<Option<Event>, DrillError> {
        loop {
            let Some(following) = &mut self.following else {
                return self.events.recv().await.transpose();
            };
            tokio::select! {
                biased;
                event = self.events.recv() => return event.transpose(),
                () = following => self.following = None,
            }
        }
    }

    /// Tells it its size. A shell that ends in this moment has none, and that is no matter.
    pub async fn resize(&self, window: Window) -> Result<(), DrillError> {
        Ok(self.place.engine.resize_shell(&self.place.shell, window).await?)
    }

    /// Leaves a shell that has not ended; the keeper ends it.
    pub async fn leave(self) -> Result<(), DrillError> {
        let Self { place, following, .. } = self;
        drop(following);
        place.leave().await
    }
}

/// Passes on and records what happens, until the shell ends.
async fn follow(
    place: Place,
    printed: Printed,
    mut session: Session,
    mut ledger: Ledger,
    events: mpsc::Sender<Result<Event, DrillError>>,
) {
    let followed = until_it_ends(&place, printed, &mut session, &mut ledger, &events).await;
    let left = place.leave().await;
    let ended = match followed {
        Ok(Some(KILLED)) => place.went_down().await.map_or(Ok(Some(KILLED)), Err),
        Err(error) => Err(place.why(error).await),
        ended => ended,
    };
    let last = ended.and_then(|exit| left.map(|()| Event::Ended(exit)));
    // Nobody may be left to hear of it.
    let _ = events.send(last).await;
}

async fn until_it_ends(
    place: &Place,
    mut printed: Printed,
    session: &mut Session,
    ledger: &mut Ledger,
    events: &mpsc::Sender<Result<Event, DrillError>>,
) -> Result<Option<i64>, DrillError> {
    while let Some(chunk) = printed.next().await {
        ledger.take(session.take(&chunk?), events).await?;
    }
    let exit = place.engine.exec_exit(&place.shell).await?;
    ledger.take(session.end(exit), events).await?;
    Ok(exit)
}

impl Place {
    /// Removes the copy a rescue shell was on.
    async fn leave(&self) -> Result<(), DrillError> {
        match &self.rescue {
            Some(rescue) => Ok(self.engine.end_rescue(&self.lab, rescue).await?),
            None => Ok(()),
        }
    }

    /// Why a session was cut off: its machine went down, or what failed here.
    async fn why(&self, error: DrillError) -> DrillError {
        if let Some(reason) = self.went_down().await {
            return reason;
        }
        // A keeper that died cannot end the shell.
        if let Err(error) = self.engine.end_exec(&self.shell).await {
            tracing::warn!(%error, "the shell could not be ended");
        }
        error
    }

    /// Whether the machine went down, and its shells with it: by itself, or because the run is
    /// being stopped.
    async fn went_down(&self) -> Option<DrillError> {
        let look = wait::until(DOWN_WITHIN, LOOK_EVERY, async || {
            match self.engine.machine_state(&self.lab, &self.node).await {
                Ok(MachineState::Ended(reason) | MachineState::Away(reason)) => Ok(Some(reason)),
                Ok(MachineState::Up) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let reason = look.await.ok().flatten()?;
        let is_open = self.run.read().is_ok_and(|file| file.state == RunState::Open);
        // Stopping begins with the keeper and ends with the state.
        let refusal = if is_open && self.run.is_kept().unwrap_or(true) {
            Refusal::MachineWentDown { node: self.node.clone(), reason }
        } else {
            Refusal::ShellStopped(self.run.id.clone())
        };
        Some(refusal.into())
    }
}
