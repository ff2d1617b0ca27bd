//! What a machine may use.

use super::{EngineError, Lab};

/// Limits what machines may use; a limit holds over restarts of the machine too.
#[allow(async_fn_in_trait)]
pub trait Limits {
    /// The limit of processor time in thousandths of a core; `None` for none.
    async fn cpu_limit(&self, lab: &Lab, machine: &str) -> Result<Option<u32>, EngineError>;

    /// Limits processor time; `None` lifts the limit.
    async fn limit_cpu(
        &self,
        lab: &Lab,
        machine: &str,
        millicores: Option<u32>,
    ) -> Result<(), EngineError>;

    /// The memory limit in MiB; `None` for none.
    async fn memory_limit(&self, lab: &Lab, machine: &str) -> Result<Option<u32>, EngineError>;

    /// Limits memory, swap included, so that what does not fit is killed and not swapped; `None`
    /// lifts the limit.
    async fn limit_memory(
        &self,
        lab: &Lab,
        machine: &str,
        mebibytes: Option<u32>,
    ) -> Result<(), EngineError>;
}
