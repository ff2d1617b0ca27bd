//! Processes orders as a member of a group.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rdkafka::{
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::{BorrowedMessage, Message},
};

use crate::{
    activity::Doing,
    figures::Partition,
    membership::Membership,
    order,
    service::{Failure, Service},
    settings::{Consumption, OnUndecodable},
};

/// The longest wait for records, so that a request to stop is seen soon.
const LOOK: Duration = Duration::from_millis(200);

/// Seconds. Sleeps shorter than this are saved up: the scheduler cannot keep them.
const SHORTEST_SLEEP: f64 = 0.001;

/// Seconds. So much of sleeping too long is made up for by sleeping less for the records after it.
const MADE_UP: f64 = 0.05;

/// Runs one member until the service is asked to stop.
pub fn run(service: &Arc<Service>, consumption: &Consumption, member: u32) -> Result<(), Failure> {
    let membership = Membership::of(service, consumption, member);
    let consumer: BaseConsumer<Membership> = service
        .settings
        .client_config(&service.name, member)
        .create_with_context(membership)
        .map_err(Failure::Create)?;
    let topics: Vec<&str> = service.settings.topics.iter().map(String::as_str).collect();
    consumer.subscribe(&topics).map_err(Failure::Subscribe)?;
    let processing = Duration::from_micros(service.behaviour.processing_us.into()).as_secs_f64();
    service.figures.client(member).activity.open_client();
    let ended = Work { service, consumption, consumer: &consumer, member, processing, owed: 0.0 }
        .until_stopped();
    if ended.is_err() {
        // A process that fails takes no leave of its group: the coordinator has to miss its
        // members.
        std::mem::forget(consumer);
    }
    ended
}

struct Work<'a> {
    service: &'a Arc<Service>,
    consumption: &'a Consumption,
    consumer: &'a BaseConsumer<Membership>,
    member: u32,
    /// Seconds a record takes.
    processing: f64,
    /// Seconds of processing not yet slept.
    owed: f64,
}

impl<'a> Work<'a> {
    fn until_stopped(mut self) -> Result<(), Failure> {
        let (mut uncommitted, mut committed) = (0, Instant::now());
        while !self.service.stop.requested() {
            let batch = self.poll()?;
            uncommitted += self.process(&batch)?;
            if uncommitted >= self.consumption.commit_records
                || committed.elapsed() >= self.consumption.commit_interval
            {
                self.turn_to(Doing::Committing);
                self.membership().commit(self.consumer);
                (uncommitted, committed) = (0, Instant::now());
            }
        }
        self.membership().commit(self.consumer);
        Ok(())
    }

    /// Waits for a record and takes what else is there, up to `poll.records`.
    fn poll(&self) -> Result<Vec<BorrowedMessage<'a>>, Failure> {
        self.turn_to(Doing::Polling);
        let mut batch: Vec<BorrowedMessage<'a>> = Vec::new();
        let mut wait = LOOK;
        while batch.len() < self.consumption.poll_records {
            let polled = self.consumer.poll(wait);
            let revoked = self.membership().take_revoked();
            if !revoked.is_empty() {
                batch.retain(|record| !revoked.contains(&partition(record)));
            }
            match polled {
                Some(Ok(record)) => batch.push(record),
                Some(Err(error @ KafkaError::MessageConsumptionFatal(_))) => {
                    return Err(Failure::Fatal(error));
                }
                // The client's context has logged it, and the client recovers by itself.
                Some(Err(_)) => {}
                None => break,
            }
            wait = Duration::ZERO;
        }
        self.service.figures.client(self.member).consumed.polled = Some(Instant::now());
        Ok(batch)
    }

    /// Processes records one after the other; returns how many before the service was asked to
    /// stop.
    fn process(&mut self, batch: &[BorrowedMessage<'_>]) -> Result<u64, Failure> {
        let mut done = 0;
        for (record, number) in batch.iter().zip(1..) {
            if self.service.stop.requested() {
                break;
            }
            let (partition, offset) = (partition(record), record.offset());
            self.turn_to(Doing::Processing { partition, offset, number, of: batch.len() });
            let began = Instant::now();
            if let Err(source) = order::decode(record.payload()) {
                self.undecodable(record, source)?;
            } else {
                let owed = self.owed + self.processing;
                if owed >= SHORTEST_SLEEP
                    && self.service.stop.wait_until(began + Duration::from_secs_f64(owed))
                {
                    break;
                }
                let took = began.elapsed();
                self.owed = (owed - took.as_secs_f64()).max(-MADE_UP);
                self.count(record, took);
            }
            self.membership().processed(crate::consumer::partition(record), record.offset());
            done += 1;
        }
        Ok(done)
    }

    fn count(&self, record: &BorrowedMessage<'_>, took: Duration) {
        self.service.figures.ledger().note(record.topic(), record.partition(), record.offset());
        let consumed = &mut self.service.figures.client(self.member).consumed;
        *consumed.records.entry(partition(record)).or_default() += 1;
        consumed.processing += took;
        consumed.behind_ms = record
            .timestamp()
            .to_millis()
            .map(|created| Timestamp::now().as_millisecond() - created);
    }

    fn undecodable(
        &self,
        record: &BorrowedMessage<'_>,
        source: order::DecodeError,
    ) -> Result<(), Failure> {
        let (topic, bytes) = (record.topic().to_owned(), record.payload_len());
        let failure = Failure::Undecodable {
            topic,
            partition: record.partition(),
            offset: record.offset(),
            bytes,
            source,
        };
        if self.consumption.on_undecodable == OnUndecodable::Exit {
            return Err(failure);
        }
        self.service.log.error(format_args!("{failure}, skipped"));
        *self
            .service
            .figures
            .client(self.member)
            .consumed
            .skipped
            .entry(partition(record))
            .or_default() += 1;
        Ok(())
    }

    fn turn_to(&self, doing: Doing) {
        self.service.figures.client(self.member).activity.turn_to(doing);
    }

    fn membership(&self) -> &Membership {
        self.consumer.context()
    }
}

fn partition(record: &BorrowedMessage<'_>) -> Partition {
    (record.topic().to_owned(), record.partition())
}
