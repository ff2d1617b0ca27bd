//! What is asked of eight hours of record.

/// A PromQL question and how it is asked.
pub struct Question {
    /// What it stands for, in the table.
    pub name: &'static str,
    /// The expression.
    pub promql: &'static str,
    /// Over all hours in steps of a minute, or at the last second.
    pub over_all: bool,
}

/// Every PromQL question, each also put to Prometheus.
pub const PROMQL: [Question; 7] = [
    at_the_end("instant, a rate", "rate(kafka_network_requestmetrics_requests_total[1m])"),
    at_the_end(
        "instant, a quotient of sums",
        "sum by (node) (rate(jvm_gc_collection_seconds_sum[1m])) \
         / sum by (node) (rate(process_cpu_seconds_total[1m]))",
    ),
    at_the_end("instant, by a pattern of names", "count by (__name__) ({__name__=~\"jvm_.+\"})"),
    over_all("8 h, a rate", "rate(kafka_network_requestmetrics_requests_total[1m])"),
    over_all("8 h, a gauge", "sum by (node) (jvm_memory_pool_used_bytes)"),
    over_all("8 h, a mean of an hour", "avg_over_time(jvm_memory_pool_used_bytes[1h])"),
    over_all("8 h, the highest of five minutes", "max_over_time(kafka_consumergroup_lag_sum[5m])"),
];

const fn at_the_end(name: &'static str, promql: &'static str) -> Question {
    Question { name, promql, over_all: false }
}

const fn over_all(name: &'static str, promql: &'static str) -> Question {
    Question { name, promql, over_all: true }
}

/// LogQL questions over the whole record.
pub const LOGQL: [(&str, &str); 2] = [
    ("lines of one node", "{node=\"kafka-1\"} |= \"ISR\""),
    ("lines of all nodes, by a pattern", "{node=~\".+\"} |~ \"(?i)out ?of ?memory\""),
];

/// What a full write-up claims besides what the reference does. Some of it is false, so that the
/// record is looked through for where it was true.
pub const CLAIMS: [&str; 5] = [
    "promql: 'sum(rate(kafka_server_brokertopicmetrics_messagesin_total[1m])) < 1', at: T+00:00:10",
    "promql: 'max(kafka_consumergroup_lag_sum) > 1e9', at: T+00:00:10",
    "promql: 'count(up == 0) > 5', at: T+00:00:10",
    "log: '{node=~\"kafka-.*\"} |= \"Shrinking ISR\"', from: T-00:01:00, to: T+00:00:30, min: 1",
    "log: '{node=~\"kafka-.*\"} |= \"No space left\"', from: T-00:01:00, to: T+04:00:00, min: 1",
];
