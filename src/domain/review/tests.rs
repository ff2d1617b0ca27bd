use super::*;
use crate::domain::rca::detect::{Scope, detect};
use crate::domain::rca::record::Inventory;
use crate::domain::rca::sample::{self, Sample};
use crate::domain::recording::{FORMAT, Head, Phases, Recording, Roles, Telemetry};
use crate::domain::scenario::Plan;
use crate::domain::telemetry::series::{Labels, Point, Series};
use crate::domain::topology::{Node, Role};

const FAMILY: &str = r#"format: 1
title: Something is slow
difficulty: 1
minutes: 5
trains: [nothing]
brief: a test
draw: {victim: {one_of: ["1", "2", "3"]}}
cluster:
  brokers: 3
  topics: [{name: orders, partitions: 3, replication_factor: 3}]
services:
  - {name: billing, description: reads, role: consumer, properties: {topic: orders, group.id: billing}, behaviour: {processing_us: 1000}}
alert: {name: Slow, severity: page, expr: sum(up) < 4, for_seconds: 3, summary: slow, description: slow}
steady: {hold_seconds: 5, deadline_seconds: 20, conditions: ["sum(up) == 4"]}
slo: [{name: right, expr: sum(up) == 4, felt: true, for_seconds: 5}]
"#;

const CAUSE: &str = r#"format: 1
draw: {rate: {from: 1000, to: 3000, step: 500}}
fault: {link-cap: {node: "kafka-{{ victim }}", rate_kbit: "{{ rate }}"}}
trigger: network-change
window_seconds: 30
hold_seconds: 4
signatures: [{shows: it is this one, expr: "rate(node_qdisc_drops_total{node=\"kafka-{{ victim }}\"}[10s]) > 0"}]
impact: [{shows: it is slow, expr: sum(up) < 4}]
fix: [{run: "exec kafka-{{ victim }} -- tc qdisc del dev eth0 root"}]
recovery_seconds: 30
preventions: [alert.link_saturated]
hints: [look, look there, it is there]
"#;

const WRITE_UP: &str = r#"---
rca: 1
form: short
run: {{ run }}
author: reference
timeline: {onset: T-00:00:15}
root_cause:
  - {class: CLASS, component: [link:kafka-{{ victim }}]}
evidence:
  - {id: E1, promql: 'rate(node_qdisc_drops_total{node="kafka-{{ victim }}"}[10s]) > 0', at: T+00:00:00}
---
## Root cause and mechanism
See E1.
"#;

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

fn files_of(family: &str, scenario: &str, reference: &str) -> FamilyFiles {
    let decoy = WRITE_UP.replace("CLASS", "storage.disk.slow");
    FamilyFiles {
        name: "test".to_owned(),
        family: file("family.yaml", family),
        scenarios: vec![ScenarioFiles {
            slug: "thin-wire".to_owned(),
            scenario: file("scenario.yaml", scenario),
            write_ups: [("reference-rca.md", reference), ("decoy-rca.md", &decoy)]
                .map(|(name, text)| (name.to_owned(), file(name, text)))
                .into(),
        }],
        playbook: Some(file("playbooks/test.md", "")),
        playbook_path: "playbooks/test.md".to_owned(),
    }
}

fn files(scenario: &str, reference: &str) -> FamilyFiles {
    files_of(&(FAMILY.to_owned() + &changes()), scenario, reference)
}

/// A stock that feeds can be drawn from.
fn changes() -> String {
    let works = |name: &str, count: u32| -> String {
        let work = |k| format!("    - {{say: {name} {k}, by: somebody}}\n");
        format!("  {name}:\n{}", (0..count).map(work).collect::<String>())
    };
    let kinds = "changes:\n  kinds:\n    network-change: {say: [NET-1 carried out, NET-1 in force, \
                 NET-1 done, NET-1 closed], by: [network]}\n";
    let disturbance =
        "  disturbances:\n    - {is: another election, do: [{elect-preferred-leaders: {}}]}\n";
    let lists = [works("others", 40), works("decoys", 4), works("misleading", 4)].concat();
    [kinds, &lists, disturbance].concat()
}

fn told(scenario: &str, reference: &str) -> String {
    told_of(&files(scenario, reference))
}

fn told_of(files: &FamilyFiles) -> String {
    let commands = |line: &str| {
        if line.starts_with("exec") { Ok(()) } else { Err("no such command".to_owned()) }
    };
    review(files, &commands).iter().map(|p| format!("{p}\n")).collect()
}

#[test]
fn right_content_has_no_problem() {
    assert_eq!(told(CAUSE, &WRITE_UP.replace("CLASS", "network.capacity.link_capped")), "");
}

