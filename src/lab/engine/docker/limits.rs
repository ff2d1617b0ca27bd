//! What a machine may use: set through the engine, so that it holds over restarts of the container
//! too.

use bollard::models::ContainerUpdateBody;

use super::{ANSWERS_WITHIN, DockerEngine, within};
use crate::lab::engine::{EngineError, Lab};

/// A thousandth of a core in the engine's unit.
pub(super) const NANOCORES: i64 = 1_000_000;
const MEBIBYTE: i64 = 1 << 20;

/// The limit of processor time in thousandths of a core; `None` for none.
pub(super) async fn millicores(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
) -> Result<Option<u32>, EngineError> {
    let nanocores = host_config(engine, lab, node).await?.nano_cpus.unwrap_or_default();
    Ok(u32::try_from(nanocores / NANOCORES).ok().filter(|limit| *limit > 0))
}

/// The memory limit in MiB; `None` for none.
pub(super) async fn mebibytes(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
) -> Result<Option<u32>, EngineError> {
    let bytes = host_config(engine, lab, node).await?.memory.unwrap_or_default();
    Ok(u32::try_from(bytes / MEBIBYTE).ok().filter(|limit| *limit > 0))
}

/// Limits processor time. The engine cannot take a limit away: all of the host's cores are as good
/// as none.
pub(super) async fn limit_cpu(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    millicores: Option<u32>,
) -> Result<(), EngineError> {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as i64);
    let nanocores =
        millicores.map_or(cores * 1000 * NANOCORES, |limit| i64::from(limit) * NANOCORES);
    update(
        engine,
        lab,
        node,
        ContainerUpdateBody { nano_cpus: Some(nanocores), ..Default::default() },
    )
    .await
}

/// Limits memory, swap included, so that what does not fit is killed and not swapped.
pub(super) async fn limit_memory(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    mebibytes: Option<u32>,
) -> Result<(), EngineError> {
    let bytes = mebibytes.map_or(-1, |limit| i64::from(limit) * MEBIBYTE);
    update(
        engine,
        lab,
        node,
        ContainerUpdateBody { memory: Some(bytes), memory_swap: Some(bytes), ..Default::default() },
    )
    .await
}

async fn update(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    body: ContainerUpdateBody,
) -> Result<(), EngineError> {
    let container = lab.container(node);
    let updated = engine.docker.update_container(&container, body);
    within(format!("change the limits of {node}"), ANSWERS_WITHIN, updated).await
}

async fn host_config(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
) -> Result<bollard::models::HostConfig, EngineError> {
    Ok(engine.inspect_machine(lab, node).await?.host_config.unwrap_or_default())
}
