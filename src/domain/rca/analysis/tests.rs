use super::*;
use crate::domain::rca::document::Document;
use crate::domain::rca::sample;

fn resolved(matter: &str) -> Resolved {
    let file = format!("---\nrca: 1\nform: full\n{matter}---\n");
    let document =
        Document::read(file.as_bytes()).unwrap_or_else(|problems| panic!("{problems:?}"));
    resolve(&document, &sample::isr_shrink().facts)
}

fn told(matter: &str) -> String {
    let resolved = resolved(matter);
    let lines = |head: &str, problems: &[crate::domain::yaml::Problem]| {
        problems.iter().map(|p| format!("{head}{p}\n")).collect::<String>()
    };
    lines("", &resolved.errors) + &lines("advice ", &resolved.advice)
}

const CAUSE: &str =
    "root_cause: [{class: network.capacity.link_capped, component: [link:kafka-2]}]\n";

#[test]
fn a_right_analysis_is_understood() {
    let resolved = resolved(&format!(
        "run: r-7f3a91\ntimeline: {{onset: T-00:00:30, mitigated: 2026-11-22T12:06:41Z}}\n{CAUSE}evidence:
  - {{id: E1, promql: 'up == 1', at: T+00:01:00}}
  - {{id: E2, log: '{{node=\"kafka-2\"}} |= \"Shrinking ISR\"', from: T-00:01:00, to: T+00:01:00, min: 2}}
  - {{id: E3, command: 4, contains: 'dropped 364'}}
  - {{id: E4, intervention: 22, before: 'up == 0', after: 'up == 1'}}
causal_chain: [{{event: isr.shrunk, on: partition:orders-1, at: T-00:00:14, evidence: [E2]}}, V2]
hypotheses: [{{id: H1, class: storage.disk.slow, verdict: ruled_out, by: [E3]}}]
mitigation: [{{action: removed the cap, commands: [22]}}]
prevention: [{{action: alert.link_saturated, due: 2026-12-01}}]\n"
    ));
    assert_eq!(
        (resolved.errors.as_slice(), resolved.advice.as_slice()),
        ([].as_slice(), [].as_slice())
    );
    let analysis = resolved.analysis;
    assert_eq!(analysis.onset.map(|o| (o.value, o.place.line)), Some((sample::second(40), 5)));
    assert_eq!(analysis.mitigated.map(|o| o.value), Some(sample::second(401)));
    assert_eq!(
        analysis.evidence.iter().map(|i| (i.claim.source(), i.place.line)).collect::<Vec<_>>(),
        [
            (Source::Metrics, 8),
            (Source::Logs, 9),
            (Source::Commands, 10),
            (Source::Intervention, 11)
        ]
    );
    assert_eq!(analysis.chain[1].value, Link::Detected(2));
}

