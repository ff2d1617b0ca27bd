//! Evidence against recordings of this cause and of others that show the same symptom, made in labs
//! with other names.

use super::elsewhere::{compared, recorded, with_scenario};
use super::ruled_out::BOTH;
use super::*;
use crate::domain::grade::Evidence as Piece;
use crate::domain::recording::{Kept, Recording};

/// What one piece is worth, and from whom it tells the cause.
fn piece(evidence: &str) -> Piece {
    piece_of(evidence, &sample::isr_shrink())
}

fn piece_of(evidence: &str, run: &Sample) -> Piece {
    let grade = compared(&link_capped(&[evidence]), run, &capped_link(), &recorded());
    grade.evidence.into_iter().next().expect("one was given")
}

#[track_caller]
fn tells(evidence: &str, worth: u32, from: &[&str]) {
    let piece = piece(evidence);
    assert_eq!(
        (piece.worth, piece.apart_from.iter().map(String::as_str).collect::<Vec<_>>()),
        (worth, from.to_vec()),
        "{}",
        piece.why
    );
}

const ALL: &[&str] = &["none.self_healed", "replication.throttle_left_behind", "storage.disk.slow"];

#[test]
fn what_is_false_of_every_other_cause_is_worth_all() {
    for evidence in [DROPS, SENT, QDISC] {
        tells(
            evidence,
            if evidence == QDISC { 914 } else { 1000 },
            if evidence == QDISC { &ALL[1..] } else { ALL },
        );
    }
    // A slow disk makes kafka-2 answer late as well.
    tells(PROBE, 742, &["none.self_healed", "replication.throttle_left_behind"]);
}

#[test]
fn what_every_other_cause_shows_is_worth_little() {
    let symptom = "promql: 'kafka_topic_partition_in_sync_replica{topic=\"orders\",partition=\"1\"} < 3', at: T+00:01:00";
    tells(symptom, 485, &["none.self_healed"]);
    tells(SHRINK, 485, &["none.self_healed"]);
    let page =
        "promql: 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0', at: T+00:01:00";
    let grade = compared(
        &link_capped(&[page, symptom, SHRINK]),
        &sample::isr_shrink(),
        &capped_link(),
        &recorded(),
    );
    assert!(
        !grade.passed && grade.gates.iter().any(|g| g.gate == "G3" && !g.passed),
        "{}",
        brief(&grade)
    );
}

#[test]
fn whoever_plays_the_part_is_asked_whatever_the_name() {
    // By broker id as a value, by exclusion and by pattern.
    let led = "promql: 'kafka_topic_partition_replica_in_sync{topic=\"orders\",broker!=\"2\"} == 0 and on(topic,partition) kafka_topic_partition_leader == 2 and on() (sum(rate(node_qdisc_drops_total{node=~\".*-2\",kind=\"tbf\"}[20s])) > 1)', at: T+00:01:00";
    tells(led, 1000, ALL);
    let line = "log: '{node=\"kafka-2\"} |= \"[Partition orders-1 broker=2] Shrinking ISR\"', from: T-00:01:00, to: T+00:01:00";
    let piece = piece(line);
    assert!(piece.worth == 485 && piece.why.contains("1 of 3 other causes"), "{}", piece.why);
}

#[test]
fn a_limit_lies_where_it_lies_between_healthy_and_broken() {
    // The link elsewhere carries half as much: the same share of what it carried before is asked.
    let mut slower = recorded();
    for kept in
        slower.own[0].telemetry.series.get_mut("node_qdisc_drops_total").into_iter().flatten()
    {
        kept.changes.iter_mut().for_each(|p| p.value /= 10.0);
    }
    let evidence = "promql: 'rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[20s]) > 5', at: T+00:00:30";
    let worth = compared(&link_capped(&[evidence]), &sample::isr_shrink(), &capped_link(), &slower)
        .evidence[0]
        .worth;
    assert_eq!(
        worth, 400,
        "a counter that is not there before has no healthy value: its limit stays"
    );
    let sent = "promql: 'rate(node_network_transmit_bytes_total{node=\"kafka-2\"}[20s]) < 300000', at: T+00:00:30";
    let mut faster = recorded();
    for kept in faster.own[0]
        .telemetry
        .series
        .get_mut("node_network_transmit_bytes_total")
        .into_iter()
        .flatten()
    {
        kept.changes.iter_mut().for_each(|p| p.value *= 4.0);
    }
    let evidence = compared(&link_capped(&[sent]), &sample::isr_shrink(), &capped_link(), &faster)
        .evidence
        .remove(0);
    assert_eq!(evidence.worth, 1000, "{evidence:?}");
    insta::assert_snapshot!(evidence.limits.join("\n"), @"in another run of this cause the equivalent threshold to 300000 is 1200000");
}

