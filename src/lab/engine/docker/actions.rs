//! Deeds: what each action does on Docker, what it would change, and how that is taken back.

use std::collections::BTreeMap;

use super::{DockerEngine, limits, node};
use crate::domain::fault::{Action, Prior, Signal};
use crate::domain::workload::{edit_properties, properties_path};
use crate::lab::engine::supervisor::{self, Control};
use crate::lab::engine::{Act, EngineError, Exec, Files, Lab, QUICKLY};
use crate::lab::kafka::admin::{Admin, ConfigOf, endpoints};

/// The name of Kafka's service on a node.
const KAFKA: &str = "kafka";
/// A machine's only interface.
const INTERFACE: &str = "eth0";
impl Act for DockerEngine {
    async fn observe(&self, lab: &Lab, action: &Action) -> Result<Prior, EngineError> {
        observe(self, lab, action).await
    }

    async fn perform(&self, lab: &Lab, action: &Action) -> Result<(), EngineError> {
        perform(self, lab, action).await
    }

    async fn undo(&self, lab: &Lab, action: &Action, prior: &Prior) -> Result<(), EngineError> {
        undo(self, lab, action, prior).await
    }
}

async fn observe(engine: &DockerEngine, lab: &Lab, action: &Action) -> Result<Prior, EngineError> {
    Ok(match action {
        Action::ShapeLink { node, .. } => Prior::Qdisc(root_qdisc(
            &engine.run_ok(lab, node, &["tc", "qdisc", "show", "dev", INTERFACE], QUICKLY).await?,
        )),
        Action::DeployService { service, .. } => {
            Prior::Properties(engine.read_file(lab, service, &properties_path(service)).await?)
        }
        Action::AlterTopicConfig { topic, set } => {
            Prior::Config(admin(lab).explicit_config(ConfigOf::Topic(topic), set.keys()).await?)
        }
        Action::AlterBrokerConfig { broker, set } => {
            Prior::Config(admin(lab).explicit_config(ConfigOf::Broker(*broker), set.keys()).await?)
        }
        Action::StopService { service } | Action::StartService { service } => {
            Prior::Running(supervisor::runs(engine, lab, service, service).await?)
        }
        Action::AlterQuota { client_id, set } => {
            Prior::Quotas(admin(lab).quota(client_id, set.keys()).await?)
        }
        Action::AddAcl(entry) | Action::RemoveAcl(entry) => {
            Prior::Present(admin(lab).has_acl(entry).await?)
        }
        Action::ReassignPartitions { topic, .. } => {
            Prior::Assignment(admin(lab).assignment(topic).await?)
        }
        Action::StopKafka { node } | Action::StartKafka { node } => {
            Prior::Running(supervisor::runs(engine, lab, node, KAFKA).await?)
        }
        Action::ReconfigureKafka { node, .. } => node::startup(engine, lab, node).await?,
        Action::LimitCpu { node, .. } => Prior::Limit(limits::millicores(engine, lab, node).await?),
        Action::LimitMemory { node, .. } => {
            Prior::Limit(limits::mebibytes(engine, lab, node).await?)
        }
        Action::DropPackets { node, matching } => {
            Prior::Present(node::drops_packets(engine, lab, node, matching).await?)
        }
        Action::FillDisk { node, path, .. } => {
            Prior::Present(node::has_file(engine, lab, node, path).await?)
        }
        Action::StartJob { node, job, .. } => {
            Prior::Present(node::has_file(engine, lab, node, &node::service_folder(job)).await?)
        }
        Action::RestartKafka { .. }
        | Action::SignalKafka { .. }
        | Action::ProduceRecord { .. }
        | Action::ElectPreferredLeaders {} => Prior::Nothing,
    })
}

