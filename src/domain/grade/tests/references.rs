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
        (
            "commands",
            vec![
                QDISC,
                "command: 6, contains: 'retrans:0/12'",
                "command: 2, contains: 'Leader: 2 Replicas: 2,3,1 Isr: 2'",
            ],
        ),
        ("mixed", vec![DROPS, SHRINK, QDISC]),
        (
            "by fixing it",
            vec![
                "intervention: 22, before: 'rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[10s]) > 1', after: 'kafka_probe_duration_seconds{broker=\"2\"} < 0.1'",
                DROPS,
                QDISC,
            ],
        ),
    ];
    let told: String = all
        .iter()
        .map(|(proof, evidence)| format!("{proof}: {}\n", brief(&isr(&link_capped(evidence)))))
        .collect();
    insta::assert_snapshot!(told, @r"
    metrics: passed 100.000 (class 1000, component 1000, onset 1000, evidence 1000, mechanism 1000, impact and times 1000, mitigation and recovery 1000, prevention 1000) gates failed: []
    logs: passed 100.000 (class 1000, component 1000, onset 1000, evidence 1000, mechanism 1000, impact and times 1000, mitigation and recovery 1000, prevention 1000) gates failed: []
    commands: passed 100.000 (class 1000, component 1000, onset 1000, evidence 1000, mechanism 1000, impact and times 1000, mitigation and recovery 1000, prevention 1000) gates failed: []
    mixed: passed 100.000 (class 1000, component 1000, onset 1000, evidence 1000, mechanism 1000, impact and times 1000, mitigation and recovery 1000, prevention 1000) gates failed: []
    by fixing it: passed 100.000 (class 1000, component 1000, onset 1000, evidence 1000, mechanism 1000, impact and times 1000, mitigation and recovery 1000, prevention 1000) gates failed: []
    ");
}

#[test]
fn another_name_of_the_place_is_as_right() {
    let aliased =
        Draft::new("network.capacity.link_capped", &["broker:2"], &[DROPS, SHRINK, QDISC]);
    let both = Draft::new(
        "network.capacity.link_capped",
        &["broker:2", "link:kafka-2"],
        &[DROPS, SHRINK, QDISC],
    );
    let component =
        |draft: &Draft| isr(draft).items.iter().find(|i| i.item == "component").map(|i| i.score);
    assert_eq!([component(&aliased), component(&both)], [Some(1000), Some(1000)]);
    assert_eq!(isr(&aliased).total, isr(&both).total);
}

