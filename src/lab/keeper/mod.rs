//! The keeper: the one background process of a run. It stages, observes, records, and is the only
//! writer of the run's telemetry.

pub mod clock;
mod detection;
mod fingerprint;
pub mod progress;
pub mod protocol;
pub mod record;
mod socket;
pub mod stage;
mod witness;

use std::io::{Seek, Write};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::clock::Clock;
use self::fingerprint::Fingerprints;
use self::record::Recorder;
use self::stage::Staging;
use super::engine::{Act, Build, EngineError, Lab, Logs, Statistics, Sweep, connect};
use super::observer;
use super::observer::logs::MachineLogs;
use super::observer::senses::Senses;
use super::run::{Invalid, Run, RunError, RunFile, RunState};
use super::store::StoreError;
use super::wait;
use crate::domain::scenario::Plan;
use crate::domain::scenario::gaps::ScrapeGaps;

/// A lab that nobody stops is taken down after this long.
pub const LIFETIME: Duration = Duration::from_secs(8 * 3600);
const SECOND: Duration = Duration::from_secs(1);
/// How often it is looked whether the run is still there.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a keeper could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// Another keeper lives.
    #[error("the run {0} has a keeper already")]
    AlreadyKept(String),
    /// The run's folder could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The record could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine does not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The system refused.
    #[error("could not {operation}: {source}")]
    Io {
        /// The operation.
        operation: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The run cannot be kept.
    #[error("{0}")]
    Unfit(String),
}

/// Keeps a run until it is stopped, becomes invalid, or its lifetime is over.
pub async fn keep(run: Run) -> Result<(), KeeperError> {
    let mut lock = run.try_lock()?.ok_or_else(|| KeeperError::AlreadyKept(run.id.clone()))?;
    // Whoever must end a keeper that does not answer finds its process here.
    let mut tell_pid = || {
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
    };
    tell_pid().map_err(|source| KeeperError::Io { operation: "write the lock", source })?;
    LocalSet::new().run_until(keep_locked(run)).await
}

async fn keep_locked(run: Run) -> Result<(), KeeperError> {
    let file = run.read()?;
    let engine = connect().await?;
    let recorder = Rc::new(Recorder::open(run.folder(), Clock::start())?);
    let listener = socket::listen(run.folder())
        .map_err(|source| KeeperError::Io { operation: "listen for commands", source })?;
    let (stops, mut stop) = mpsc::unbounded_channel();
    let fingerprints = Fingerprints::new(run.clone(), engine.clone(), recorder.clone());
    let fingerprints = Rc::new(fingerprints);
    spawn_local(socket::serve(listener, recorder.clone(), engine.clone(), fingerprints, stops));
    let keeping = async {
        match file.state {
            RunState::Created => stage(&run, &file, &engine, &recorder).await?,
            RunState::Open => resume(&run, &engine, &recorder)?,
            RunState::Booting | RunState::Settling | RunState::Breaking | RunState::Confirming => {
                return cut_off(&run);
            }
            RunState::Closed | RunState::Invalid => {
                return Err(KeeperError::Unfit(format!("the run {} is {}", run.id, file.state)));
            }
        }
        spawn_local(detection::go_on(run.clone(), recorder.clone()));
        tokio::time::sleep_until(Instant::now() + LIFETIME).await;
        tracing::info!("the lifetime is over");
        // The run is over even where something hangs on the engine.
        let swept = engine.sweep(Some(&run.id)).await;
        close(&run, &recorder)?;
        Ok(swept.map(|_| ())?)
    };
    let client = tokio::select! {
        ended = keeping => return ended,
        client = stop.recv() => client,
        () = abandoned(&run) => {
            tracing::warn!("the folder of the run was removed");
            engine.sweep(Some(&run.id)).await?;
            return Ok(());
        }
    };
    tracing::info!("asked to stop");
    if let Err(error) = recorder.finish() {
        // Whoever stops the run waits for an answer all the same.
        tracing::error!(%error, "the last second could not be recorded");
    }
    if let Some(mut client) = client {
        // Whether it still listens is its own affair.
        let _ = client.write_all(b"\"done\"\n").await;
    }
    Ok(())
}

