//! How a service is deployed: its properties file, and whether it runs.

use std::collections::BTreeMap;

use crate::domain::fault::Prior;
use crate::domain::workload::{edit_properties, properties_path};
use crate::lab::engine::supervisor::{self, Control};
use crate::lab::engine::{EngineError, Exec, Files, Lab};

pub(super) async fn deployment(
    engine: &(impl Exec + Files),
    lab: &Lab,
    service: &str,
) -> Result<Prior, EngineError> {
    Ok(Prior::Deployment {
        service: service.to_owned(),
        properties: engine.read_file(lab, service, &properties_path(service)).await?,
        running: supervisor::runs(engine, lab, service, service).await?,
    })
}

/// Rolls a service out with these properties changed.
pub(super) async fn deploy(
    engine: &(impl Exec + Files),
    lab: &Lab,
    service: &str,
    set: &BTreeMap<String, String>,
) -> Result<(), EngineError> {
    let text = engine.read_file(lab, service, &properties_path(service)).await?;
    put(engine, lab, service, edit_properties(&text, set), true).await
}

/// Writes a service's properties file, and starts the service anew with it, or stops it.
pub(super) async fn put(
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
