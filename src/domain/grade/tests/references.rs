//! What is right.

use super::*;

#[test]
fn a_right_analysis_passes_however_it_was_proved() {
    let all = [
        ("metrics", vec![DROPS, SENT, PROBE]),
        (
            "logs",
            vec![
                SHRINK,
                "log: '{node=\"kafka-2\"} |= \"Partition orders-4\" |= \"Shrinking\"', from: T-00:01:00, to: T+00:01:00",
                "log: '{node=\"kafka-2\"} |~ \"Out of sync replicas: .brokerId: 3\"', from: T-00:01:00, to: T+00:01:00",
            ],
        ),
        ("commands", vec![QDISC, "command: 6, contains: 'retrans:0/12'", "command: 2, contains: 'Leader: 2 Replicas: 2,3,1 Isr: 2'"]),
        ("mixed", vec![DROPS, SHRINK, QDISC]),
        (
            "by mending it",
            vec![
                "intervention: 22, before: 'rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[10s]) > 1', after: 'kafka_probe_duration_seconds{broker=\"2\"} < 0.1'",
                DROPS,
                QDISC,
            ],
        ),
    ];
    let told: String = all.iter().map(|(proof, evidence)| format!("{proof}: {}\n", brief(&isr(&link_capped(evidence))))).collect();
    insta::assert_snapshot!(told, @r"
    metrics: passed 94.642 (class 1000, component 1000, onset 1000, evidence 850) gates failed: []
    logs: passed 94.642 (class 1000, component 1000, onset 1000, evidence 850) gates failed: []
    commands: passed 94.642 (class 1000, component 1000, onset 1000, evidence 850) gates failed: []
    mixed: passed 100.000 (class 1000, component 1000, onset 1000, evidence 1000) gates failed: []
    by mending it: passed 100.000 (class 1000, component 1000, onset 1000, evidence 1000) gates failed: []
    ");
}

#[test]
fn another_name_of_the_place_is_as_right() {
    let aliased = Draft::new("network.capacity.link_capped", &["broker:2"], &[DROPS, SHRINK, QDISC]);
    let both = Draft::new("network.capacity.link_capped", &["broker:2", "link:kafka-2"], &[DROPS, SHRINK, QDISC]);
    assert_eq!([isr(&aliased).total, isr(&both).total], [100_000, 100_000]);
}

#[test]
fn the_short_form_counts_three_pieces() {
    let mut draft = link_capped(&["promql: 'up == 0', at: T+00:00:00", PROBE, SHRINK, QDISC]);
    draft.form = "short";
    insta::assert_snapshot!(brief(&isr(&draft)), @"passed 82.750 (class 1000, component 1000, onset 1000, evidence 517) gates failed: []");
    assert_eq!(isr(&draft).evidence[3].why, "only the first 3 pieces count");
}

#[test]
fn a_slow_consumer_is_graded_the_same_way() {
    let draft = Draft::new(
        "client.consumer.slow_processing",
        &["service:billing"],
        &[
            "promql: 'rate(kafka_consumer_processing_seconds_sum{service=\"billing\"}[20s]) / rate(kafka_consumer_processing_seconds_count{service=\"billing\"}[20s]) > 0.015', at: T+00:00:10",
            "promql: 'service_info{service=\"billing\",version=\"3.9.0\"} == 1', at: T+00:00:10",
            "command: 3, contains: 'processing.validate=full'",
        ],
    );
    let grade = graded(&draft.file(), &sample::slow_consumer(), &slow_processing()).expect("it is valid");
    insta::assert_snapshot!(brief(&grade), @"passed 100.000 (class 1000, component 1000, onset 1000, evidence 1000) gates failed: []");
}

#[test]
fn a_control_is_proved_by_objectives_and_the_alert() {
    let draft = Draft::new(
        "none.self_healed",
        &[],
        &[
            "promql: 'sum(kafka_topic_partition_under_replicated_partition) == 0', at: T+00:02:00",
            "promql: 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0', at: T-00:00:05",
            "promql: 'sum(kafka_server_replicamanager_underreplicatedpartitions) < 1', at: T+00:00:10",
        ],
    );
    let run = sample::self_healed();
    let grade = graded(&draft.file(), &run, &healed()).expect("it is valid");
    insta::assert_snapshot!(brief(&grade), @"passed 93.181 (class 1000, onset 1000, evidence 850) gates failed: []");
    insta::assert_snapshot!(grade.scaled_out.iter().map(|s| format!("{} {}: {}\n", s.item, s.weight, s.why)).collect::<String>(), @r"
    component 15: nothing was broken in the end, so there is no place to name
    hypotheses 12: this is not graded yet
    mechanism 8: this is not graded yet
    impact and times 3: this is not graded yet
    mitigation and recovery 5: this is not graded yet
    prevention 2: this is not graded yet
    ");
    let wrong = Draft { causes: vec![("network.capacity.link_capped".into(), vec!["link:kafka-2".into()])], ..draft.clone() };
    assert!(!graded(&wrong.file(), &run, &healed()).expect("it is valid").passed);
    let nothing = Draft {
        evidence: vec!["promql: 'up == 1', at: T+00:02:00".into(), "promql: 'process_open_fds > 0', at: T+00:02:00".into()],
        ..draft
    };
    assert!(!graded(&nothing.file(), &run, &healed()).expect("it is valid").passed);
}

#[test]
fn nothing_broken_is_no_answer_where_something_is() {
    insta::assert_snapshot!(brief(&isr(&Draft::new("none.healthy", &[], &[DROPS, SHRINK, QDISC]))), @"failed 42.856 (class 0, component 0, onset 1000, evidence 1000) gates failed: [G1 G2]");
}

#[test]
fn every_lost_point_is_explained_with_its_place_and_a_way_to_see_it() {
    let draft = Draft {
        onset: "T+00:00:00".into(),
        ..Draft::new(
            "network.capacity",
            &["broker:2", "broker:3"],
            &["promql: 'up == 0', at: T+00:00:00", PROBE, "promql: 'process_open_fds{broker=\"2\"} > 0', at: T+00:00:00"],
        )
    };
    let grade = isr(&draft);
    let told = grade
        .losses
        .iter()
        .map(|l| format!("{} {} -{} {}:{} {}\n   {} | {}\n", l.loss, l.item, l.lost, l.line, l.column, l.says, l.observed, l.look));
    insta::assert_snapshot!(told.collect::<String>() + &brief(&grade), @r#"
    L1 class -17858 6:13 `network.capacity` is the group to which the cause belongs: `network.capacity.link_capped`
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:27.863 on | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:27.863
    L2 component -9536 6:53 `broker:3` is where it shows; it originates in link:kafka-2
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:27.863 on | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:27.863
    L3 onset -1029 4:19 T+00:00:00 is 28 s away; it began between T-00:00:30 and T-00:00:28
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:27.863 on | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:27.863
    L4 evidence -11893 8:5 E1 is worth 0 of 100: it is false
       up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more | chaoslab query 'up == 0' --at T+00:00:00.137
    L5 evidence -11893 10:5 E3 is worth 0 of 100: it was true in 100 % of the looks at the healthy baseline too, so it shows nothing
       process_open_fds{broker="2"} is 131 | chaoslab query 'process_open_fds{broker="2"} > 0' --at T+00:00:00.137
    L6 evidence -1821 9:5 all of it comes from one kind of source; metrics, logs and commands bear each other out
       kafka_probe_duration_seconds{broker="2"} is 0.460585 | chaoslab query 'kafka_probe_duration_seconds{broker="2"} > 0.2' --at T+00:01:00.137
    L7 evidence -5358 8:5 E1 is false: it does not hold at T+00:00:00.137, nor anywhere in the record
       up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more | chaoslab query 'up == 0' --at T+00:00:00.137
    failed 40.612 (class 500, component 555, onset 856, evidence 133) gates failed: [G1]
    "#);
}

#[test]
fn a_grade_is_the_same_bytes_every_time() {
    let draft = link_capped(&[DROPS, SHRINK, "promql: 'up == 0', at: T+00:00:00"]);
    let bytes = || isr(&draft).canonical().expect("it is data");
    let first = bytes();
    assert!((0..20).all(|_| bytes() == first));
    let read: Grade = serde_json::from_slice(&first).expect("it is a grade");
    assert_eq!(read, isr(&draft));
}

#[test]
fn hints_cost_what_they_cost_and_no_more_than_all() {
    let document = Document::read(link_capped(&[DROPS, SHRINK, QDISC]).file().as_bytes()).expect("it is right");
    let total = |hints| {
        let run = sample::isr_shrink();
        grade(&document, &run.record(), &capped_link(), &Comparison::default(), &Terms { hints, ..Terms::default() })
            .expect("it is valid")
            .total
    };
    assert_eq!([total(0), total(7), total(90)], [100_000, 93_000, 85_000]);
}
