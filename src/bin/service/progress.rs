//! The line, or one line a member, that tells every few seconds how the work goes.

use std::time::{Duration, Instant};

use crate::{service::Service, settings::Role};

/// How often.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// Remembers what was counted when it last reported.
pub struct Progress {
    at: Instant,
    produced: Sent,
    members: Vec<Done>,
}

#[derive(Default, Clone, Copy)]
struct Sent {
    accepted: u64,
    acknowledged: u64,
    failed: u64,
    latency: Duration,
}

#[derive(Default, Clone, Copy)]
struct Done {
    records: u64,
    processing: Duration,
}

impl Progress {
    /// From now on.
    pub fn of(service: &Service) -> Self {
        Self {
            at: Instant::now(),
            produced: Sent::default(),
            members: vec![Done::default(); service.settings.members as usize],
        }
    }

    /// Logs what happened since the last time.
    pub fn report(&mut self, service: &Service) {
        let now = Instant::now();
        let seconds = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        match service.settings.role {
            Role::Producer => self.producer(service, seconds),
            Role::Consumer(_) => self.consumer(service, now, seconds),
        }
    }

    fn producer(&mut self, service: &Service, seconds: f64) {
        let produced = service.figures.produced();
        let sent = Sent {
            accepted: produced.accepted,
            acknowledged: produced.acknowledged,
            failed: produced.failed.values().sum(),
            latency: produced.latency,
        };
        drop(produced);
        let before = std::mem::replace(&mut self.produced, sent);
        let acknowledged = sent.acknowledged - before.acknowledged;
        let queued = sent.accepted.saturating_sub(sent.acknowledged + sent.failed);
        service.log.info(format_args!(
            "progress orders_per_s={:.1} acknowledged_per_s={:.1} failed={} waiting={queued} ack_avg_ms={:.1}",
            (sent.accepted - before.accepted) as f64 / seconds,
            acknowledged as f64 / seconds,
            sent.failed - before.failed,
            mean_ms(sent.latency - before.latency, acknowledged),
        ));
    }

    fn consumer(&mut self, service: &Service, now: Instant, seconds: f64) {
        for (before, client) in self.members.iter_mut().zip(service.figures.clients()) {
            let consumed = &client.consumed;
            let done = Done { records: consumed.total(), processing: consumed.processing };
            let Done { records, processing } = std::mem::replace(before, done);
            let (records, processing) = (done.records - records, done.processing - processing);
            let fetched = client.library.fetched(&consumed.assigned, now);
            service.log.info(format_args!(
                "progress member={} partitions={} orders_per_s={:.1} order_avg_ms={:.1} busy={:.2} fetched_ahead={} behind_ms={}",
                client.id,
                consumed.assigned.len(),
                records as f64 / seconds,
                mean_ms(processing, records),
                processing.as_secs_f64() / seconds,
                shown(fetched),
                shown(consumed.behind_ms.filter(|_| records > 0)),
            ));
        }
    }
}

/// Everything since the start, in few words.
pub fn totals(service: &Service) -> String {
    match service.settings.role {
        Role::Producer => {
            let produced = service.figures.produced();
            let failed: u64 = produced.failed.values().sum();
            format!(
                "orders={} acknowledged={} failed={failed}",
                produced.accepted, produced.acknowledged
            )
        }
        Role::Consumer(_) => format!(
            "orders={}",
            service.figures.clients().map(|client| client.consumed.total()).sum::<u64>()
        ),
    }
}

fn shown(number: Option<i64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn mean_ms(sum: Duration, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum.as_secs_f64() * 1000.0 / count as f64 }
}
