//! The machines of a lab: what the cluster runs on, what its applications run on, and the toolbox.

use serde::{Deserialize, Serialize};

use super::Service;
use crate::domain::topology::{self, Node, NodeId, Topology};

/// A machine of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name, which is the label `node` of its series.
    pub name: String,
    /// What runs on it.
    pub role: Role,
}

/// What runs on a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A broker, with its id.
    Broker(u32),
    /// A controller, with its node id.
    Controller(u32),
    /// An application, with the group it consumes in, if it does.
    Service {
        /// Its group.
        group: Option<String>,
    },
    /// Tools for the learner.
    Toolbox,
}

/// All machines of a lab: brokers and controllers as the topology lists them, the services, the
/// toolbox.
pub fn machines(topology: &Topology, services: &[Service]) -> Vec<Machine> {
    let nodes = topology.nodes.iter().map(of_node);
    let applications = services.iter().map(of_service);
    let toolbox = Machine { name: topology.toolbox.clone(), role: Role::Toolbox };
    nodes.chain(applications).chain([toolbox]).collect()
}

fn of_node(node: &Node) -> Machine {
    let id = unsigned(node.id);
    let role = match node.role {
        topology::Role::Broker => Role::Broker(id),
        topology::Role::Controller => Role::Controller(id),
    };
    Machine { name: node.name.clone(), role }
}

fn of_service(service: &Service) -> Machine {
    let group = service.group().map(str::to_owned);
    Machine { name: service.name.clone(), role: Role::Service { group } }
}

/// A node id as documents and labels write it. Kafka refuses to start with a negative one, which
/// only its wire format knows, as "none".
pub fn unsigned(id: NodeId) -> u32 {
    u32::try_from(id).unwrap_or(0)
}
