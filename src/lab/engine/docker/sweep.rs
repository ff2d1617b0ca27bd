//! Leaving nothing behind: everything that carries the run's label is removed, and only that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};
use futures_util::future::join_all;

use super::{DockerEngine, RUN_LABEL, within};
use crate::lab::engine::{EngineError, Leftover, Refusal, Sweep, Swept};
use crate::lab::wait;

const BETWEEN_ROUNDS: Duration = Duration::from_millis(200);

/// What a run leaves on an engine, in the order in which it can go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    /// By its name.
    Container(String),
    /// By its name.
    Network(String),
    /// By its name.
    Volume(String),
}

impl Thing {
    fn name(&self) -> String {
        match self {
            Self::Container(name) => format!("container {name}"),
            Self::Network(name) => format!("network {name}"),
            Self::Volume(name) => format!("volume {name}"),
        }
    }

    /// How a person removes it.
    fn command(&self) -> String {
        match self {
            Self::Container(name) => format!("docker rm -f -v {name}"),
            Self::Network(name) => format!("docker network rm {name}"),
            Self::Volume(name) => format!("docker volume rm {name}"),
        }
    }
}

impl Sweep for DockerEngine {
    /// Ends when two rounds in a row found nothing: a create may have been in flight, and a network
    /// cannot go before its last container has. What does not go keeps nothing else.
    async fn sweep(&self, run: Option<&str>) -> Result<Swept, EngineError> {
        let mut swept = Swept::default();
        let mut refused = BTreeMap::new();
        let mut empty_rounds = 0;
        let clean = wait::until(self.patience.sweeps, BETWEEN_ROUNDS, async || {
            let found = self.things(run).await?;
            empty_rounds = if found.is_empty() { empty_rounds + 1 } else { 0 };
            refused.clear();
            // Each kind after the one it may be in use by.
            for kind in found.chunk_by(|a, b| discriminant(a) == discriminant(b)) {
                let removals = kind.iter().map(|thing| self.remove(thing));
                for (thing, removed) in kind.iter().zip(join_all(removals).await) {
                    match removed {
                        Ok(()) => count(&mut swept, thing),
                        Err(EngineError::Operation { source: Refusal::NotFound(_), .. }) => {}
                        Err(error) => drop(refused.insert(thing.clone(), error.to_string())),
                    }
                }
            }
            Ok::<_, EngineError>((empty_rounds == 2).then_some(()))
        });
        if clean.await?.is_some() {
            return Ok(swept);
        }
        let leftover = |thing: Thing| Leftover {
            why: refused.remove(&thing).unwrap_or_else(|| "it came while the rest went".to_owned()),
            command: thing.command(),
            name: thing.name(),
        };
        let left = self.things(run).await?.into_iter().map(leftover).collect::<Vec<_>>();
        if left.is_empty() { Ok(swept) } else { Err(EngineError::Left { swept, left }) }
    }

    async fn runs(&self) -> Result<BTreeSet<String>, EngineError> {
        Ok(self.labelled(None).await?.into_iter().map(|(run, _)| run).collect())
    }

    async fn standing(&self, run: Option<&str>) -> Result<Swept, EngineError> {
        let mut standing = Swept::default();
        self.things(run).await?.iter().for_each(|thing| count(&mut standing, thing));
        Ok(standing)
    }
}

fn discriminant(thing: &Thing) -> std::mem::Discriminant<Thing> {
    std::mem::discriminant(thing)
}

fn count(swept: &mut Swept, thing: &Thing) {
    match thing {
        Thing::Container(_) => swept.containers += 1,
        Thing::Network(_) => swept.networks += 1,
        Thing::Volume(_) => swept.volumes += 1,
    }
}

impl DockerEngine {
    /// All that there is of a run, or of all runs, in the order in which it can go.
    async fn things(&self, run: Option<&str>) -> Result<Vec<Thing>, EngineError> {
        Ok(self.labelled(run).await?.into_iter().map(|(_, thing)| thing).collect())
    }

    /// The same, each with the run it is labelled with.
    async fn labelled(&self, run: Option<&str>) -> Result<Vec<(String, Thing)>, EngineError> {
        let label = run.map_or_else(|| RUN_LABEL.to_owned(), |run| format!("{RUN_LABEL}={run}"));
        let labelled = HashMap::from([("label".to_owned(), vec![label])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&labelled).build();
        let containers = self.docker.list_containers(Some(options));
        let containers =
            within("list the run's containers", self.patience.answers, containers).await?;
        let options = ListNetworksOptionsBuilder::default().filters(&labelled).build();
        let networks = self.docker.list_networks(Some(options));
        let networks = within("list the run's networks", self.patience.answers, networks).await?;
        let options = ListVolumesOptionsBuilder::default().filters(&labelled).build();
        let volumes = self.docker.list_volumes(Some(options));
        let volumes = within("list the run's volumes", self.patience.answers, volumes).await?;
        // The engine chose them by the label, so each has one.
        let run_of = |labels: Option<HashMap<String, String>>| {
            labels.and_then(|mut labels| labels.remove(RUN_LABEL)).unwrap_or_default()
        };
        let containers = containers.into_iter().filter_map(|container| {
            // A container that is half removed has no name any more.
            let name = container.names.unwrap_or_default().into_iter().next();
            let name = name.map(|name| name.trim_start_matches('/').to_owned()).or(container.id)?;
            Some((run_of(container.labels), Thing::Container(name)))
        });
        let networks = networks
            .into_iter()
            .filter_map(|network| Some((run_of(network.labels), Thing::Network(network.name?))));
        let volumes = volumes.volumes.unwrap_or_default().into_iter();
        let volumes = volumes.map(|v| (run_of(Some(v.labels)), Thing::Volume(v.name)));
        Ok(containers.chain(networks).chain(volumes).collect())
    }

    async fn remove(&self, thing: &Thing) -> Result<(), EngineError> {
        let operation = format!("remove the {}", thing.name());
        match thing {
            Thing::Container(name) => {
                let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
                let removed = self.docker.remove_container(name, Some(options));
                within(operation, self.patience.answers, removed).await
            }
            Thing::Network(name) => {
                within(operation, self.patience.answers, self.docker.remove_network(name)).await
            }
            Thing::Volume(name) => {
                let removed = self.docker.remove_volume(name, None::<RemoveVolumeOptions>);
                within(operation, self.patience.answers, removed).await
            }
        }
    }
}