#[test]
fn every_problem_is_told_once_with_its_place() {
    let wrong = CAUSE
        .replace("node_qdisc_drops_total{node", "node_qdisc_drop_total{nod")
        .replace("alert.link_saturated", "alert.link_full")
        .replace("exec kafka", "exce kafka")
        .replace("[look, look there, it is there]", "[look]");
    insta::assert_snapshot!(told(&wrong, &WRITE_UP.replace("CLASS", "storage.disk.slow")), @r"
    reference-rca.md:8:3: it names `storage.disk.slow`, and the fault says `network.capacity.link_capped`
    scenario.yaml:7:44: no metric is called `node_qdisc_drop_total`; did you mean `node_qdisc_drops_total`? (docs/metrics.md lists them)
    scenario.yaml:9:13: a learner cannot give `exce kafka-3 -- tc qdisc del dev eth0 root`: no such command
    scenario.yaml:11:15: unknown prevention `alert.link_full`; did you mean `alert.link_saturated`? (`chaoslab vocab preventions --search WORD` lists them)
    scenario.yaml:12:8: give 3 hints: a nudge, a direction, a near-answer; there are 1
    ");
}

#[test]
fn a_feed_that_gives_away_or_is_short_of_texts_is_told() {
    let reference = WRITE_UP.replace("CLASS", "network.capacity.link_capped");
    let wrong = changes()
        .replace("NET-1 in force", "the link is capped")
        .replace("NET-1 closed", "NET-1 done")
        .replace("others 39", "others 38")
        .replace("    - {say: decoys 3, by: somebody}\n", "");
    let files = files_of(&(FAMILY.to_owned() + &wrong), CAUSE, &reference);
    insta::assert_snapshot!(told_of(&files), @r"
    family.yaml:17:3: `NET-1 done` is there twice
    family.yaml:17:3: `others 38` is there twice
    family.yaml:18:21: the learner reads this, and it gives `link_capped` away
    family.yaml:61:5: give 4 at least; there are 3
    ");
}

#[test]
fn the_first_hint_says_nothing_of_the_cause() {
    let reference = WRITE_UP.replace("CLASS", "network.capacity.link_capped");
    let mut files = files(CAUSE, &reference);
    let mut other = files.scenarios[0].clone();
    other.slug = "other".to_owned();
    other.scenario = file("other.yaml", &CAUSE.replace("[look, look", "[is it over, look"));
    files.scenarios.push(other);
    let problems = review(&files, &|_| Ok(()));
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "other.yaml:12:9: the first hint is the same for all causes of a family; that of thin-wire is `look`"
        ]
    );
}

#[test]
fn seeds_draw_every_value_and_both_ends() {
    let family = choices(file("f", FAMILY).source()).expect("readable");
    let own = choices(file("s", CAUSE).source()).expect("readable");
    let mut drawn: BTreeSet<String> = BTreeSet::new();
    for seed in seeds(&family, Some(("thin-wire", &own))) {
        let known = draw(seed, "family", &family, &Drawn::new()).expect("drawn");
        drawn.extend(draw(seed, "scenario/thin-wire", &own, &known).expect("drawn").into_values());
    }
    assert!(["1", "2", "3", "1000", "3000"].iter().all(|v| drawn.contains(*v)), "{drawn:?}");
}

/// Machines that nobody named after their ids.
const ELSEWHERE: &[(&str, &str)] = &[
    ("kafka-1", "broker-a"),
    ("kafka-2", "broker-b"),
    ("kafka-3", "broker-c"),
    ("controller", "quorum-x"),
    ("toolbox", "bastion"),
];

/// The plan of a seed that draws broker 2.
fn planned() -> Plan {
    let files = files(CAUSE, "");
    let all = (0..SEEDS).map(|seed| scenario::plan(&files, &files.scenarios[0], seed));
    all.map(|plan| plan.expect("it can be planned"))
        .find(|plan| plan.drawn["victim"] == "2")
        .expect("a seed draws it")
}

/// The same plan for machines of other names and a quorum of three.
fn planned_elsewhere() -> Plan {
    let brokers = ELSEWHERE.iter().filter(|(name, _)| name.starts_with("kafka"));
    let renamed = brokers
        .fold(serde_json::to_string(&planned()).expect("a plan is data"), |text, (name, to)| {
            text.replace(name, to)
        });
    let mut plan: Plan = serde_json::from_str(&renamed).expect("it is a plan");
    plan.topology.nodes.retain(|node| node.role == Role::Broker);
    for (name, id) in [("quorum-x", 3001), ("quorum-y", 3002), ("quorum-z", 3003)] {
        let node = Node { name: name.to_owned(), id, role: Role::Controller };
        plan.topology.nodes.push(node);
    }
    plan.topology.toolbox = "bastion".to_owned();
    plan
}

