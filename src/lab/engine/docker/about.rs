//! Which engine this is, and whether labs can stand on it.

use super::{DockerEngine, within};
use crate::lab::engine::{About, EngineError};

/// The oldest API that is spoken here: Docker 20.10.
const OLDEST_API: (u32, u32) = (1, 41);

pub(super) async fn about(engine: &DockerEngine) -> Result<About, EngineError> {
    let operation = "ask the engine about itself";
    let version = within(operation, engine.patience.answers, engine.docker.version()).await?;
    let info = within(operation, engine.patience.answers, engine.docker.info()).await?;
    let system = info.operating_system.clone().unwrap_or_default();
    let security = info.security_options.clone().unwrap_or_default().join(" ");
    let is_linux = info.os_type.as_deref() == Some("linux");
    let is_local = is_local(info.id.is_some(), &system);
    let rootless = security.contains("rootless");
    let api = version.api_version.clone().unwrap_or_default();
    let new_enough = api
        .split_once('.')
        .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
        .is_some_and(|v: (u32, u32)| v >= OLDEST_API);
    let unfit = match (is_linux && is_local, rootless, new_enough) {
        (false, ..) => Some(
            "it is not a local Linux engine: machines of a lab must be reachable from here by their addresses",
        ),
        (_, true, _) => {
            Some("it is rootless: links cannot be shaped and process ids not be followed")
        }
        (.., false) => Some("it is older than Docker 20.10"),
        _ => None,
    };
    let name = format!("Docker {} (API {api}) on {system}", version.version.unwrap_or_default());
    Ok(About { name, unfit })
}

/// Docker Desktop and remote engines run in a machine of their own, whose networks cannot be
/// reached from here.
fn is_local(answers: bool, system: &str) -> bool {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let is_socket = host.is_empty() || host.starts_with("unix://");
    answers && is_socket && !system.contains("Docker Desktop") && cfg!(target_os = "linux")
}
