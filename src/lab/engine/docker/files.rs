//! Files of a machine, read and written through the engine.

use std::io::Read;

use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt;

use super::{DockerEngine, within};
use crate::lab::engine::{EngineError, Files, Lab};

impl Files for DockerEngine {
    async fn write_files(
        &self,
        lab: &Lab,
        machine: &str,
        files: &[(String, impl AsRef<[u8]>)],
    ) -> Result<(), EngineError> {
        let archive = pack(files).map_err(|e| {
            EngineError::Exhausted(format!("could not pack files for {machine}: {e}"))
        })?;
        let options = UploadToContainerOptionsBuilder::default().path("/").build();
        let body = bollard::body_full(archive.into());
        let names: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
        let container = lab.container(machine);
        let uploaded = self.docker.upload_to_container(&container, Some(options), body);
        within(format!("write {} on {machine}", names.join(", ")), self.patience.works, uploaded)
            .await
    }

    async fn read_bytes(
        &self,
        lab: &Lab,
        machine: &str,
        path: &str,
    ) -> Result<Vec<u8>, EngineError> {
        let operation = format!("read {path} on {machine}");
        let options = DownloadFromContainerOptionsBuilder::default().path(path).build();
        let container = lab.container(machine);
        let stream = self.docker.download_from_container(&container, Some(options));
        let bytes: Vec<_> =
            within(operation.as_str(), self.patience.works, stream.try_collect()).await?;
        unpack(&bytes.concat())
            .map_err(|e| EngineError::Exhausted(format!("could not {operation}: {e}")))
    }
}

fn pack(files: &[(String, impl AsRef<[u8]>)]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let content = content.as_ref();
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        // A script can be run.
        header.set_mode(if content.starts_with(b"#!") { 0o755 } else { 0o644 });
        archive.append_data(&mut header, path.trim_start_matches('/'), content)?;
    }
    archive.into_inner()
}

fn unpack(archive: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    let mut entry = archive
        .entries()?
        .next()
        .ok_or_else(|| std::io::Error::other("there is no such file"))??;
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let packed = pack(&[("/etc/kafka/jvm.env".to_owned(), "A=1\n".to_owned())]).expect("packs");
        assert_eq!(unpack(&packed).expect("unpacks"), b"A=1\n");
    }
}