/// A run of that plan: broker-b's link is full, and quorum-y stops to tell its figures.
fn run_elsewhere(plan: &Plan) -> Sample {
    let mut run = sample::isr_shrink().renamed(ELSEWHERE);
    run.facts.inventory = Inventory::of(&plan.topology, &plan.services);
    let labels = Labels::of("up", [("job", "kafka"), ("node", "quorum-y")]);
    let value = |s| f64::from(u8::from(s < sample::SHRUNK));
    let points = (0..sample::HEALED).map(|s| Point { at: sample::second(s), value: value(s) });
    run.series.push(Series { labels, points: points.collect() });
    run
}

#[test]
fn events_are_detected_on_machines_of_any_name_and_number() {
    let plan = planned_elsewhere();
    let run = run_elsewhere(&plan);
    let scope = Scope { span: run.facts.recorded, alert: None };
    let found = detect(&run.series, &scope, &run.facts.inventory).expect("memory can be read");
    let on = |event: &str| -> BTreeSet<String> {
        let these = found.iter().filter(|d| d.event == event).flat_map(|d| &d.on);
        these.map(ToString::to_string).collect()
    };
    assert!(on("metrics.vanished").contains("controller:3002"), "{found:?}");
    assert!(on("isr.shrunk").contains("partition:orders-1"), "{found:?}");
}

#[test]
fn a_recording_of_such_a_lab_knows_who_is_who() {
    let (here, there) = (planned(), planned_elsewhere());
    let roles = |plan: &Plan| {
        let truth = scenario::truth(plan);
        (Roles::of(&plan.topology, &plan.services, &truth, &plan.drawn), truth)
    };
    let ((own, _), (theirs, truth)) = (roles(&here), roles(&there));
    let facts = run_elsewhere(&there).facts;
    let span = facts.recorded;
    let head = Head {
        format: FORMAT,
        family: there.family,
        scenario: there.scenario,
        seed: there.seed,
        level: there.level.number(),
        drawn: there.drawn,
        facts,
        truth,
        roles: theirs,
        phases: Phases { baseline: span, onset: span, steady: span, witnessed: span.to },
        left_out: BTreeSet::new(),
        battery: Vec::new(),
    };
    let recording = Recording { head, telemetry: Telemetry::default() };
    let read = Recording::parse(&recording.write()).expect("it can be read");
    assert_eq!(read.head.roles, recording.head.roles);
    let twin = |machine| own.machine_twin(&read.head.roles, machine);
    let twins = ["kafka-1", "kafka-2", "kafka-3", "controller", "billing", "toolbox"].map(twin);
    assert_eq!(
        twins.each_ref().map(Option::as_deref),
        ["broker-a", "broker-b", "broker-c", "quorum-x", "billing", "bastion"].map(Some)
    );
    let back = |machine| read.head.roles.machine_twin(&own, machine);
    assert_eq!(["quorum-x", "quorum-y"].map(back), [Some("controller".to_owned()), None]);
}

#[test]
fn what_a_plan_says_of_such_a_lab_is_seen_in_its_record() {
    let plan = planned_elsewhere();
    let run = run_elsewhere(&plan);
    let (truth, at) = (scenario::truth(&plan), sample::second(sample::OPENED));
    let verdicts = seen::staged(&plan, &truth, &run.record(), at).expect("memory can be read");
    let says = |what: &str| verdicts.iter().find(|v| v.what == what).map(|v| v.good);
    assert_eq!(says("signature: it is this one"), Some(true), "{verdicts:?}");
    assert_eq!(says("event isr.shrunk"), Some(true), "{verdicts:?}");
    // A command without a machine ran on the toolbox, whatever it is called.
    let line = "kafka-topics.sh --bootstrap-server broker-a:9092 --describe \
                --under-replicated-partitions";
    assert_eq!(write_ups::number_of(&format!("exec -- {line}"), &run.facts), Some(2));
    assert_eq!(write_ups::number_of(&format!("exec bastion -- {line}"), &run.facts), Some(2));
    assert_eq!(write_ups::number_of(&format!("exec broker-a -- {line}"), &run.facts), None);
    // Before it is staged, a write-up's commands are known to run on machines of the plan.
    let write_up = WRITE_UP
        .replace("CLASS", "network.capacity.link_capped")
        .replace("kafka-{{ victim }}", "broker-b");
    let reference = file("reference-rca.md", &write_up);
    let problems = write_ups::problems(&plan, &truth, "reference-rca.md", &reference);
    assert!(problems.is_empty(), "{problems:?}");
}
