//! Leaving nothing behind: everything that carries the run's label is removed, and only that.

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};
use futures_util::future::join_all;

use super::{RUN_LABEL, failed, has_status};
use crate::lab::engine::{EngineError, Swept};
use crate::lab::wait;

const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_ROUNDS: Duration = Duration::from_millis(200);

/// Removes containers, then networks and volumes, of one run; of all runs when none is named. Ends
/// when two rounds in a row found nothing: a create may have been in flight, and a network cannot
/// go before its last container has.
pub async fn sweep(docker: &Docker, run: Option<&str>) -> Result<Swept, EngineError> {
    let mut swept = Swept::default();
    let mut empty_rounds = 0;
    let clean = wait::until(PATIENCE, BETWEEN_ROUNDS, async || {
        let found = standing(docker, run).await?;
        empty_rounds = if found == Swept::default() { empty_rounds + 1 } else { 0 };
        swept.containers += sweep_containers(docker, run).await?;
        swept.networks += sweep_networks(docker, run).await?;
        swept.volumes += sweep_volumes(docker, run).await?;
        Ok::<_, EngineError>((empty_rounds == 2).then_some(()))
    });
    match clean.await? {
        Some(()) => Ok(swept),
        None => {
            let left = standing(docker, run).await?;
            let last = format!(
                "{} containers, {} networks and {} volumes are left",
                left.containers, left.networks, left.volumes
            );
            Err(EngineError::Late {
                what: "an engine free of the run's containers and networks".to_owned(),
                seconds: PATIENCE.as_secs(),
                last,
            })
        }
    }
}

/// What still stands of one run, or of all runs, by the same label.
pub async fn standing(docker: &Docker, run: Option<&str>) -> Result<Swept, EngineError> {
    Ok(Swept {
        containers: containers(docker, run).await?.len(),
        networks: networks(docker, run).await?.len(),
        volumes: volumes(docker, run).await?.len(),
    })
}

fn by_label(run: Option<&str>) -> HashMap<String, Vec<String>> {
    let label = run.map_or_else(|| RUN_LABEL.to_owned(), |run| format!("{RUN_LABEL}={run}"));
    HashMap::from([("label".to_owned(), vec![label])])
}

async fn containers(docker: &Docker, run: Option<&str>) -> Result<Vec<String>, EngineError> {
    let options = ListContainersOptionsBuilder::default().all(true).filters(&by_label(run)).build();
    let containers =
        docker.list_containers(Some(options)).await.map_err(failed("list the run's containers"))?;
    Ok(containers.into_iter().filter_map(|c| c.id).collect())
}

async fn networks(docker: &Docker, run: Option<&str>) -> Result<Vec<String>, EngineError> {
    let options = ListNetworksOptionsBuilder::default().filters(&by_label(run)).build();
    let networks =
        docker.list_networks(Some(options)).await.map_err(failed("list the run's networks"))?;
    Ok(networks.into_iter().filter_map(|n| n.id).collect())
}

async fn volumes(docker: &Docker, run: Option<&str>) -> Result<Vec<String>, EngineError> {
    let options = ListVolumesOptionsBuilder::default().filters(&by_label(run)).build();
    let volumes =
        docker.list_volumes(Some(options)).await.map_err(failed("list the run's volumes"))?;
    Ok(volumes.volumes.unwrap_or_default().into_iter().map(|v| v.name).collect())
}

async fn sweep_containers(docker: &Docker, run: Option<&str>) -> Result<usize, EngineError> {
    let found = containers(docker, run).await?;
    let removals = found.iter().map(|id| {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        docker.remove_container(id, Some(options))
    });
    removed("remove a container", join_all(removals).await)
}

async fn sweep_networks(docker: &Docker, run: Option<&str>) -> Result<usize, EngineError> {
    let found = networks(docker, run).await?;
    removed("remove a network", join_all(found.iter().map(|id| docker.remove_network(id))).await)
}

async fn sweep_volumes(docker: &Docker, run: Option<&str>) -> Result<usize, EngineError> {
    let found = volumes(docker, run).await?;
    removed(
        "remove a volume",
        join_all(found.iter().map(|name| docker.remove_volume(name, None::<RemoveVolumeOptions>)))
            .await,
    )
}

/// Counts what was removed. What is gone already, is being removed by somebody else, or is still in
/// use is left to the next round.
fn removed(
    operation: &str,
    results: Vec<Result<(), bollard::errors::Error>>,
) -> Result<usize, EngineError> {
    let mut count = 0;
    for result in results {
        match result {
            Ok(()) => count += 1,
            Err(error) if [403, 404, 409].iter().any(|status| has_status(&error, *status)) => {}
            Err(error) => return Err(failed(operation)(error)),
        }
    }
    Ok(count)
}
