use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::statistics::{Broker, Partition, Statistics, Topic, Window};

use super::*;
use crate::{release::Behaviour, settings};

const PRODUCER: &str =
    "service.role=producer\nservice.version=2.3.0\ntopic=orders\nbootstrap.servers=a:1\n";
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
    let partition =
        |n| (n, Partition { partition: n, fetchq_cnt: 40 + i64::from(n), ..Partition::default() });
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
    let service = Service::new(
        "orders-service".into(),
        settings::read(PRODUCER).unwrap(),
        Behaviour::default(),
    );
    service.figures.ledger().note("orders", 0, 7);
    service.figures.ledger().note("orders", 0, 8);
    let mut produced = service.figures.produced();
    produced.fail("orders", "NOT_ENOUGH_REPLICAS".into());
    produced.transactions.insert("committed", 3);
    produced.acknowledge(Duration::from_millis(500), service.figures.started.elapsed().unwrap());
    drop(produced);
    service.figures.client(1).library.absorb(&statistics(), Instant::now());
    service
}

fn busy_consumer() -> Service {
    let service =
        Service::new("billing".into(), settings::read(CONSUMER).unwrap(), Behaviour::default());
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
    # TYPE process_open_fds gauge
    # TYPE process_max_fds gauge
    # TYPE process_virtual_memory_bytes gauge
    # TYPE process_resident_memory_bytes gauge
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
    # TYPE process_open_fds gauge
    # TYPE process_max_fds gauge
    # TYPE process_virtual_memory_bytes gauge
    # TYPE process_resident_memory_bytes gauge
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

/// Name, kind and labels of every family a page has; the scraper adds `node` and `instance`.
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
            .chain(["node".to_owned(), "instance".to_owned()])
            .collect();
        families.insert(name.to_owned(), (kinds[name].to_owned(), labels));
    }
    families
}

/// The table of job `service` in the documentation.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let text = include_str!("../../../../docs/metrics.md");
    let section = text.split("\n## ").find(|section| section.starts_with("job `service`")).unwrap();
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