#[test]
fn what_fits_this_run_only_is_merely_associated() {
    let overfit =
        "promql: 'node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"} > 530', at: T+00:00:30";
    let mut with = recorded();
    for kept in with.own[0].telemetry.series.get_mut("node_qdisc_drops_total").into_iter().flatten()
    {
        kept.changes.iter_mut().for_each(|p| p.value /= 100.0);
    }
    let command = "command: 4, contains: 'dropped 364, overlimits 8487'";
    for evidence in [overfit, command] {
        let piece =
            &compared(&link_capped(&[evidence]), &sample::isr_shrink(), &capped_link(), &with)
                .evidence[0];
        assert!(
            piece.worth == 400 && piece.apart == 0 && piece.why.contains("fits this run only"),
            "{}: {}",
            piece.worth,
            piece.why
        );
    }
}

#[test]
fn who_has_no_part_there_tells_nothing() {
    let mut run = sample::isr_shrink();
    run.facts.inventory.groups.insert("mine".into());
    let mine = Labelled::lag("mine");
    run.series.push(mine.0);
    let evidence = "promql: 'kafka_consumergroup_lag{consumergroup=\"mine\",topic=\"orders\",partition=\"1\"} > 40', at: T+00:01:00";
    let piece = piece_of(evidence, &run);
    assert!(
        piece.worth == 400 && piece.apart == 0 && piece.why.contains("is open"),
        "{}: {}",
        piece.worth,
        piece.why
    );
    // No twin in the battery: nobody knows what the command would have printed.
    let piece = self::piece("command: 6, contains: 'unacked:45'");
    assert!(piece.worth == 400 && piece.why.contains("is open"), "{}", piece.why);
}

/// For how long each of three clients did not poll, one of them since the injection.
fn polls(service: &str, stuck: u32) -> Vec<crate::domain::telemetry::series::Series> {
    use crate::domain::telemetry::series::{Labels, Point, Series};
    let of = |member: u32| {
        let client = format!("{service}-{member}");
        let labels = Labels::of(
            "kafka_consumer_last_poll_seconds_ago",
            [("client_id", client.as_str()), ("service", service)],
        );
        let ago =
            |s: i64| if member == stuck && s > INJECTED { (s - INJECTED) as f64 } else { 0.0 };
        Series {
            labels,
            points: (0..600).map(|s| Point { at: second(s) + 137, value: ago(s) }).collect(),
        }
    };
    (1..=3).map(of).collect()
}

#[test]
fn a_member_of_a_group_may_be_another_elsewhere() {
    let mut run = sample::isr_shrink();
    run.series.extend(polls("billing", 3));
    let mut with = recorded();
    with.roles.members = [("billing".to_owned(), 3)].into();
    let polled = |recording: &mut Recording, stuck: u32| {
        let end = recording.head.facts.recorded.to;
        let kept = polls("ledger", stuck).into_iter().map(|series| Kept {
            labels: series.labels,
            target: 0,
            changes: series.points.into_iter().filter(|p| p.at <= end).collect(),
        });
        recording
            .telemetry
            .series
            .insert("kafka_consumer_last_poll_seconds_ago".to_owned(), kept.collect());
    };
    with.own.iter_mut().for_each(|own| polled(own, 1));
    // Of the other causes one leaves a member stuck, too.
    with.look_alikes
        .iter_mut()
        .for_each(|other| polled(other, if other.class() == "storage.disk.slow" { 2 } else { 0 }));
    let told = |evidence: &str| {
        compared(&link_capped(&[evidence]), &run, &capped_link(), &with).evidence.remove(0)
    };
    let one = told(
        "promql: 'kafka_consumer_last_poll_seconds_ago{client_id=\"billing-3\"} > 20', at: T+00:01:00",
    );
    assert_eq!(
        one.apart_from,
        ["none.self_healed", "replication.throttle_left_behind"],
        "{}",
        one.why
    );
    // A question about any of them has the same answer.
    let all = told(
        "promql: 'kafka_consumer_last_poll_seconds_ago{client_id=~\"billing-.\"} > 20', at: T+00:01:00",
    );
    assert_eq!(all.apart_from, one.apart_from, "{}", all.why);
}