#[test]
fn a_cause_must_be_a_cause_of_this_lab() {
    insta::assert_snapshot!(told("root_cause:\n  - class: isr.shrunk\n    component: [broker:9, topic:order, kafka-2]\n    trigger: change:C9\n"), @r#"
    5:12: `isr.shrunk` is an effect ("Replicas left the ISR"), not a cause: it belongs into `causal_chain`. The cause is why it happened; `chaoslab vocab classes --search WORD` lists causes
    6:17: this lab has no broker `9`; it has 1, 2, 3
    6:27: this lab has no topic `order`; it has orders, payments
    6:40: `kafka-2` is not a component: write its kind and its name, as `broker:2` or `link:kafka-2`
    7:14: there is no change C9; they go up to C4 (`chaoslab changes`)
    "#);
    insta::assert_snapshot!(told("root_cause:\n  - class:\n    component: link:kafka-2\n"), @"5:10: name the cause: write a class here (`chaoslab vocab classes --search WORD` lists them)");
    insta::assert_snapshot!(told("root_cause:\n"), @"4:11: name the cause: `root_cause` is empty (`chaoslab vocab classes --search WORD` lists causes)");
    insta::assert_snapshot!(told("root_cause:\n  - {class: quota.missing, component: [service:billing]}\n  - {class: quota.missing, component: [plugin:audit]}\n"), @r"
    6:13: the cause `quota.missing` is given twice
    6:40: this lab has no plugin `audit`; it has none
    advice 6:5: two causes are for two independent faults; did you mean a contributing factor? Each cause too many costs points
    ");
    insta::assert_snapshot!(told("root_cause: [{class: none.healthy, component: [broker:2]}]\ncausal_chain: [V1]\n"), @r"
    4:47: `none.healthy` says that nothing has to be repaired: leave the component out
    5:15: `none.healthy` says that nothing has to be repaired: leave the chain out
    ");
    insta::assert_snapshot!(told("run: r-000000\nroot_cause: [{class: quota.missing}]\n"), @r"
    4:6: this document is about run `r-000000`, but it is read against run `r-7f3a91`
    advice 5:14: say where it originates: `component` is empty (`chaoslab vocab components` shows how to write one)
    ");
}

#[test]
fn a_claim_must_be_complete_and_of_one_kind() {
    insta::assert_snapshot!(told(&format!("{CAUSE}evidence:
  - {{id: E1}}
  - {{id: E2, promql: 'up == 1', command: 4}}
  - {{id: E3, promql: 'up == 1', from: T+00:00:00}}
  - {{id: E1, promql: 'up == 1', at: T+00:00:00}}
  - {{id: E1, promql: 'up == 1', at: T+00:00:00}}
  - {{id: E\u{200b}1, promql: 'up == 1', at: T+00:00:00}}
  - {{id: Ｅ4, promql: 'up == 1', at: T+00:00:00}}
  - {{promql: 'up == 1', at: T+00:00:00}}
  - {{id: E5, command: 99, contains: abc}}
  - {{id: E6, command: 4, contains: ' : '}}
  - {{id: E7, intervention: 4, before: 'up == 1'}}
  - {{id: E8, log: '{{node=\"kafka-2\"}}', from: T+00:00:00, to: T-00:00:01}}
  - {{id: E9, log: '{{node=\"kafka-9\"}}', from: T-00:00:01, to: T+00:00:00}}
  - {{id: E10, log: '{{node=\"kafka-2\"}}', from: T-00:00:01, to: T+00:00:00, absent: true, min: 3}}
")), @r"
    6:5: a claim needs one of `promql`, `log`, `command` and `intervention`
    7:5: a claim is of one kind, this has promql and command: make it 2 claims
    8:5: this claim needs `at`: a time, as `T+00:02:10`
    8:39: `from` does not belong to a `promql` claim, which takes `at`
    10:10: the id `E1` is given twice
    11:10: `E\u{200b}1` is no id: it contains the invisible character U+200B; write a letter and a number, as `E1`
    12:10: `Ｅ4` is no id: it contains the character `Ｅ` (U+FF25); write a letter and a number, as `E1`
    13:5: a claim needs an `id`, as `E1`, so that others can refer to it
    14:23: there is no command 99; they go from 1 to 23 (`chaoslab history`)
    15:36: this text is too short to show anything: quote the part of the output that does
    16:28: command 4 changed nothing (`chaoslab history --mutating` lists those that did)
    17:61: `to` is before `from`
    18:19: no machine of this lab is meant by this selector; there are controller, kafka-1, kafka-2, kafka-3, orders-service, billing
    19:93: with `absent: true` no line is claimed, so `min` has no meaning
    ");
}

#[test]
fn a_wrong_query_is_told_at_its_place() {
    insta::assert_snapshot!(told(&format!("{CAUSE}evidence:
  - {{id: E1, promql: 'sum(up) by', at: T+00:00:00}}
  - {{id: E2, promql: \"up{{job='kafka'}} ==\", at: T+00:00:00}}
  - id: E3
    promql: |
      up == 1
      and )
    at: T+00:00:00
  - {{id: E4, promql: 'up[5m]', at: T+00:00:00}}
  - {{id: E5, promql: '{{job=\"kafka\"}} == 1', at: T+00:00:00}}
  - {{id: E6, promql: 'kafka_consumer_group_lag > 5', at: T+09:00:00}}
  - {{id: E7, log: 'kafka-2 |= \"x\"', from: T-00:00:01, to: T+00:00:00}}
  - {{id: E8, promql: 'histogram_quantile(0.9, up) > 1', at: 2026-11-22T12:00:00}}
")), @r#"
    6:33: the expression ends too early
    7:41: the expression ends too early
    10:7: unexpected right parenthesis ')'
    13:22: a claim must be a condition: compare the value with something, as `x > 5`
    14:22: name the metric that is looked at; a selector without a name or with a pattern of names says nothing that can be checked
    16:20: `kafka` is not supported; a log query is a selector such as {node="kafka-1"} and line filters
    17:23: `histogram_quantile` is not supported: no buckets are recorded here. Kafka's own quantiles are series, `{quantile="0.99"}`, and `_sum` over `_count` is a mean
    17:61: `2026-11-22T12:00:00` has no offset, so it could mean several instants: end it with `Z` for UTC or with an offset as `+02:00`
    advice 15:22: no metric is called `kafka_consumer_group_lag`; here it is called `kafka_consumergroup_lag` (`chaoslab metrics` lists them); the claim cannot be verified
    advice 15:58: T+09:00:00 lies outside the record, which goes from T-00:01:09.863 to T+00:08:50.137; the claim cannot be verified
    "#);
}

#[test]
fn what_claims_refer_to_must_exist() {
    insta::assert_snapshot!(told(&format!("{CAUSE}causal_chain:
  - V9
  - seven
  - {{event: network.capacity.link_capped, on: link:kafka-2}}
  - {{event: lag.grew, on: link:kafka-2, at: noon, evidence: [E7]}}
hypotheses: [{{id: H1, class: lag.grew, by: [E1]}}, {{id: H2, class: network.capacity.link_capped, verdict: ruled_out}}]
mitigation: [{{action: x, commands: [4, 44]}}]
prevention: [{{action: alert.stale, due: tomorrow}}]
")), @r#"
    6:5: `V9` is no entry of `chaoslab events`; write one as `V7`, or tell an event: `{event: ..., on: ...}`
    7:5: `seven` is no entry of `chaoslab events`; write one as `V7`, or tell an event: `{event: ..., on: ...}`
    8:13: `network.capacity.link_capped` is a cause, not an effect: it belongs into `root_cause`. A chain says what it led to; `chaoslab vocab events --search WORD` lists effects
    9:27: `lag.grew` does not happen on a link; it happens on: group, partition, topic
    9:45: `noon` is not a time: write `2026-01-31T12:00:00Z` or the distance to the page, `T+00:02:10` or `T-00:00:40`
    9:61: there is no evidence `E7`
    10:30: `lag.grew` is an effect ("A group falls further behind"), not a cause: it belongs into `causal_chain`. The cause is why it happened; `chaoslab vocab classes --search WORD` lists causes
    10:44: there is no evidence `E1`
    11:40: there is no command 44; they go from 1 to 23 (`chaoslab history`)
    12:23: unknown prevention `alert.stale`; did you mean `alert.stale_throttle`? (`chaoslab vocab preventions --search WORD` lists them)
    advice 10:67: `network.capacity.link_capped` is ruled out here and named as the cause above: one of them is wrong
    advice 12:41: `tomorrow` is no date, so it does not count as one; write `2026-01-31`
    "#);
}

#[test]
fn what_is_written_for_people_is_no_error() {
    insta::assert_snapshot!(told(&format!("{CAUSE}timeline: {{acknowledged: T+00:01:00, escalated: noon}}
contributing_factors: [replication.acks_one_loss, acks one, replication.acks_one_los]
prevention: [train people better, {{action: alert.quorum, due: 2026-12}}, {{action: alert.quorum, due: next sprint}}]
")), @r"
    5:49: `noon` is not a time: write `2026-01-31T12:00:00Z` or the distance to the page, `T+00:02:10` or `T-00:00:40`
    advice 6:61: unknown class `replication.acks_one_los`; did you mean `replication.acks_one_loss`? (`chaoslab vocab classes --search WORD` lists them)
    advice 7:14: a measure in words is for people; one of `chaoslab vocab preventions --search WORDS` counts
    advice 7:101: `next sprint` is no date, so it does not count as one; write `2026-01-31`
    ");
    insta::assert_snapshot!(told(&format!("severity: high\n{CAUSE}")), @"4:11: `high` is not a severity: write SEV1, the worst, to SEV5");
    let factors = resolved(&format!(
        "{CAUSE}contributing_factors: [storage.disk.slow, {{class: quota.missing}}]\n"
    ));
    let ids: Vec<_> = factors.analysis.contributing.iter().map(|c| c.value.id).collect();
    assert_eq!(ids, ["storage.disk.slow", "quota.missing"]);
}

#[test]
fn times_that_cannot_be_right_are_doubted() {
    insta::assert_snapshot!(told(&format!("timeline: {{onset: T-00:00:30, mitigated: T-00:00:40, recovered: T+10:00:00, detected: 2026-11-22}}\n{CAUSE}")), @r"
    4:87: `2026-11-22` has no offset, so it could mean several instants: end it with `Z` for UTC or with an offset as `+02:00`
    advice 4:42: `mitigated` is before `onset`: one of them is wrong
    advice 4:65: T+10:00:00 lies outside the record, which goes from T-00:01:09.863 to T+00:08:50.137
    ");
}

#[test]
fn the_examples_of_the_page_for_learners_are_right() {
    let page = include_str!("../../../../docs/rca.md");
    let examples: Vec<String> = page
        .lines()
        .filter_map(|l| l.split('`').find(|cell| cell.starts_with("{id: E")))
        .map(|e| e.replace("\\|", "|"))
        .collect();
    assert_eq!(examples.len(), 4);
    let evidence: String = examples
        .iter()
        .map(|e| {
            format!("  - {}\n", e.replace("command: 17", "command: 2").replace("PROMQL", "up == 1"))
        })
        .collect();
    let resolved = resolved(&format!("{CAUSE}evidence:\n{evidence}"));
    assert_eq!((resolved.errors.as_slice(), resolved.analysis.evidence.len()), ([].as_slice(), 4));
    let headings = crate::domain::rca::document::HEADINGS.iter();
    let template = include_str!("../../../../rca-templates/full.md");
    assert!(headings.into_iter().all(|heading| template.contains(&format!("\n## {heading}\n"))));
}

#[test]
fn no_document_makes_checking_long() {
    let many: String = (0..500)
        .map(|n| format!("  - {{id: E{n}, promql: 'up == 1', at: T+00:00:00}}\n"))
        .collect();
    let resolved = resolved(&format!("{CAUSE}evidence:\n{many}"));
    assert_eq!((resolved.analysis.evidence.len(), resolved.errors.len()), (64, 1));
}
