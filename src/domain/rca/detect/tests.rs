use super::*;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::{Machine, Role};
use crate::domain::rca::sample::{self, Sample};
use crate::domain::rca::vocab;
use crate::domain::telemetry::series::{Labels, Point, Series, stale};

const START: UnixMs = 1_795_348_800_000;

/// A series sampled every second from the first one on: runs of a value and for how many seconds it
/// holds; NaN ends the series.
fn series(name: &str, pairs: &[(&str, &str)], runs: &[(f64, usize)]) -> Series {
    let values = runs.iter().flat_map(|(value, seconds)| std::iter::repeat_n(*value, *seconds));
    let value = |v: f64| if v.is_nan() { stale() } else { v };
    let points = values
        .enumerate()
        .map(|(k, v)| Point { at: START + k as i64 * 1000, value: value(v) })
        .collect();
    Series { labels: Labels::of(name, pairs.iter().copied()), points }
}

/// A counter that grows by these amounts a second.
fn counter(name: &str, pairs: &[(&str, &str)], runs: &[(f64, usize)]) -> Series {
    let mut grown = series(name, pairs, runs);
    let mut sum = 0.0;
    for point in &mut grown.points {
        sum += point.value;
        point.value = sum;
    }
    grown
}

fn inventory() -> Inventory {
    let machine = |name: &str, role| Machine { name: name.into(), role };
    Inventory {
        machines: vec![
            machine("kafka-1", Role::Broker(1)),
            machine("kafka-2", Role::Broker(2)),
            machine("kafka-3", Role::Broker(3)),
            machine("controller", Role::Controller(100)),
            machine("orders-service", Role::Service { group: None }),
            machine("billing", Role::Service { group: Some("billing".into()) }),
        ],
        topics: [("orders".to_owned(), 6)].into(),
        ..Inventory::default()
    }
}

fn found_until(all: &Vec<Series>, second: i64) -> Vec<Detection> {
    let scope = Scope { span: Span { from: START, to: START + second * 1000 }, alert: None };
    detect(all, &scope, &inventory()).expect("memory can be read")
}

