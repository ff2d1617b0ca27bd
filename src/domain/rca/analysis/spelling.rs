//! What a name is called here that other exporters, or other versions of one, spell otherwise.

use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::promql::expr::Selector;
use crate::domain::telemetry::series::NAME;
use crate::domain::yaml::nearest;

/// What other exporters append to a name, or leave out, and what says the same in other words.
const ENDINGS: &[&str] = &[
    "_total",
    "_count",
    "_value",
    "_rate",
    "_sum",
    "_mean",
    "_percent",
    "percent",
    "_oneminuterate",
    "_fiveminuterate",
    "_fifteenminuterate",
    "_meanrate",
    "persec",
    "_seconds",
    "_milliseconds",
    "_bytes",
];

/// Names of which no ending leads to the one they have here.
const OTHERWISE: &[(&str, &str)] = &[
    ("burrow_kafka_consumer_partition_lag", "kafka_consumergroup_lag"),
    ("burrow_kafka_consumer_lag_total", "kafka_consumergroup_lag_sum"),
    ("java_lang_memory_heapmemoryusage_used", "jvm_memory_used_bytes{area=\"heap\"}"),
    ("java_lang_memory_heapmemoryusage_max", "jvm_memory_max_bytes{area=\"heap\"}"),
    ("java_lang_threading_threadcount", "jvm_threads_current"),
    ("jvm_memory_bytes_used", "jvm_memory_used_bytes"),
    ("jvm_memory_bytes_max", "jvm_memory_max_bytes"),
    ("jvm_memory_pool_bytes_used", "jvm_memory_pool_used_bytes"),
    ("kafka_consumer_group_lag", "kafka_consumergroup_lag"),
    ("kafka_consumergroup_group_lag", "kafka_consumergroup_lag"),
    ("kafka_consumergroup_group_offset", "kafka_consumergroup_current_offset"),
    ("kafka_consumergroup_group_sum_lag", "kafka_consumergroup_lag_sum"),
    ("kafka_partition_latest_offset", "kafka_topic_partition_current_offset"),
    ("kafka_partition_earliest_offset", "kafka_topic_partition_oldest_offset"),
    ("node_memory_memavailable", "node_memory_MemAvailable_bytes"),
    ("node_filesystem_avail", "node_filesystem_avail_bytes"),
];

/// What a metric is called here that other exporters call so; none when it is not one of theirs.
pub fn called_here(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    if let Some((_, here)) = OTHERWISE.iter().find(|(other, _)| *other == lower) {
        return Some(here);
    }
    let wanted = bare(&lower);
    let same = || catalogue::metrics().iter().filter(|metric| bare(metric.name) == wanted);
    // Of several with one stem the plainest.
    same().map(|metric| metric.name).min_by_key(|name| (name.len(), *name))
}

/// A name without what exporters differ in.
fn bare(name: &str) -> String {
    let mut bare = name.to_lowercase();
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| bare.strip_suffix(ending)) {
        bare = shorter.to_owned();
    }
    bare.replace('_', "")
}

/// What to write instead of a name no metric has, in a clause.
pub fn instead_of(name: &str) -> String {
    match called_here(name) {
        Some(here) => format!("; here it is called `{here}`"),
        None => nearest(name, catalogue::metrics().iter().map(|m| m.name))
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default(),
    }
}

/// What to say of a label that no series of the metric has.
pub fn unknown_label(selector: &Selector) -> Option<String> {
    let metric = catalogue::find(selector.metric()?)?;
    let unknown = selector
        .matchers
        .iter()
        .find(|m| m.label != NAME && m.label != "instance" && !metric.has_label(&m.label))?;
    let labels = || metric.labels.iter().map(|label| label.name);
    let bare = |label: &str| label.to_lowercase().replace('_', "");
    let same = labels().find(|label| bare(label) == bare(&unknown.label));
    let wanted = &unknown.label;
    Some(match same.or_else(|| nearest(wanted, labels())) {
        Some(label) => format!("`{}` has no label `{wanted}`: the label is `{label}`", metric.name),
        None => format!(
            "`{}` has no label `{wanted}`; it has {}",
            metric.name,
            labels().collect::<Vec<_>>().join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_exporters_are_known() {
        for (other, here) in [
            (
                "kafka_server_brokertopicmetrics_bytesinpersec",
                "kafka_server_brokertopicmetrics_bytesin_total",
            ),
            (
                "kafka_server_brokertopicmetrics_messagesinpersec_count",
                "kafka_server_brokertopicmetrics_messagesin_total",
            ),
            (
                "kafka_server_BrokerTopicMetrics_BytesOutPerSec_OneMinuteRate",
                "kafka_server_brokertopicmetrics_bytesout_total",
            ),
            (
                "kafka_server_replicamanager_isrshrinkspersec",
                "kafka_server_replicamanager_isrshrinks_total",
            ),
            (
                "kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent",
                "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_total",
            ),
            (
                "kafka_server_replicamanager_underreplicatedpartitions_value",
                "kafka_server_replicamanager_underreplicatedpartitions",
            ),
            ("jvm_memory_bytes_used", "jvm_memory_used_bytes"),
            ("kafka_consumer_group_lag", "kafka_consumergroup_lag"),
        ] {
            assert_eq!(called_here(other), Some(here), "{other}");
        }
        assert_eq!(called_here("container_last_seen"), None);
        assert_eq!(called_here("nothing_like_it"), None);
    }
}
