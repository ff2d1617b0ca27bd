use super::*;

const FAMILY: &str = r#"format: 1
title: Something is slow
level: 1
minutes: 5
trains: [nothing]
brief: a test
draw: {victim: {one_of: ["1", "2", "3"]}}
cluster:
  brokers: 3
  topics: [{name: orders, partitions: 3, replication_factor: 3}]
services:
  - {name: billing, description: reads, role: consumer, properties: {topic: orders, group.id: billing, processing.time.ms: "1"}}
alert: {name: Slow, severity: page, expr: sum(up) < 4, for_seconds: 3, summary: slow, description: slow}
steady: {hold_seconds: 5, deadline_seconds: 20, conditions: ["sum(up) == 4"]}
slo: [{name: right, expr: sum(up) == 4, felt: true, for_seconds: 5}]
"#;

const CAUSE: &str = r#"format: 1
draw: {rate: {from: 1000, to: 3000, step: 500}}
fault: {link-cap: {node: "kafka-{{ victim }}", rate_kbit: "{{ rate }}"}}
trigger: {what: "host profile applied to kafka-{{ victim }}", by: network}
window_seconds: 30
hold_seconds: 4
signatures: [{shows: it is this one, expr: "rate(node_qdisc_drops_total{node=\"kafka-{{ victim }}\"}[10s]) > 0"}]
impact: [{shows: it is slow, expr: sum(up) < 4}]
decoy: {what: "segments shortened", by: governance, do: [{alter-topic-config: {topic: orders, set: {segment.ms: "1"}}}]}
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

fn files(scenario: &str, reference: &str) -> FamilyFiles {
    let decoy = WRITE_UP.replace("CLASS", "storage.disk.slow");
    FamilyFiles {
        name: "test".to_owned(),
        family: file("family.yaml", FAMILY),
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

fn told(scenario: &str, reference: &str) -> String {
    let commands = |line: &str| {
        if line.starts_with("exec") { Ok(()) } else { Err("no such command".to_owned()) }
    };
    review(&files(scenario, reference), &commands).iter().map(|p| format!("{p}\n")).collect()
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
        .replace("[look, look there, it is there]", "[look]")
        .replace("host profile applied to", "link capped at");
    insta::assert_snapshot!(told(&wrong, &WRITE_UP.replace("CLASS", "storage.disk.slow")), @r"
    reference-rca.md:8:3: it names `storage.disk.slow`, and the fault says `network.capacity.link_capped`
    scenario.yaml:4:10: the change feed shows this, and it gives `link_capped` away
    scenario.yaml:7:44: no metric is called `node_qdisc_drop_total`; did you mean `node_qdisc_drops_total`? (docs/metrics.md lists them)
    scenario.yaml:10:13: a learner cannot give `exce kafka-3 -- tc qdisc del dev eth0 root`: no such command
    scenario.yaml:12:15: unknown prevention `alert.link_full`; did you mean `alert.link_saturated`? (`chaoslab vocab preventions --search WORD` lists them)
    scenario.yaml:13:8: give 3 hints: a nudge, a direction, a near-answer; there are 1
    ");
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
