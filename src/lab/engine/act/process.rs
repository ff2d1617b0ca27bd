//! The Kafka process of a machine and the signals it gets. It is not the machine's first process,
//! whose signals the kernel would ignore.

use std::time::Duration;

use crate::domain::fault::{ProcessState, Signal};
use crate::lab::engine::{EngineError, Exec, Lab, QUICKLY};
use crate::lab::wait;

const PROCESS: &str = "java";
/// How long the supervisor may take to start again what was killed.
const THERE_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the process is doing.
pub(super) async fn state(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
) -> Result<ProcessState, EngineError> {
    let argv = ["ps", "-C", PROCESS, "-o", "stat="];
    let shown = engine.run(lab, node, &argv, QUICKLY).await?.text;
    Ok(match shown.trim().chars().next() {
        // One that has ended and is not yet collected takes no signal any more.
        None | Some('Z') => ProcessState::Absent,
        Some('T') => ProcessState::Stopped,
        Some(_) => ProcessState::Running,
    })
}

/// Sends a signal.
pub(super) async fn signal(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    signal: Signal,
) -> Result<(), EngineError> {
    let argv = ["pkill", &format!("-{}", signal.name()), "-x", PROCESS];
    engine.run_ok(lab, node, &argv, QUICKLY).await.map(|_| ())
}

/// Brings the process back to a state: one that was stopped is continued; one that was killed is
/// started again by its supervisor, which is waited for. Where there was none, none was signalled.
pub(super) async fn restore(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    before: ProcessState,
) -> Result<(), EngineError> {
    let signal = match before {
        ProcessState::Running => Signal::Cont,
        ProcessState::Stopped => Signal::Stop,
        ProcessState::Absent => return Ok(()),
    };
    let signal = format!("-{}", signal.name());
    let mut last = ProcessState::Absent;
    let restored = wait::until(THERE_WITHIN, LOOK_EVERY, async || {
        // There may be none to take it for a moment.
        engine.run(lab, node, &["pkill", &signal, "-x", PROCESS], QUICKLY).await?;
        last = state(engine, lab, node).await?;
        Ok::<_, EngineError>((last == before).then_some(()))
    });
    restored.await?.ok_or_else(|| EngineError::Late {
        what: format!("Kafka's process on {node}, {before:?} as before"),
        seconds: THERE_WITHIN.as_secs(),
        last: format!("{last:?}"),
    })
}
