//! Files of a machine.

use super::{EngineError, Lab};

/// Reads and writes files of machines.
#[allow(async_fn_in_trait)]
pub trait Files {
    /// Writes files, given as absolute path and content; folders above them are made. Each is
    /// replaced whole.
    async fn write_files(
        &self,
        lab: &Lab,
        machine: &str,
        files: &[(String, String)],
    ) -> Result<(), EngineError>;

    /// Reads a file.
    async fn read_file(&self, lab: &Lab, machine: &str, path: &str) -> Result<String, EngineError>;
}
