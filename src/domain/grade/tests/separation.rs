//! Evidence against recordings of this cause and of others that show the same symptom, made in labs
//! with other names.

use super::*;
use crate::domain::grade::Evidence as Piece;
use crate::domain::rca::sample::{HEALED, OPENED, PAGED};
use crate::domain::recording::{
    FORMAT, Head, Kept, Phase, Phases, Recording, Roles, Taken, Target, Telemetry,
};

/// Names of another lab: its broker 3 plays the part of kafka-2, and everybody else is called
/// otherwise.
const ELSEWHERE: &[(&str, &str)] = &[
    ("kafka-2", "kafka-3"),
    ("kafka-3", "kafka-2"),
    ("2", "3"),
    ("3", "2"),
    ("orders", "bookings"),
    ("orders-service", "bookings-service"),
    ("billing", "ledger"),
];

fn roles(victim: u32, names: [&str; 4]) -> Roles {
    let [topic, other, producer, consumer] = names;
    let rest = (1..=3).filter(|broker| *broker != victim);
    Roles {
        brokers: std::iter::once(victim).chain(rest).collect(),
        controllers: vec![100],
        topics: vec![topic.into(), other.into()],
        partitions: [(topic.to_owned(), vec![1, 4, 0, 3, 2, 5]), (other.to_owned(), vec![1, 0, 2])]
            .into(),
        services: vec![producer.into(), consumer.into()],
        groups: vec![consumer.into()],
        members: BTreeMap::new(),
        machines: sample::machines(&[producer, consumer]),
    }
}

fn here() -> Roles {
    roles(2, ["orders", "payments", "orders-service", "billing"])
}

/// A recording of a run of another lab, up to the learner's first change.
fn recording(
    scenario: &str,
    class: &str,
    run: Sample,
    battery: &[(&str, &str, &str)],
) -> Recording {
    let run = run.without_commands();
    // Partition labels are numbers, too: the rename of ids must not touch them.
    let kept_partitions: Vec<String> =
        run.series.iter().map(|s| s.labels.get("partition").to_owned()).collect();
    let mut run = run.renamed(ELSEWHERE);
    for (series, partition) in run.series.iter_mut().zip(kept_partitions) {
        series.labels.set("partition", &partition);
        if series.labels.name() == "kafka_topic_partition_leader" {
            let renamed = |id: f64| {
                if id == 2.0 {
                    3.0
                } else if id == 3.0 {
                    2.0
                } else {
                    id
                }
            };
            series.points.iter_mut().for_each(|p| p.value = renamed(p.value));
        }
    }
    let end = second(HEALED - 2);
    let mut truth = capped_link();
    truth.causes[0].class = class.into();
    let broken = Place { must: [(component("broker:3"), vec![])].into(), ..Place::default() };
    truth.causes[0].place = if class.starts_with("none") { Place::default() } else { broken };
    run.facts.recorded.to = end;
    let reads = (0..HEALED - 2).map(|s| second(s) + 137).collect();
    let mut series: BTreeMap<String, Vec<Kept>> = BTreeMap::new();
    for one in run.series {
        let changes = one.points.into_iter().filter(|p| p.at <= end).collect();
        series.entry(one.labels.name().to_owned()).or_default().push(Kept {
            labels: one.labels,
            target: 0,
            changes,
        });
    }
    let taken = |(machine, line, output): &(&str, &str, &str)| Taken {
        phase: Phase::Steady,
        machine: (*machine).into(),
        line: (*line).into(),
        exit: 0,
        output: (*output).into(),
    };
    let head = Head {
        format: FORMAT,
        family: "isr-shrink".into(),
        scenario: scenario.into(),
        seed: 1,
        drawn: [("victim".to_owned(), "3".to_owned())].into(),
        phases: Phases {
            baseline: run.facts.baseline,
            onset: Span { from: second(INJECTED), to: second(PAGED) },
            steady: Span { from: second(PAGED), to: end },
            witnessed: second(OPENED),
        },
        facts: run.facts,
        truth,
        roles: roles(3, ["bookings", "payments", "bookings-service", "ledger"]),
        left_out: ["scrape_duration_seconds".to_owned()].into(),
        battery: battery.iter().map(taken).collect(),
    };
    let lines = run.logs.into_iter().filter(|line| line.at <= end).collect();
    Recording {
        head,
        telemetry: Telemetry {
            targets: vec![Target { job: "kafka".into(), node: String::new(), reads }],
            series,
            lines,
        },
    }
}

const NOQUEUE: &str = "qdisc noqueue 0: root refcnt 2\n";

/// The capped link, a throttle and a slow disk, recorded elsewhere.
fn with_scenario(scenario: &str, truth: &Truth) -> Comparison {
    let tc = "tc -s qdisc show dev eth0";
    let all = vec![
        recording(
            "capped-link",
            "network.capacity.link_capped",
            sample::isr_shrink(),
            &[
                ("kafka-3", tc, "qdisc tbf 8001: root refcnt 2 rate 1900Kbit\n"),
                ("kafka-1", tc, NOQUEUE),
            ],
        ),
        recording(
            "throttle",
            "replication.throttle_left_behind",
            sample::throttled(),
            &[("kafka-3", tc, NOQUEUE), ("kafka-1", tc, NOQUEUE)],
        ),
        recording(
            "slow-disk",
            "storage.disk.slow",
            sample::slow_disk(),
            &[("kafka-3", tc, NOQUEUE), ("kafka-1", tc, NOQUEUE)],
        ),
        recording("passing", "none.self_healed", sample::self_healed(), &[]),
    ];
    Comparison::of(here(), [("victim".to_owned(), "2".to_owned())].into(), scenario, truth, all)
}

