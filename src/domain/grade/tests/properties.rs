//! What holds for every document.

use super::*;
use crate::domain::rca::sample::{HEALED, SHRUNK};
use crate::domain::rca::vocab::classes::{CLASSES, GROUPS};

/// Documents at random, the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // A xorshift generator: enough to draw documents with.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

const COMPONENTS: &[&str] = &[
    "link:kafka-2",
    "broker:2",
    "broker:1",
    "link:kafka-1",
    "topic:orders",
    "partition:orders-1",
    "service:billing",
    "group:billing",
    "controller:100",
    "disk:kafka-2",
];

const CLAIMS: &[&str] = &[
    DROPS,
    SENT,
    PROBE,
    SHRINK,
    QDISC,
    "command: 6, contains: 'retrans:0/12'",
    "command: 5, contains: 'qdisc tbf'",
    "promql: 'up == 0', at: T+00:00:10",
    "promql: 'up == 1', at: T+00:00:10",
    "promql: 'nothing_like_it > 1', at: T+00:00:10",
    "promql: 'up == 1', at: T+09:00:10",
    "promql: 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0', at: T+00:00:10",
    "promql: 'node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"} == 810', at: T+00:01:00",
    "log: '{node=\"kafka-3\"} |= \"OutOfMemoryError\"', from: T-00:01:00, to: T+00:01:00, absent: true",
    "log: '{node=\"kafka-3\"} |= \"Shrinking\"', from: T-00:01:00, to: T+00:01:00",
    "intervention: 22, before: 'up == 0', after: 'up == 1'",
];

const ONSETS: &[&str] =
    &["T-00:00:30", "T-00:00:00", "T-00:01:30", "T+00:05:00", "2026-11-22T12:00:41Z"];

fn document(dice: &mut Dice, classes: &[&'static str]) -> Draft {
    let causes = (0..1 + dice.roll(3) / 2).map(|_| {
        let components = (0..dice.roll(4)).map(|_| (*dice.pick(COMPONENTS)).to_owned()).collect();
        ((*dice.pick(classes)).to_owned(), components)
    });
    let mut causes: Vec<(String, Vec<String>)> = causes.collect();
    causes.dedup_by(|a, b| a.0 == b.0);
    Draft {
        form: if dice.roll(2) == 0 { "short" } else { "full" },
        onset: (*dice.pick(ONSETS)).into(),
        causes,
        evidence: (0..dice.roll(6)).map(|_| (*dice.pick(CLAIMS)).to_owned()).collect(),
        trigger: (*dice.pick(&["", "change:C3", "change:C4", "not_listed"])).into(),
        times: (*dice.pick(&[
            "",
            ", detected: T+00:00:05",
            ", recovered: T+00:05:40",
            ", recovered: T+00:01:00",
        ]))
        .into(),
        more: (*dice.pick(&["", ACCOUNT])).into(),
        prose: (*dice.pick(&["", "## Root cause and mechanism\nE1, E2 and E3 show it.\n"])).into(),
    }
}

fn any_class() -> Vec<&'static str> {
    CLASSES.iter().chain(GROUPS).map(|c| c.id).filter(|id| !id.starts_with("none")).collect()
}

/// The run, its document's facts and its truth, read once for many documents.
struct Bench {
    run: Sample,
    truth: Truth,
}

impl Bench {
    fn new() -> Self {
        Self { run: sample::isr_shrink(), truth: capped_link() }
    }

    fn grade(&self, draft: &Draft) -> Grade {
        graded(&draft.file(), &self.run, &self.truth)
            .unwrap_or_else(|error| panic!("{error}\n{}", draft.file()))
    }
}

#[test]
fn the_lost_points_are_all_that_is_missing() {
    let (bench, mut dice) = (Bench::new(), Dice(11));
    for _ in 0..150 {
        let draft = document(
            &mut dice,
            &[
                "network.capacity.link_capped",
                "network.capacity",
                "network.quality.packet_loss",
                "storage.disk.slow",
            ],
        );
        let grade = bench.grade(&draft);
        let lost: u32 = grade.losses.iter().map(|l| l.lost).sum();
        assert_eq!(100_000 - lost, grade.earned, "{}", draft.file());
        assert_eq!(grade.items.iter().map(|i| i.possible).sum::<u32>(), 100_000);
        for item in &grade.items {
            let of_item: u32 =
                grade.losses.iter().filter(|l| l.item == item.item).map(|l| l.lost).sum();
            assert_eq!(item.possible - of_item, item.earned, "{}", item.item);
        }
        assert!(
            grade
                .losses
                .iter()
                .all(|l| l.lost > 0 && l.line > 0 && !l.says.is_empty() && !l.look.is_empty()),
            "{:#?}",
            grade.losses
        );
        assert!(grade.total <= grade.earned);
    }
}

