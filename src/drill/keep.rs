//! The keeper of a run: started as a process of its own, found again, and what it does there.

use std::convert::Infallible;
use std::time::Duration;

use super::choose::Chosen;
use super::deadline;
use super::error::{DrillError, Refusal};
use super::notice::{Notice, Notices};
use crate::lab::keeper;
use crate::lab::keeper::protocol::KeeperClient;
use crate::lab::run::{Run, SealedLog};
use crate::lab::wait;

/// How long a keeper may take to listen after it was started.
const KEEPER_WITHIN: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Starts the keeper of a run as a process of its own that outlives this one: this program, as
/// `keep ID`.
pub fn spawn(run: &Run) -> Result<(), DrillError> {
    let program = std::env::current_exe().map_err(DrillError::io("find this program"))?;
    let home = run.folder().ancestors().nth(2).unwrap_or(run.folder());
    let spawned = std::process::Command::new(program)
        .args(["keep", &run.id])
        .env("CHAOSLAB_HOME", home)
        .current_dir("/")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    spawned.map(|_| ()).map_err(DrillError::io("start the background process of the run"))
}

/// A connection to the keeper of an open run, which is started again when it has died.
pub(super) async fn connect(
    chosen: &Chosen,
    notices: &dyn Notices,
) -> Result<KeeperClient, DrillError> {
    let run = &chosen.run;
    if !run.is_kept()? {
        notices.notify(Notice::KeeperDied(run.id.clone()));
        spawn(run)?;
    }
    let connected = wait::until(KEEPER_WITHIN, ASK_EVERY, async || {
        Ok::<_, DrillError>(KeeperClient::connect(run.folder()).await.ok())
    });
    Ok(connected.await?.ok_or_else(|| Refusal::KeeperSilent(run.id.clone()))?)
}

/// The keeper's own log: it would spoil the drill, so it is sealed.
pub fn log(run: &Run) -> Result<SealedLog, DrillError> {
    Ok(run.sealed().log()?)
}

/// Keeps a run until it is stopped, becomes invalid, or its lifetime is over; hands an exam in when
/// its time is.
pub async fn keep(run: Run) -> Result<(), DrillError> {
    let examine = async {
        if let Err(error) = deadline::hand_in(&run).await {
            tracing::error!(%error, "the write-up could not be handed in when the time was over");
        }
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        kept = keeper::keep(run.clone()) => Ok(kept?),
        never = examine => match never {},
    }
}
