//! What the kernel under the engine lets a machine of a lab do to its own network. Kernels differ; trying is the only sure answer.

use std::collections::HashMap;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptions, RemoveContainerOptionsBuilder, StartContainerOptions, WaitContainerOptions};
use futures_util::StreamExt;

use super::{RUN_LABEL, failed};
use crate::lab::engine::EngineError;

/// What is tried, each with what it is for. The number of what fails is told by a bit of the exit code.
const TRIED: [(&str, &str); 2] = [
    ("tc qdisc add dev lo root tbf rate 1mbit burst 16kb latency 50ms", "shape a link (`tc`, tbf)"),
    ("iptables -A OUTPUT -p tcp --dport 19092 -m u32 --u32 '0>>28=4' -j DROP", "filter packets (`iptables`, u32)"),
];

/// What machines cannot do on this engine; nothing when they can do all that faults need. Tried in a container of its own, which is gone
/// afterwards; it carries the label of runs, so that `stop --all` finds it whatever happens here.
pub async fn lacking(docker: &Docker, image: &str) -> Result<Vec<&'static str>, EngineError> {
    let attempts = TRIED.iter().enumerate().map(|(bit, (command, _))| format!("{command} || failed=$((failed + {}))", 1 << bit));
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
    docker.remove_container(&id, Some(options)).await.map_err(failed("remove the container that tried what the kernel can do"))?;
    let code = code.map_err(failed("try what the kernel can do"))?;
    Ok(TRIED.iter().enumerate().filter(|(bit, _)| code & (1 << bit) != 0).map(|(_, (_, what))| *what).collect())
}

async fn exit_code(docker: &Docker, id: &str) -> Result<i64, Error> {
    docker.start_container(id, None::<StartContainerOptions>).await?;
    match docker.wait_container(id, None::<WaitContainerOptions>).next().await {
        // An exit code other than 0 is an error to bollard.
        Some(Err(Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(error)) => Err(error),
        Some(Ok(exited)) => Ok(exited.status_code),
        None => Err(Error::from(std::io::Error::other("the engine did not tell how the container ended"))),
    }
}
