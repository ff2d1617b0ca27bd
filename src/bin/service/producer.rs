//! Places orders at a steady rate.

use std::{
    process,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rdkafka::{
    error::KafkaError,
    producer::{BaseRecord, Producer},
    types::RDKafkaErrorCode,
};

use crate::{
    activity::Doing,
    deliveries::{Deliveries, OrderProducer},
    keys,
    log::Level,
    order::{self, OrderWriter},
    pace::Pace,
    service::{Failure, Service},
    short_lived,
    transactions::Transactions,
};

/// How long a record waits for room in a full local queue before it is given up; `max.block.ms` of
/// Java's producer.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(60);

/// How long the last records may take to be acknowledged when the service stops.
const FLUSH: Duration = Duration::from_secs(5);

/// Runs one client until the service is asked to stop.
pub fn run(service: &Arc<Service>, member: u32) -> Result<(), Failure> {
    if let Some(records) = service.behaviour.records_per_client {
        let mut orders = orders(service, seed());
        return short_lived::run(service, records.into(), member, &mut orders);
    }
    let deliveries = Deliveries::of(service, member);
    let producer: OrderProducer = service
        .settings
        .client_config(&service.name, member)
        .create_with_context(deliveries)
        .map_err(Failure::Create)?;
    let turn_to = |doing| service.figures.client(member).activity.turn_to(doing);
    service.figures.client(member).activity.open_client();
    let mut transactions = match service.settings.library.contains_key("transactional.id") {
        true => match Transactions::open(service, &producer, member)? {
            Some(transactions) => Some(transactions),
            None => return Ok(()),
        },
        false => None,
    };
    let mut placing = Placing::new(service, &producer);
    let mut pace = Pace::new(rate(service), Instant::now());
    while !service.stop.requested() {
        turn_to(Doing::Sending);
        for _ in 0..pace.take(Instant::now()) {
            if let Some(transactions) = &mut transactions {
                transactions.before_record()?;
            }
            let placed = placing.place()?;
            if let Some(transactions) = &mut transactions {
                // A transaction that takes no more records has failed, and committing it tells how.
                if placed { transactions.commit_if_due()? } else { transactions.commit()? }
            }
        }
        if let Some(transactions) = &mut transactions {
            transactions.commit_if_due()?;
        }
        turn_to(Doing::Idle);
        service.stop.wait_until(pace.next(Instant::now()));
    }
    if let Some(mut transactions) = transactions {
        transactions.commit()?;
    }
    if producer.flush(FLUSH).is_err() {
        let left = producer.in_flight_count();
        service
            .log
            .warn(format_args!("records not acknowledged in time, giving them up records={left}"));
    }
    Ok(())
}

/// Records a second of one member.
pub fn rate(service: &Service) -> f64 {
    f64::from(service.behaviour.rate.max(1)) / f64::from(service.settings.members)
}

fn orders(service: &Service, seed: u64) -> OrderWriter {
    let size = (service.behaviour.record_bytes as usize).max(order::SMALLEST);
    OrderWriter::new(format!("{seed:016x}"), size)
}

/// What differs from one start to the next, and from one member to another.
fn seed() -> u64 {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
    nanos ^ (u64::from(process::id()) << 32)
}

/// Makes records and hands them to the client.
struct Placing<'a> {
    service: &'a Service,
    producer: &'a OrderProducer,
    orders: OrderWriter,
    chance: ChaCha8Rng,
    turn: usize,
}

impl<'a> Placing<'a> {
    fn new(service: &'a Service, producer: &'a OrderProducer) -> Self {
        let seed = seed();
        Self {
            service,
            producer,
            orders: orders(service, seed),
            chance: ChaCha8Rng::seed_from_u64(seed),
            turn: 0,
        }
    }

    /// Hands over one record; waits while the client's queue is full. Returns whether the client
    /// took it.
    fn place(&mut self) -> Result<bool, Failure> {
        let topics = &self.service.settings.topics;
        let topic = &topics[self.turn % topics.len()];
        self.turn += 1;
        let frequent = self.service.behaviour.frequent_key.as_ref();
        let key = keys::draw(frequent, &mut self.chance);
        let value = self.orders.next(&key, Timestamp::now());
        let context = self.producer.client().context();
        let mut record = BaseRecord::<str, [u8], usize>::with_opaque_to(topic, context.micros())
            .payload(value)
            .key(key.as_str());
        let until = Instant::now() + WAIT_FOR_ROOM;
        loop {
            match self.producer.send(record) {
                Ok(()) => {
                    self.service.figures.produced().accepted += 1;
                    return Ok(true);
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                    if Instant::now() < until && !self.service.stop.requested() =>
                {
                    self.service
                        .log
                        .sparsely(Level::Warn, "local queue is full, waiting for room".to_owned());
                    self.service.stop.wait_until(Instant::now() + Duration::from_millis(20));
                    record = back;
                }
                Err((error, _)) => {
                    context.give_up(topic, &error);
                    let fatal = error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal);
                    return if fatal { Err(Failure::Fatal(error)) } else { Ok(false) };
                }
            }
        }
    }
}
