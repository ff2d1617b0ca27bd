//! A look at a machine that is down: a machine like it that runs nothing, with a copy of its disk
//! and a view of the kernel's messages.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder,
    RemoveContainerOptionsBuilder, StartContainerOptions, UploadToContainerOptionsBuilder,
};
use futures_util::TryStreamExt;

use super::{DockerEngine, RUN_LABEL, within};
use crate::lab::engine::{EngineError, Lab, Refusal};

/// What of a machine's disk is its own; the rest is the image.
const DISK: [&str; 4] = ["/etc", "/root", "/var/lib", "/var/log"];

impl DockerEngine {
    /// See `Terminal::rescue`.
    pub(super) async fn start_rescue(
        &self,
        lab: &Lab,
        machine: &str,
        token: &str,
    ) -> Result<String, EngineError> {
        let rescue = format!("{machine}-rescue-{token}");
        let down = self.inspect_machine(lab, machine).await?;
        let body = ContainerCreateBody {
            hostname: Some(machine.to_owned()),
            image: down.config.and_then(|config| config.image),
            // The services of the disk are not started.
            entrypoint: Some(
                ["sh", "-c", "rm -rf /etc/service/*; exec machine toolbox"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            env: Some(vec!["TZ=UTC".to_owned()]),
            labels: Some(HashMap::from([(RUN_LABEL.to_owned(), lab.run.clone())])),
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
        let created = self.docker.create_container(Some(options), body);
        within(format!("create a rescue machine for {machine}"), self.patience.works, created)
            .await?;
        for folder in DISK {
            self.copy(lab, machine, &rescue, folder).await?;
        }
        let container = lab.container(&rescue);
        let started = self.docker.start_container(&container, None::<StartContainerOptions>);
        within(format!("start the rescue machine of {machine}"), self.patience.works, started)
            .await?;
        Ok(rescue)
    }

    /// See `Terminal::end_rescue`.
    pub(super) async fn remove_rescue(&self, lab: &Lab, rescue: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        let container = lab.container(rescue);
        let removed = self.docker.remove_container(&container, Some(options));
        let removed = within(format!("remove {rescue}"), self.patience.answers, removed).await;
        match removed.as_ref().err().and_then(EngineError::refusal) {
            Some(Refusal::NotFound(_) | Refusal::Conflict(_)) => Ok(()),
            _ => removed,
        }
    }

    async fn copy(&self, lab: &Lab, from: &str, to: &str, folder: &str) -> Result<(), EngineError> {
        let read = DownloadFromContainerOptionsBuilder::default().path(folder).build();
        let container = lab.container(from);
        let archive = self.docker.download_from_container(&container, Some(read)).try_collect();
        let archive: Vec<_> =
            within(format!("read {folder} of {from}"), self.patience.copies, archive).await?;
        let parent = std::path::Path::new(folder)
            .parent()
            .map_or_else(|| "/".to_owned(), |parent| parent.display().to_string());
        let write = UploadToContainerOptionsBuilder::default().path(&parent).build();
        let body = bollard::body_full(archive.concat().into());
        let container = lab.container(to);
        let written = self.docker.upload_to_container(&container, Some(write), body);
        within(format!("copy {folder} of {from}"), self.patience.copies, written).await
    }
}
