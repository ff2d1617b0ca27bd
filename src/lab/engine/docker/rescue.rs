//! A look at a machine that is down: a machine like it that runs nothing, with a copy of its disk
//! and a view of the kernel's messages.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions, UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt;

use super::{DockerEngine, RUN_LABEL, failed, has_status};
use crate::lab::engine::{EngineError, Lab};

/// What of a machine's disk is its own; the rest is the image.
const DISK: [&str; 4] = ["/etc", "/root", "/var/lib", "/var/log"];

impl DockerEngine {
    /// Starts a machine with a copy of what lies on the disk of one that is down, without a
    /// network, and gives its name. It carries the run's label, so that the run's end is its end,
    /// too.
    pub async fn rescue(
        &self,
        lab: &Lab,
        machine: &str,
        token: &str,
    ) -> Result<String, EngineError> {
        let rescue = format!("{machine}-rescue-{token}");
        let body = ContainerCreateBody {
            hostname: Some(machine.to_owned()),
            image: Some(self.image.clone()),
            // The services of the disk are not started.
            entrypoint: Some(
                ["sh", "-c", "rm -rf /etc/service/*; exec machine toolbox"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            env: Some(vec!["TZ=UTC".to_owned()]),
            labels: Some(HashMap::from([(RUN_LABEL.to_owned(), self.run.clone())])),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                // Reading the kernel's messages.
                cap_add: Some(vec!["SYSLOG".to_owned()]),
                ..Default::default()
            }),
            ..Default::default()
        };
        let options =
            CreateContainerOptionsBuilder::default().name(&lab.container(&rescue)).build();
        self.docker
            .create_container(Some(options), body)
            .await
            .map_err(failed(format!("create a rescue machine for {machine}")))?;
        for folder in DISK {
            self.copy(lab, machine, &rescue, folder).await?;
        }
        let started = self
            .docker
            .start_container(&lab.container(&rescue), None::<StartContainerOptions>)
            .await;
        started.map_err(failed(format!("start the rescue machine of {machine}")))?;
        Ok(rescue)
    }

    /// Removes a rescue machine; one that is gone already is no matter.
    pub async fn end_rescue(&self, lab: &Lab, rescue: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.docker.remove_container(&lab.container(rescue), Some(options)).await {
            Err(error) if has_status(&error, 404) || has_status(&error, 409) => Ok(()),
            removed => removed.map_err(failed(format!("remove {rescue}"))),
        }
    }

    async fn copy(&self, lab: &Lab, from: &str, to: &str, folder: &str) -> Result<(), EngineError> {
        let read = DownloadFromContainerOptionsBuilder::default().path(folder).build();
        let archive: Vec<_> = self
            .docker
            .download_from_container(&lab.container(from), Some(read))
            .try_collect()
            .await
            .map_err(failed(format!("read {folder} of {from}")))?;
        let parent = std::path::Path::new(folder)
            .parent()
            .map_or_else(|| "/".to_owned(), |parent| parent.display().to_string());
        let write = UploadToContainerOptionsBuilder::default().path(&parent).build();
        let body = bollard::body_full(archive.concat().into());
        let written = self.docker.upload_to_container(&lab.container(to), Some(write), body).await;
        written.map_err(failed(format!("copy {folder} of {from}")))
    }
}
