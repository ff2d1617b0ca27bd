//! `chaoslab stop`: end a run and leave nothing on the engine. Safe to repeat, from any terminal,
//! whatever was killed before.

use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

use super::context::Context;
use super::exit::Failure;
use crate::lab::engine::{Sweep, Swept, connect};
use crate::lab::keeper::clock::now;
use crate::lab::keeper::protocol::{KeeperClient, Reply, Request};
use crate::lab::run::{Invalid, Run, RunError, RunState};
use crate::lab::wait;

/// How long a keeper may take to end when asked, and again when told.
const END_WITHIN: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Arguments of `stop`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab stop --all")]
pub struct Arguments {
    /// Stop every run of this machine, and remove whatever carries our label
    #[arg(long)]
    all: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    if arguments.all {
        return all(context).await;
    }
    let chosen = match context.chosen() {
        // Stopping nothing is done.
        Err(Failure::Refused(_)) => {
            context.output.remark("there is no run to stop");
            return Ok(());
        }
        other => other?,
    };
    let stopped = stop(context, &chosen.run).await?;
    if context.output.json { context.output.value(&stopped) } else { Ok(()) }
}

async fn all(context: &Context) -> Result<(), Failure> {
    let mut stopped = Vec::new();
    for run in context.home.list()? {
        // One folder that cannot be read does not keep the others' labs standing.
        let state = run.read().map(|f| f.state);
        if state.is_ok_and(RunState::is_live) || run.is_kept()? {
            stopped.push(stop(context, &run).await?);
        }
    }
    let swept = connect().await?.sweep(None).await?;
    context.output.remark(format!(
        "removed besides: {} containers, {} networks, {} volumes",
        swept.containers, swept.networks, swept.volumes
    ));
    if context.output.json { context.output.value(&stopped) } else { Ok(()) }
}

/// A run that was taken down.
#[derive(Debug, Serialize)]
pub struct Stopped {
    run: String,
    state: RunState,
    removed: Swept,
}

/// Ends the keeper, sweeps the engine, and writes down that the run is closed.
pub async fn stop(context: &Context, run: &Run) -> Result<Stopped, Failure> {
    end_keeper(run).await?;
    // What is left on the engine keeps nobody from grading the run.
    let swept = connect().await?.sweep(Some(&run.id)).await;
    let closed_at = now();
    let file = run.update(|file| {
        match file.state {
            RunState::Open => file.state = RunState::Closed,
            state if state.is_staging() => {
                file.invalid = Some(Invalid {
                    during: state,
                    reason: "it was stopped before it opened".to_owned(),
                });
                file.state = RunState::Invalid;
            }
            _ => {}
        }
        file.closed_at.get_or_insert(closed_at);
    })?;
    let swept = swept?;
    let told = format!(
        "run {}: removed {} containers, {} networks, {} volumes",
        run.id, swept.containers, swept.networks, swept.volumes
    );
    context.output.remark(told);
    if file.state == RunState::Closed && file.graded.is_none() {
        context.output.remark(
            "the record stays: `query`, `logs`, `history`, `rca` and `submit` go on working",
        );
    }
    Ok(Stopped { run: run.id.clone(), state: file.state, removed: swept })
}

/// Asks the keeper to end; one that does not answer is ended.
async fn end_keeper(run: &Run) -> Result<(), Failure> {
    if !run.is_kept()? {
        return Ok(());
    }
    let asked = async {
        let mut keeper = KeeperClient::connect(run.folder()).await?;
        keeper.ask(&Request::Stop).await
    };
    if let Ok(Ok(Reply::Done)) = tokio::time::timeout(END_WITHIN, asked).await
        && is_gone(run).await?
    {
        return Ok(());
    }
    let pid = run.keeper_pid().filter(|pid| is_keeper(*pid, &run.id)).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended in this very moment.
        let _ = kill_process(pid, Signal::KILL);
    }
    if is_gone(run).await? {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "the background process of {} does not end; end it by hand and repeat `chaoslab stop`",
        run.id
    )))
}

async fn is_gone(run: &Run) -> Result<bool, RunError> {
    let gone = wait::until(END_WITHIN, ASK_EVERY, async || {
        Ok::<_, RunError>((!run.is_kept()?).then_some(()))
    });
    Ok(gone.await?.is_some())
}

/// Whether the process of this id really is the keeper of this run: ids are used again.
fn is_keeper(pid: i32, run: &str) -> bool {
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let arguments: Vec<_> = arguments.split(|b| *b == 0).collect();
    arguments.windows(2).any(|pair| pair[0] == b"keep" && pair[1] == run.as_bytes())
}
