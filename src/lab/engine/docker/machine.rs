//! One machine of a lab: a container that behaves like one.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, EndpointIpamConfig, EndpointSettings,
    HostConfig, HostConfigLogConfig, NetworkingConfig, PortBinding,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, StartContainerOptions,
};

use super::limits::NANOCORES;
use super::{DockerEngine, NODE_LABEL, RUN_LABEL, disk, within};
use crate::domain::topology::{HOST_PORT, Storage};
use crate::lab::engine::{EngineError, Lab};

/// What a machine is started as: arguments of the image's entry program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MachineRole {
    /// Runs Kafka.
    Kafka,
    /// Runs a client application.
    Application,
    /// A place to log in.
    Toolbox,
}

impl DockerEngine {
    /// Creates the container of a machine; it is not started.
    pub(super) async fn create_machine(
        &self,
        lab: &Lab,
        image: &str,
        name: &str,
        role: MachineRole,
    ) -> Result<(), EngineError> {
        let command = match role {
            MachineRole::Kafka => vec!["kafka".to_owned()],
            MachineRole::Application => vec!["app".to_owned(), name.to_owned()],
            MachineRole::Toolbox => vec!["toolbox".to_owned()],
        };
        // A node may shape and look at its own network and processes, and say which of them come
        // first, never the host's. The toolbox and the services may not.
        let capabilities = match role {
            MachineRole::Kafka => {
                Some(["NET_ADMIN", "NET_RAW", "SYS_PTRACE", "SYS_NICE"].map(str::to_owned).to_vec())
            }
            MachineRole::Application | MachineRole::Toolbox => None,
        };
        let storage = match role {
            MachineRole::Kafka => lab.topology.storage.clone(),
            MachineRole::Application | MachineRole::Toolbox => Storage::default(),
        };
        let is_broker = lab.topology.brokers().any(|b| b.name == name);
        let volumes = storage.volumes.iter().filter(|_| is_broker);
        let volumes: HashMap<_, _> =
            volumes.map(|v| (v.path(), format!("size={}m,mode=0755", v.mebibytes))).collect();
        let write_limit = match storage.write_kib_per_second {
            Some(kib) => disk::write_limit(self, kib).await?.ok().map(|limit| vec![limit]),
            None => None,
        };
        let port_bindings = lab.placement.host_ports.get(name).map(|port| {
            let binding = PortBinding {
                host_ip: Some("127.0.0.1".to_owned()),
                host_port: Some(port.to_string()),
            };
            HashMap::from([(format!("{HOST_PORT}/tcp"), Some(vec![binding]))])
        });
        let nano_cpus =
            lab.topology.broker_millicores.filter(|_| is_broker).map(|m| i64::from(m) * NANOCORES);
        // Swap included: what does not fit is killed and not swapped.
        let limit = lab
            .topology
            .memory_mib
            .filter(|_| is_broker)
            .map(|mebibytes| i64::from(mebibytes) << 20);
        let address = lab.placement.addresses.get(name).map(ToString::to_string);
        let endpoint = EndpointSettings {
            ipam_config: Some(EndpointIpamConfig { ipv4_address: address, ..Default::default() }),
            aliases: Some(vec![name.to_owned()]),
            ..Default::default()
        };
        let body = ContainerCreateBody {
            hostname: Some(name.to_owned()),
            image: Some(image.to_owned()),
            cmd: Some(command),
            env: Some(vec![
                format!("BOOTSTRAP_SERVERS={}", lab.topology.bootstrap_servers()),
                "TZ=UTC".to_owned(),
            ]),
            labels: Some(HashMap::from([
                (RUN_LABEL.to_owned(), lab.run.clone()),
                (NODE_LABEL.to_owned(), name.to_owned()),
            ])),
            exposed_ports: port_bindings.as_ref().map(|p| p.keys().cloned().collect()),
            host_config: Some(HostConfig {
                memory: limit,
                memory_swap: limit,
                cap_add: capabilities,
                port_bindings,
                nano_cpus,
                tmpfs: Some(volumes).filter(|v| !v.is_empty()),
                blkio_device_write_bps: write_limit,
                network_mode: Some(lab.run.clone()),
                extra_hosts: Some(
                    lab.placement
                        .addresses
                        .iter()
                        .map(|(host, address)| format!("{host}:{address}"))
                        .collect(),
                ),
                // A flood of log lines must not fill the host's disk.
                log_config: Some(HostConfigLogConfig {
                    typ: Some("json-file".to_owned()),
                    config: Some(HashMap::from([
                        ("max-size".to_owned(), "64m".to_owned()),
                        ("max-file".to_owned(), "2".to_owned()),
                    ])),
                }),
                ..Default::default()
            }),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(lab.run.clone(), endpoint)])),
            }),
            ..Default::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(&lab.container(name)).build();
        let created = self.docker.create_container(Some(options), body);
        within(format!("create the container of {name}"), self.patience.works, created)
            .await
            .map(|_| ())
    }

    /// Starts a machine.
    pub(super) async fn start_machine(&self, lab: &Lab, name: &str) -> Result<(), EngineError> {
        let container = lab.container(name);
        let started = self.docker.start_container(&container, None::<StartContainerOptions>);
        let operation = format!("start the container of {name}");
        match within(operation.as_str(), self.patience.works, started).await {
            Err(EngineError::Operation { source, .. }) if is_taken(&source.to_string()) => {
                Err(EngineError::Taken { operation, reason: source.to_string() })
            }
            started => started,
        }
    }

    /// What the engine knows of a machine.
    pub(super) async fn inspect_machine(
        &self,
        lab: &Lab,
        name: &str,
    ) -> Result<ContainerInspectResponse, EngineError> {
        let container = lab.container(name);
        let inspected = self.docker.inspect_container(&container, None::<InspectContainerOptions>);
        within(format!("look at {name}"), self.patience.answers, inspected).await
    }
}

/// Whether the engine refused because a port or address of the container is in use.
fn is_taken(reason: &str) -> bool {
    ["port is already allocated", "address already in use", "Address already in use"]
        .iter()
        .any(|sign| reason.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_from_other_refusals() {
        assert!(is_taken(
            "driver failed programming external connectivity: Bind for 127.0.0.1:40001 failed: port is already allocated"
        ));
        assert!(is_taken(
            "Error starting userland proxy: listen tcp4 127.0.0.1:40001: bind: address already in use"
        ));
        assert!(is_taken("Address already in use"));
        assert!(!is_taken("OCI runtime create failed: no such file or directory"));
    }
}