/// A series of a group of the learner's own.
struct Labelled(crate::domain::telemetry::series::Series);

impl Labelled {
    fn lag(group: &str) -> Self {
        use crate::domain::telemetry::series::{Labels, Point, Series};
        let labels = Labels::of(
            "kafka_consumergroup_lag",
            [("consumergroup", group), ("topic", "orders"), ("partition", "1")],
        );
        let points = (0..600)
            .map(|s| Point { at: second(s) + 137, value: if s > INJECTED { 50.0 } else { 0.0 } })
            .collect();
        Self(Series { labels, points })
    }
}

#[test]
fn a_metric_nobody_recorded_is_false_and_one_left_out_unknown() {
    let with = recorded();
    let throttle = "promql: 'kafka_broker_config_info{broker=\"2\",key=\"leader.replication.throttled.rate\"} == 1', at: T+00:01:00";
    let truth = {
        let mut truth = capped_link();
        truth.causes[0].class = "replication.throttle_left_behind".into();
        truth.causes[0].place.must = BTreeMap::from([(component("broker:2"), vec![])]);
        truth.look_alikes.retain(|other| other.class != "replication.throttle_left_behind");
        truth
    };
    let draft = Draft::new("replication.throttle_left_behind", &["broker:2"], &[throttle]);
    let with_throttle = with_scenario("throttle", &truth);
    let grade = compared(&draft, &sample::throttled(), &truth, &with_throttle);
    assert_eq!(
        (grade.evidence[0].worth, grade.evidence[0].apart, grade.evidence[0].others),
        (1000, 3, 3),
        "{}",
        grade.evidence[0].why
    );
    // The same claim about the wrong run is false there.
    assert_eq!(
        compared(&link_capped(&[throttle]), &sample::isr_shrink(), &capped_link(), &with).evidence
            [0]
        .verdict,
        "false"
    );
}

#[test]
fn an_exam_demands_that_something_is_told_apart() {
    let document = |evidence: &[&str]| {
        Document::read(link_capped(evidence).file().as_bytes()).expect("it is right")
    };
    let run = sample::isr_shrink();
    let gate = |evidence: &[&str]| {
        let terms = Terms { exam: true, ..Terms::default() };
        let grade = grade(&document(evidence), &run.record(), &capped_link(), &recorded(), &terms)
            .expect("it is valid");
        grade.gates.iter().find(|g| g.gate == "G7").map(|g| (g.passed, g.why.clone()))
    };
    assert_eq!(
        gate(&[DROPS]),
        Some((true, "the best piece tells it from 2 of 2 other causes".into()))
    );
    assert_eq!(
        gate(&[SHRINK]),
        Some((false, "the best piece tells it from 0 of 2 other causes".into()))
    );
}

#[test]
fn recordings_change_no_byte_from_one_grading_to_the_next() {
    let draft =
        Draft { more: format!("{ACCOUNT}{BOTH}"), ..link_capped(&[DROPS, SHRINK, QDISC, PROBE]) };
    let bytes = || {
        compared(&draft, &sample::isr_shrink(), &capped_link(), &recorded())
            .canonical()
            .expect("it is data")
    };
    let first = bytes();
    assert!((0..3).all(|_| bytes() == first));
    let mut other = recorded();
    other.look_alikes.reverse();
    assert_eq!(
        compared(&draft, &sample::isr_shrink(), &capped_link(), &other)
            .canonical()
            .expect("it is data"),
        first
    );
}

#[test]
fn a_cause_that_is_as_right_is_no_look_alike() {
    let mut truth = capped_link();
    truth.causes[0].equivalent = vec!["storage.disk.slow".into()];
    let with = with_scenario("capped-link", &truth);
    let classes: Vec<_> = with.look_alikes.iter().map(Recording::class).collect();
    assert_eq!(classes, ["replication.throttle_left_behind", "none.self_healed"]);
    assert_eq!(with.own.len(), 1);
}
