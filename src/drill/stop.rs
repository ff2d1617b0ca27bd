//! Ending a run and leaving nothing on the engine. Safe to repeat, from anywhere, whatever was
//! killed before.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

use super::error::{DrillError, Refusal};
use super::notice::{Notice, Notices};
use crate::domain::telemetry::series::UnixMs;
use crate::lab::engine::{Sweep, Swept, connect};
use crate::lab::keeper::clock::now;
use crate::lab::keeper::protocol::{KeeperClient, Reply, Request};
use crate::lab::run::{Home, Invalid, Run, RunError, RunFile, RunState};
use crate::lab::wait;

/// How long a keeper may take to end when asked, and again when told.
const END_WITHIN: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A run that was taken down.
#[derive(Debug, Serialize)]
pub struct Stopped {
    /// The run.
    pub run: String,
    /// Its state from now on.
    pub state: RunState,
    /// What was removed from the engine.
    pub removed: Swept,
}

/// Stops every run of a home, and removes what is left of runs that nobody keeps any more. Labs of
/// other homes stay, and are named.
pub async fn all(home: &Home, notices: &dyn Notices) -> Result<Vec<Stopped>, DrillError> {
    let stopped = own(home, notices).await?;
    let engine = connect().await?;
    let (others, left) = standing(&engine).await?;
    let mut removed = Swept::default();
    let mut refused = None;
    for run in left {
        // What of one run cannot be removed keeps no other's from going.
        match engine.sweep(Some(&run)).await {
            Ok(swept) => removed += swept,
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    notices.notify(Notice::RemovedBesides(removed));
    if !others.is_empty() {
        notices.notify(Notice::OthersStay(others));
    }
    if let Some(error) = refused {
        return Err(error.into());
    }
    // One that could not be stopped keeps no other standing; it is told when all were tried.
    stopped.into_iter().collect()
}

/// The runs of other homes whose labs stand on this engine and are kept by somebody.
pub async fn others(home: &Home) -> Result<Vec<String>, DrillError> {
    let own: Vec<_> = home.list()?.into_iter().map(|run| run.id).collect();
    let (mut kept, _) = standing(&connect().await?).await?;
    kept.retain(|run| !own.contains(run));
    Ok(kept)
}

/// The runs whose labs stand on an engine: those that somebody keeps, and those that nobody does.
async fn standing(engine: &impl Sweep) -> Result<(Vec<String>, Vec<String>), DrillError> {
    let kept = keepers();
    Ok(engine.runs().await?.into_iter().partition(|run| kept.contains_key(run)))
}

/// Stops every run of a home and takes down every other lab on the engine, whoever uses it.
pub async fn everyone(home: &Home, notices: &dyn Notices) -> Result<Vec<Stopped>, DrillError> {
    let stopped = own(home, notices).await?;
    let engine = connect().await?;
    let standing = engine.runs().await?;
    for (run, pid) in keepers() {
        // It may have ended in this very moment; so may it be another user's, whose lab goes
        // nevertheless.
        if standing.contains(&run)
            && let Some(pid) = Pid::from_raw(pid)
        {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    notices.notify(Notice::RemovedBesides(engine.sweep(None).await?));
    stopped.into_iter().collect()
}

/// Stops every run of a home that stands, each with how that went.
async fn own(
    home: &Home,
    notices: &dyn Notices,
) -> Result<Vec<Result<Stopped, DrillError>>, DrillError> {
    let mut stopped = Vec::new();
    for run in home.list()? {
        // One folder that cannot be read does not keep the others' labs standing.
        let state = run.read().map(|f| f.state);
        if state.is_ok_and(RunState::is_live) || run.is_kept()? {
            stopped.push(stop(&run, notices).await);
        }
    }
    Ok(stopped)
}

/// Ends the keeper, sweeps the engine, and writes down that the run is closed.
pub async fn stop(run: &Run, notices: &dyn Notices) -> Result<Stopped, DrillError> {
    end_keeper(run).await?;
    // What is left on the engine keeps nobody from grading the run.
    let swept = connect().await?.sweep(Some(&run.id)).await;
    let at = now();
    let file = run.update(|file| close(file, at))?;
    let removed = swept?;
    notices.notify(Notice::Removed { run: run.id.clone(), removed });
    if file.state == RunState::Closed && file.graded.is_none() {
        notices.notify(Notice::RecordStays);
    }
    Ok(Stopped { run: run.id.clone(), state: file.state, removed })
}

/// Makes a run one that was stopped. One that never opened is invalid.
fn close(file: &mut RunFile, at: UnixMs) {
    match file.state {
        RunState::Open => file.state = RunState::Closed,
        during if during.is_staging() => {
            let reason = "it was stopped before it opened".to_owned();
            file.invalid = Some(Invalid { during, reason });
            file.state = RunState::Invalid;
        }
        _ => {}
    }
    file.closed_at.get_or_insert(at);
}

/// Asks the keeper to end; one that does not answer is ended.
async fn end_keeper(run: &Run) -> Result<(), DrillError> {
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
    Err(Refusal::KeeperStays(run.id.clone()).into())
}

async fn is_gone(run: &Run) -> Result<bool, RunError> {
    let gone = wait::until(END_WITHIN, ASK_EVERY, async || {
        Ok::<_, RunError>((!run.is_kept()?).then_some(()))
    });
    Ok(gone.await?.is_some())
}

/// Whether the process of this id really is the keeper of this run: ids are used again.
fn is_keeper(pid: i32, run: &str) -> bool {
    keeps(pid).as_deref() == Some(run)
}

/// The run that the process of this id keeps.
fn keeps(pid: i32) -> Option<String> {
    // It may have ended, or be somebody else's.
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let arguments: Vec<_> = arguments.split(|b| *b == 0).collect();
    let pair = arguments.windows(2).find(|pair| pair[0] == b"keep")?;
    String::from_utf8(pair[1].to_vec()).ok()
}

/// The keepers of this machine, whatever home they work for: the process of each run.
fn keepers() -> BTreeMap<String, i32> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((keeps(pid)?, pid))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_never_opened_is_invalid_and_stopping_again_changes_nothing() {
        let closed = |mut file: RunFile, at| {
            close(&mut file, at);
            file
        };
        let file = |state| RunFile { state, ..RunFile::new("r-000001", "isr-shrink", "image", 1) };
        let open = closed(file(RunState::Open), 5);
        assert_eq!((open.state, open.closed_at, &open.invalid), (RunState::Closed, Some(5), &None));
        assert_eq!(closed(open.clone(), 9), open);
        let staged = closed(file(RunState::Settling), 5);
        assert_eq!(staged.state, RunState::Invalid);
        assert_eq!(staged.invalid.as_ref().map(|i| i.during), Some(RunState::Settling));
        assert_eq!(closed(staged.clone(), 9), staged);
    }
}