/// Resolves when somebody has removed the run's folder: nobody can stop such a run by its id any
/// more.
async fn abandoned(run: &Run) {
    let looked = wait::until(LIFETIME, LOOK_EVERY, async || {
        Ok::<_, KeeperError>((!run.folder().exists()).then_some(()))
    });
    if !matches!(looked.await, Ok(Some(()))) {
        std::future::pending::<()>().await;
    }
}

async fn stage(
    run: &Run,
    file: &RunFile,
    engine: &(impl Build + Act + Sweep + Logs + Statistics + Clone + 'static),
    recorder: &Rc<Recorder>,
) -> Result<(), KeeperError> {
    let plan: Plan = run
        .sealed()
        .read("plan")?
        .ok_or_else(|| KeeperError::Unfit(format!("the run {} has no plan", run.id)))?;
    let staging = Staging { run, plan: &plan, engine, image: &file.image, recorder };
    let gaps = plan.scrape_gaps.as_ref();
    let staged = staging.stage(async |lab| observe(engine, lab, gaps, recorder)).await;
    if let Err(error) = staged {
        tracing::error!(%error, "the run is invalid");
        engine.sweep(Some(&run.id)).await?;
        return Err(KeeperError::Unfit(error.to_string()));
    }
    Ok(())
}

/// Goes on with an open run whose keeper died.
fn resume(
    run: &Run,
    engine: &(impl Logs + Statistics + Clone + 'static),
    recorder: &Rc<Recorder>,
) -> Result<(), KeeperError> {
    let lab =
        run.lab()?.ok_or_else(|| KeeperError::Unfit(format!("the run {} has no lab", run.id)))?;
    recorder.mark_gap("the keeper was not running")?;
    let plan: Option<Plan> = run.sealed().read("plan")?;
    let gaps = plan.as_ref().and_then(|plan| plan.scrape_gaps.as_ref());
    observe(engine, &lab, gaps, recorder);
    Ok(())
}

/// A staging that was cut off cannot be gone on with: what was done and what was not is not known
/// to the last step.
fn cut_off(run: &Run) -> Result<(), KeeperError> {
    let reason = "the keeper ended while the lab was being staged";
    run.update(|file| {
        file.invalid = Some(Invalid { during: file.state, reason: reason.to_owned() });
        file.state = RunState::Invalid;
    })?;
    Err(KeeperError::Unfit(reason.to_owned()))
}

fn close(run: &Run, recorder: &Recorder) -> Result<(), KeeperError> {
    let closed_at = recorder.clock().now();
    run.update(|file| {
        file.state = RunState::Closed;
        file.closed_at = Some(closed_at);
    })?;
    Ok(())
}

/// Begins to sample and to follow logs; goes on in the background.
fn observe(
    engine: &(impl Logs + Statistics + Clone + 'static),
    lab: &Lab,
    gaps: Option<&ScrapeGaps>,
    recorder: &Rc<Recorder>,
) {
    let (send_lines, mut lines) = mpsc::unbounded_channel();
    let logs = MachineLogs::follow(engine, lab, recorder.clock().now(), &send_lines);
    let to = recorder.clone();
    spawn_local(async move {
        let _follows = logs;
        while let Some(line) = lines.recv().await {
            if let Err(error) = to.log(&line) {
                tracing::error!(%error, "a log line could not be recorded");
            }
        }
    });
    spawn_local(sample(observer::senses(engine, lab, gaps), recorder.clone()));
}

/// Asks all senses every second and writes what they tell.
pub async fn sample(mut senses: Senses, recorder: Rc<Recorder>) {
    let mut ticks = interval(SECOND);
    // A second that was written late costs the next one, not the rhythm.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let at = recorder.clock().now();
        let scrapes = senses.second(at, recorder.take_changed()).await;
        // The recorder has said that it fails; the next second tries again.
        let _ = recorder.second(at, &scrapes);
    }
}
