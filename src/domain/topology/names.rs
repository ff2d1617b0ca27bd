//! What the machines of a lab are called and numbered unless somebody says otherwise. Read where a
//! topology is made; everybody else finds a machine in the topology, by its role and id.

use super::{Node, NodeId, Role};

/// The controller's node id; brokers count from 1.
const CONTROLLER_ID: NodeId = 100;

/// Brokers `kafka-1`, `kafka-2`, ..., then the controller.
pub fn nodes(brokers: NodeId) -> Vec<Node> {
    let broker = |id| Node { name: format!("kafka-{id}"), id, role: Role::Broker };
    let controller =
        Node { name: "controller".to_owned(), id: CONTROLLER_ID, role: Role::Controller };
    (1..=brokers).map(broker).chain([controller]).collect()
}

/// The machine with tools for the learner.
pub fn toolbox() -> String {
    "toolbox".to_owned()
}