fn told(detections: &[Detection]) -> String {
    let line = |d: &Detection| {
        let to = if d.ongoing { "...".to_owned() } else { since_page(d.span.to, START) };
        let on: Vec<_> = d.on.iter().map(ToString::to_string).collect();
        let told = if d.told.is_empty() { String::new() } else { format!(": {}", d.told) };
        format!(
            "V{} {} to {to} {} on {}{told}",
            d.number,
            since_page(d.span.from, START),
            d.event,
            on.join(" ")
        )
    };
    detections.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn found(all: Vec<Series>) -> String {
    let last =
        all.iter().flat_map(|s| s.points.last()).map(|p| p.at).max().expect("there is something");
    told(&found_until(&all, (last - START) / 1000))
}

fn replica(partition: &str, leader: f64, broker: &str, in_sync: &[(f64, usize)]) -> [Series; 2] {
    let seconds = in_sync.iter().map(|(_, s)| s).sum();
    let labels = [("topic", "orders"), ("partition", partition)];
    [
        series(
            "kafka_topic_partition_replica_in_sync",
            &[labels[0], labels[1], ("broker", broker)],
            in_sync,
        ),
        series("kafka_topic_partition_leader", &labels, &[(leader, seconds)]),
    ]
}

#[test]
fn what_leaves_the_isrs_of_one_leader_together_is_one_detection() {
    let all = [
        replica("0", 1.0, "2", &[(1.0, 10), (0.0, 20), (1.0, 10)]),
        replica("0", 1.0, "3", &[(1.0, 11), (0.0, 9), (1.0, 20)]),
        replica("10", 1.0, "2", &[(1.0, 12), (0.0, 28)]),
        // Led by another one, and of the same leader but later.
        replica("2", 3.0, "1", &[(1.0, 10), (0.0, 5), (1.0, 25)]),
        replica("3", 1.0, "2", &[(1.0, 20), (0.0, 5), (1.0, 15)]),
    ];
    insta::assert_snapshot!(found(all.into_iter().flatten().collect()), @"
    V1 T+00:00:10 to ... isr.shrunk on partition:orders-0 partition:orders-10: led by broker 1, out of sync: broker 2, broker 3
    V2 T+00:00:10 to T+00:00:15 isr.shrunk on partition:orders-2: led by broker 3, out of sync: broker 1
    V3 T+00:00:20 to T+00:00:25 isr.shrunk on partition:orders-3: led by broker 1, out of sync: broker 2
    ");
}

#[test]
fn a_replica_that_comes_and_goes_is_out_once() {
    let flapping = [(1.0, 5), (0.0, 5), (1.0, 3), (0.0, 5), (1.0, 30)];
    insta::assert_snapshot!(found(replica("0", 1.0, "2", &flapping).into()), @"V1 T+00:00:05 to T+00:00:18 isr.shrunk on partition:orders-0: led by broker 1, out of sync: broker 2");
}

#[test]
fn of_a_partition_without_a_leader_only_that_is_told() {
    let labels = [("topic", "receipts"), ("partition", "0")];
    let all = vec![
        series("kafka_topic_partition_leader", &labels, &[(2.0, 10), (-1.0, 10), (2.0, 10)]),
        series(
            "kafka_topic_partition_in_sync_replica",
            &labels,
            &[(1.0, 10), (0.0, 10), (1.0, 10)],
        ),
        series(
            "kafka_topic_partition_replica_in_sync",
            &[labels[0], labels[1], ("broker", "2")],
            &[(1.0, 10), (0.0, 10), (1.0, 10)],
        ),
    ];
    insta::assert_snapshot!(found(all), @"V1 T+00:00:10 to T+00:00:20 leader.lost on partition:receipts-0: without a leader");
}

#[test]
fn a_partition_below_the_least_its_topic_asks_for_is_told() {
    let of = |topic: &'static str, isr: &[(f64, usize)]| {
        series(
            "kafka_topic_partition_in_sync_replica",
            &[("topic", topic), ("partition", "0")],
            isr,
        )
    };
    let least = |of, name, value| {
        let labels = [
            of,
            ("key", "min.insync.replicas"),
            ("value", value),
            ("source", "DYNAMIC_TOPIC_CONFIG"),
        ];
        series(name, &labels, &[(1.0, 30)])
    };
    let all = vec![
        least(("topic", "orders"), "kafka_topic_config_info", "2"),
        least(("broker", "1"), "kafka_broker_config_info", "3"),
        of("orders", &[(3.0, 5), (2.0, 5), (1.0, 5), (2.0, 15)]),
        of("audit", &[(3.0, 12), (2.0, 18)]),
    ];
    insta::assert_snapshot!(found(all), @"V1 T+00:00:10 to ... isr.below_min on partition:audit-0 partition:orders-0: fewer in sync than min.insync.replicas");
}

#[test]
fn a_leader_that_moves_is_away_until_it_is_back() {
    let of = |partition, leaders: &[(f64, usize)]| {
        let labels = [("topic", "orders"), ("partition", partition)];
        let seconds = leaders.iter().map(|(_, s)| s).sum();
        [
            series("kafka_topic_partition_leader", &labels, leaders),
            series("kafka_topic_partition_preferred_leader", &labels, &[(1.0, seconds)]),
        ]
    };
    let all = [
        of("0", &[(1.0, 10), (2.0, 20), (1.0, 10)]),
        of("1", &[(1.0, 10), (-1.0, 2), (3.0, 28)]),
        of("2", &[(1.0, 10), (2.0, 10), (3.0, 20)]),
        of("3", &[(2.0, 40)]),
        of("4", &[(2.0, 10), (1.0, 30)]),
    ];
    insta::assert_snapshot!(found(all.into_iter().flatten().collect()), @"
    V1 T+00:00:10 to T+00:00:12 leader.lost on partition:orders-1: without a leader
    V2 T+00:00:10 to ... leader.moved on partition:orders-0 partition:orders-1 partition:orders-2: from broker 1: to broker 2, to broker 3
    V3 T+00:00:20 to ... leader.moved on partition:orders-2: from broker 2: to broker 3
    ");
}

#[test]
fn a_process_that_is_gone_refuses_and_one_that_is_stuck_does_not_answer() {
    let scraped = |node, up: &[(f64, usize)], took: &[(f64, usize)]| {
        let labels = [("job", "kafka"), ("node", node)];
        [series("up", &labels, up), series("scrape_duration_seconds", &labels, took)]
    };
    let mut all: Vec<_> = [
        scraped(
            "kafka-1",
            &[(1.0, 10), (0.0, 10), (1.0, 10)],
            &[(0.03, 10), (0.001, 10), (0.03, 10)],
        ),
        scraped("kafka-2", &[(1.0, 10), (0.0, 20)], &[(0.03, 10), (0.9, 20)]),
        // One read that failed says nothing.
        scraped("kafka-3", &[(1.0, 10), (0.0, 1), (1.0, 19)], &[(0.03, 10), (0.9, 1), (0.03, 19)]),
    ]
    .into_iter()
    .flatten()
    .collect();
    let began = (START + 19_400) as f64 / 1000.0;
    all.push(series(
        "process_start_time_seconds",
        &[("node", "kafka-1")],
        &[(1000.0, 10), (f64::NAN, 1), (f64::NAN, 9), (began, 10)],
    ));
    all.push(counter(
        "container_oom_events_total",
        &[("node", "kafka-1")],
        &[(0.0, 10), (1.0, 1), (0.0, 19)],
    ));
    insta::assert_snapshot!(found(all), @"
    V1 T+00:00:10 to T+00:00:11 process.killed on broker:1: by the kernel, out of memory
    V2 T+00:00:10 to ... metrics.vanished on broker:2: its endpoint does not answer in time
    V3 T+00:00:10 to T+00:00:20 process.exited on broker:1
    V4 T+00:00:19.400 to T+00:00:19.400 process.restarted on broker:1
    ");
}

#[test]
fn errors_are_told_by_burst_and_a_counter_that_begins_anew_counts_from_zero() {
    let labels = |error| [("service", "orders-service"), ("topic", "orders"), ("error", error)];
    let mut late = counter(
        "kafka_producer_record_error_total",
        &labels("MSG_TIMED_OUT"),
        &[(3.0, 1), (0.0, 4), (1.0, 1), (0.0, 30)],
    );
    late.points.iter_mut().for_each(|p| p.at += 20_000);
    let restarted = [(7.0, 10), (f64::NAN, 2), (0.0, 20)];
    let all = vec![
        late,
        counter(
            "kafka_producer_record_error_total",
            &labels("BROKER_DOWN"),
            &[(5.0, 1), (0.0, 60)],
        ),
        series(
            "kafka_consumer_commits_total",
            &[("service", "billing"), ("outcome", "error")],
            &restarted,
        ),
        counter(
            "rdkafka_broker_request_timeouts_total",
            &[("service", "billing"), ("broker", "2")],
            &[(0.0, 30), (2.0, 3), (0.0, 20)],
        ),
    ];
    insta::assert_snapshot!(found(all), @"
    V1 T+00:00:20 to T+00:00:26 produce.failed on service:orders-service: MSG_TIMED_OUT to orders
    V2 T+00:00:30 to T+00:00:33 requests.timed_out on service:billing: to broker 2
    ");
}

#[test]
fn a_group_lags_when_it_falls_behind_and_not_when_it_jitters() {
    let group = ("consumergroup", "billing");
    let lag = |topic, values: &dyn Fn(i64) -> f64| {
        let mut lag =
            series("kafka_consumergroup_lag_sum", &[group, ("topic", topic)], &[(0.0, 120)]);
        lag.points.iter_mut().enumerate().for_each(|(k, p)| p.value = values(k as i64));
        lag
    };
    let mut age = series(
        "kafka_consumergroup_oldest_uncommitted_age_seconds",
        &[group, ("topic", "orders"), ("partition", "3")],
        &[(0.0, 120)],
    );
    age.points
        .iter_mut()
        .enumerate()
        .for_each(|(k, p)| p.value = ((k as f64 - 40.0) / 3.0).max(0.0));
    let all = vec![
        lag("orders", &|s| {
            (s - 40).max(0) as f64 * 90.0 - ((s - 80).max(0) * 200).min((s - 40).max(0) * 90) as f64
        }),
        lag("audit", &|s| (s * 7919 % 1000) as f64),
        lag("steps", &|s| if s < 60 { 0.0 } else { 500.0 }),
        age,
        series("kafka_consumergroup_members", &[group], &[(3.0, 50), (2.0, 10), (3.0, 60)]),
        series(
            "kafka_consumergroup_state_info",
            &[group, ("state", "Stable")],
            &[(1.0, 50), (f64::NAN, 1)],
        ),
    ];
    insta::assert_snapshot!(found(all), @"
    V1 T+00:00:50 to T+00:01:00 member.left on group:billing
    V2 T+00:00:41 to T+00:01:25 lag.grew on topic:orders group:billing
    V3 T+00:01:11 to ... freshness.breached on topic:orders group:billing: the oldest record waits for more than 10 s
    ");
}

#[test]
fn a_partition_nobody_commits_is_stuck_only_with_records_to_commit() {
    let of = |partition, offsets: &[(f64, usize)], lags: &[(f64, usize)]| {
        let labels = [("consumergroup", "billing"), ("topic", "orders"), ("partition", partition)];
        [
            series("kafka_consumergroup_current_offset", &labels, offsets),
            series("kafka_consumergroup_lag", &labels, lags),
        ]
    };
    let all = [
        of("0", &[(10.0, 20), (20.0, 40)], &[(0.0, 20), (5.0, 40)]),
        of("1", &[(10.0, 60)], &[(0.0, 60)]),
        of("2", &[(10.0, 20), (20.0, 40)], &[(0.0, 22), (5.0, 38)]),
    ];
    insta::assert_snapshot!(found(all.into_iter().flatten().collect()), @"V1 T+00:00:21 to ... commit.stopped on partition:orders-0 partition:orders-2 group:billing: committed offsets of billing stand still");
}

#[test]
fn collections_are_told_by_their_share_and_a_processor_that_is_held_back_is_not() {
    let node = ("node", "kafka-2");
    let all = vec![
        counter(
            "jvm_gc_collection_seconds_sum",
            &[("broker", "2"), node, ("gc", "MarkSweepCompact")],
            &[(0.01, 40), (0.6, 30), (0.01, 60)],
        ),
        counter(
            "jvm_gc_collection_seconds_sum",
            &[("broker", "1"), ("node", "kafka-1"), ("gc", "Copy")],
            &[(0.05, 130)],
        ),
        counter("container_cpu_cfs_periods_total", &[node], &[(10.0, 130)]),
        counter(
            "container_cpu_cfs_throttled_periods_total",
            &[node],
            &[(1.0, 40), (9.0, 30), (1.0, 60)],
        ),
    ];
    insta::assert_snapshot!(found(all), @"V1 T+00:00:44 to T+00:01:20 gc.long_pauses on broker:2");
}

fn scope_of(sample: &Sample, to: UnixMs) -> Scope {
    let alert = &sample.facts.alert;
    let alert = AlertRule { name: alert.name.clone(), promql: alert.promql.clone(), hold: 5_000 };
    Scope { span: Span { from: sample.facts.recorded.from, to }, alert: Some(alert) }
}

#[test]
fn a_whole_run_reads_like_its_story() {
    for (sample, is_there) in
        [(sample::isr_shrink(), "isr.shrunk"), (sample::slow_consumer(), "freshness.breached")]
    {
        let found = detect(
            &sample.series,
            &scope_of(&sample, sample.facts.recorded.to),
            &sample.facts.inventory,
        )
        .expect("read");
        assert!(found.iter().any(|d| d.event == is_there), "{}", told(&found));
        assert!(found.len() < 10, "{}", told(&found));
        for detection in &found {
            let event = vocab::event(&detection.event).expect("an event of the vocabulary");
            assert!(
                !detection.on.is_empty() && detection.on.iter().all(|c| event.on.contains(&c.kind)),
                "{detection:?}"
            );
            assert!(
                detection
                    .on
                    .iter()
                    .all(|c| vocab::Component::parse(&c.to_string()).as_ref() == Ok(c)),
                "{detection:?}"
            );
        }
    }
}

#[test]
fn every_rule_detects_an_event_of_the_vocabulary() {
    for rule in RULES.iter().copied().flatten() {
        assert!(vocab::event(rule.event).is_ok(), "{}", rule.event);
    }
}

#[test]
fn what_only_a_mechanism_shows_is_detected_by_no_rule() {
    let detected: Vec<_> = RULES.iter().copied().flatten().map(|rule| rule.event).collect();
    for mechanism in [
        "quota.exceeded",
        "throttle.active",
        "packets.dropped",
        "access.denied",
        "transaction.open",
        "cpu.throttled",
        "config.changed",
        "service.deployed",
    ] {
        assert!(vocab::event(mechanism).is_ok(), "{mechanism} may be named in a chain");
        assert!(!detected.contains(&mechanism), "{mechanism} tells the cause");
    }
}

/// What a number stands for: everything but the end.
fn known(detections: &[Detection]) -> Vec<(u32, String, Vec<vocab::Component>, UnixMs, String)> {
    detections
        .iter()
        .map(|d| (d.number, d.event.clone(), d.on.clone(), d.span.from, d.told.clone()))
        .collect()
}

#[test]
fn a_number_means_the_same_at_every_later_second() {
    for sample in [sample::isr_shrink(), sample::slow_consumer(), sample::self_healed()] {
        let of = |to| {
            detect(&sample.series, &scope_of(&sample, to), &sample.facts.inventory)
                .expect("memory can be read")
        };
        let recorded = sample.facts.recorded;
        let whole = known(&of(recorded.to));
        for to in (recorded.from..recorded.to).step_by(3_000) {
            let by_then = known(&of(to));
            assert_eq!(by_then, whole[..by_then.len()], "at {}", since_page(to, recorded.from));
        }
    }
}

#[test]
fn numbers_hold_through_noise_of_every_kind() {
    // Series that change at times that look random, the same ones every time.
    let mut random = 42u64;
    let mut next = |below: u64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut runs = |values: &[f64]| {
        (0..12)
            .map(|_| (values[next(values.len() as u64) as usize], 1 + next(14) as usize))
            .collect::<Vec<(f64, usize)>>()
    };
    let mut all = Vec::new();
    for number in ["0", "1", "2", "3"] {
        let labels = [("topic", "orders"), ("partition", number)];
        all.push(series(
            "kafka_topic_partition_leader",
            &labels,
            &runs(&[1.0, 2.0, 3.0, -1.0, f64::NAN]),
        ));
        all.push(series("kafka_topic_partition_preferred_leader", &labels, &[(1.0, 200)]));
        all.push(series("kafka_topic_partition_in_sync_replica", &labels, &runs(&[0.0, 1.0, 3.0])));
        for broker in ["1", "2"] {
            let replica = [labels[0], labels[1], ("broker", broker)];
            all.push(series(
                "kafka_topic_partition_replica_in_sync",
                &replica,
                &runs(&[0.0, 1.0, f64::NAN]),
            ));
        }
        let group = [("consumergroup", "billing"), labels[0], labels[1]];
        all.push(series(
            "kafka_consumergroup_oldest_uncommitted_age_seconds",
            &group,
            &runs(&[1.0, 11.0, 30.0]),
        ));
        all.push(series("kafka_consumergroup_current_offset", &group, &runs(&[1.0, 2.0])));
        all.push(series("kafka_consumergroup_lag", &group, &runs(&[0.0, 9.0])));
    }
    for (broker, node) in [("1", "kafka-1"), ("2", "kafka-2")] {
        all.push(series("kafka_broker_fenced", &[("broker", broker)], &runs(&[0.0, 1.0])));
        all.push(series("up", &[("job", "kafka"), ("node", node)], &runs(&[0.0, 1.0])));
        all.push(series(
            "scrape_duration_seconds",
            &[("job", "kafka"), ("node", node)],
            &runs(&[0.001, 0.9]),
        ));
        all.push(series(
            "process_start_time_seconds",
            &[("node", node)],
            &runs(&[100.0, 200.0, f64::NAN]),
        ));
        all.push(counter(
            "jvm_gc_collection_seconds_sum",
            &[("node", node), ("gc", "Copy")],
            &runs(&[0.0, 0.9]),
        ));
        all.push(counter(
            "rdkafka_broker_request_timeouts_total",
            &[("service", "billing"), ("broker", broker)],
            &runs(&[0.0, 0.0, 1.0]),
        ));
    }
    all.push(series(
        "kafka_consumergroup_members",
        &[("consumergroup", "billing")],
        &runs(&[1.0, 2.0, 3.0]),
    ));
    let whole = known(&found_until(&all, 200));
    assert!(whole.len() > 60, "{}", whole.len());
    for second in 0..200 {
        let by_then = known(&found_until(&all, second));
        assert_eq!(by_then, whole[..by_then.len()], "at second {second}");
    }
}
