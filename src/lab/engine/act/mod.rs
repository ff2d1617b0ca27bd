//! Acting on a lab, and taking it back: what each action does, what it would change, and how that
//! is restored. One file per thing that is acted on; an engine that runs commands, reads and writes
//! files and sets limits can do all of it.

mod disk;
mod job;
mod link;
mod packets;
mod process;
mod record;
mod service;
mod startup;

use super::supervisor::{self, Control};
use super::{EngineError, Exec, Files, Lab, Limits};
use crate::domain::fault::{Action, Irreversible, LinkShape, Prior};
use crate::lab::kafka::admin::{Admin, ConfigOf, endpoints};

/// The name of Kafka's service on a node.
const KAFKA: &str = "kafka";

/// Performs actions.
#[allow(async_fn_in_trait)]
pub trait Act {
    /// Reads what the action would change.
    async fn observe(&self, lab: &Lab, action: &Action) -> Result<Prior, EngineError>;

    /// Performs the action.
    async fn perform(&self, lab: &Lab, action: &Action) -> Result<(), EngineError>;

    /// Restores what an action found. Safe to repeat.
    async fn undo(&self, lab: &Lab, prior: &Prior) -> Result<(), EngineError>;
}

impl<E: Exec + Files + Limits> Act for E {
    async fn observe(&self, lab: &Lab, action: &Action) -> Result<Prior, EngineError> {
        Ok(match action {
            Action::ShapeLink { node, .. } => {
                Prior::Link { node: node.clone(), shape: link::shape(self, lab, node).await? }
            }
            Action::DeployService { service, .. } => {
                service::deployment(self, lab, service).await?
            }
            Action::StopService { service } | Action::StartService { service } => {
                let running = supervisor::runs(self, lab, service, service).await?;
                Prior::Service { service: service.clone(), running }
            }
            Action::StopKafka { node } | Action::StartKafka { node } => {
                let running = supervisor::runs(self, lab, node, KAFKA).await?;
                Prior::Kafka { node: node.clone(), running }
            }
            Action::AlterTopicConfig { topic, set } => {
                let values = admin(lab).explicit_config(ConfigOf::Topic(topic), set.keys()).await?;
                Prior::TopicConfig { topic: topic.clone(), values }
            }
            Action::AlterBrokerConfig { broker, set } => {
                let values =
                    admin(lab).explicit_config(ConfigOf::Broker(*broker), set.keys()).await?;
                Prior::BrokerConfig { broker: *broker, values }
            }
            Action::AlterQuota { client_id, set } => {
                let values = admin(lab).quota(client_id, set.keys()).await?;
                Prior::Quotas { client_id: client_id.clone(), values }
            }
            Action::AddAcl(entry) | Action::RemoveAcl(entry) => {
                Prior::Acl { entry: entry.clone(), present: admin(lab).has_acl(entry).await? }
            }
            Action::ReassignPartitions { topic, .. } => {
                let assignment = admin(lab).assignment(topic).await?;
                Prior::Replicas { topic: topic.clone(), assignment }
            }
            Action::ReconfigureKafka { node, .. } => startup::found(self, lab, node).await?,
            Action::SignalKafka { node, .. } => {
                Prior::Process { node: node.clone(), state: process::state(self, lab, node).await? }
            }
            Action::LimitCpu { node, .. } => {
                let millicores = self.cpu_limit(lab, node).await?;
                Prior::CpuLimit { node: node.clone(), millicores }
            }
            Action::LimitMemory { node, .. } => {
                let mebibytes = self.memory_limit(lab, node).await?;
                Prior::MemoryLimit { node: node.clone(), mebibytes }
            }
            Action::DropPackets { node, matching } => {
                let present = packets::are_dropped(self, lab, node, matching).await?;
                Prior::PacketFilter { node: node.clone(), matching: matching.clone(), present }
            }
            Action::FillDisk { node, path, .. } => {
                let bytes = disk::size(self, lab, node, path).await?;
                Prior::File { node: node.clone(), path: path.clone(), bytes }
            }
            Action::StartJob { node, job, .. } => {
                let run = job::run_file(self, lab, node, job).await?;
                Prior::Job { node: node.clone(), job: job.clone(), run }
            }
            Action::RestartKafka { .. } => Prior::Irreversible(Irreversible::Restart),
            Action::ElectPreferredLeaders {} => Prior::Irreversible(Irreversible::Election),
            Action::ProduceRecord { .. } => Prior::Irreversible(Irreversible::Record),
        })
    }

