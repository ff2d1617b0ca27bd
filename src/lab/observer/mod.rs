//! Observing a lab: every second each target is read in a task of its own and with a short
//! deadline. One that fails costs the others nothing.

pub mod cluster;
pub mod containers;
mod exporter;
pub mod exposition;
pub mod freshness;
pub mod http;
pub(in crate::lab) mod link;
pub mod logs;
pub mod senses;
pub mod settings;

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

use crate::domain::scenario::gaps::ScrapeGaps;
use crate::domain::telemetry::catalogue;
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

/// The senses of a lab, without the scrapes that are to be missing. Must be called within a
/// `LocalSet`.
pub fn senses(
    engine: &(impl Statistics + Clone + 'static),
    lab: &Lab,
    gaps: Option<&ScrapeGaps>,
) -> Senses {
    let mut senses = Senses::default();
    let freshness = Rc::new(RefCell::new(Freshness::default()));
    for exporter in exporters(lab, &freshness) {
        senses.add(exporter.missing(gaps.cloned()));
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
    let exporter = |job: &str, node: &str| {
        let address = lab.placement.addresses.get(node).copied().unwrap_or(Ipv4Addr::LOCALHOST);
        let port = catalogue::port(job).unwrap_or_default();
        Exporter::new(scraper.clone(), job, node, (address, port).into())
    };
    let mut exporters = Vec::new();
    for node in &lab.topology.nodes {
        let agent = exporter("kafka", &node.name);
        exporters.push(match node.role {
            Role::Broker => agent.labelled("broker", node.id.to_string()),
            Role::Controller => agent,
        });
        exporters.push(exporter("node", &node.name));
    }
    for service in &lab.services {
        exporters.push(exporter("service", &service.name).noting(freshness.clone()));
        exporters.push(exporter("node", &service.name));
    }
    exporters
}
