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
mod visit;

use self::visit::Visit;
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
        let visit = Visit::begin(self, lab).await;
        let prior = observe(&visit, lab, action).await;
        visit.end().await;
        prior
    }

    async fn perform(&self, lab: &Lab, action: &Action) -> Result<(), EngineError> {
        let visit = Visit::begin(self, lab).await;
        let performed = perform(&visit, lab, action).await;
        visit.end().await;
        performed
    }

    async fn undo(&self, lab: &Lab, prior: &Prior) -> Result<(), EngineError> {
        let visit = Visit::begin(self, lab).await;
        let undone = undo(&visit, lab, prior).await;
        visit.end().await;
        undone
    }
}

async fn observe(
    on: &(impl Exec + Files + Limits),
    lab: &Lab,
    action: &Action,
) -> Result<Prior, EngineError> {
    Ok(match action {
        Action::ShapeLink { node, .. } => {
            Prior::Link { node: node.clone(), shape: link::shape(on, lab, node).await? }
        }
        Action::DeployService { service, .. } => service::deployment(on, lab, service).await?,
        Action::StopService { service } | Action::StartService { service } => {
            let running = supervisor::runs(on, lab, service, service).await?;
            Prior::Service { service: service.clone(), running }
        }
        Action::StopKafka { node } | Action::StartKafka { node } => {
            let running = supervisor::runs(on, lab, node, KAFKA).await?;
            Prior::Kafka { node: node.clone(), running }
        }
        Action::AlterTopicConfig { topic, set } => {
            let values = admin(lab).explicit_config(ConfigOf::Topic(topic), set.keys()).await?;
            Prior::TopicConfig { topic: topic.clone(), values }
        }
        Action::AlterBrokerConfig { broker, set } => {
            let values = admin(lab).explicit_config(ConfigOf::Broker(*broker), set.keys()).await?;
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
        Action::ReconfigureKafka { node, .. } => startup::found(on, lab, node).await?,
        Action::SignalKafka { node, .. } => {
            Prior::Process { node: node.clone(), state: process::state(on, lab, node).await? }
        }
        Action::LimitCpu { node, .. } => {
            let millicores = on.cpu_limit(lab, node).await?;
            Prior::CpuLimit { node: node.clone(), millicores }
        }
        Action::LimitMemory { node, .. } => {
            let mebibytes = on.memory_limit(lab, node).await?;
            Prior::MemoryLimit { node: node.clone(), mebibytes }
        }
        Action::DropPackets { node, matching } => {
            let present = packets::are_dropped(on, lab, node, matching).await?;
            Prior::PacketFilter { node: node.clone(), matching: matching.clone(), present }
        }
        Action::FillDisk { node, path, .. } => {
            let bytes = disk::size(on, lab, node, path).await?;
            Prior::File { node: node.clone(), path: path.clone(), bytes }
        }
        Action::StartJob { node, job, .. } => {
            let run = job::run_file(on, lab, node, job).await?;
            Prior::Job { node: node.clone(), job: job.clone(), run }
        }
        Action::RestartKafka { .. } => Prior::Irreversible(Irreversible::Restart),
        Action::ElectPreferredLeaders {} => Prior::Irreversible(Irreversible::Election),
        Action::ProduceRecord { .. } => Prior::Irreversible(Irreversible::Record),
    })
}

async fn perform(
    on: &(impl Exec + Files + Limits),
    lab: &Lab,
    action: &Action,
) -> Result<(), EngineError> {
    match action {
        Action::ShapeLink { node, rate_kbit, burst_kb, latency_ms } => {
            let (rate_kbit, burst_kb, latency_ms) = (*rate_kbit, *burst_kb, *latency_ms);
            let shape = LinkShape { rate_kbit, burst_kb, latency_ms };
            link::set(on, lab, node, Some(shape)).await
        }
        Action::DeployService { service, set, behaviour } => {
            service::deploy(on, lab, service, set, behaviour.as_ref()).await
        }
        Action::StopService { service } => {
            supervisor::control(on, lab, service, service, Control::Stop).await
        }
        Action::StartService { service } => {
            supervisor::control(on, lab, service, service, Control::Start).await
        }
        Action::RestartKafka { node } => {
            supervisor::control(on, lab, node, KAFKA, Control::Restart).await
        }
        Action::StopKafka { node } => {
            supervisor::control(on, lab, node, KAFKA, Control::Stop).await
        }
        Action::StartKafka { node } => {
            supervisor::control(on, lab, node, KAFKA, Control::Start).await
        }
        Action::AlterTopicConfig { topic, set } => {
            Ok(admin(lab).alter_config(ConfigOf::Topic(topic), set).await?)
        }
        Action::AlterBrokerConfig { broker, set } => {
            Ok(admin(lab).alter_config(ConfigOf::Broker(*broker), set).await?)
        }
        Action::AlterQuota { client_id, set } => Ok(admin(lab).alter_quota(client_id, set).await?),
        Action::AddAcl(entry) => Ok(admin(lab).add_acl(entry).await?),
        Action::RemoveAcl(entry) => Ok(admin(lab).remove_acl(entry).await?),
        Action::ReassignPartitions { topic, assignment } => {
            Ok(admin(lab).reassign(topic, assignment).await?)
        }
        Action::ElectPreferredLeaders {} => Ok(admin(lab).elect_preferred_leaders().await?),
        Action::ReconfigureKafka { node, properties, jvm } => {
            startup::change(on, lab, node, properties, jvm).await
        }
        Action::SignalKafka { node, signal } => process::signal(on, lab, node, *signal).await,
        Action::LimitCpu { node, millicores } => on.limit_cpu(lab, node, *millicores).await,
        Action::LimitMemory { node, mebibytes } => on.limit_memory(lab, node, *mebibytes).await,
        Action::DropPackets { node, matching } => packets::drop(on, lab, node, matching).await,
        Action::FillDisk { node, path, leave_kib } => {
            disk::fill(on, lab, node, path, *leave_kib).await
        }
        Action::StartJob { node, job, script } => {
            job::start(on, lab, node, job, &job::run_text(script)).await
        }
        Action::ProduceRecord { topic, partition, value } => {
            record::produce(on, lab, topic, *partition, value).await
        }
    }
}

async fn undo(
    on: &(impl Exec + Files + Limits),
    lab: &Lab,
    prior: &Prior,
) -> Result<(), EngineError> {
    match prior {
        Prior::Link { node, shape } => link::set(on, lab, node, *shape).await,
        Prior::Deployment { service, properties, releases, running } => {
            let properties = properties.clone();
            service::restore(on, lab, service, properties, releases, *running).await
        }
        Prior::Service { service, running } => {
            supervisor::control(on, lab, service, service, Control::to(*running)).await
        }
        Prior::Kafka { node, running } => {
            supervisor::control(on, lab, node, KAFKA, Control::to(*running)).await
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
        Prior::Replicas { topic, assignment } => Ok(admin(lab).reassign(topic, assignment).await?),
        Prior::Startup { node, properties, jvm, running } => {
            startup::put(on, lab, node, (properties.clone(), jvm.clone()), *running).await
        }
        Prior::Process { node, state } => process::restore(on, lab, node, *state).await,
        Prior::CpuLimit { node, millicores } => on.limit_cpu(lab, node, *millicores).await,
        Prior::MemoryLimit { node, mebibytes } => on.limit_memory(lab, node, *mebibytes).await,
        Prior::PacketFilter { node, matching, present: true } => {
            packets::drop(on, lab, node, matching).await
        }
        Prior::PacketFilter { node, matching, present: false } => {
            packets::pass(on, lab, node, matching).await
        }
        Prior::File { node, path, bytes } => disk::restore(on, lab, node, path, *bytes).await,
        Prior::Job { node, job, run: Some(run) } => job::start(on, lab, node, job, run).await,
        Prior::Job { node, job, run: None } => job::remove(on, lab, node, job).await,
        Prior::Irreversible(_) => Ok(()),
    }
}

fn admin(lab: &Lab) -> Admin {
    Admin::new(endpoints(&lab.topology, &lab.placement))
}