    async fn perform(&self, lab: &Lab, action: &Action) -> Result<(), EngineError> {
        match action {
            Action::ShapeLink { node, rate_kbit, burst_kb, latency_ms } => {
                let (rate_kbit, burst_kb, latency_ms) = (*rate_kbit, *burst_kb, *latency_ms);
                let shape = LinkShape { rate_kbit, burst_kb, latency_ms };
                link::set(self, lab, node, Some(shape)).await
            }
            Action::DeployService { service, set, behaviour } => {
                service::deploy(self, lab, service, set, behaviour.as_ref()).await
            }
            Action::StopService { service } => {
                supervisor::control(self, lab, service, service, Control::Stop).await
            }
            Action::StartService { service } => {
                supervisor::control(self, lab, service, service, Control::Start).await
            }
            Action::RestartKafka { node } => {
                supervisor::control(self, lab, node, KAFKA, Control::Restart).await
            }
            Action::StopKafka { node } => {
                supervisor::control(self, lab, node, KAFKA, Control::Stop).await
            }
            Action::StartKafka { node } => {
                supervisor::control(self, lab, node, KAFKA, Control::Start).await
            }
            Action::AlterTopicConfig { topic, set } => {
                Ok(admin(lab).alter_config(ConfigOf::Topic(topic), set).await?)
            }
            Action::AlterBrokerConfig { broker, set } => {
                Ok(admin(lab).alter_config(ConfigOf::Broker(*broker), set).await?)
            }
            Action::AlterQuota { client_id, set } => {
                Ok(admin(lab).alter_quota(client_id, set).await?)
            }
            Action::AddAcl(entry) => Ok(admin(lab).add_acl(entry).await?),
            Action::RemoveAcl(entry) => Ok(admin(lab).remove_acl(entry).await?),
            Action::ReassignPartitions { topic, assignment } => {
                Ok(admin(lab).reassign(topic, assignment).await?)
            }
            Action::ElectPreferredLeaders {} => Ok(admin(lab).elect_preferred_leaders().await?),
            Action::ReconfigureKafka { node, properties, jvm } => {
                startup::change(self, lab, node, properties, jvm).await
            }
            Action::SignalKafka { node, signal } => process::signal(self, lab, node, *signal).await,
            Action::LimitCpu { node, millicores } => self.limit_cpu(lab, node, *millicores).await,
            Action::LimitMemory { node, mebibytes } => {
                self.limit_memory(lab, node, *mebibytes).await
            }
            Action::DropPackets { node, matching } => {
                packets::drop(self, lab, node, matching).await
            }
            Action::FillDisk { node, path, leave_kib } => {
                disk::fill(self, lab, node, path, *leave_kib).await
            }
            Action::StartJob { node, job, script } => {
                job::start(self, lab, node, job, &job::run_text(script)).await
            }
            Action::ProduceRecord { topic, partition, value } => {
                record::produce(self, lab, topic, *partition, value).await
            }
        }
    }

    async fn undo(&self, lab: &Lab, prior: &Prior) -> Result<(), EngineError> {
        match prior {
            Prior::Link { node, shape } => link::set(self, lab, node, *shape).await,
            Prior::Deployment { service, properties, releases, running } => {
                let properties = properties.clone();
                service::restore(self, lab, service, properties, releases, *running).await
            }
            Prior::Service { service, running } => {
                supervisor::control(self, lab, service, service, Control::to(*running)).await
            }
            Prior::Kafka { node, running } => {
                supervisor::control(self, lab, node, KAFKA, Control::to(*running)).await
            }
            Prior::TopicConfig { topic, values } => {
                Ok(admin(lab).alter_config(ConfigOf::Topic(topic), values).await?)
            }
            Prior::BrokerConfig { broker, values } => {
                Ok(admin(lab).alter_config(ConfigOf::Broker(*broker), values).await?)
            }
            Prior::Quotas { client_id, values } => {
                Ok(admin(lab).alter_quota(client_id, values).await?)
            }
            Prior::Acl { entry, present: true } => Ok(admin(lab).add_acl(entry).await?),
            Prior::Acl { entry, present: false } => Ok(admin(lab).remove_acl(entry).await?),
            Prior::Replicas { topic, assignment } => {
                Ok(admin(lab).reassign(topic, assignment).await?)
            }
            Prior::Startup { node, properties, jvm, running } => {
                startup::put(self, lab, node, (properties.clone(), jvm.clone()), *running).await
            }
            Prior::Process { node, state } => process::restore(self, lab, node, *state).await,
            Prior::CpuLimit { node, millicores } => self.limit_cpu(lab, node, *millicores).await,
            Prior::MemoryLimit { node, mebibytes } => {
                self.limit_memory(lab, node, *mebibytes).await
            }
            Prior::PacketFilter { node, matching, present: true } => {
                packets::drop(self, lab, node, matching).await
            }
            Prior::PacketFilter { node, matching, present: false } => {
                packets::pass(self, lab, node, matching).await
            }
            Prior::File { node, path, bytes } => disk::restore(self, lab, node, path, *bytes).await,
            Prior::Job { node, job, run: Some(run) } => job::start(self, lab, node, job, run).await,
            Prior::Job { node, job, run: None } => job::remove(self, lab, node, job).await,
            Prior::Irreversible(_) => Ok(()),
        }
    }
}

fn admin(lab: &Lab) -> Admin {
    Admin::new(endpoints(&lab.topology, &lab.placement))
}
