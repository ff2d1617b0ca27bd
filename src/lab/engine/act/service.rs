//! How a service is deployed: its properties file, its releases, and whether it runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::fault::Prior;
use crate::domain::workload::{Behaviour, VERSION, edit_properties, properties_path, version_in};
use crate::lab::engine::supervisor::{self, Control};
use crate::lab::engine::{EngineError, Exec, Files, Lab, releases};

pub(super) async fn deployment(
    engine: &(impl Exec + Files),
    lab: &Lab,
    service: &str,
) -> Result<Prior, EngineError> {
    Ok(Prior::Deployment {
        service: service.to_owned(),
        properties: engine.read_file(lab, service, &properties_path(service)).await?,
        releases: releases::installed(engine, lab, service).await?,
        running: supervisor::runs(engine, lab, service, service).await?,
    })
}

/// Rolls a service out with these properties changed. A version that is new there does what it is
/// said to, or what the one before does.
pub(super) async fn deploy(
    engine: &(impl Exec + Files),
    lab: &Lab,
    service: &str,
    set: &BTreeMap<String, String>,
    behaviour: Option<&Behaviour>,
) -> Result<(), EngineError> {
    let text = engine.read_file(lab, service, &properties_path(service)).await?;
    if let Some(version) = set.get(VERSION) {
        let there = releases::installed(engine, lab, service).await?.contains(version);
        let behaviour = match behaviour {
            Some(behaviour) => Some(behaviour.clone()),
            None if there => None,
            None => {
                let running = version_in(&text).unwrap_or_default();
                Some(releases::behaviour(engine, lab, service, running).await?)
            }
        };
        if let Some(behaviour) = behaviour {
            let release = releases::built(service, version, &behaviour);
            engine.write_files(lab, service, &[release]).await?;
        }
    }
    start_with(engine, lab, service, edit_properties(&text, set), true).await
}

/// Puts a service back to the properties and the releases it had.
pub(super) async fn restore(
    engine: &(impl Exec + Files),
    lab: &Lab,
    service: &str,
    properties: String,
    versions: &BTreeSet<String>,
    running: bool,
) -> Result<(), EngineError> {
    start_with(engine, lab, service, properties, running).await?;
    releases::keep_only(engine, lab, service, versions).await
}

/// Writes a service's properties file, and starts the service anew with it, or stops it.
async fn start_with(
    engine: &(impl Exec + Files),
    lab: &Lab,
    service: &str,
    properties: String,
    running: bool,
) -> Result<(), EngineError> {
    engine.write_files(lab, service, &[(properties_path(service), properties)]).await?;
    let control = if running { Control::Restart } else { Control::Stop };
    supervisor::control(engine, lab, service, service, control).await
}
