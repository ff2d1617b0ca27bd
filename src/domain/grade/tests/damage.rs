//! What was damaged while fixing.

use super::*;
use crate::domain::rca::sample::{END, HEALED};
use crate::domain::telemetry::series::{Labels, Point, Series};

/// A series with one value up to an instant, and another one, or none, from then on.
fn changing(name: &str, labels: &[(&str, &str)], before: f64, after: Option<f64>) -> Series {
    let point = |s: i64, value| Point { at: second(s) + 137, value };
    let value = |s: i64| if s < HEALED + 20 { Some(before) } else { after };
    let mut points: Vec<Point> = (0..=END).filter_map(|s| Some(point(s, value(s)?))).collect();
    if after.is_none() {
        points.push(point(HEALED + 20, crate::domain::telemetry::series::stale()));
    }
    Series { labels: Labels::of(name, labels.iter().copied()), points }
}

fn damage(run: &Sample) -> String {
    let grade = graded(&link_capped(&[DROPS, SHRINK, QDISC]).file(), run, &capped_link())
        .expect("it is valid");
    let told: Vec<_> = grade
        .collateral
        .iter()
        .map(|c| format!("{:?}: {} ({})", c.damage, c.says, c.look))
        .collect();
    format!("{} {}\n{}", grade.total, grade.passed, told.join("\n"))
}

fn with(series: Vec<Series>) -> Sample {
    let mut run = sample::isr_shrink();
    run.series.extend(series);
    run
}

