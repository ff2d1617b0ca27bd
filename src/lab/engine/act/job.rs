//! A job beside Kafka, under the machine's supervisor.

use std::time::Duration;

use crate::lab::engine::supervisor::{self, Control};
use crate::lab::engine::{EngineError, Exec, Files, Lab, QUICKLY};
use crate::lab::wait;

/// How long a job may take to end: what it has handed to the disk is written first.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(500);

fn folder(job: &str) -> String {
    format!("/etc/sv/{job}")
}

/// The run file of a job that runs this script.
pub(super) fn run_text(script: &str) -> String {
    format!("#!/bin/sh\nexec 2>&1\n{script}\n")
}

/// The text of a job's run file; `None` when there is no such job.
pub(super) async fn run_file(
    engine: &(impl Exec + Files),
    lab: &Lab,
    node: &str,
    job: &str,
) -> Result<Option<String>, EngineError> {
    match is_there(engine, lab, node, job).await? {
        true => Ok(Some(engine.read_file(lab, node, &format!("{}/run", folder(job))).await?)),
        false => Ok(None),
    }
}

async fn is_there(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    job: &str,
) -> Result<bool, EngineError> {
    Ok(engine.run(lab, node, &["test", "-e", &folder(job)], QUICKLY).await?.exit == 0)
}

/// Starts a job; one of this name that runs already is started anew.
pub(super) async fn start(
    engine: &(impl Exec + Files),
    lab: &Lab,
    node: &str,
    job: &str,
    run: &str,
) -> Result<(), EngineError> {
    let folder = folder(job);
    let runs = supervisor::runs(engine, lab, node, job).await?;
    let file = format!("{folder}/run");
    engine.write_files(lab, node, &[(file.clone(), run.to_owned())]).await?;
    engine.run_ok(lab, node, &["chmod", "755", &file], QUICKLY).await?;
    let link = format!("/etc/service/{job}");
    engine.run_ok(lab, node, &["ln", "-sfn", &folder, &link], QUICKLY).await?;
    if runs {
        supervisor::control(engine, lab, node, job, Control::Restart).await?;
    }
    supervisor::await_up(engine, lab, node, job).await
}

/// Stops a job and removes it; that it is gone is as good.
pub(super) async fn remove(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    job: &str,
) -> Result<(), EngineError> {
    if !is_there(engine, lab, node, job).await? {
        return Ok(());
    }
    // Its supervisor keeps files in the folder until it ends, too; without the link it is not
    // started again.
    let script = r#"rm -f "/etc/service/$1"; sv force-shutdown "$2"; rm -rf "$2""#;
    let folder = folder(job);
    let mut last = String::new();
    let gone = wait::until(ENDS_WITHIN, LOOK_EVERY, async || {
        let argv = ["sh", "-c", script, "sh", job, &folder];
        last = engine.run(lab, node, &argv, ENDS_WITHIN).await?.text;
        Ok::<_, EngineError>((!is_there(engine, lab, node, job).await?).then_some(()))
    });
    let late = |last| EngineError::Late {
        what: format!("{job} gone from {node}"),
        seconds: ENDS_WITHIN.as_secs(),
        last,
    };
    gone.await?.ok_or_else(|| late(last))
}
