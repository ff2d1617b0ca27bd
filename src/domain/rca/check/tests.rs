use super::*;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::sample::{self, Sample};

mod pasted;

/// What is found out about claims, one line each.
fn told(run: &Sample, claims: &[&str]) -> String {
    let evidence: String = claims
        .iter()
        .enumerate()
        .map(|(n, claim)| format!("  - {{id: E{n}, {claim}}}\n"))
        .collect();
    let file = format!(
        "---\nrca: 1\nform: full\nroot_cause: [{{class: quota.missing}}]\nevidence:\n{evidence}---\n"
    );
    let document =
        Document::read(file.as_bytes()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let checked = check(&document, &run.record()).expect("a record in memory can be read");
    assert_eq!(checked.resolved.errors, []);
    let line = |finding: &Finding| {
        let verdict = match finding.verdict {
            Verdict::True => "TRUE",
            Verdict::False => "FALSE",
            Verdict::Unverifiable { excused: false } => "UNVERIFIABLE",
            Verdict::Unverifiable { excused: true } => "UNVERIFIABLE, excused",
        };
        let weak: String = finding.weaknesses.iter().map(|w| format!(" !{w:?}")).collect();
        format!("{verdict}{weak}: {}; {}\n", finding.reason, finding.observed)
    };
    checked.evidence.iter().map(line).collect()
}

fn isr(claims: &[&str]) -> String {
    told(&sample::isr_shrink(), claims)
}

#[test]
fn a_condition_is_told_with_what_was_observed() {
    insta::assert_snapshot!(isr(&[
        "promql: 'kafka_topic_partition_in_sync_replica{topic=\"orders\",partition=\"1\"} < 3', at: T+00:00:00",
        "promql: 'kafka_probe_duration_seconds{broker=\"2\"} > 0.2', at: T+00:01:00",
        "promql: 'kafka_probe_duration_seconds{broker=\"2\"} > bool 0.2', at: T+00:01:00",
        "promql: 'rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[20s]) > 1 and on(node) rate(node_network_transmit_bytes_total{node=\"kafka-2\"}[20s]) < 300000', at: T-00:00:05",
        "promql: 'sum by (broker) (kafka_server_replicamanager_underreplicatedpartitions) > 0', at: T+00:00:30",
        "promql: 'kafka_topic_partition_in_sync_replica < 3', at: T+00:00:30",
        "promql: 'kafka_broker_config_info{broker=\"2\"} == 1', at: T+00:00:32",
    ]), @r#"
TRUE: it holds at T+00:00:00.137; kafka_topic_partition_in_sync_replica{topic="orders", partition="1"} is 1
TRUE: it holds at T+00:01:00.137; kafka_probe_duration_seconds{broker="2"} is 0.460585
TRUE !Duplicate("E1"): it holds at T+00:01:00.137; kafka_probe_duration_seconds{broker="2"} is 0.460585
TRUE: it holds at T-00:00:04.863; rate(node_qdisc_drops_total{node="kafka-2", kind="tbf"}[20s]) is 9; rate(node_network_transmit_bytes_total{node="kafka-2"}[20s]) is 248000
TRUE: it holds at T+00:00:30.137; sum by (broker) (kafka_server_replicamanager_underreplicatedpartitions) is {broker="1"} 0, {broker="2"} 2, {broker="3"} 0
TRUE: it holds at T+00:00:30.137; kafka_topic_partition_in_sync_replica{partition="1", topic="orders"} 1, kafka_topic_partition_in_sync_replica{partition="4", topic="orders"} 1
TRUE !Vacuous(1000): it holds at T+00:00:30.137, the sample nearest to T+00:00:32; kafka_broker_config_info{broker="2"} is 1
"#);
}

#[test]
fn a_false_claim_is_told_when_it_was_true() {
    insta::assert_snapshot!(isr(&[
        "promql: 'kafka_topic_partition_in_sync_replica{topic=\"orders\",partition=\"1\"} < 3', at: T-00:00:30",
        "promql: 'kafka_topic_partition_in_sync_replica{topic=\"orders\",partition=\"0\"} < 3', at: T+00:00:30",
        "promql: 'kafka_topic_partition_in_sync_replica{topic=\"orders\",partition=\"77\"} < 3', at: T+00:00:30",
        "promql: 'kafka_acl_info > 0', at: T+00:00:30",
        "log: '{node=\"kafka-2\"} |= \"Shrinking ISR\"', from: T+00:00:00, to: T+00:05:00",
        "log: '{node=\"kafka-1\"} |= \"Shrinking ISR\"', from: T-00:00:30, to: T+00:05:00",
        "log: '{node=\"kafka-2\"} |= \"Shrinking ISR\"', from: T-00:00:30, to: T+00:05:00, absent: true",
        "command: 5, contains: 'qdisc tbf'",
        "promql: 'sum(kafka_brokers) * on() group_left() up > 1', at: T+00:00:30",
    ]), @r#"
    FALSE: it does not hold at T-00:00:29.863; it held from T-00:00:13.863 to T+00:05:31.137; kafka_topic_partition_in_sync_replica{topic="orders", partition="1"} is 3
    FALSE: it does not hold at T+00:00:30.137, nor anywhere in the record; kafka_topic_partition_in_sync_replica{topic="orders", partition="0"} is 3
    FALSE: it does not hold at T+00:00:30.137, nor anywhere in the record: no series has these labels; there is kafka_topic_partition_in_sync_replica{partition="0", topic="orders"}; kafka_topic_partition_in_sync_replica{topic="orders", partition="77"} is nothing
    FALSE: it does not hold at T+00:00:30.137, nor anywhere in the record: `kafka_acl_info` was never recorded in this run; kafka_acl_info is nothing
    FALSE: no line where 1 are claimed from T+00:00:00 to T+00:05:00; there are 2 lines from T-00:00:13.580 to T-00:00:12.580; no line
    FALSE: no line where 1 are claimed from T-00:00:30 to T+00:05:00; none in the whole record; no line
    FALSE: there is such a line from T-00:00:30 to T+00:05:00; the first at T-00:00:13.580 on kafka-2: [2026-11-22 12:00:56,420] INFO [Partition orders-1 broker=2] Shrinking ISR from 2,3,1 to 2. Leader: (highWatermark: 11650, endOffset: 12240). Out of sync replic...
    FALSE: the output of command 5 (`tc -s qdisc show dev eth0`) does not have it; its output begins: qdisc noqueue 0: root refcnt 2
    FALSE: it does not hold at T+00:00:30.137, nor anywhere in the record: `kafka_brokers` was never recorded in this run; sum(kafka_brokers) * on () group_left () up is nothing
    "#);
}

#[test]
fn what_the_record_cannot_tell_is_neither() {
    let mut run = sample::isr_shrink();
    let span = |from, to| Span { from: sample::second(from), to: sample::second(to) };
    run.facts.gaps = vec![
        super::super::record::Gap { job: Some("node".into()), span: span(100, 110) },
        super::super::record::Gap { job: Some("logs".into()), span: span(200, 210) },
    ];
    run.facts.commands[1].shortened = true;
    insta::assert_snapshot!(told(&run, &[
        "promql: 'kafka_isr_shrinks > 0', at: T+00:00:30",
        "promql: 'up == 0', at: T+09:00:00",
        "promql: 'node_qdisc_drops_total > 5', at: T+00:00:35",
        "promql: 'up == 0', at: T+00:00:35",
        "log: '{node=\"kafka-2\"} |= \"OutOfMemoryError\"', from: T-00:00:30, to: T+00:05:00, absent: true",
        "log: '{node=\"kafka-2\"} |= \"OutOfMemoryError\"', from: T-00:00:30, to: T+00:01:00, absent: true",
        "log: '{node=\"kafka-2\"} |= \"x\"', from: T+01:00:00, to: T+02:00:00",
        "promql: 'rate(node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"}[5s]) > 1', at: T-00:00:30",
        "promql: 'rate(node_qdisc_drops_total{node=\"kafka-9\"}[5s]) > 1', at: T-00:00:30",
        "command: 2, contains: 'Partition: 3'",
    ]), @r#"
    UNVERIFIABLE: no metric is called `kafka_isr_shrinks`; 
    UNVERIFIABLE: T+09:00:00 lies outside the record; 
    UNVERIFIABLE, excused: the record has a gap there: node was not read; 
    FALSE: it does not hold at T+00:00:35.137, nor anywhere in the record; up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more
    UNVERIFIABLE, excused: the record has a gap there: logs were not read; 
    TRUE !Vacuous(1000): no such line from T-00:00:30 to T+00:01:00; no line
    UNVERIFIABLE: T+01:00:00 to T+02:00:00 lies outside the record; 
    UNVERIFIABLE: a range in it has fewer than two samples at T-00:00:29.863; 
    FALSE: it does not hold at T-00:00:29.863, nor anywhere in the record: no series has these labels; there is node_qdisc_drops_total{device="eth0", kind="noqueue", node="kafka-1"}; rate(node_qdisc_drops_total{node="kafka-9"}[5s]) is nothing
    UNVERIFIABLE, excused: the output of command 2 is not kept whole, and what is kept does not have it; its output begins: Topic: orders	Partition: 1	Leader: 2	Replicas: 2,3,1	Isr: 2	Elr:
    "#);
}

#[test]
fn what_is_true_of_a_healthy_run_shows_nothing() {
    insta::assert_snapshot!(isr(&[
        "promql: 'process_open_fds{broker=\"2\"} > 0', at: T+00:01:00",
        "promql: 'kafka_topic_partition_leader{topic=\"orders\",partition=\"1\"} == 2', at: T+00:01:00",
        "promql: 'process_open_fds{broker=\"2\"} offset 2m > 0', at: T+00:02:00",
        "promql: 'absent(kafka_topic_partition_leader{partition=\"99\"})', at: T+00:01:00",
        "promql: 'vector(1) > 0', at: T+00:01:00",
        "promql: 'kafka_server_brokertopicmetrics_bytesin_total{broker=\"2\"} > 30000000', at: T+00:01:00",
        "promql: 'kafka_topic_partition_current_offset{partition=\"1\"} > 12000', at: T+00:01:00",
        "promql: 'count_over_time(process_open_fds{broker=\"2\"}[10m]) > 100', at: T+00:01:00",
        "promql: 'time() > bool 1795348900', at: T+00:01:00",
        "promql: 'timestamp(process_open_fds{broker=\"2\"}) > 1795348900', at: T+00:01:00",
        "promql: 'process_open_fds{broker=\"2\"} @ 1795348860 > 100', at: T+00:01:00",
        "promql: 'kafka_probe_duration_seconds{broker=\"2\"} offset -30s > 0.3', at: T-00:00:29",
        "log: '{node=\"kafka-2\"} |= \"Rolled new log segment\"', from: T-00:00:10, to: T+00:02:00",
        "log: '{node=\"kafka-2\"}', from: T-00:00:10, to: T+00:02:00",
        "log: '{node=\"kafka-2\"} |= \"OutOfMemoryError\"', from: T-00:00:10, to: T+00:02:00, absent: true",
    ]), @r#"
TRUE !Vacuous(1000): it holds at T+00:01:00.137; process_open_fds{broker="2"} is 131
TRUE !Vacuous(1000): it holds at T+00:01:00.137; kafka_topic_partition_leader{topic="orders", partition="1"} is 2
TRUE !Vacuous(1000) !Duplicate("E0"): it holds at T+00:02:00.137; process_open_fds{broker="2"} offset 2m is 131
TRUE !Vacuous(1000): it holds at T+00:01:00.137; 1
TRUE !Vacuous(1000): it holds at T+00:01:00.137; vector(1) is 1
TRUE !GrowsAnyway: it holds at T+00:01:00.137; kafka_server_brokertopicmetrics_bytesin_total{broker="2"} is 65591204
TRUE !GrowsAnyway: it holds at T+00:01:00.137; kafka_topic_partition_current_offset{partition="1"} is 15200
TRUE !GrowsAnyway: it holds at T+00:01:00.137; count_over_time(process_open_fds{broker="2"}[10m]) is 131
TRUE !Clock !GrowsAnyway: it holds at T+00:01:00.137; time() is 1795348930
TRUE !Clock !GrowsAnyway: it holds at T+00:01:00.137; timestamp(process_open_fds{broker="2"}) is 1795348930
TRUE !Clock !Vacuous(1000) !Duplicate("E0"): it holds at T+00:01:00.137; process_open_fds{broker="2"} @ 1795348860 is 130
TRUE !Clock: it holds at T-00:00:28.863; kafka_probe_duration_seconds{broker="2"} offset -30s is 0.464311
TRUE !Vacuous(1000): 7 lines from T-00:00:10 to T+00:02:00; the first at T-00:00:06.580 on kafka-2: [2026-11-22] INFO [LocalLog partition=orders-3, dir=/data] Rolled new log segment at offset 63
TRUE !Vacuous(1000): 7 lines from T-00:00:10 to T+00:02:00; the first at T-00:00:06.580 on kafka-2: [2026-11-22] INFO [LocalLog partition=orders-3, dir=/data] Rolled new log segment at offset 63
TRUE !Vacuous(1000): no such line from T-00:00:10 to T+00:02:00; no line
"#);
}

#[test]
fn equality_is_for_states_and_small_counts() {
    insta::assert_snapshot!(isr(&[
        "promql: 'kafka_topic_partition_in_sync_replica{topic=\"orders\",partition=\"1\"} == 1', at: T+00:01:00",
        "promql: 'kafka_topic_partition_in_sync_replica != kafka_topic_partition_replicas', at: T+00:01:00",
        "promql: 'count(kafka_probe_duration_seconds > 0.2) == 1', at: T+00:01:00",
        "promql: 'node_qdisc_drops_total{node=\"kafka-2\",kind=\"tbf\"} == 810', at: T+00:01:00",
        "promql: 'round(kafka_probe_duration_seconds{broker=\"2\"} * 10) != 0', at: T+00:01:00",
        "promql: '(sum(kafka_topic_partition_under_replicated_partition) == 2) and on() (kafka_broker_fenced{broker=\"2\"} == 0)', at: T+00:01:00",
    ]), @r#"
    TRUE: it holds at T+00:01:00.137; kafka_topic_partition_in_sync_replica{topic="orders", partition="1"} is 1
    TRUE: it holds at T+00:01:00.137; kafka_topic_partition_in_sync_replica{partition="1", topic="orders"} 1, kafka_topic_partition_in_sync_replica{partition="4", topic="orders"} 1
    TRUE: it holds at T+00:01:00.137; count(kafka_probe_duration_seconds > 0.2) is 1; kafka_probe_duration_seconds is kafka_probe_duration_seconds{api="Metadata", broker="1"} 0.00649158, kafka_probe_duration_seconds{api="Metadata", broker="2"} 0.460585, kafka_probe_duration_seconds{api="Metadata", broker="3"} 0.00762537
    TRUE !Equality("node_qdisc_drops_total"): it holds at T+00:01:00.137; node_qdisc_drops_total{node="kafka-2", kind="tbf"} is 810
    TRUE !Equality("kafka_probe_duration_seconds"): it holds at T+00:01:00.137; round(kafka_probe_duration_seconds{broker="2"} * 10) is 5
    TRUE: it holds at T+00:01:00.137; sum(kafka_topic_partition_under_replicated_partition) is 2; kafka_broker_fenced{broker="2"} is 0
    "#);
}

#[test]
fn what_a_learner_made_supports_nothing() {
    let run = sample::isr_shrink()
        .with_command(
            8,
            "toolbox",
            "echo 'qdisc tbf 8001: root refcnt 2 rate 2Mbit'",
            180,
            "qdisc tbf 8001: root refcnt 2 rate 2Mbit\n",
        )
        .with_command(9, "kafka-3", "python3 - < forge.py", 190, "")
        .with_line("kafka-3", 191, "[Partition orders-3 broker=3] Shrinking ISR from 1,2,3 to 3")
        .with_command(10, "toolbox", "echo 'qdisc tbf 8001' > /tmp/seen", 200, "")
        .with_command(11, "toolbox", "cat /tmp/seen", 201, "qdisc tbf 8001\n")
        .with_command(
            12,
            "kafka-1",
            "grep 'Shrinking ISR' /var/log/kafka/server.log",
            205,
            "Shrinking ISR from 2,3,1 to 2\n",
        )
        .with_command(13, "kafka-1", "alias tc='echo qdisc tbf 8001'", 206, "")
        .with_command(14, "kafka-1", "tc qdisc", 207, "qdisc tbf 8001\n")
        .with_command(15, "toolbox", "sleep 9 # throttled.rate=20000", 208, "")
        .with_command(16, "toolbox", "ps aux", 209, "sleep 9 # throttled.rate=20000\n")
        .with_command(17, "toolbox", "kafka-topics.sh --list", 210, "orders\npayments\n")
        .with_command(
            18,
            "kafka-3",
            "echo '[x] Shrinking ISR from 3,1,2' >> /var/log/kafka/server.log",
            220,
            "",
        )
        .with_line("kafka-3", 221, "[x] Shrinking ISR from 3,1,2")
        .with_command(19, "kafka-2", "tc -s qdisc show dev eth0", 230, "qdisc tbf 8001: root\n");
    insta::assert_snapshot!(told(&run, &[
        "command: 8, contains: 'qdisc tbf'",
        "log: '{node=\"kafka-3\"} |= \"Shrinking ISR\"', from: T+00:01:00, to: T+00:02:25",
        "command: 11, contains: 'qdisc tbf'",
        "command: 12, contains: 'Shrinking ISR'",
        "command: 12, contains: 'Shrinking ISR from 2,3,1'",
        "command: 14, contains: 'qdisc tbf'",
        "command: 16, contains: 'throttled.rate=20000'",
        "command: 17, contains: 'orders'",
        "log: '{node=\"kafka-3\"} |= \"Shrinking ISR from 3,1,2\"', from: T+00:01:00, to: T+00:03:00",
        "command: 19, contains: 'qdisc tbf'",
        "promql: 'kafka_probe_duration_seconds{broker=\"2\"} > 0.2', at: T+00:02:40",
        "command: 4, contains: 'dropped 364, overlimits'",
        "command: 4, contains: 'dropped   364,  overlimits'",
    ]), @r#"
        TRUE !NoTool !OwnText: command 8 (`echo 'qdisc tbf 8001: root refcnt 2 rate 2Mbit'`, T+00:01:50) printed it; qdisc tbf 8001: root refcnt 2 rate 2Mbit
        TRUE !SelfMade(9): 1 line from T+00:01:00 to T+00:02:25; the first at T+00:02:01.420 on kafka-3: [Partition orders-3 broker=3] Shrinking ISR from 1,2,3 to 3
        TRUE !SelfMade(10) !Duplicate("E0"): command 11 (`cat /tmp/seen`, T+00:02:11) printed it; qdisc tbf 8001
        TRUE !OwnText: command 12 (`grep 'Shrinking ISR' /var/log/kafka/server.log`, T+00:02:15) printed it; Shrinking ISR from 2,3,1 to 2
        TRUE: command 12 (`grep 'Shrinking ISR' /var/log/kafka/server.log`, T+00:02:15) printed it; Shrinking ISR from 2,3,1 to 2
        TRUE !SelfMade(13) !Duplicate("E0"): command 14 (`tc qdisc`, T+00:02:17) printed it; qdisc tbf 8001
        TRUE !SelfMade(15): command 16 (`ps aux`, T+00:02:19) printed it; sleep 9 # throttled.rate=20000
        TRUE !NamesOnly: command 17 (`kafka-topics.sh --list`, T+00:02:20) printed it; orders
        TRUE !Late(18) !SelfMade(9): 1 line from T+00:01:00 to T+00:03:00; the first at T+00:02:31.420 on kafka-3: [x] Shrinking ISR from 3,1,2
        TRUE !Late(18) !Duplicate("E0"): command 19 (`tc -s qdisc show dev eth0`, T+00:02:40) printed it; qdisc tbf 8001: root
        TRUE !Late(18): it holds at T+00:02:40.137; kafka_probe_duration_seconds{broker="2"} is 0.463082
        TRUE: command 4 (`tc -s qdisc show dev eth0`, T+00:01:00) printed it; Sent 22512412 bytes 18771 pkt (dropped 364, overlimits 8487 requeues 0)
        TRUE !Duplicate("E11"): command 4 (`tc -s qdisc show dev eth0`, T+00:01:00) printed it; Sent 22512412 bytes 18771 pkt (dropped 364, overlimits 8487 requeues 0)
        "#);
}

#[test]
fn an_intervention_changes_what_held() {
    insta::assert_snapshot!(isr(&[
        "intervention: 22, before: 'sum(kafka_topic_partition_under_replicated_partition) > 0', after: 'sum(kafka_topic_partition_under_replicated_partition) == 0'",
        "intervention: 22, before: 'up == 1', after: 'up == 1'",
        "intervention: 22, before: 'up == 0', after: 'up == 1'",
        "intervention: 22, before: 'up == 1', after: 'up == 0'",
        "intervention: 22, before: 'up{node=\"kafka-2\"} == 1', after: 'sum(kafka_topic_partition_under_replicated_partition) == 0'",
    ]), @r#"
    TRUE: it changed 2 s after command 22; before: sum(kafka_topic_partition_under_replicated_partition) is 2; after: sum(kafka_topic_partition_under_replicated_partition) is 0
    FALSE: `after` holds before command 22 already, so the command did not bring it about; before: up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more; after: up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more
    FALSE: `before` does not hold just before command 22, at T+00:05:29; before: up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more; after: up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more
    FALSE: `after` does not begin to hold within 120 s of command 22; before: up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more; after: up is up{job="cluster", node="controller"} 1, up{job="kafka", node="kafka-1"} 1, up{job="kafka", node="kafka-2"} 1 and 2 more
    FALSE: `after` holds from T+00:05:32.900 on, but `before` goes on holding for 120 s after command 22; before: up{node="kafka-2"} is 1; after: sum(kafka_topic_partition_under_replicated_partition) is 0
    "#);
}

#[test]
fn objectives_tell_when_an_incident_was_over() {
    let run = sample::isr_shrink();
    let record = run.record();
    let when = |felt: bool| {
        let objectives = run.facts.objectives.iter().filter(|o| o.felt == felt);
        since_when_met(objectives, &record)
            .expect("it can be read")
            .map(|at| since_page(at, run.facts.page))
    };
    assert_eq!(
        (when(true).as_deref(), when(false).as_deref()),
        (Some("T-00:01:09.863"), Some("T+00:05:32.137"))
    );
}

#[test]
fn a_document_is_told_all_at_its_places() {
    let file = "---\nrca: 1\nform: short\nroot_cause: [{class: quota.missing, component: [service:billing]}]\nevidence:\n  - {id: E1, promql: 'up == 1', at: T+00:00:00}\n  - {id: E2, promql: 'up == 0', at: T+00:00:00}\n---\n";
    let checked = check(
        &Document::read(file.as_bytes()).expect("it is right"),
        &sample::isr_shrink().record(),
    )
    .expect("it can be read");
    insta::assert_snapshot!(checked.remarks().iter().map(|p| format!("{p}\n")).collect::<String>(), @r"
    6:5: E1: it was true in 100 % of the looks at the healthy baseline too, so it shows nothing
    7:5: E2: it does not hold at T+00:00:00.137, nor anywhere in the record
    ");
}

#[test]
fn output_of_a_terminal_is_read_without_its_escapes() {
    let mut run = sample::isr_shrink();
    let printed = "\u{1b}[?2004l\rTopic: orders\tPartition: \u{1b}[01;31m\u{1b}[K3\u{1b}[m\u{1b}[K\tLeader: 2\r\n 50 %\r100 %\r\n";
    let command = run.facts.commands.iter_mut().find(|c| c.number == 2).expect("it is there");
    command.output = printed.to_owned();
    let claims = ["Partition: 3 Leader: 2", "100 %", "50 %100 %", "31m"]
        .map(|text| format!("command: 2, contains: '{text}'"));
    let told = told(&run, &claims.each_ref().map(String::as_str));
    let verdicts: Vec<_> = told.lines().filter_map(|line| line.split([':', ' ']).next()).collect();
    assert_eq!(verdicts, ["TRUE", "TRUE", "FALSE", "FALSE"], "{told}");
}
