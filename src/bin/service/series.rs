//! The series of `/metrics`: which of the service's figures they show, and under which names.

use std::time::{Duration, Instant, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::{
    exposition::{
        Exposition,
        Kind::{Counter, Gauge},
    },
    figures::Partition,
    service::Service,
    settings::Role,
};

/// The whole page.
pub fn page(service: &Service) -> String {
    let mut page = Exposition::of(&service.name);
    process(service, &mut page);
    match service.settings.role {
        Role::Producer(_) => producer(service, &mut page),
        Role::Consumer(_) => consumer(service, &mut page),
    }
    connections(service, &mut page);
    page.finish()
}

fn process(service: &Service, page: &mut Exposition) {
    let version = [service.settings.version.clone(), service.settings.role.name().to_owned()];
    page.family(
        Gauge,
        "service_info",
        "The running version.",
        ["version", "role"],
        [(version, 1.0)],
    );
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let cpu = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
    page.family(Counter, "process_cpu_seconds_total", "CPU time of the process.", [], [([], cpu)]);
    let started =
        service.figures.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    page.family(
        Gauge,
        "process_start_time_seconds",
        "When the process started, Unix time.",
        [],
        [([], started)],
    );
}

fn producer(service: &Service, page: &mut Exposition) {
    let (mut acknowledged, mut highest) = (Vec::new(), Vec::new());
    for (topic, partition, noted) in service.figures.ledger().partitions() {
        let labels = [topic.to_owned(), partition.to_string()];
        highest.extend(noted.highest().map(|offset| (labels.clone(), offset as f64)));
        acknowledged.push((labels, noted.records as f64));
    }
    let by_partition = ["topic", "partition"];
    page.family(
        Counter,
        "kafka_producer_record_send_total",
        "Records acknowledged.",
        by_partition,
        acknowledged,
    );
    page.family(
        Gauge,
        "kafka_producer_last_acked_offset",
        "Highest offset acknowledged.",
        by_partition,
        highest,
    );

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
    // As Java's producer names it (`record-size-avg`). All records of one service have one size.
    let size = match &service.settings.role {
        Role::Producer(production) => Some(([], production.record_size as f64)),
        Role::Consumer(_) => None,
    };
    page.family(
        Gauge,
        "kafka_producer_record_size_avg",
        "Mean size of a record's value.",
        [],
        size,
    );

    let mut produced = service.figures.produced();
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
    let slowest =
        produced.slowest.of_last_second(second).map(|slowest| ([], slowest.as_secs_f64()));
    page.family(
        Gauge,
        "kafka_producer_ack_latency_seconds_max",
        "Slowest acknowledgement of the last second.",
        [],
        slowest,
    );
}

/// What the members of a group count, one family after the other.
#[derive(Default)]
struct Members {
    records: Vec<([String; 3], f64)>,
    skipped: Vec<([String; 3], f64)>,
    counts: Vec<([String; 1], f64)>,
    sums: Vec<([String; 1], f64)>,
    commits: Vec<([String; 2], f64)>,
    rebalances: Vec<([String; 1], f64)>,
    assigned: Vec<([String; 1], f64)>,
    fetched: Vec<([String; 1], f64)>,
    polled: Vec<([String; 1], f64)>,
}

fn consumer(service: &Service, page: &mut Exposition) {
    let now = Instant::now();
    let mut all = Members::default();
    for client in service.figures.clients() {
        let id = [client.id.clone()];
        let of = |(topic, partition): &Partition| {
            [client.id.clone(), topic.clone(), partition.to_string()]
        };
        let consumed = &client.consumed;
        all.records
            .extend(consumed.records.iter().map(|(partition, n)| (of(partition), *n as f64)));
        all.skipped
            .extend(consumed.skipped.iter().map(|(partition, n)| (of(partition), *n as f64)));
        all.counts.push((id.clone(), consumed.total() as f64));
        all.sums.push((id.clone(), consumed.processing.as_secs_f64()));
        for outcome in ["ok", "error"] {
            let n = consumed.commits.get(outcome).copied().unwrap_or_default();
            all.commits.push(([client.id.clone(), outcome.to_owned()], n as f64));
        }
        all.rebalances.push((id.clone(), consumed.rebalances as f64));
        all.assigned.push((id.clone(), consumed.assigned.len() as f64));
        all.fetched.extend(
            client.library.fetched(&consumed.assigned, now).map(|n| (id.clone(), n as f64)),
        );
        let ago = consumed.polled.map(|at| now.saturating_duration_since(at));
        all.polled
            .extend(ago.as_ref().map(Duration::as_secs_f64).map(|seconds| (id.clone(), seconds)));
    }
    let (member, partition) = (["client_id"], ["client_id", "topic", "partition"]);
    page.family(
        Counter,
        "kafka_consumer_records_consumed_total",
        "Records processed.",
        partition,
        all.records,
    );
    page.family(
        Counter,
        "kafka_consumer_records_skipped_total",
        "Records that could not be decoded.",
        partition,
        all.skipped,
    );
    page.family(
        Counter,
        "kafka_consumer_processing_seconds_count",
        "Records processed.",
        member,
        all.counts,
    );
    page.family(
        Counter,
        "kafka_consumer_processing_seconds_sum",
        "Summed processing time.",
        member,
        all.sums,
    );
    page.family(
        Counter,
        "kafka_consumer_commits_total",
        "Offset commits.",
        ["client_id", "outcome"],
        all.commits,
    );
    page.family(
        Counter,
        "kafka_consumer_rebalances_total",
        "Assignments received.",
        member,
        all.rebalances,
    );
    page.family(
        Gauge,
        "kafka_consumer_assigned_partitions",
        "Partitions assigned.",
        member,
        all.assigned,
    );
    page.family(
        Gauge,
        "kafka_consumer_fetch_queue_records",
        "Records fetched and not yet processed.",
        member,
        all.fetched,
    );
    page.family(
        Gauge,
        "kafka_consumer_last_poll_seconds_ago",
        "Time since the member last asked for records.",
        member,
        all.polled,
    );
}

/// librdkafka's connections.
fn connections(service: &Service, page: &mut Exposition) {
    let mut columns: [Vec<([String; 2], f64)>; 5] = Default::default();
    for client in service.figures.clients() {
        for (name, broker) in &client.library.brokers {
            let (round_trips, throttled) = (broker.round_trips, broker.throttled);
            let values =
                [round_trips.0, round_trips.1, throttled.0, throttled.1, broker.timeouts as f64];
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(([client.id.clone(), name.clone()], value));
            }
        }
    }
    let families = [
        ("rdkafka_broker_rtt_seconds_count", "Responses received."),
        ("rdkafka_broker_rtt_seconds_sum", "Summed request round trips."),
        ("rdkafka_broker_throttle_seconds_count", "Throttled responses received."),
        ("rdkafka_broker_throttle_seconds_sum", "Summed throttle time the broker imposed."),
        ("rdkafka_broker_request_timeouts_total", "Requests that timed out."),
    ];
    for ((name, help), column) in families.into_iter().zip(columns) {
        page.family(Counter, name, help, ["client_id", "broker"], column);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use rdkafka::statistics::{Broker, Partition, Statistics, Topic, Window};

    use super::*;
    use crate::settings;

    const PRODUCER: &str = "service.role=producer\nservice.version=2.3.0\ntopic=orders\nbootstrap.servers=a:1\nrate=1\n";
    const CONSUMER: &str = "service.role=consumer\nservice.version=2.3.0\ntopic=orders\nbootstrap.servers=a:1\ngroup.id=billing\nmembers=2\n";

    fn statistics() -> Statistics {
        let window = Some(Window { cnt: 2, sum: 3000, ..Window::default() });
        let broker = Broker {
            nodeid: 1,
            rtt: window.clone(),
            throttle: window,
            req_timeouts: 1,
            ..Broker::default()
        };
        let partition = |n| {
            (n, Partition { partition: n, fetchq_cnt: 40 + i64::from(n), ..Partition::default() })
        };
        let partitions = [partition(-1), partition(0), partition(1)].into();
        let topic = Topic { topic: "orders".into(), partitions, ..Topic::default() };
        let (brokers, topics) =
            ([("a".to_owned(), broker)].into(), [("orders".to_owned(), topic)].into());
        Statistics { msg_cnt: 9, brokers, topics, ..Statistics::default() }
    }

    /// The page without the values that differ from run to run.
    fn steady(page: &str) -> String {
        let varies = |line: &&str| {
            !line.starts_with("process_")
                && !line.contains("last_poll_seconds_ago{")
                && !line.starts_with("# HELP")
        };
        page.lines().filter(varies).map(|line| format!("{line}\n")).collect()
    }

    fn busy_producer() -> Service {
        let service = Service::new("orders-service".into(), settings::read(PRODUCER).unwrap());
        service.figures.ledger().note("orders", 0, 7);
        service.figures.ledger().note("orders", 0, 8);
        let mut produced = service.figures.produced();
        produced.fail("orders", "NOT_ENOUGH_REPLICAS".into());
        produced.transactions.insert("committed", 3);
        produced
            .acknowledge(Duration::from_millis(500), service.figures.started.elapsed().unwrap());
        drop(produced);
        service.figures.client(1).library.absorb(&statistics(), Instant::now());
        service
    }

    fn busy_consumer() -> Service {
        let service = Service::new("billing".into(), settings::read(CONSUMER).unwrap());
        let mut client = service.figures.client(1);
        client.library.absorb(&statistics(), Instant::now());
        let consumed = &mut client.consumed;
        consumed.records = BTreeMap::from([(("orders".into(), 0), 5), (("orders".into(), 1), 2)]);
        consumed.skipped.insert(("orders".into(), 1), 1);
        consumed.processing = Duration::from_millis(250);
        consumed.commits.insert("ok", 4);
        consumed.rebalances = 2;
        consumed.assigned = BTreeSet::from([("orders".into(), 1)]);
        consumed.polled = Some(Instant::now());
        drop(client);
        service
    }

    #[test]
    fn a_producer() {
        insta::assert_snapshot!(steady(&page(&busy_producer())), @r#"
        # TYPE service_info gauge
        service_info{service="orders-service",version="2.3.0",role="producer"} 1
        # TYPE process_cpu_seconds_total counter
        # TYPE process_start_time_seconds gauge
        # TYPE kafka_producer_record_send_total counter
        kafka_producer_record_send_total{service="orders-service",topic="orders",partition="0"} 2
        # TYPE kafka_producer_last_acked_offset gauge
        kafka_producer_last_acked_offset{service="orders-service",topic="orders",partition="0"} 8
        # TYPE kafka_producer_queue_records gauge
        kafka_producer_queue_records{service="orders-service"} 9
        # TYPE kafka_producer_record_size_avg gauge
        kafka_producer_record_size_avg{service="orders-service"} 1000
        # TYPE kafka_producer_record_error_total counter
        kafka_producer_record_error_total{service="orders-service",topic="orders",error="NOT_ENOUGH_REPLICAS"} 1
        # TYPE kafka_producer_transactions_total counter
        kafka_producer_transactions_total{service="orders-service",outcome="committed"} 3
        # TYPE kafka_producer_ack_latency_seconds_count counter
        kafka_producer_ack_latency_seconds_count{service="orders-service"} 1
        # TYPE kafka_producer_ack_latency_seconds_sum counter
        kafka_producer_ack_latency_seconds_sum{service="orders-service"} 0.5
        # TYPE kafka_producer_ack_latency_seconds_max gauge
        kafka_producer_ack_latency_seconds_max{service="orders-service"} 0.5
        # TYPE rdkafka_broker_rtt_seconds_count counter
        rdkafka_broker_rtt_seconds_count{service="orders-service",client_id="orders-service",broker="1"} 2
        # TYPE rdkafka_broker_rtt_seconds_sum counter
        rdkafka_broker_rtt_seconds_sum{service="orders-service",client_id="orders-service",broker="1"} 0.003
        # TYPE rdkafka_broker_throttle_seconds_count counter
        rdkafka_broker_throttle_seconds_count{service="orders-service",client_id="orders-service",broker="1"} 2
        # TYPE rdkafka_broker_throttle_seconds_sum counter
        rdkafka_broker_throttle_seconds_sum{service="orders-service",client_id="orders-service",broker="1"} 3
        # TYPE rdkafka_broker_request_timeouts_total counter
        rdkafka_broker_request_timeouts_total{service="orders-service",client_id="orders-service",broker="1"} 1
        "#);
    }

    #[test]
    fn a_consumer() {
        insta::assert_snapshot!(steady(&page(&busy_consumer())), @r#"
        # TYPE service_info gauge
        service_info{service="billing",version="2.3.0",role="consumer"} 1
        # TYPE process_cpu_seconds_total counter
        # TYPE process_start_time_seconds gauge
        # TYPE kafka_consumer_records_consumed_total counter
        kafka_consumer_records_consumed_total{service="billing",client_id="billing-1",topic="orders",partition="0"} 5
        kafka_consumer_records_consumed_total{service="billing",client_id="billing-1",topic="orders",partition="1"} 2
        # TYPE kafka_consumer_records_skipped_total counter
        kafka_consumer_records_skipped_total{service="billing",client_id="billing-1",topic="orders",partition="1"} 1
        # TYPE kafka_consumer_processing_seconds_count counter
        kafka_consumer_processing_seconds_count{service="billing",client_id="billing-1"} 7
        kafka_consumer_processing_seconds_count{service="billing",client_id="billing-2"} 0
        # TYPE kafka_consumer_processing_seconds_sum counter
        kafka_consumer_processing_seconds_sum{service="billing",client_id="billing-1"} 0.25
        kafka_consumer_processing_seconds_sum{service="billing",client_id="billing-2"} 0
        # TYPE kafka_consumer_commits_total counter
        kafka_consumer_commits_total{service="billing",client_id="billing-1",outcome="ok"} 4
        kafka_consumer_commits_total{service="billing",client_id="billing-1",outcome="error"} 0
        kafka_consumer_commits_total{service="billing",client_id="billing-2",outcome="ok"} 0
        kafka_consumer_commits_total{service="billing",client_id="billing-2",outcome="error"} 0
        # TYPE kafka_consumer_rebalances_total counter
        kafka_consumer_rebalances_total{service="billing",client_id="billing-1"} 2
        kafka_consumer_rebalances_total{service="billing",client_id="billing-2"} 0
        # TYPE kafka_consumer_assigned_partitions gauge
        kafka_consumer_assigned_partitions{service="billing",client_id="billing-1"} 1
        kafka_consumer_assigned_partitions{service="billing",client_id="billing-2"} 0
        # TYPE kafka_consumer_fetch_queue_records gauge
        kafka_consumer_fetch_queue_records{service="billing",client_id="billing-1"} 41
        # TYPE kafka_consumer_last_poll_seconds_ago gauge
        # TYPE rdkafka_broker_rtt_seconds_count counter
        rdkafka_broker_rtt_seconds_count{service="billing",client_id="billing-1",broker="1"} 2
        # TYPE rdkafka_broker_rtt_seconds_sum counter
        rdkafka_broker_rtt_seconds_sum{service="billing",client_id="billing-1",broker="1"} 0.003
        # TYPE rdkafka_broker_throttle_seconds_count counter
        rdkafka_broker_throttle_seconds_count{service="billing",client_id="billing-1",broker="1"} 2
        # TYPE rdkafka_broker_throttle_seconds_sum counter
        rdkafka_broker_throttle_seconds_sum{service="billing",client_id="billing-1",broker="1"} 3
        # TYPE rdkafka_broker_request_timeouts_total counter
        rdkafka_broker_request_timeouts_total{service="billing",client_id="billing-1",broker="1"} 1
        "#);
    }

    /// Name, kind and labels of every family a page has; the scraper adds `node`.
    fn families(page: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
        let kinds: BTreeMap<&str, &str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .filter_map(|line| line.split_once(' '))
            .collect();
        let mut families = BTreeMap::new();
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let (name, rest) = line.split_once('{').unwrap();
            let labels = rest
                .split("\",")
                .map(|pair| pair.split_once('=').unwrap().0.to_owned())
                .chain(["node".to_owned()])
                .collect();
            families.insert(name.to_owned(), (kinds[name].to_owned(), labels));
        }
        families
    }

    /// The table of job `service` in the documentation.
    fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
        let text = include_str!("../../../docs/metrics.md");
        let section =
            text.split("\n## ").find(|section| section.starts_with("job `service`")).unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            (
                cells[0].trim_matches('`').to_owned(),
                (cells[3].to_owned(), cells[1].split(", ").map(str::to_owned).collect()),
            )
        })
        .collect()
    }

    #[test]
    fn every_series_is_documented_and_every_documented_series_is_there() {
        let mut emitted = families(&page(&busy_producer()));
        emitted.extend(families(&page(&busy_consumer())));
        // Documented with the brokers' own, job `kafka`.
        emitted.retain(|name, _| !name.starts_with("process_"));
        assert_eq!(emitted, documented());
    }
}