async fn perform(engine: &DockerEngine, lab: &Lab, action: &Action) -> Result<(), EngineError> {
    match action {
        Action::ShapeLink { node, rate_kbit, burst_kb, latency_ms } => {
            let (rate, burst, latency) =
                (format!("{rate_kbit}kbit"), format!("{burst_kb}kb"), format!("{latency_ms}ms"));
            let tbf =
                ["tbf", "rate", &rate, "burst", &burst, "latency", &latency].map(str::to_owned);
            replace_qdisc(engine, lab, node, &tbf).await
        }
        Action::DeployService { service, set } => {
            let text = engine.read_file(lab, service, &properties_path(service)).await?;
            put_properties(engine, lab, service, edit_properties(&text, set)).await
        }
        Action::AlterTopicConfig { topic, set } => {
            Ok(admin(lab).alter_config(ConfigOf::Topic(topic), set).await?)
        }
        Action::AlterBrokerConfig { broker, set } => {
            Ok(admin(lab).alter_config(ConfigOf::Broker(*broker), set).await?)
        }
        Action::StopService { service } => {
            supervisor::control(engine, lab, service, service, Control::Stop).await
        }
        Action::StartService { service } => {
            supervisor::control(engine, lab, service, service, Control::Start).await
        }
        Action::RestartKafka { node } => {
            supervisor::control(engine, lab, node, KAFKA, Control::Restart).await
        }
        Action::AlterQuota { client_id, set } => Ok(admin(lab).alter_quota(client_id, set).await?),
        Action::AddAcl(entry) => Ok(admin(lab).add_acl(entry).await?),
        Action::RemoveAcl(entry) => Ok(admin(lab).remove_acl(entry).await?),
        Action::ReassignPartitions { topic, assignment } => {
            Ok(admin(lab).reassign(topic, assignment).await?)
        }
        Action::StopKafka { node } => {
            supervisor::control(engine, lab, node, KAFKA, Control::Stop).await
        }
        Action::StartKafka { node } => {
            supervisor::control(engine, lab, node, KAFKA, Control::Start).await
        }
        Action::ReconfigureKafka { node, properties, jvm } => {
            node::reconfigure(engine, lab, node, properties, jvm).await
        }
        Action::SignalKafka { node, signal } => node::signal(engine, lab, node, *signal).await,
        Action::LimitCpu { node, millicores } => {
            limits::limit_cpu(engine, lab, node, *millicores).await
        }
        Action::LimitMemory { node, mebibytes } => {
            limits::limit_memory(engine, lab, node, *mebibytes).await
        }
        Action::DropPackets { node, matching } => {
            node::drop_packets(engine, lab, node, matching).await
        }
        Action::FillDisk { node, path, leave_kib } => {
            node::fill_disk(engine, lab, node, path, *leave_kib).await
        }
        Action::StartJob { node, job, script } => {
            node::start_job(engine, lab, node, job, script).await
        }
        Action::ProduceRecord { topic, partition, value } => {
            node::produce(engine, lab, topic, *partition, value).await
        }
        Action::ElectPreferredLeaders {} => Ok(admin(lab).elect_preferred_leaders().await?),
    }
}

async fn undo(
    engine: &DockerEngine,
    lab: &Lab,
    action: &Action,
    prior: &Prior,
) -> Result<(), EngineError> {
    match (action, prior) {
        (Action::ShapeLink { node, .. }, Prior::Qdisc(Some(qdisc))) => {
            replace_qdisc(engine, lab, node, qdisc).await
        }
        (Action::ShapeLink { node, .. }, Prior::Qdisc(None)) => {
            delete_qdisc(engine, lab, node).await
        }
        (Action::DeployService { service, .. }, Prior::Properties(text)) => {
            put_properties(engine, lab, service, text.clone()).await
        }
        (
            Action::StopService { service } | Action::StartService { service },
            Prior::Running(running),
        ) => supervisor::control(engine, lab, service, service, to(*running)).await,
        (Action::AlterTopicConfig { topic, .. }, Prior::Config(values)) => {
            restore(lab, ConfigOf::Topic(topic), values).await
        }
        (Action::AlterBrokerConfig { broker, .. }, Prior::Config(values)) => {
            restore(lab, ConfigOf::Broker(*broker), values).await
        }
        (Action::AlterQuota { client_id, .. }, Prior::Quotas(values)) => {
            Ok(admin(lab).alter_quota(client_id, values).await?)
        }
        (Action::AddAcl(entry), Prior::Present(false)) => Ok(admin(lab).remove_acl(entry).await?),
        (Action::RemoveAcl(entry), Prior::Present(true)) => Ok(admin(lab).add_acl(entry).await?),
        (Action::ReassignPartitions { topic, .. }, Prior::Assignment(assignment)) => {
            Ok(admin(lab).reassign(topic, assignment).await?)
        }
        (Action::StopKafka { node } | Action::StartKafka { node }, Prior::Running(running)) => {
            supervisor::control(engine, lab, node, KAFKA, to(*running)).await
        }
        (Action::ReconfigureKafka { node, .. }, Prior::Startup { properties, jvm }) => {
            node::restart_with(engine, lab, node, properties.clone(), jvm.clone()).await
        }
        // A process that was stopped is continued; one that was killed is started again by its
        // supervisor.
        (Action::SignalKafka { node, .. }, _) => {
            node::signal(engine, lab, node, Signal::Cont).await
        }
        (Action::LimitCpu { node, .. }, Prior::Limit(limit)) => {
            limits::limit_cpu(engine, lab, node, *limit).await
        }
        (Action::LimitMemory { node, .. }, Prior::Limit(limit)) => {
            limits::limit_memory(engine, lab, node, *limit).await
        }
        (Action::DropPackets { node, matching }, Prior::Present(false)) => {
            node::pass_packets(engine, lab, node, matching).await
        }
        (Action::FillDisk { node, path, .. }, Prior::Present(false)) => {
            node::remove_file(engine, lab, node, path).await
        }
        (Action::StartJob { node, job, .. }, Prior::Present(false)) => {
            node::remove_job(engine, lab, node, job).await
        }
        _ => Ok(()),
    }
}