#[test]
fn what_was_there_before_and_is_not_at_the_end_is_told_once_a_kind() {
    let run = with(vec![
        changing("kafka_topic_partitions", &[("topic", "audit")], 3.0, None),
        changing("kafka_topic_partitions", &[("topic", "drafts")], 3.0, None),
        changing("kafka_topic_partitions", &[("topic", "orders")], 6.0, Some(6.0)),
        changing("kafka_acl_info", &[("principal", "User:app"), ("operation", "READ")], 1.0, None),
        changing(
            "kafka_client_quota",
            &[("user", "app"), ("quota", "producer_byte_rate")],
            9.0,
            Some(9.0),
        ),
        changing(
            "kafka_topic_config_info",
            &[("topic", "orders"), ("key", "min.insync.replicas"), ("value", "2")],
            1.0,
            None,
        ),
    ]);
    insta::assert_snapshot!(damage(&run), @r#"
    82727 true
    TopicDeleted: kafka_topic_partitions{topic="audit"}: the topic is gone (chaoslab query 'kafka_topic_partitions{topic="audit"}' --at T+00:08:50.137)
    LowerMinIsr: min.insync.replicas of orders is 1 and was 2 (chaoslab query 'kafka_topic_config_info{topic="orders",key="min.insync.replicas"}' --at T+00:08:50.137)
    AccessOpened: kafka_acl_info{operation="READ", principal="User:app"}: the entry is gone (chaoslab query 'kafka_acl_info{operation="READ", principal="User:app"}' --at T+00:08:50.137)
    "#);
}

#[test]
fn what_the_fault_itself_broke_is_no_damage_of_the_learner() {
    let mut gone =
        changing("kafka_acl_info", &[("principal", "User:app"), ("operation", "READ")], 1.0, None);
    gone.points.retain(|p| p.at < second(INJECTED));
    gone.points.push(Point {
        at: second(INJECTED) + 137,
        value: crate::domain::telemetry::series::stale(),
    });
    assert_eq!(damage(&with(vec![gone])), "100000 true\n");
}

#[test]
fn acknowledged_records_that_are_gone_are_told() {
    let partition = [("topic", "orders"), ("partition", "9")];
    let acked = changing(
        "kafka_producer_last_acked_offset",
        &[("service", "orders-service"), partition[0], partition[1]],
        900.0,
        Some(900.0),
    );
    let kept = changing("kafka_topic_partition_current_offset", &partition, 901.0, Some(901.0));
    let lost = changing("kafka_topic_partition_current_offset", &partition, 901.0, Some(700.0));
    assert_eq!(damage(&with(vec![acked.clone(), kept])), "100000 true\n");
    insta::assert_snapshot!(damage(&with(vec![acked, lost])), @r#"
    92727 true
    RecordsLost: orders-9 had acknowledged offset 900 and ends before it (chaoslab query 'kafka_topic_partition_current_offset{topic="orders",partition="9"}' --at T+00:08:50.137)
    "#);
}

#[test]
fn records_nobody_can_have_processed_were_skipped_however_it_was_done() {
    let offset = [("consumergroup", "reports"), ("topic", "orders"), ("partition", "3")];
    let moved = changing("kafka_consumergroup_current_offset", &offset, 100.0, Some(5100.0));
    let members = |count| changing("kafka_consumergroup_members", &offset[..1], count, Some(count));
    assert_eq!(
        damage(&with(vec![moved.clone(), members(2.0)])),
        "100000 true\n",
        "a member may have processed them"
    );
    insta::assert_snapshot!(damage(&with(vec![moved, members(0.0)])), @r#"
    92727 true
    RecordsSkipped: reports was moved from 100 to 5100 of orders-3 while it had no member (chaoslab query 'kafka_consumergroup_current_offset{consumergroup="reports", partition="3", topic="orders"}' --at T+00:05:50.137)
    "#);
}

#[test]
fn commands_that_destroy_cost_unless_the_scenario_allows_it() {
    let run = sample::isr_shrink().with_command(24, "toolbox", "kafka-topics.sh --delete --topic audit", HEALED + 30, "").with_command(
        25,
        "toolbox",
        "kafka-consumer-groups.sh --group billing --reset-offsets --to-latest --topic orders --execute",
        HEALED + 31,
        "",
    );
    insta::assert_snapshot!(damage(&run), @r"
    87727 true
    TopicDeleted: command 24 (`kafka-topics.sh --delete --topic audit`) deletes a topic with all its records (chaoslab history 24)
    RecordsSkipped: command 25 (`kafka-consumer-groups.sh --group billing --reset-offsets --to-latest --topic orders --execute`) moves a group past records it has not processed (chaoslab history 25)
    ");
    let document = Document::read(link_capped(&[DROPS, SHRINK, QDISC]).file().as_bytes())
        .expect("it is right");
    let terms =
        Terms { allowed: vec![Damage::TopicDeleted, Damage::RecordsSkipped], ..Terms::default() };
    let allowed = grade(&document, &run.record(), &capped_link(), &Comparison::default(), &terms)
        .expect("it is valid");
    assert_eq!((allowed.total, allowed.collateral.len()), (100_000, 0));
}

#[test]
fn a_cluster_that_nobody_works_with_any_more_is_not_well() {
    let sent = |until: i64| Series {
        labels: Labels::of(
            "kafka_producer_record_send_total",
            [("service", "checkout"), ("topic", "orders"), ("partition", "0")],
        ),
        points: (0..=END)
            .map(|s| Point { at: second(s) + 137, value: (s.min(until) * 10) as f64 })
            .collect(),
    };
    let graded = |until| {
        graded(
            &link_capped(&[DROPS, SHRINK, QDISC]).file(),
            &with(vec![sent(until)]),
            &capped_link(),
        )
        .expect("it is valid")
    };
    assert_eq!(graded(END).ending, Ending::Recovered);
    let stopped = graded(HEALED + 20);
    assert_ne!(stopped.ending, Ending::Recovered);
    let told = stopped
        .losses
        .iter()
        .find(|loss| loss.item == "mitigation and recovery")
        .map(|loss| loss.observed.as_str());
    assert_eq!(
        told,
        Some("in the last 15 s checkout processed less than half of what it did before")
    );
}

#[test]
fn a_producer_that_was_slowed_down_is_not_well() {
    let sent = |slower: i64| Series {
        labels: Labels::of(
            "kafka_producer_record_send_total",
            [("service", "checkout"), ("topic", "orders"), ("partition", "0")],
        ),
        points: (0..=END)
            .map(|s| {
                let value = s.min(HEALED) * 100 + (s - HEALED).max(0) * 100 / slower;
                Point { at: second(s) + 137, value: value as f64 }
            })
            .collect(),
    };
    let ending = |slower| {
        let run = with(vec![sent(slower)]);
        let file = link_capped(&[DROPS, SHRINK, QDISC]).file();
        graded(&file, &run, &capped_link()).expect("it is valid").ending
    };
    assert_eq!(ending(1), Ending::Recovered);
    assert_ne!(ending(100), Ending::Recovered);
}

#[test]
fn a_hole_in_the_record_is_not_the_learners_fault() {
    use crate::domain::rca::record::Gap;
    use crate::domain::telemetry::series::stale;
    let mut run = sample::isr_shrink();
    let hole = Span { from: second(END - 20), to: second(END + 1) };
    for series in &mut run.series {
        let of_cluster = series.labels.name().starts_with("kafka_topic_partition");
        if of_cluster {
            series.points.retain(|p| p.at <= hole.from);
            series.points.push(Point { at: hole.from + 1, value: stale() });
        }
    }
    let file = link_capped(&[DROPS, SHRINK, QDISC]).file();
    let ending = |run: &Sample| graded(&file, run, &capped_link()).expect("it is valid").ending;
    assert_ne!(ending(&run), Ending::Recovered, "objectives that end without a hole are not met");
    run.facts.gaps = vec![Gap { job: Some("cluster".into()), span: hole }];
    assert_eq!(ending(&run), Ending::Recovered);
}

#[test]
fn an_objective_that_is_not_met_is_named_with_its_value() {
    let mut run = sample::isr_shrink();
    run.facts.recorded.to = second(HEALED - 20);
    run.facts.commands.retain(|command| command.started < second(HEALED - 20));
    let draft = Draft { times: String::new(), ..link_capped(&[DROPS, SHRINK, QDISC]) };
    let grade = graded(&draft.file(), &run, &capped_link()).expect("it is valid");
    let loss = grade.losses.iter().find(|loss| loss.item == "mitigation and recovery");
    let observed = loss.map(|loss| loss.observed.as_str()).unwrap_or_default();
    assert!(observed.contains("is not met") && observed.ends_with(" is 2"), "{observed}");
}
