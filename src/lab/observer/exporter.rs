//! An exporter: a machine's port that shows its figures over HTTP.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use super::freshness::Freshness;
use super::http::Scraper;
use super::senses::{Pace, Samples, Sense, Source};
use crate::domain::scenario::gaps::ScrapeGaps;
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::series::{Labels, UnixMs};

/// Scrapes one exporter.
#[derive(Debug)]
pub struct Exporter {
    scraper: Scraper,
    source: Source,
    address: SocketAddr,
    /// Labels every sample gets.
    labels: Vec<(String, String)>,
    /// Where it is noted what producers had acknowledged, when the exporter tells it.
    freshness: Option<Rc<RefCell<Freshness>>>,
    /// When it is not read.
    gaps: Option<ScrapeGaps>,
}

impl Exporter {
    /// The exporter of this job on this machine. Its samples get the labels `node` and `instance`.
    pub fn new(scraper: Scraper, job: &str, node: &str, address: SocketAddr) -> Self {
        let source = Source::scraped(job, node);
        let instance = source.instance.clone().map(|instance| ("instance".to_owned(), instance));
        let labels = [("node".to_owned(), node.to_owned())].into_iter().chain(instance).collect();
        Self { scraper, address, labels, source, freshness: None, gaps: None }
    }

    /// Gives all samples one more label.
    pub fn labelled(mut self, key: &str, value: String) -> Self {
        self.labels.push((key.to_owned(), value));
        self
    }

    /// Notes there what producers had acknowledged.
    pub fn noting(mut self, freshness: Rc<RefCell<Freshness>>) -> Self {
        self.freshness = Some(freshness);
        self
    }

    /// Leaves out scrapes of it, as if it had not answered.
    pub fn missing(mut self, gaps: Option<ScrapeGaps>) -> Self {
        self.gaps = gaps;
        self
    }

    fn is_missing(&self, at: UnixMs) -> bool {
        let Source { target, .. } = &self.source;
        self.gaps.as_ref().is_some_and(|gaps| gaps.misses(&target.job, &target.node, at))
    }

    fn labelled_all(&self, samples: Samples) -> Samples {
        let wanted = samples.into_iter().filter(|(l, _)| belongs(&self.source.target.job, l));
        let label = |(mut labels, value): (Labels, f64)| {
            // A label the exporter gave itself stands, as with Prometheus' honor_labels.
            for (key, value) in &self.labels {
                labels.0.entry(key.clone()).or_insert_with(|| value.clone());
            }
            (labels, value)
        };
        wanted.map(label).collect()
    }

    fn note_acknowledged(&self, samples: &Samples, now: UnixMs) {
        let Some(freshness) = &self.freshness else { return };
        for (labels, value) in samples {
            if labels.name() != "kafka_producer_last_acked_offset" {
                continue;
            }
            if let Ok(partition) = labels.get("partition").parse() {
                let partition = (labels.get("topic").to_owned(), partition);
                freshness.borrow_mut().acknowledged(&partition, *value as i64, now);
            }
        }
    }
}

impl Sense for Exporter {
    fn sources(&self) -> Vec<Source> {
        vec![self.source.clone()]
    }

    async fn read(&mut self, now: UnixMs) -> Vec<Option<Samples>> {
        if self.is_missing(now) {
            return vec![None];
        }
        match self.scraper.scrape(self.address, Pace::SECOND.within).await {
            Ok(samples) => {
                self.note_acknowledged(&samples, now);
                vec![Some(self.labelled_all(samples))]
            }
            Err(error) => {
                tracing::debug!(source = ?self.source, %error, "a scrape failed");
                vec![None]
            }
        }
    }
}

/// An exporter that is not ours tells more than is recorded: what the catalogue lists for its job
/// is kept.
fn belongs(job: &str, labels: &Labels) -> bool {
    job != "node" || catalogue::find(labels.name()).is_some_and(|metric| metric.job == job)
}
