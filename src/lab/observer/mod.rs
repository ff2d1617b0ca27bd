//! Observing a lab: every second each target is read in a task of its own and with a short
//! deadline. One that fails costs the others nothing.

pub mod cluster;
pub mod containers;
mod exporter;
pub mod exposition;
pub mod freshness;
pub mod http;
mod link;
pub mod logs;
pub mod senses;
pub mod settings;

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

use crate::domain::topology::Role;
use crate::lab::engine::{Lab, Statistics};
use crate::lab::kafka::admin::endpoints;
use cluster::ClusterProbe;
use containers::Containers;
use exporter::Exporter;
use freshness::Freshness;
use http::Scraper;
use senses::Senses;
use settings::SettingsProbe;

const METRICS_AGENT_PORT: u16 = 7071;
const NODE_EXPORTER_PORT: u16 = 9100;
const SERVICE_METRICS_PORT: u16 = 8080;

/// The senses of a lab. Must be called within a `LocalSet`.
pub fn senses(engine: &(impl Statistics + Clone + 'static), lab: &Lab) -> Senses {
    let mut senses = Senses::default();
    let freshness = Rc::new(RefCell::new(Freshness::default()));
    for exporter in exporters(lab, &freshness) {
        senses.add(exporter);
    }
    let brokers = endpoints(&lab.topology, &lab.placement);
    let groups = lab.services.iter().filter_map(|s| s.group().map(str::to_owned));
    senses.add(ClusterProbe::new(brokers.clone(), groups, freshness));
    senses.add(SettingsProbe::new(brokers));
    senses.add(Containers::follow(engine, lab));
    senses
}

fn exporters(lab: &Lab, freshness: &Rc<RefCell<Freshness>>) -> Vec<Exporter> {
    let scraper = Scraper::default();
    let exporter = |job: &str, node: &str, port: u16| {
        let address = lab.placement.addresses.get(node).copied().unwrap_or(Ipv4Addr::LOCALHOST);
        Exporter::new(scraper.clone(), job, node, (address, port).into())
    };
    let mut exporters = Vec::new();
    for node in &lab.topology.nodes {
        let agent = exporter("kafka", &node.name, METRICS_AGENT_PORT);
        exporters.push(match node.role {
            Role::Broker => agent.labelled("broker", node.id.to_string()),
            Role::Controller => agent,
        });
        exporters.push(exporter("node", &node.name, NODE_EXPORTER_PORT));
    }
    for service in &lab.services {
        exporters.push(
            exporter("service", &service.name, SERVICE_METRICS_PORT).noting(freshness.clone()),
        );
    }
    exporters
}
