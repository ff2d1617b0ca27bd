//! The right class and place, and nothing found out: what is written down beside them is worth
//! little, and contradictions show.

use super::elsewhere::{compared, recorded};
use super::*;
use crate::domain::rca::sample::{HEALED, PAGED};

#[track_caller]
fn against_recordings(draft: &Draft) -> Grade {
    compared(draft, &sample::isr_shrink(), &capped_link(), &recorded())
}

fn failed(grade: &Grade) -> Vec<&str> {
    grade.gates.iter().filter(|g| !g.passed).map(|g| g.gate.as_str()).collect()
}

fn worths(evidence: &[&str]) -> Vec<u32> {
    against_recordings(&link_capped(evidence)).evidence.iter().map(|e| e.worth).collect()
}

#[test]
fn the_alert_in_other_words_is_the_symptom() {
    let echoes = [
        "promql: 'sum(kafka_server_replicamanager_underreplicatedpartitions) > 1', at: T+00:00:10",
        "promql: '1 < max(kafka_server_replicamanager_underreplicatedpartitions)', at: T+00:00:10",
        "promql: 'kafka_server_replicamanager_underreplicatedpartitions{broker=\"2\"} >= 2', at: T+00:00:10",
        "promql: 'sum(kafka_topic_partition_under_replicated_partition) >= 1', at: T+00:00:10",
        "promql: 'avg_over_time(kafka_topic_partition_under_replicated_partition{topic=\"orders\",partition=\"1\"}[20s]) > 0.9', at: T+00:01:00",
        "promql: 'count(kafka_topic_partition_under_replicated_partition == 1) > 1', at: T+00:01:00",
    ];
    for echo in echoes {
        let worth = worths(&[echo])[0];
        assert!(worth <= 400, "{echo}: {worth}");
    }
    let grade = against_recordings(&link_capped(&echoes));
    assert!(!grade.passed && failed(&grade).contains(&"G3"), "{}", brief(&grade));
}

#[test]
fn what_nearly_any_line_bears_out_is_association() {
    let mut run = sample::isr_shrink();
    // A machine that says much once it is in trouble, and nothing before.
    for s in 0..40 {
        run = run.with_line("kafka-2", PAGED + s, &format!("[RequestHandler {s}] INFO waits"));
    }
    for any in [
        "log: '{node=\"kafka-2\"}', from: T+00:00:00, to: T+00:02:00, min: 20",
        "log: '{node=\"kafka-2\"} |~ \".*\"', from: T-01:00:00, to: T+01:00:00, min: 20",
        "log: '{node=\"kafka-2\"} |= \"INFO\"', from: T+00:00:00, to: T+00:00:38, min: 20",
        "log: '{node=\"kafka-2\"} |= \"Request\"', from: T+00:00:00, to: T+00:00:38",
    ] {
        let grade = compared(&link_capped(&[any]), &run, &capped_link(), &recorded());
        assert!(grade.evidence[0].worth <= 400, "{any}: {}", grade.evidence[0].why);
    }
    let numbers = "command: 4, contains: '22512412'";
    assert!(worths(&[numbers])[0] <= 400);
}

#[test]
fn limits_that_close_in_on_a_value_are_no_proof() {
    assert_eq!(
        worths(&[
            "promql: 'node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"} > 530 < 545', at: T+00:00:30",
            "promql: 'abs(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"} - 540) < 9', at: T+00:00:30",
        ]),
        [0, 0]
    );
}

#[test]
fn one_fact_counts_once() {
    let same = [
        DROPS,
        "promql: 'rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[30s]) > 2', at: T+00:00:40",
        "promql: '1 < sum(increase(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[20s]))', at: T+00:01:00",
        "promql: 'max(irate(node_qdisc_drops_total{kind=\"tbf\",node=\"kafka-2\"}[20s])) >= 1', at: T+00:01:30",
    ];
    assert_eq!(worths(&same), [1000, 0, 0, 0]);
    let grade = isr(&link_capped(&same));
    assert_eq!(grade.evidence.iter().map(|e| e.worth).collect::<Vec<_>>(), [1000, 0, 0, 0]);
}

#[test]
fn what_shows_nothing_does_not_dilute_what_is_false() {
    let usual = "promql: 'process_open_fds{broker=\"2\"} > 0', at: T+00:00:30";
    let wrong = "promql: 'up == 0', at: T+00:00:30";
    let other = "promql: 'up{node=\"kafka-2\"} == 0', at: T+00:00:30";
    let mut padded = vec![DROPS, wrong, other];
    let names = ["kafka-1", "kafka-2", "kafka-3"];
    let more: Vec<String> = names
        .iter()
        .map(|node| {
            format!("promql: 'container_memory_rss{{node=\"{node}\"}} > 0', at: T+00:00:30")
        })
        .collect();
    padded.push(usual);
    padded.extend(more.iter().map(String::as_str));
    assert!(failed(&isr(&link_capped(&padded))).contains(&"G3"));
    // A false claim is no repetition of a true one that differs in its number only.
    let costs = |evidence: &[&str]| isr(&link_capped(evidence)).earned;
    let higher = DROPS.replace("> 1", "> 100000");
    assert!(costs(&[DROPS, SHRINK, QDISC, &higher]) < costs(&[DROPS, SHRINK, QDISC]));
}

