//! Recordings of this cause and of others that show the same symptom, made in labs with other
//! names.

use super::*;
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
        level: 2,
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
pub(super) fn with_scenario(scenario: &str, truth: &Truth) -> Comparison {
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
