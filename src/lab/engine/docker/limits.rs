//! What a machine may use: set through the engine, so that it holds over restarts of the container
//! too.

use bollard::models::{ContainerUpdateBody, HostConfig};

use super::{DockerEngine, within};
use crate::lab::engine::{EngineError, Lab, Limits};

/// A thousandth of a core in the engine's unit.
pub(super) const NANOCORES: i64 = 1_000_000;
const MEBIBYTE: i64 = 1 << 20;

/// All of the host's cores, in thousandths. The engine cannot take a limit of processor time away:
/// this is as good as none, and counts as none.
fn all_cores() -> i64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as i64) * 1000
}

impl Limits for DockerEngine {
    async fn cpu_limit(&self, lab: &Lab, machine: &str) -> Result<Option<u32>, EngineError> {
        let limit = self.host_config(lab, machine).await?.nano_cpus.unwrap_or_default() / NANOCORES;
        Ok(u32::try_from(limit).ok().filter(|limit| *limit > 0 && i64::from(*limit) < all_cores()))
    }

    async fn limit_cpu(
        &self,
        lab: &Lab,
        machine: &str,
        millicores: Option<u32>,
    ) -> Result<(), EngineError> {
        let millicores = millicores.map_or_else(all_cores, i64::from);
        let nano_cpus = Some(millicores * NANOCORES);
        self.update(lab, machine, ContainerUpdateBody { nano_cpus, ..Default::default() }).await
    }

    async fn memory_limit(&self, lab: &Lab, machine: &str) -> Result<Option<u32>, EngineError> {
        let bytes = self.host_config(lab, machine).await?.memory.unwrap_or_default();
        let is_limit = bytes > 0 && bytes < self.all_memory().await?;
        Ok(u32::try_from(bytes / MEBIBYTE).ok().filter(|_| is_limit))
    }

    async fn limit_memory(
        &self,
        lab: &Lab,
        machine: &str,
        mebibytes: Option<u32>,
    ) -> Result<(), EngineError> {
        let (memory, memory_swap) = match mebibytes {
            Some(limit) => (i64::from(limit) * MEBIBYTE, i64::from(limit) * MEBIBYTE),
            // Swap of that size again: the engine ignores a -1 here, and the kernel takes no limit
            // of memory above that of memory and swap together.
            None => {
                let all = self.all_memory().await?;
                (all, all.saturating_mul(2))
            }
        };
        let (memory, memory_swap) = (Some(memory), Some(memory_swap));
        let body = ContainerUpdateBody { memory, memory_swap, ..Default::default() };
        self.update(lab, machine, body).await
    }
}

impl DockerEngine {
    /// All of the host's memory, in bytes. As with processor time, this is as good as none.
    async fn all_memory(&self) -> Result<i64, EngineError> {
        let operation = "ask the engine about itself";
        let info = within(operation, self.patience.answers, self.docker.info()).await?;
        Ok(info.mem_total.unwrap_or(i64::MAX))
    }

    async fn update(
        &self,
        lab: &Lab,
        machine: &str,
        body: ContainerUpdateBody,
    ) -> Result<(), EngineError> {
        let container = lab.container(machine);
        let updated = self.docker.update_container(&container, body);
        within(format!("change the limits of {machine}"), self.patience.answers, updated).await
    }

    async fn host_config(&self, lab: &Lab, machine: &str) -> Result<HostConfig, EngineError> {
        Ok(self.inspect_machine(lab, machine).await?.host_config.unwrap_or_default())
    }
}
