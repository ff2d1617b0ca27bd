//! The supervisor of a machine (`runit`): what a machine runs is started, stopped and restarted
//! through it; the machine stays.

use std::time::Duration;

use super::{EngineError, Exec, Lab, QUICKLY};
use crate::lab::wait;

/// How long a service may take to stop before it is killed, as service managers do: a JVM that only
/// collects never gets to its end.
const STOP_WITHIN: Duration = Duration::from_secs(30);
/// What the supervisor may take besides: to kill, and to start again.
const CONTROL_WITHIN: Duration = Duration::from_secs(90);
const UP_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a supervisor is told to do with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Start it.
    Start,
    /// Stop it; killed, when it does not in time.
    Stop,
    /// Stop it, then start it again.
    Restart,
}

impl Control {
    /// What brings a service to where it was.
    pub fn to(running: bool) -> Self {
        if running { Self::Start } else { Self::Stop }
    }

    /// As a person says it, and `sv` too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }
}

/// Tells the machine's supervisor what to do with a service, `kafka` or an application by its name,
/// and waits until it did.
pub async fn control(
    engine: &impl Exec,
    lab: &Lab,
    machine: &str,
    service: &str,
    what: Control,
) -> Result<(), EngineError> {
    let patience = STOP_WITHIN.as_secs().to_string();
    let (forced, plain) = match what {
        Control::Start => (None, "start"),
        Control::Stop => (Some("force-stop"), "stop"),
        Control::Restart => (Some("force-restart"), "start"),
    };
    if let Some(forced) = forced {
        let argv = ["sv", "-w", &patience, forced, service];
        if engine.run(lab, machine, &argv, CONTROL_WITHIN).await?.exit == 0 {
            return Ok(());
        }
    }
    let argv = ["sv", "-w", &patience, plain, service];
    engine.run_ok(lab, machine, &argv, CONTROL_WITHIN).await.map(|_| ())
}

/// Whether the machine's supervisor runs this service.
pub async fn runs(
    engine: &impl Exec,
    lab: &Lab,
    machine: &str,
    service: &str,
) -> Result<bool, EngineError> {
    Ok(status(engine, lab, machine, service).await?.starts_with("run:"))
}

/// Waits until the machine's supervisor has a service up.
pub(super) async fn await_up(
    engine: &impl Exec,
    lab: &Lab,
    machine: &str,
    service: &str,
) -> Result<(), EngineError> {
    let mut last = String::new();
    let up = wait::until(UP_WITHIN, LOOK_EVERY, async || {
        last = status(engine, lab, machine, service).await?;
        Ok::<_, EngineError>(last.starts_with("run:").then_some(()))
    });
    let late = |last| EngineError::Late {
        what: format!("{service} running"),
        seconds: UP_WITHIN.as_secs(),
        last,
    };
    up.await?.ok_or_else(|| late(last))
}

async fn status(
    engine: &impl Exec,
    lab: &Lab,
    machine: &str,
    service: &str,
) -> Result<String, EngineError> {
    let output = engine.run(lab, machine, &["sv", "status", service], QUICKLY).await?;
    Ok(output.text.trim().to_owned())
}
