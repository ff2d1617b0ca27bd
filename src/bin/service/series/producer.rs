//! What a producer's clients count.

use std::time::Instant;

use crate::{
    exposition::{
        Exposition,
        Kind::{Counter, Gauge},
    },
    service::Service,
};

pub(super) fn series(service: &Service, page: &mut Exposition) {
    by_partition(service, page);
    queue(service, page);
    // As Java's producer names it (`record-size-avg`). All records of one service have one size.
    let size = f64::from(service.behaviour.record_bytes);
    page.family(
        Gauge,
        "kafka_producer_record_size_avg",
        "Mean size of a record's value.",
        [],
        [([], size)],
    );
    outcomes(service, page);
    latency(service, page);
}

fn by_partition(service: &Service, page: &mut Exposition) {
    let (mut acknowledged, mut highest) = (Vec::new(), Vec::new());
    for (topic, partition, noted) in service.figures.ledger().partitions() {
        let labels = [topic.to_owned(), partition.to_string()];
        highest.extend(noted.highest().map(|offset| (labels.clone(), offset as f64)));
        acknowledged.push((labels, noted.records as f64));
    }
    let labels = ["topic", "partition"];
    page.family(
        Counter,
        "kafka_producer_record_send_total",
        "Records acknowledged.",
        labels,
        acknowledged,
    );
    page.family(
        Gauge,
        "kafka_producer_last_acked_offset",
        "Highest offset acknowledged.",
        labels,
        highest,
    );
}

/// Not there while any client has not told lately.
fn queue(service: &Service, page: &mut Exposition) {
    let now = Instant::now();
    let queued: Option<u64> =
        service.figures.clients().map(|client| client.library.queued(now)).sum();
    let queued = queued.map(|queued| ([], queued as f64));
    page.family(
        Gauge,
        "kafka_producer_queue_records",
        "Records waiting in the client.",
        [],
        queued,
    );
}

/// What became of records that failed, and of transactions.
fn outcomes(service: &Service, page: &mut Exposition) {
    let produced = service.figures.produced();
    let failed = produced
        .failed
        .iter()
        .map(|((topic, error), n)| ([topic.clone(), error.clone()], *n as f64));
    page.family(
        Counter,
        "kafka_producer_record_error_total",
        "Records that failed for good.",
        ["topic", "error"],
        failed,
    );
    let ended =
        produced.transactions.iter().map(|(outcome, n)| ([(*outcome).to_owned()], *n as f64));
    page.family(
        Counter,
        "kafka_producer_transactions_total",
        "Transactions ended.",
        ["outcome"],
        ended,
    );
}

fn latency(service: &Service, page: &mut Exposition) {
    let mut produced = service.figures.produced();
    let count = produced.acknowledged as f64;
    page.family(
        Counter,
        "kafka_producer_ack_latency_seconds_count",
        "Acknowledgements measured.",
        [],
        [([], count)],
    );
    let sum = produced.latency.as_secs_f64();
    let help = "Summed time from handing a record over to its acknowledgement.";
    page.family(Counter, "kafka_producer_ack_latency_seconds_sum", help, [], [([], sum)]);
    let second = service.figures.started.elapsed().unwrap_or_default().as_secs();
    let slowest = produced.slowest.of_last_second(second);
    page.family(
        Gauge,
        "kafka_producer_ack_latency_seconds_max",
        "Slowest acknowledgement of the last second.",
        [],
        slowest.map(|slowest| ([], slowest.as_secs_f64())),
    );
}