#[test]
fn the_short_form_counts_three_pieces() {
    let mut draft = link_capped(&["promql: 'up == 0', at: T+00:00:00", PROBE, SHRINK, QDISC]);
    draft.form = "short";
    insta::assert_snapshot!(brief(&isr(&draft)), @"passed 83.900 (class 1000, component 1000, onset 1000, evidence 517, mitigation and recovery 1000) gates failed: []");
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
    let grade =
        graded(&draft.file(), &sample::slow_consumer(), &slow_processing()).expect("it is valid");
    insta::assert_snapshot!(brief(&grade), @"passed 86.365 (class 1000, component 1000, onset 1000, evidence 1000, mechanism 125, impact and times 0, mitigation and recovery 1000, prevention 0) gates failed: []");
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
    insta::assert_snapshot!(brief(&grade), @"passed 96.029 (class 1000, onset 1000, evidence 1000, impact and times 166, mitigation and recovery 1000) gates failed: []");
    insta::assert_snapshot!(grade.scaled_out.iter().map(|s| format!("{} {}: {}\n", s.item, s.weight, s.why)).collect::<String>(), @r"
    component 15: nothing was broken in the end, so there is no place to name
    hypotheses 12: no run of another cause is recorded yet, so nothing can say what rules one out
    mechanism 8: nothing was broken in the end, so nothing led to it
    prevention 2: nothing has to be prevented here
    ");
    let wrong = Draft {
        causes: vec![("network.capacity.link_capped".into(), vec!["link:kafka-2".into()])],
        ..draft.clone()
    };
    assert!(!graded(&wrong.file(), &run, &healed()).expect("it is valid").passed);
    let nothing = Draft {
        evidence: vec![
            "promql: 'up == 1', at: T+00:02:00".into(),
            "promql: 'process_open_fds > 0', at: T+00:02:00".into(),
        ],
        ..draft
    };
    assert!(!graded(&nothing.file(), &run, &healed()).expect("it is valid").passed);
}

#[test]
fn nothing_broken_is_no_answer_where_something_is() {
    insta::assert_snapshot!(brief(&isr(&Draft::new("none.healthy", &[], &[DROPS, SHRINK, QDISC]))), @"failed 41.474 (class 0, component 0, onset 1000, evidence 1000, mechanism 125, impact and times 166, mitigation and recovery 1000, prevention 0) gates failed: [G1 G2]");
}

#[test]
fn every_lost_point_is_explained_with_its_place_and_a_way_to_see_it() {
    let draft = Draft {
        onset: "T+00:00:00".into(),
        ..Draft::new(
            "network.capacity",
            &["broker:2", "broker:3"],
            &[
                "promql: 'up == 0', at: T+00:00:00",
                PROBE,
                "promql: 'process_open_fds{broker=\"2\"} > 0', at: T+00:00:00",
            ],
        )
    };
    let grade = isr(&draft);
    let told = grade.losses.iter().map(|l| {
        format!(
            "{} {} -{} {}:{} {}\n   {} | {}\n",
            l.loss, l.item, l.lost, l.line, l.column, l.says, l.observed, l.look
        )
    });
    insta::assert_snapshot!(told.collect::<String>() + &brief(&grade), @r#"
    L1 class -14205 6:13 `network.capacity` is the group to which the cause belongs: `network.capacity.link_capped`
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:28 on | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:28
    L2 component -7586 6:53 `broker:3` is where it shows; it originates in link:kafka-2
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:28 on | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:28
    L3 onset -819 4:19 T+00:00:00 is 28 s away; it began between T-00:00:30 and T-00:00:28
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:28 on | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:28
    L4 evidence -9461 8:5 E1 is worth 0 of 100: it is false
       up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more | chaoslab query 'up == 0' --at T+00:00:00.137
    L5 evidence -9461 10:5 E3 is worth 0 of 100: it was true in 100 % of the looks at the healthy baseline too, so it shows nothing
       process_open_fds{broker="2"} is 131 | chaoslab query 'process_open_fds{broker="2"} > 0' --at T+00:00:00.137
    L6 evidence -1448 9:5 all of it comes from one kind of source; metrics, logs and commands bear each other out
       kafka_probe_duration_seconds{broker="2"} is 0.460585 | chaoslab query 'kafka_probe_duration_seconds{broker="2"} > 0.2' --at T+00:01:00.137
    L7 evidence -4262 8:5 E1 is false: it does not hold at T+00:00:00.137, nor anywhere in the record
       up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more | chaoslab query 'up == 0' --at T+00:00:00.137
    L8 mechanism -1419 2:1 `link.saturated` is missing in the chain
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` held | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:28
    L9 mechanism -1418 2:1 `follower.fell_behind` is missing in the chain
       `kafka_log_log_logendoffset{topic="orders",broker="2"} - on(topic,partition) group_right() kafka_log_log_logendoffset{topic="orders",broker!="2"} > 100` held | chaoslab query 'kafka_log_log_logendoffset{topic="orders",broker="2"} - on(topic,partition) group_right() kafka_log_log_logendoffset{topic="orders",broker!="2"} > 100' --at T-00:00:25
    L10 mechanism -1418 2:1 `isr.shrunk` is missing in the chain
       `kafka_topic_partition_in_sync_replica{topic="orders"} < 3` held | chaoslab query 'kafka_topic_partition_in_sync_replica{topic="orders"} < 3' --at T-00:00:13
    L11 mechanism -1427 2:1 `alert.fired` is missing in the chain
       `sum(kafka_server_replicamanager_underreplicatedpartitions) > 0` held | chaoslab query 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0' --at T-00:00:13
    L12 mechanism -2272 5:1 no trigger is given; it was started by C3
       C3: network policy of kafka-2 applied | chaoslab changes
    L13 mechanism -1136 5:1 "Root cause and mechanism" cites no true piece of evidence
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:28 on | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:28
    L14 impact and times -853 2:1 two claims that hold make an account of what users felt; here one is missing
        | chaoslab query 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0' --at T+00:00:00
    L15 impact and times -852 2:1 two claims that hold make an account of what users felt; here one is missing
        | chaoslab query 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0' --at T+00:00:00
    L16 impact and times -569 4:1 `detected` is not given; the objectives saw it at T+00:00:00
        | chaoslab query 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0' --at T+00:00:00
    L17 impact and times -570 4:1 `recovered` is not given; the objectives saw it at T+00:05:32.137
        | chaoslab query 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0' --at T+00:00:00
    L18 prevention -2272 2:1 what fits this cause as well: `alert.link_saturated`
       `rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1` holds from T-00:00:28 on | chaoslab query 'rate(node_qdisc_drops_total{node="kafka-2",kind="tbf"}[10s]) > 1' --at T-00:00:28
    failed 38.552 (class 500, component 555, onset 856, evidence 133, mechanism 0, impact and times 166, mitigation and recovery 1000, prevention 0) gates failed: [G1 G3]
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
    let document = Document::read(link_capped(&[DROPS, SHRINK, QDISC]).file().as_bytes())
        .expect("it is right");
    let total = |hints, causes_read| {
        let run = sample::isr_shrink();
        grade(
            &document,
            &run.record(),
            &capped_link(),
            &Comparison::default(),
            &Terms { hints, causes_read, ..Terms::default() },
        )
        .expect("it is valid")
        .total
    };
    assert_eq!(
        [total(0, false), total(7, false), total(90, false), total(7, true), total(90, true)],
        [100_000, 93_000, 85_000, 88_000, 80_000]
    );
}