/// What brings a service to where it was.
fn to(running: bool) -> Control {
    if running { Control::Start } else { Control::Stop }
}

fn admin(lab: &Lab) -> Admin {
    Admin::new(endpoints(&lab.topology, &lab.placement))
}

async fn restore(
    lab: &Lab,
    of: ConfigOf<'_>,
    values: &BTreeMap<String, Option<String>>,
) -> Result<(), EngineError> {
    Ok(admin(lab).alter_config(of, values).await?)
}

async fn put_properties(
    engine: &DockerEngine,
    lab: &Lab,
    service: &str,
    text: String,
) -> Result<(), EngineError> {
    engine.write_files(lab, service, &[(properties_path(service), text)]).await?;
    supervisor::control(engine, lab, service, service, Control::Restart).await
}

async fn replace_qdisc(
    engine: &DockerEngine,
    lab: &Lab,
    node: &str,
    qdisc: &[String],
) -> Result<(), EngineError> {
    let mut argv = vec!["tc", "qdisc", "replace", "dev", INTERFACE, "root"];
    argv.extend(qdisc.iter().map(String::as_str));
    engine.run_ok(lab, node, &argv, QUICKLY).await.map(|_| ())
}

/// Deletes the root queueing discipline; that there is none of ours any more is as good.
async fn delete_qdisc(engine: &DockerEngine, lab: &Lab, node: &str) -> Result<(), EngineError> {
    let output =
        engine.run(lab, node, &["tc", "qdisc", "del", "dev", INTERFACE, "root"], QUICKLY).await?;
    let gone = root_qdisc(
        &engine.run_ok(lab, node, &["tc", "qdisc", "show", "dev", INTERFACE], QUICKLY).await?,
    )
    .is_none();
    if gone {
        return Ok(());
    }
    let command = format!("tc qdisc del dev {INTERFACE} root");
    Err(EngineError::Command {
        node: node.to_owned(),
        command,
        exit: output.exit,
        output: output.text.trim().to_owned(),
    })
}

/// The root queueing discipline in `tc qdisc show`, as arguments that set it again; `None` for the
/// kernel's own.
fn root_qdisc(shown: &str) -> Option<Vec<String>> {
    let line = shown.lines().find(|l| l.contains(" root "))?;
    let mut words = line.split_whitespace().skip(1);
    let kind = words.next()?;
    if ["noqueue", "pfifo_fast", "fq_codel", "mq"].contains(&kind) {
        return None;
    }
    // qdisc tbf 8003: root refcnt 2 rate 2Mbit burst 16Kb lat 300ms
    let settings = words.skip_while(|w| *w != "refcnt").skip(2);
    let renamed = settings.map(|w| if w == "lat" { "latency".to_owned() } else { w.to_owned() });
    Some(std::iter::once(kind.to_owned()).chain(renamed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shaped_link_is_remembered_and_the_kernels_own_is_not() {
        assert_eq!(root_qdisc("qdisc noqueue 0: root refcnt 2 \n"), None);
        let tbf = root_qdisc("qdisc tbf 8003: root refcnt 13 rate 2Mbit burst 16Kb lat 300ms \n");
        assert_eq!(
            tbf.map(|t| t.join(" ")),
            Some("tbf rate 2Mbit burst 16Kb latency 300ms".to_owned())
        );
    }
}
