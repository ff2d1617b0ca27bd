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
        files: &[(String, impl AsRef<[u8]>)],
    ) -> Result<(), EngineError>;

    /// Reads a file as it is.
    async fn read_bytes(
        &self,
        lab: &Lab,
        machine: &str,
        path: &str,
    ) -> Result<Vec<u8>, EngineError>;

    /// Reads a file of text.
    async fn read_file(&self, lab: &Lab, machine: &str, path: &str) -> Result<String, EngineError> {
        let bytes = self.read_bytes(lab, machine, path).await?;
        String::from_utf8(bytes).map_err(|error| {
            EngineError::Exhausted(format!("could not read {path} on {machine} as text: {error}"))
        })
    }
}