pub(super) fn recorded() -> Comparison {
    with_scenario("capped-link", &capped_link())
}

pub(super) fn compared(draft: &Draft, run: &Sample, truth: &Truth, with: &Comparison) -> Grade {
    let document = Document::read(draft.file().as_bytes())
        .unwrap_or_else(|problems| panic!("{problems:?}\n{}", draft.file()));
    grade(&document, &run.record(), truth, with, &terms())
        .unwrap_or_else(|error| panic!("{error}\n{}", draft.file()))
}

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
    insta::assert_snapshot!(evidence.limits.join("\n"), @"the limit 300000 was put to 1200000 in another run of this cause, as far between its healthy and its broken value");
}

#[test]
fn what_fits_this_run_only_is_merely_associated() {
    let overfit = "promql: 'node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"} > 530 < 545', at: T+00:00:30";
    let mut with = recorded();
    for kept in with.own[0].telemetry.series.get_mut("node_qdisc_drops_total").into_iter().flatten()
    {
        kept.changes.iter_mut().for_each(|p| p.value *= 3.0);
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
fn the_references_of_siblings_never_pass() {
    let run = sample::isr_shrink();
    let siblings = [
        ("replication.throttle_left_behind", "broker:2"),
        ("storage.disk.slow", "disk:kafka-2"),
        ("network.partition.replication_blocked", "link:kafka-2"),
    ];
    for (class, place) in siblings {
        for evidence in [
            vec![SHRINK, PROBE],
            vec![DROPS, SENT, QDISC],
            vec![
                "promql: 'kafka_log_logflushstats_logflushrateandtimems{broker=\"2\"} > 500', at: T+00:01:00",
            ],
        ] {
            let draft = Draft { more: ACCOUNT.into(), ..Draft::new(class, &[place], &evidence) };
            let grade = compared(&draft, &run, &capped_link(), &recorded());
            assert!(!grade.passed && grade.total <= 49_000, "{class}: {}", brief(&grade));
        }
    }
    let right = compared(&with_hypotheses(BOTH), &run, &capped_link(), &recorded());
    insta::assert_snapshot!(brief(&right), @"passed 99.300 (class 1000, component 1000, onset 1000, evidence 972, hypotheses 1000, mechanism 1000, impact and times 1000, mitigation and recovery 1000, prevention 1000) gates failed: []");
}

const BOTH: &str = "hypotheses: [{class: replication.throttle_left_behind, by: [E1]}, {class: storage.disk.slow, by: [E2]}]\n";

fn with_hypotheses(hypotheses: &str) -> Draft {
    let mut draft = link_capped(&[DROPS, SENT, QDISC]);
    draft.more += hypotheses;
    draft
}

/// The score of the item, and what is said of it.
fn ruled_out(hypotheses: &str) -> String {
    let grade =
        compared(&with_hypotheses(hypotheses), &sample::isr_shrink(), &capped_link(), &recorded());
    let score = grade.items.iter().find(|i| i.item == "hypotheses").map(|i| i.score);
    let says: Vec<_> =
        grade.losses.iter().filter(|l| l.item == "hypotheses").map(|l| l.says.as_str()).collect();
    format!("{}: {}", score.expect("it is asked"), says.join(" | "))
}

#[test]
fn a_hypothesis_is_ruled_out_by_what_is_false_where_it_is_the_cause() {
    assert_eq!(ruled_out(BOTH), "1000: ");
    insta::assert_snapshot!(ruled_out(""), @"0: no other cause is ruled out here; `storage.disk.slow` shows the same symptom, too | no other cause is ruled out here; `storage.disk.slow` shows the same symptom, too");
    insta::assert_snapshot!(ruled_out("hypotheses: [{class: storage.disk.slow}, {class: replication.throttle_left_behind, by: [E1]}]\n"), @"550: `storage.disk.slow` is named, but no true piece of evidence rules it out");
    insta::assert_snapshot!(ruled_out("hypotheses: [{class: network.capacity.link_capped, by: [E1]}, {class: storage, by: [E1]}]\n"), @"500: `network.capacity.link_capped` is ruled out, but it was the cause, or the group to which the cause belongs");
    insta::assert_snapshot!(ruled_out("hypotheses: [{class: quota.missing, by: [E1]}, {class: broker.cpu.starved, by: [E1]}]\n"), @"650: `quota.missing` is ruled out, but it is no cause of this symptom that anyone would have to rule out");
}

#[test]
fn what_is_missing_may_rule_out_though_it_proves_nothing() {
    let slow = "log: '{node=\"kafka-2\"} |= \"flush of the log took\"', from: T-00:00:40, to: T+00:01:00, absent: true";
    let mut draft = link_capped(&[DROPS, PROBE, slow]);
    draft.more += "hypotheses: [{class: storage.disk.slow, by: [E2]}, {class: storage.disk.slow, by: [E3]}]\n";
    let grade = compared(&draft, &sample::isr_shrink(), &capped_link(), &recorded());
    assert_eq!(grade.evidence[2].worth, 0, "it was as true before");
    draft.more = draft.more.replace("{class: storage.disk.slow, by: [E2]}, ", "");
    draft.form = "short";
    draft.more = draft.more.replace(ACCOUNT, "");
    let grade = compared(&draft, &sample::isr_shrink(), &capped_link(), &recorded());
    assert_eq!(
        grade.items.iter().find(|i| i.item == "hypotheses").map(|i| i.score),
        Some(1000),
        "{:#?}",
        grade.losses
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
