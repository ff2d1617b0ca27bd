//! Observing a lab: every second each target is read in parallel and with a short deadline. One
//! that fails costs the others nothing.

pub mod cluster;
pub mod containers;
pub mod exposition;
pub mod freshness;
pub mod http;
mod link;
pub mod logs;
pub mod settings;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::series::{Labels, UnixMs};
use crate::domain::topology::Role;
use crate::lab::engine::{Lab, Statistics};
use crate::lab::kafka::admin::endpoints;
use crate::lab::store::{Scrape, Target};
use cluster::ClusterProbe;
use containers::Containers;
use http::Scraper;
use settings::SettingsProbe;

/// How long an exporter may take.
const SCRAPE_DEADLINE: Duration = Duration::from_millis(900);
/// Settings are read every so many seconds.
const SETTINGS_EVERY: u64 = 5;

const METRICS_AGENT_PORT: u16 = 7071;
const NODE_EXPORTER_PORT: u16 = 9100;
const SERVICE_METRICS_PORT: u16 = 8080;

/// Whatever can be asked for samples once a second: a lab, or a script in tests.
#[allow(async_fn_in_trait)]
pub trait Senses {
    /// Reads everything there is to read at this second.
    async fn read(&mut self, now: UnixMs) -> Vec<Scrape>;
}

/// The senses of a lab.
#[derive(Debug)]
pub struct Observer {
    exporters: Vec<Exporter>,
    scraper: Scraper,
    cluster: ClusterProbe,
    settings: SettingsProbe,
    containers: Containers,
    seconds: u64,
}

#[derive(Debug, Clone)]
struct Exporter {
    target: Target,
    address: SocketAddr,
    /// Labels every sample gets.
    labels: Vec<(String, String)>,
}

/// What was read of one exporter.
struct Reading {
    target: Target,
    took: Duration,
    samples: Result<Vec<(Labels, f64)>, String>,
}

impl Observer {
    /// Begins to observe. Must be called within a `LocalSet`.
    pub fn new(engine: &(impl Statistics + Clone + 'static), lab: &Lab) -> Self {
        let brokers = endpoints(&lab.topology, &lab.placement);
        let groups = lab.services.iter().filter_map(|s| s.group().map(str::to_owned));
        Self {
            exporters: exporters(lab),
            scraper: Scraper::default(),
            cluster: ClusterProbe::new(brokers.clone(), groups),
            settings: SettingsProbe::new(brokers),
            containers: Containers::follow(engine, lab),
            seconds: 0,
        }
    }

    async fn scrape(scraper: &Scraper, exporter: &Exporter) -> Reading {
        let begun = Instant::now();
        let samples = scraper.scrape(exporter.address, SCRAPE_DEADLINE).await;
        let took = begun.elapsed();
        let labelled = samples.map(|samples| {
            let label = |(mut labels, value): (Labels, f64)| {
                // A label the exporter gave itself stands, as with Prometheus' honor_labels.
                for (key, value) in &exporter.labels {
                    labels.0.entry(key.clone()).or_insert_with(|| value.clone());
                }
                (labels, value)
            };
            samples.into_iter().map(label).collect()
        });
        Reading { target: exporter.target.clone(), took, samples: labelled }
    }

    /// Tells the cluster's probe what producers had acknowledged.
    fn note_acknowledged(&mut self, readings: &[Reading], now: UnixMs) {
        let samples = readings
            .iter()
            .filter(|r| r.target.job == "service")
            .filter_map(|r| r.samples.as_ref().ok())
            .flatten();
        for (labels, value) in
            samples.filter(|(l, _)| l.name() == "kafka_producer_last_acked_offset")
        {
            if let Ok(partition) = labels.get("partition").parse() {
                self.cluster.acknowledged(
                    &(labels.get("topic").to_owned(), partition),
                    *value as i64,
                    now,
                );
            }
        }
    }
}

fn exporters(lab: &Lab) -> Vec<Exporter> {
    let address =
        |node: &str| lab.placement.addresses.get(node).copied().unwrap_or(Ipv4Addr::LOCALHOST);
    let exporter = |job: &str, node: &str, port: u16, labels: Vec<(String, String)>| Exporter {
        target: Target { job: job.to_owned(), node: node.to_owned() },
        address: (address(node), port).into(),
        labels,
    };
    let node_label = |node: &str| ("node".to_owned(), node.to_owned());
    let mut exporters = Vec::new();
    for node in &lab.topology.nodes {
        let broker =
            (node.role == Role::Broker).then(|| ("broker".to_owned(), node.id.to_string()));
        let labels = std::iter::once(node_label(&node.name)).chain(broker).collect();
        exporters.push(exporter("kafka", &node.name, METRICS_AGENT_PORT, labels));
        exporters.push(exporter(
            "node",
            &node.name,
            NODE_EXPORTER_PORT,
            vec![node_label(&node.name)],
        ));
    }
    let service =
        |name: &str| exporter("service", name, SERVICE_METRICS_PORT, vec![node_label(name)]);
    exporters.extend(lab.services.iter().map(|s| service(&s.name)));
    exporters
}

impl Senses for Observer {
    async fn read(&mut self, now: UnixMs) -> Vec<Scrape> {
        let settings_due = self.seconds.is_multiple_of(SETTINGS_EVERY);
        self.seconds += 1;
        let (readings, (probes, cluster), settings) = tokio::join!(
            join_all(self.exporters.iter().map(|e| Self::scrape(&self.scraper, e))),
            self.cluster.read(),
            async { if settings_due { Some(self.settings.read(now).await) } else { None } },
        );
        if settings_due {
            self.cluster.discover_groups().await;
        }
        self.note_acknowledged(&readings, now);
        let mut recording = Vec::new();
        let mut scrapes = Vec::new();
        let mut take =
            |target: Target, took: Option<Duration>, samples: Option<Vec<(Labels, f64)>>| {
                let pairs = [("job", target.job.as_str()), ("node", target.node.as_str())];
                recording.push((Labels::of("up", pairs), f64::from(u8::from(samples.is_some()))));
                recording.extend(took.map(|took| {
                    (Labels::of("scrape_duration_seconds", pairs), took.as_secs_f64())
                }));
                scrapes.push(Scrape { at: now, target, samples });
            };
        for reading in readings {
            let wanted = |samples: Vec<(Labels, f64)>| {
                samples.into_iter().filter(|(l, _)| belongs(&reading.target.job, l)).collect()
            };
            take(reading.target.clone(), Some(reading.took), reading.samples.ok().map(wanted));
        }
        for (machine, samples) in self.containers.read() {
            take(Target { job: "container".to_owned(), node: machine }, None, samples);
        }
        let whole = |job: &str| Target { job: job.to_owned(), node: String::new() };
        let freshness = self.cluster.freshness(now);
        take(
            whole("cluster"),
            None,
            cluster.map(|samples| samples.into_iter().chain(freshness).collect()),
        );
        if let Some(settings) = settings {
            take(whole("settings"), None, settings);
        }
        scrapes.push(Scrape { at: now, target: whole("probe"), samples: Some(probes) });
        scrapes.push(Scrape { at: now, target: whole("scrape"), samples: Some(recording) });
        scrapes
    }
}

/// An exporter that is not ours tells more than is recorded: what the catalogue lists for its job
/// is kept.
fn belongs(job: &str, labels: &Labels) -> bool {
    job != "node" || catalogue::find(labels.name()).is_some_and(|metric| metric.job == job)
}
