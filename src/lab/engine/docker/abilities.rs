//! What an engine, and the kernel under it, lets a lab do. Engines differ; asking, or trying, is
//! the only sure answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, RemoveContainerOptionsBuilder, StartContainerOptions,
    WaitContainerOptions,
};
use futures_util::StreamExt;

use super::{RUN_LABEL, disk, failed};
use crate::domain::fault::Requirement;
use crate::lab::engine::EngineError;

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

/// What this engine was found not to let a lab do, each with the reason as a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lacking(BTreeMap<Requirement, String>);

impl Lacking {
    /// Looks at what is wanted, and at nothing else.
    pub async fn of(
        docker: &Docker,
        image: &str,
        wanted: &BTreeSet<Requirement>,
    ) -> Result<Self, EngineError> {
        let mut lacking = BTreeMap::new();
        if wanted.contains(&Requirement::DiskWriteLimit)
            && let Err(why) = disk::write_limit(docker, 1).await?
        {
            lacking.insert(Requirement::DiskWriteLimit, why);
        }
        let tried: Vec<_> =
            TRIED.iter().filter(|(requirement, ..)| wanted.contains(requirement)).collect();
        if !tried.is_empty() {
            let commands: Vec<_> = tried.iter().map(|(_, command, _)| *command).collect();
            let failed = failing(docker, image, &commands).await?;
            lacking.extend(failed.into_iter().map(|place| {
                let (requirement, _, what) = tried[place];
                (*requirement, format!("machines cannot {what} on this engine"))
            }));
        }
        Ok(Self(lacking))
    }

    /// The reasons, one for each thing that is lacking.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// Why what needs all of these cannot be staged; nothing when it can.
    pub fn bars(&self, requires: &[Requirement]) -> Option<&str> {
        requires.iter().find_map(|requirement| self.0.get(requirement)).map(String::as_str)
    }
}

/// Which of the commands fail, by their places. They are tried in a container of its own, which is
/// gone afterwards; it carries the label of runs, so that `stop --all` finds it whatever happens
/// here.
async fn failing(
    docker: &Docker,
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
    let created = docker.create_container(None::<CreateContainerOptions>, body).await;
    let id = created.map_err(failed("create a container that tries what the kernel can do"))?.id;
    let code = exit_code(docker, &id).await;
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    docker
        .remove_container(&id, Some(options))
        .await
        .map_err(failed("remove the container that tried what the kernel can do"))?;
    let code = code.map_err(failed("try what the kernel can do"))?;
    Ok((0..commands.len()).filter(|bit| code & (1 << bit) != 0).collect())
}

async fn exit_code(docker: &Docker, id: &str) -> Result<i64, Error> {
    docker.start_container(id, None::<StartContainerOptions>).await?;
    match docker.wait_container(id, None::<WaitContainerOptions>).next().await {
        // An exit code other than 0 is an error to bollard.
        Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(error)) => Err(error),
        Some(Ok(exited)) => Ok(exited.status_code),
        None => Err(Error::from(std::io::Error::other(
            "the engine did not tell how the container ended",
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_what_is_lacking_is_barred() {
        let lacking = Lacking(BTreeMap::from([(
            Requirement::PacketFilter,
            "machines cannot filter packets on this engine".to_owned(),
        )]));
        assert_eq!(lacking.bars(&[]), None);
        assert_eq!(lacking.bars(&[Requirement::LinkShaping, Requirement::DiskWriteLimit]), None);
        let barred = lacking.bars(&[Requirement::LinkShaping, Requirement::PacketFilter]);
        assert_eq!(barred, Some("machines cannot filter packets on this engine"));
        assert_eq!(Lacking::default().bars(&[Requirement::PacketFilter]), None);
    }
}
