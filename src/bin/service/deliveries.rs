//! The client that producers use, and what becomes of the records handed to it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    error::KafkaError,
    message::{DeliveryResult, Message},
    producer::{ProducerContext, ThreadedProducer},
};

use crate::{
    client::{self, Reports, describe, report_to},
    log::Level,
    service::Service,
};

/// The client as this program uses it. It has a thread for its delivery reports: polling between
/// records would spin through the last millisecond of every wait.
pub type OrderProducer = ThreadedProducer<Deliveries>;

/// Takes the client's delivery reports. What goes with a record is the time it was handed over, see
/// [`Deliveries::micros`].
pub struct Deliveries {
    reports: Reports,
    start: Instant,
}

impl Deliveries {
    /// Those of one client, whose time begins now.
    pub fn of(service: &Arc<Service>, member: u32) -> Self {
        Self { reports: Reports::of(service, member), start: Instant::now() }
    }

    /// Microseconds since the client was made.
    pub fn micros(&self) -> usize {
        self.start.elapsed().as_micros() as usize
    }

    /// Counts and logs a record that will not be delivered.
    pub fn give_up(&self, topic: &str, error: &KafkaError) {
        let service = &self.reports.service;
        let code = error.rdkafka_error_code().map_or_else(|| "OTHER".to_owned(), client::name);
        service.figures.produced().fail(topic, code);
        service
            .log
            .sparsely(Level::Error, format!("order not placed topic={topic} {}", describe(error)));
    }
}

report_to!(Deliveries, reports);

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, handed_over: usize) {
        match result {
            Ok(record) => {
                let figures = &self.reports.service.figures;
                figures.ledger().note(record.topic(), record.partition(), record.offset());
                let latency = self.micros().saturating_sub(handed_over);
                let since_start = figures.started.elapsed().unwrap_or_default();
                figures.produced().acknowledge(Duration::from_micros(latency as u64), since_start);
            }
            Err((error, record)) => self.give_up(record.topic(), error),
        }
    }
}
