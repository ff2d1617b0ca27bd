//! Other causes ruled out, and the write-ups of those who took one of them for the cause.

use super::elsewhere::{compared, recorded};
use super::*;

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

pub(super) const BOTH: &str = "hypotheses: [{class: replication.throttle_left_behind, by: [E1]}, {class: storage.disk.slow, by: [E2]}]\n";

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
