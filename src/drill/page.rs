//! The page: what the learner is told when it goes out, and how to reach things.

use std::collections::BTreeMap;

use serde::Serialize;

use super::choose::Chosen;
use super::error::DrillError;
use super::instant;
use super::status::{Judged, alert};
use crate::domain::scenario::family::Alert;
use crate::domain::telemetry::series::UnixMs;
use crate::domain::workload::Service;

/// The page of a run.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The run.
    pub run: String,
    /// Its family.
    pub family: String,
    /// When it went out.
    #[serde(serialize_with = "instant::if_any")]
    pub paged_at: Option<UnixMs>,
    /// The alert, as Alertmanager would word it.
    pub alert: Alert,
    /// Whether it holds at the end of the record, and for how long it has or has not.
    pub alert_state: Judged,
    /// The situation before anything broke.
    pub brief: String,
    /// The applications.
    pub services: Vec<ServiceSummary>,
    /// The brokers' names.
    pub brokers: Vec<String>,
    /// Where clients connect first, in the lab's own network.
    pub bootstrap_servers: String,
    /// The brokers' ports on this host.
    pub host_ports: BTreeMap<String, u16>,
    /// The topics' names.
    pub topics: Vec<String>,
    /// The salted hash of the truth.
    pub commitment: Option<String>,
    /// All nodes, controllers too.
    #[serde(skip)]
    pub nodes: Vec<String>,
    /// The applications as they are configured.
    #[serde(skip)]
    pub configured: Vec<Service>,
}

/// An application in a few words.
#[derive(Debug, Serialize)]
pub struct ServiceSummary {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The topics it writes or reads.
    pub topics: Vec<String>,
}

/// The page of a run that has opened.
pub fn page(chosen: &Chosen) -> Result<Page, DrillError> {
    let (briefing, lab) = (chosen.briefing()?, chosen.lab()?);
    let alert_state = alert(&briefing.alert, &chosen.reader()?, chosen)?;
    let names = |name: &str| name.to_owned();
    let summary = |s: &Service| ServiceSummary {
        name: s.name.clone(),
        description: s.description.clone(),
        topics: s.topics().map(names).collect(),
    };
    Ok(Page {
        run: chosen.file.id.clone(),
        family: chosen.file.family.clone(),
        paged_at: chosen.file.paged_at,
        alert: briefing.alert,
        alert_state,
        brief: briefing.brief,
        services: lab.services.iter().map(summary).collect(),
        brokers: lab.topology.brokers().map(|b| b.name.clone()).collect(),
        bootstrap_servers: lab.topology.bootstrap_servers(),
        host_ports: lab.placement.host_ports,
        topics: lab.topology.topics.iter().map(|t| t.name.clone()).collect(),
        commitment: chosen.file.commitment.clone(),
        nodes: lab.topology.nodes.iter().map(|n| n.name.clone()).collect(),
        configured: lab.services,
    })
}
