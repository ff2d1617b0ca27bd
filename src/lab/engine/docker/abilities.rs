//! What an engine, and the kernel under it, lets a lab do. Engines differ; asking, or trying, is
//! the only sure answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, RemoveContainerOptionsBuilder, StartContainerOptions,
    WaitContainerOptions,
};
use futures_util::StreamExt;

use super::{DockerEngine, RUN_LABEL, about, disclosed, disk, within};
use crate::domain::fault::Requirement;
use crate::lab::engine::{About, Disclosed, EngineError, Lab, Lacking, Survey};

/// What a machine tries on its own network, and what it cannot do when that fails. The number of
/// what fails is told by a bit of the exit code.
const TRIED: [(Requirement, &str, &str); 2] = [
    (
        Requirement::LinkShaping,
        "tc qdisc add dev lo root tbf rate 1mbit burst 16kb latency 50ms",
        "shape a link (`tc`, tbf)",
    ),
    (
        Requirement::PacketFilter,
        "iptables -A OUTPUT -p tcp --dport 19092 -m u32 --u32 '0>>28=4' -j DROP",
        "filter packets (`iptables`, u32)",
    ),
];

impl Survey for DockerEngine {
    async fn about(&self) -> Result<About, EngineError> {
        about::about(self).await
    }

    async fn lacking(
        &self,
        image: &str,
        wanted: &BTreeSet<Requirement>,
    ) -> Result<Lacking, EngineError> {
        let mut lacking = BTreeMap::new();
        if wanted.contains(&Requirement::DiskWriteLimit)
            && let Err(why) = disk::write_limit(self, 1).await?
        {
            lacking.insert(Requirement::DiskWriteLimit, why);
        }
        let tried: Vec<_> =
            TRIED.iter().filter(|(requirement, ..)| wanted.contains(requirement)).collect();
        if !tried.is_empty() {
            let commands: Vec<_> = tried.iter().map(|(_, command, _)| *command).collect();
            let failing = failing(self, image, &commands).await?;
            lacking.extend(failing.into_iter().map(|place| {
                let (requirement, _, what) = tried[place];
                (*requirement, format!("machines cannot {what} on this engine"))
            }));
        }
        Ok(lacking.into_iter().collect())
    }

    async fn disclosed(&self, lab: &Lab, since: i64) -> Result<Vec<Disclosed>, EngineError> {
        disclosed::disclosed(self, lab, since).await
    }
}

/// Which of the commands fail, by their places. They are tried in a container of its own, which is
/// gone afterwards; it carries the label of runs, so that `stop --all` finds it whatever happens
/// here.
async fn failing(
    engine: &DockerEngine,
    image: &str,
    commands: &[&str],
) -> Result<Vec<usize>, EngineError> {
    let attempts = commands
        .iter()
        .enumerate()
        .map(|(bit, command)| format!("{command} || failed=$((failed + {}))", 1 << bit));
    let script = format!("failed=0; {}; exit $failed", attempts.collect::<Vec<_>>().join("; "));
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        entrypoint: Some(vec!["sh".to_owned(), "-c".to_owned(), script]),
        labels: Some(HashMap::from([(RUN_LABEL.to_owned(), "abilities".to_owned())])),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            cap_add: Some(vec!["NET_ADMIN".to_owned()]),
            ..Default::default()
        }),
        ..Default::default()
    };
    let docker = &engine.docker;
    let created = docker.create_container(None::<CreateContainerOptions>, body);
    let operation = "create a container that tries what the kernel can do";
    let id = within(operation, engine.patience.works, created).await?.id;
    let code =
        within("try what the kernel can do", engine.patience.works, exit_code(engine, &id)).await;
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    let removed = docker.remove_container(&id, Some(options));
    let operation = "remove the container that tried what the kernel can do";
    within(operation, engine.patience.answers, removed).await?;
    let code = code?;
    Ok((0..commands.len()).filter(|bit| code & (1 << bit) != 0).collect())
}

async fn exit_code(engine: &DockerEngine, id: &str) -> Result<i64, Error> {
    engine.docker.start_container(id, None::<StartContainerOptions>).await?;
    match engine.docker.wait_container(id, None::<WaitContainerOptions>).next().await {
        // An exit code other than 0 is an error to bollard.
        Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(error)) => Err(error),
        Some(Ok(exited)) => Ok(exited.status_code),
        None => Err(Error::from(std::io::Error::other(
            "the engine did not tell how the container ended",
        ))),
    }
}
