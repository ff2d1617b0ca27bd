//! Expressions as people paste them from rules and dashboards: what is said of those that do not
//! answer here.

use super::*;
use crate::domain::rca::sample::{INJECTED, second};
use crate::domain::telemetry::series::{Labels, Point, Series};

/// The run with a producer that stopped with the fault.
fn stopped() -> Sample {
    let mut run = sample::isr_shrink();
    let labels = [("service", "shop"), ("topic", "orders"), ("partition", "0")];
    let value = |s: i64| (s.min(INJECTED) * 10) as f64;
    run.series.push(Series {
        labels: Labels::of("kafka_producer_record_send_total", labels),
        points: (0..=600).map(|s| Point { at: second(s) + 137, value: value(s) }).collect(),
    });
    run
}

#[test]
fn a_window_that_reaches_too_far_back_is_told_with_one_that_would_do() {
    insta::assert_snapshot!(told(&stopped(), &[
        "promql: 'rate(kafka_producer_record_send_total{service=\"shop\"}[5m]) == 0', at: T+00:01:00",
        "promql: 'rate(kafka_producer_record_send_total{service=\"shop\"}[30s]) == 0', at: T+00:01:00",
        "promql: 'increase(kafka_producer_record_send_total{service=\"shop\"}[30s]) == 0', at: T+00:01:00",
        "promql: 'sum(rate(kafka_producer_record_send_total{service=\"shop\"}[20s])) == 0', at: T+00:01:00",
    ]), @r#"
    FALSE: it does not hold at T+00:01:00.137; it held from T+00:04:30.137 to T+00:08:50.137; its window reaches back to before that was so: [60s] would do; rate(kafka_producer_record_send_total{service="shop"}[5m]) is 1.33333
    TRUE: it holds at T+00:01:00.137; rate(kafka_producer_record_send_total{service="shop"}[30s]) is 0
    TRUE !Duplicate("E1"): it holds at T+00:01:00.137; increase(kafka_producer_record_send_total{service="shop"}[30s]) is 0
    TRUE !Duplicate("E1"): it holds at T+00:01:00.137; sum(rate(kafka_producer_record_send_total{service="shop"}[20s])) is 0
    "#);
}

#[test]
fn a_label_or_a_name_of_another_exporter_is_told_with_the_one_that_is_here() {
    insta::assert_snapshot!(isr(&[
        "promql: 'kafka_server_replicamanager_underreplicatedpartitions{Broker=\"2\"} > 0', at: T+00:00:30",
        "promql: 'kafka_probe_duration_seconds{listener=\"x\"} > 0', at: T+00:00:30",
        "promql: 'rate(kafka_server_brokertopicmetrics_bytesinpersec[10s]) > 0', at: T+00:00:30",
        "promql: 'node_qdisc_drops_total{kind=\"tbf\"} > 0', at: T-00:01:00",
        "promql: 'absent(container_last_seen)', at: T+00:00:30",
    ]), @r#"
    FALSE: it does not hold at T+00:00:30.137, nor anywhere in the record: `kafka_server_replicamanager_underreplicatedpartitions` has no label `Broker`: the label is `broker`; kafka_server_replicamanager_underreplicatedpartitions{Broker="2"} is nothing
    FALSE: it does not hold at T+00:00:30.137, nor anywhere in the record: `kafka_probe_duration_seconds` has no label `listener`; it has broker, api; kafka_probe_duration_seconds{listener="x"} is nothing
    UNVERIFIABLE: no metric is called `kafka_server_brokertopicmetrics_bytesinpersec`; here it is called `kafka_server_brokertopicmetrics_bytesin_total`; 
    FALSE: it does not hold at T-00:00:59.863; it held from T-00:00:28.863 to T+00:05:29.137; `node_qdisc_drops_total` with these labels was first recorded at T-00:00:29.863; node_qdisc_drops_total{kind="tbf"} is nothing
    UNVERIFIABLE: no metric is called `container_last_seen`;
    "#);
}

#[test]
fn a_variable_of_grafana_is_told_with_what_to_write_for_it() {
    for written in ["up[$__rate_interval]", "rate(up[$__interval]) > 0", "rate(up[$window]) > 0"] {
        let file = format!(
            "---\nrca: 1\nform: full\nroot_cause: [{{class: quota.missing}}]\nevidence:\n  - {{id: E1, promql: '{written}', at: T+00:00:00}}\n---\n"
        );
        let document = Document::read(file.as_bytes()).expect("it is YAML");
        let checked = check(&document, &sample::isr_shrink().record()).expect("readable");
        let told: Vec<_> = checked.resolved.errors.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("Grafana") && told[0].contains("[10s]"), "{told:?}");
    }
}

/// A condition that looks at every sample of the record again and again.
fn heavy() -> String {
    let one = "rate(kafka_log_log_logendoffset[10m])";
    format!("promql: 'max_over_time(({})[9m:1s]) > 0', at: T+00:05:00", vec![one; 90].join(" + "))
}

#[test]
fn what_is_too_costly_is_neither_true_nor_false() {
    let (heavy, light) = (heavy(), "promql: 'up == 0', at: T+00:01:00");
    let claims: Vec<&str> = vec![heavy.as_str(); 63].into_iter().chain([light]).collect();
    let told = isr(&claims);
    let lines: Vec<&str> = told.lines().collect();
    let (last, all) = lines.split_last().expect("there are some");
    assert!(all.iter().all(|line| line.starts_with("UNVERIFIABLE") && line.contains("work")));
    // What comes after has no work left for it, and is not called false for that.
    assert!(!last.starts_with("FALSE"), "{last}");
}

#[test]
fn an_intervention_at_the_end_of_the_record_is_not_judged() {
    let mut run = sample::isr_shrink();
    run.facts.recorded.to = second(sample::HEALED + 1);
    let claim = "intervention: 22, before: 'sum(kafka_topic_partition_under_replicated_partition) > 0', after: 'sum(kafka_topic_partition_under_replicated_partition) == 0'";
    let told = told(&run, &[claim]);
    assert!(told.starts_with("UNVERIFIABLE: the record ends"), "{told}");
}
