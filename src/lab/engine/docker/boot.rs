//! From nothing to a cluster with its topics and services.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{select_all, try_join_all};

use super::machine::MachineRole;
use super::{DockerEngine, reserve};
use crate::domain::fault::AclEntry;
use crate::domain::topology::properties::{STOCK_RUN, Startup, jvm_env, server_properties};
use crate::domain::topology::{Placement, Topology};
use crate::domain::workload::{Service, properties_path};
use crate::lab::engine::{Build, EngineError, Files, Lab, Logs, releases, supervisor};
use crate::lab::kafka::admin::{Admin, Endpoint, endpoints};
use crate::lab::wait;

const READY_WITHIN: Duration = Duration::from_secs(90);
const TOPICS_WITHIN: Duration = Duration::from_secs(30);
const PROBE_EVERY: Duration = Duration::from_millis(50);
const PROBE_DEADLINE: Duration = Duration::from_millis(500);
/// How much of a failed node's log is shown.
const LAST_LINES: usize = 12;

impl Build for DockerEngine {
    async fn reserve(
        &self,
        run: &str,
        topology: &Topology,
        services: &[Service],
    ) -> Result<Placement, EngineError> {
        reserve::reserve(self, run, topology, services).await
    }

    async fn boot(&self, lab: &Lab, image: &str, startup: Startup) -> Result<(), EngineError> {
        let nodes = lab.topology.nodes.iter().map(async |node| {
            self.create_machine(lab, image, &node.name, MachineRole::Kafka).await?;
            let mut files = vec![
                (
                    "/etc/kafka/server.properties".to_owned(),
                    server_properties(node, &lab.topology, &lab.placement, startup),
                ),
                ("/etc/kafka/jvm.env".to_owned(), jvm_env(node.role, &lab.topology, startup)),
            ];
            if startup == Startup::Stock {
                files.push(("/etc/sv/kafka/run".to_owned(), STOCK_RUN.to_owned()));
            }
            self.write_files(lab, &node.name, &files).await?;
            self.start_machine(lab, &node.name).await
        });
        try_join_all(nodes).await?;
        await_ready(self, lab).await
    }

    /// The other machines are made while topics come to be, and not while the nodes' JVMs start and
    /// keep the processors busy.
    async fn populate(&self, lab: &Lab, image: &str) -> Result<(), EngineError> {
        let toolbox = async {
            self.create_machine(lab, image, lab.toolbox(), MachineRole::Toolbox).await?;
            self.start_machine(lab, lab.toolbox()).await
        };
        let services = lab.services.iter().map(async |service| {
            self.create_machine(lab, image, &service.name, MachineRole::Application).await?;
            let text = service.properties_text().into_bytes();
            let properties = (properties_path(&service.name), text);
            let release = releases::built(&service.name, service.version(), &service.behaviour);
            self.write_files(lab, &service.name, &[properties, release]).await
        });
        tokio::try_join!(create_topics(lab), toolbox, try_join_all(services))?;
        try_join_all(lab.services.iter().map(async |service| {
            self.start_machine(lab, &service.name).await?;
            supervisor::await_up(self, lab, &service.name, &service.name).await
        }))
        .await?;
        Ok(())
    }
}

/// Returns once every broker lists all brokers and none fenced; at once, with its last lines, when
/// a node's Kafka dies.
async fn await_ready(engine: &DockerEngine, lab: &Lab) -> Result<(), EngineError> {
    let brokers = endpoints(&lab.topology, &lab.placement);
    let deaths =
        select_all(lab.topology.nodes.iter().map(|node| Box::pin(death(engine, lab, &node.name))));
    tokio::select! {
        ready = all_listed(&brokers) => ready,
        (death, _, _) = deaths => Err(death),
    }
}

async fn all_listed(brokers: &[Endpoint]) -> Result<(), EngineError> {
    let admin = Admin::new(brokers.to_vec());
    let mut last = "no answer yet".to_owned();
    let ready = wait::until(READY_WITHIN, PROBE_EVERY, async || {
        for broker in brokers {
            match admin.brokers_as_seen_by(broker, PROBE_DEADLINE).await {
                Ok(seen) if seen.len() == brokers.len() && seen.values().all(|fenced| !fenced) => {}
                Ok(seen) => {
                    last = format!("{} lists {seen:?}", broker.node);
                    return Ok(None);
                }
                Err(error) => {
                    last = error.to_string();
                    return Ok(None);
                }
            }
        }
        Ok::<_, EngineError>(Some(()))
    });
    let what = format!("a cluster of {} unfenced brokers", brokers.len());
    ready.await?.ok_or(EngineError::Late { what, seconds: READY_WITHIN.as_secs(), last })
}

/// Resolves when the node's Kafka exits or logs FATAL; never when it lives.
async fn death(engine: &DockerEngine, lab: &Lab, node: &str) -> EngineError {
    let mut lines = engine.follow_log(lab, node, 0);
    let mut last: Vec<String> = Vec::new();
    let failed = |reason: String, last: &[String]| EngineError::NodeFailed {
        node: node.to_owned(),
        reason,
        last_lines: last.join("\n"),
    };
    while let Some(written) = lines.next().await {
        let line = match written {
            Ok(written) => written.line,
            Err(error) => return error,
        };
        let fatal = [" FATAL ", "kafka.service: Main process exited"]
            .iter()
            .any(|sign| line.contains(sign));
        last.push(line.clone());
        last.drain(..last.len().saturating_sub(LAST_LINES));
        if fatal {
            return failed(line, &last);
        }
    }
    failed("its container ended".to_owned(), &last)
}

async fn create_topics(lab: &Lab) -> Result<(), EngineError> {
    let admin = Admin::new(endpoints(&lab.topology, &lab.placement));
    if let Some(user) = &lab.topology.replication_user {
        for entry in [AclEntry::replication(user), AclEntry::log_starts(user)] {
            admin.add_acl(&entry).await?;
        }
    }
    admin.choose_log_dirs(&lab.topology.topics).await?;
    let topics = &lab.topology.topics;
    admin.create_topics(topics).await?;
    let known = wait::until(TOPICS_WITHIN, PROBE_EVERY, async || {
        Ok::<_, EngineError>(admin.all_know(topics).await?.then_some(()))
    });
    known.await?.ok_or_else(|| EngineError::Late {
        what: "topics every broker knows".to_owned(),
        seconds: TOPICS_WITHIN.as_secs(),
        last: "some broker lacks one".to_owned(),
    })?;
    // Groups need their coordinator's topic: made now, so that its creation is no event of the
    // drill.
    let groups: Vec<_> = lab.services.iter().filter_map(|s| s.group()).collect();
    for group in groups {
        let found =
            wait::until(TOPICS_WITHIN, PROBE_EVERY, async || admin.group_coordinator(group).await)
                .await?;
        found.ok_or_else(|| EngineError::Late {
            what: format!("a coordinator of group {group}"),
            seconds: TOPICS_WITHIN.as_secs(),
            last: "none".to_owned(),
        })?;
    }
    Ok(())
}