#[test]
fn contradictions_are_found() {
    let good = || link_capped(&[DROPS, SHRINK, QDISC]);
    let consistent = |draft: &Draft| !failed(&isr(draft)).contains(&"G4");
    assert!(consistent(&good()));
    for ruled_out in ["network.capacity.link_capped", "network.capacity", "network"] {
        let mut draft = good();
        draft.more += &format!("hypotheses: [{{class: {ruled_out}, by: [E1]}}]\n");
        assert!(!consistent(&draft), "{ruled_out}");
    }
    let timed = |onset: &str, times: &str| {
        consistent(&Draft { onset: onset.into(), times: times.into(), ..good() })
    };
    assert!(!timed("T-00:00:30", ", detected: T-00:03:00"), "known before it began");
    assert!(!timed("T+00:02:00", ", detected: T+00:00:00"), "begun after it paged");
    assert!(
        timed("T+00:00:30", ", detected: T+00:00:00"),
        "half a minute late is no contradiction"
    );
    assert!(timed("T-00:00:20", ", detected: T-00:00:30"), "clocks differ");
}

#[test]
fn a_mitigation_that_did_not_take_place_is_a_contradiction() {
    let mut run = sample::isr_shrink();
    run.facts.recorded.to = second(HEALED - 20);
    run.facts.commands.retain(|command| command.started < run.facts.recorded.to);
    run.facts.objectives.iter_mut().for_each(|objective| objective.felt = true);
    let graded = |times: &str| {
        let draft = Draft { times: times.into(), ..link_capped(&[DROPS, SHRINK, QDISC]) };
        graded(&draft.file(), &run, &capped_link()).expect("it is valid")
    };
    assert!(!failed(&graded("")).contains(&"G4"));
    assert!(failed(&graded(", mitigated: T+00:03:00")).contains(&"G4"));
}

#[test]
fn that_something_is_broken_is_a_first_step_only() {
    let goes_on =
        "promql: 'sum(kafka_topic_partition_under_replicated_partition) > 0', at: T+00:02:00";
    let mut draft = link_capped(&[DROPS, goes_on]);
    draft.more +=
        "hypotheses: [{class: none.self_healed, by: [E2]}, {class: none.healthy, by: [E2]}]\n";
    let grade = against_recordings(&draft);
    let score = grade.items.iter().find(|i| i.item == "hypotheses").map(|i| i.score);
    assert!(score <= Some(250), "{score:?}");
}

#[test]
fn an_intervention_is_worth_what_it_undid() {
    let before = "rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[10s]) > 1";
    let after = "kafka_probe_duration_seconds{broker=\"2\"} < 0.1";
    let worth = |run: &Sample, before: &str, after: &str| {
        let claim = format!("intervention: 22, before: '{before}', after: '{after}'");
        let grade = graded(&link_capped(&[&claim]).file(), run, &capped_link());
        grade.expect("it is valid").evidence[0].worth
    };
    let run = sample::isr_shrink();
    assert_eq!(worth(&run, before, after), 1000);
    // About something that has no part in it.
    assert_eq!(worth(&run, "process_open_fds{broker=\"3\"} > 0", after), 0);
    // The record ends with the command: nobody can say what it did.
    let mut cut = sample::isr_shrink();
    cut.facts.recorded.to = second(HEALED);
    assert_eq!(worth(&cut, before, after), 0);
}

#[test]
fn a_factor_that_did_contribute_is_shown_as_right_and_a_wrong_one_costs_nothing() {
    use crate::domain::fault::truth::{Counts, Precondition};
    let mut truth = capped_link();
    truth.preconditions = vec![Precondition {
        class: "replication.acks_one_loss".into(),
        counts: Counts::Contributing,
        reason: "audit is written with acks=1".into(),
    }];
    let total = |more: &str| {
        let mut draft = link_capped(&[DROPS, SHRINK, QDISC]);
        draft.more += more;
        graded(&draft.file(), &sample::isr_shrink(), &truth).expect("it is valid")
    };
    let without = total("");
    let right = total("contributing_factors: [replication.acks_one_loss]\n");
    let wrong = total("contributing_factors: [storage.disk.slow]\n");
    assert_eq!([right.total, wrong.total], [without.total, without.total]);
    assert!(right.notes.iter().any(|note| note.contains("did contribute: audit is written")));
    assert_eq!(wrong.notes, without.notes);
}