#[test]
fn a_wrong_class_never_passes() {
    let (bench, mut dice) = (Bench::new(), Dice(23));
    let wrong: Vec<_> =
        any_class().into_iter().filter(|id| *id != "network.capacity.link_capped").collect();
    for _ in 0..400 {
        let draft = document(&mut dice, &wrong);
        let grade = bench.grade(&draft);
        assert!(!grade.passed && grade.total <= 49_000, "{}\n{}", brief(&grade), draft.file());
    }
}

#[test]
fn a_false_claim_never_raises_a_score() {
    let (bench, mut dice) = (Bench::new(), Dice(37));
    let wrong = [
        "promql: 'up == 0', at: T+00:00:11",
        "log: '{node=\"kafka-1\"} |= \"no such text\"', from: T-00:01:00, to: T+00:01:00",
    ];
    for _ in 0..150 {
        let draft = document(
            &mut dice,
            &["network.capacity.link_capped", "network.capacity", "storage.disk.slow"],
        );
        let mut more = draft.clone();
        more.evidence.insert(dice.roll(draft.evidence.len() + 1), (*dice.pick(&wrong)).into());
        let (before, after) = (bench.grade(&draft), bench.grade(&more));
        assert!(
            after.total <= before.total && after.earned <= before.earned,
            "{}\n{}",
            brief(&before),
            more.file()
        );
    }
}

#[test]
fn one_cause_too_many_never_raises_a_score() {
    let (bench, mut dice) = (Bench::new(), Dice(41));
    let unrelated = [
        "storage.disk.slow",
        "client.consumer.stuck",
        "quota.missing",
        "broker.memory.plugin_leak",
    ];
    for _ in 0..150 {
        let draft = document(
            &mut dice,
            &["network.capacity.link_capped", "network.capacity", "network.quality.packet_loss"],
        );
        let mut more = draft.clone();
        more.causes.push(((*dice.pick(&unrelated)).into(), vec![(*dice.pick(COMPONENTS)).into()]));
        let (before, after) = (bench.grade(&draft), bench.grade(&more));
        assert!(
            after.total <= before.total && after.earned <= before.earned,
            "{}\n{}\n{}",
            brief(&before),
            brief(&after),
            more.file()
        );
    }
}

#[test]
fn answers_without_looking_never_pass() {
    let (mut bench, mut dice) = (Bench::new(), Dice(53));
    // Nobody fixed it, either.
    bench.run.facts.recorded.to = second(HEALED - 1);
    bench.run.facts.closed = None;
    bench.run.facts.commands.retain(|command| command.started < second(HEALED));
    let classes = any_class();
    let constant = link_capped(&[
        "promql: 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0', at: T+00:00:00",
    ]);
    assert!(!bench.grade(&constant).passed);
    let guesses = 300;
    let mut sum = 0;
    for _ in 0..guesses {
        let mut draft = document(&mut dice, &classes);
        draft.onset = format!("T-00:{:02}:00", dice.roll(60));
        (draft.times, draft.more, draft.prose) = Default::default();
        draft.evidence = vec!["promql: 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 0', at: T+00:00:00".into()];
        let grade = bench.grade(&draft);
        assert!(!grade.passed, "{}", draft.file());
        sum += u64::from(grade.total);
    }
    let mean = sum / guesses / 1000;
    assert!(mean <= 10, "the mean of blind guesses is {mean}");
}

#[test]
fn what_a_grade_says_does_not_depend_on_the_order_of_the_record() {
    let mut run = sample::isr_shrink();
    let draft = link_capped(&[
        DROPS,
        SHRINK,
        QDISC,
        "promql: 'kafka_topic_partition_in_sync_replica < 3', at: T+00:00:00",
    ]);
    let before = graded(&draft.file(), &run, &capped_link());
    run.series.reverse();
    assert_eq!(graded(&draft.file(), &run, &capped_link()), before);
    assert!(second(SHRUNK) > run.facts.baseline.to);
}
