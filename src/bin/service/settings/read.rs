//! From a properties file to settings.

use std::collections::BTreeMap;

use rdkafka::{config::ClientConfig, error::KafkaError, types::RDKafkaConfRes};

use super::{
    Consumption, Role, Settings,
    reader::{Problem, Reader},
};
use crate::properties::{self, Property};

/// The own keys, and the role each belongs to.
const OWN: &[(&str, Option<&str>)] = &[
    ("service.role", None),
    ("service.version", None),
    ("topic", None),
    ("members", None),
    ("metrics.port", None),
    ("poll.records", Some("consumer")),
    ("commit.records", Some("consumer")),
    ("commit.interval.ms", Some("consumer")),
    ("on.undecodable", Some("consumer")),
];

/// Settings from a properties file, or everything that is wrong with it.
pub fn read(text: &str) -> Result<Settings, Vec<Problem>> {
    let properties = properties::parse(text);
    let role = properties.iter().find(|p| p.key == "service.role").map(|p| p.value.clone());
    let mut reader = Reader::default();
    let mut library = BTreeMap::new();
    for property in properties {
        match place(&property, role.as_deref()) {
            Ok(Place::Own) => _ = reader.own.insert(property.key.clone(), property),
            Ok(Place::Library) => _ = library.insert(property.key, property.value),
            Err(message) => reader.problems.push(Problem { line: property.line, message }),
        }
    }
    let settings = settings(&mut reader, library);
    match settings {
        Some(settings) if reader.problems.is_empty() => Ok(settings),
        _ => {
            reader.problems.sort_by_key(|p| p.line);
            Err(reader.problems)
        }
    }
}

enum Place {
    Own,
    Library,
}

/// Whose property this is, or why it is nobody's.
fn place(property: &Property, role: Option<&str>) -> Result<Place, String> {
    let key = property.key.as_str();
    if let Some((_, of)) = OWN.iter().find(|(own, _)| *own == key) {
        return match (of, role) {
            (Some(of), Some("producer" | "consumer")) if role != Some(of) => {
                Err(format!("`{key}` belongs to service.role={of}"))
            }
            _ => Ok(Place::Own),
        };
    }
    match ClientConfig::new().set(key, property.value.as_str()).create_native_config() {
        Ok(_) => Ok(Place::Library),
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => {
            let likeness = |own: &str| strsim::jaro_winkler(own, key);
            let near =
                OWN.iter().map(|(own, _)| *own).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let hint = near
                .filter(|own| likeness(own) > 0.85)
                .map_or_else(String::new, |own| format!("; did you mean `{own}`?"));
            Err(format!("`{key}` is not a property{hint}"))
        }
        Err(KafkaError::ClientConfig(_, why, ..)) => Err(format!("`{key}` is not valid: {why}")),
        Err(error) => Err(format!("`{key}` is not valid: {error}")),
    }
}

/// Nothing without a role; the reader knows why.
fn settings(reader: &mut Reader, library: BTreeMap<String, String>) -> Option<Settings> {
    let role = reader.text("service.role", None);
    let version = reader.text("service.version", None);
    let topics = reader.list("topic", None);
    let members = reader.whole("members", "1", 1..=64) as u32;
    let metrics_port = reader.whole("metrics.port", "8080", 1..=65535) as u16;
    needs(reader, &library, "bootstrap.servers");
    let role = match role.as_str() {
        "producer" => Role::Producer,
        "consumer" => Role::Consumer(consumption(reader, &library)),
        "" => return None,
        other => {
            reader
                .wrong("service.role", format_args!("is neither producer nor consumer: `{other}`"));
            return None;
        }
    };
    Some(Settings {
        version,
        topics,
        members,
        metrics_port,
        role,
        library,
        effective: std::mem::take(&mut reader.effective),
    })
}

fn needs(reader: &mut Reader, library: &BTreeMap<String, String>, key: &str) {
    if !library.contains_key(key) {
        reader.wrong(key, "is missing");
    }
}

fn consumption(reader: &mut Reader, library: &BTreeMap<String, String>) -> Consumption {
    needs(reader, library, "group.id");
    Consumption {
        poll_records: reader.whole("poll.records", "500", 1..=100_000) as usize,
        commit_records: reader.whole("commit.records", "500", 1..=1_000_000_000),
        commit_interval: reader.millis("commit.interval.ms", "1000"),
        auto_commit: library.get("enable.auto.commit").is_some_and(|v| v == "true"),
        on_undecodable: reader.parsed("on.undecodable", "exit"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::OnUndecodable;

    const PRODUCER: &str = "service.role=producer\nservice.version=2.3.0\ntopic=orders\nbootstrap.servers=kafka-1:9092\n";
    const CONSUMER: &str = "service.role=consumer\nservice.version=2.3.0\ntopic=orders\nbootstrap.servers=kafka-1:9092\ngroup.id=billing\n";

    fn problems(text: &str) -> String {
        read(text).unwrap_err().iter().map(|p| p.at("orders.properties") + "\n").collect()
    }

    #[test]
    fn a_producer_with_defaults() {
        let settings = read(&format!("{PRODUCER}acks=all\nlinger.ms: 5\n")).unwrap();
        let shown: Vec<String> =
            settings.effective.iter().map(|(k, v)| format!("{k}={v}")).collect();
        insta::assert_snapshot!(shown.join(" "), @"service.role=producer service.version=2.3.0 topic=orders members=1 metrics.port=8080");
        insta::assert_debug_snapshot!(settings.library, @r#"
        {
            "acks": "all",
            "bootstrap.servers": "kafka-1:9092",
            "linger.ms": "5",
        }
        "#);
    }

    #[test]
    fn a_consumer() {
        let text = "members=3\ncommit.interval.ms=0.5\non.undecodable=skip\n";
        let settings = read(&format!("{CONSUMER}{text}")).unwrap();
        let Role::Consumer(consumption) = settings.role else { panic!("a consumer") };
        assert_eq!(settings.members, 3);
        assert_eq!(consumption.commit_interval, Duration::from_micros(500));
        assert_eq!(consumption.on_undecodable, OnUndecodable::Skip);
        assert!(!consumption.auto_commit);
    }

    #[test]
    fn all_problems_at_once_each_with_its_line() {
        let text = "service.role=producer\nmetrics.port=fast\n# a comment\nmetrics.prot=10\ncommit.interval=1\npoll.records=1\nacks=some\n\
            acks.wanted=1\nmembers=2.5\nservice.version=\n";
        insta::assert_snapshot!(problems(text), @r#"
        orders.properties: `topic` is missing
        orders.properties: `bootstrap.servers` is missing
        orders.properties:2: `metrics.port` is not a whole number: `fast`
        orders.properties:4: `metrics.prot` is not a property; did you mean `metrics.port`?
        orders.properties:5: `commit.interval` is not a property; did you mean `commit.interval.ms`?
        orders.properties:6: `poll.records` belongs to service.role=consumer
        orders.properties:7: `acks` is not valid: Invalid value for configuration property "request.required.acks"
        orders.properties:8: `acks.wanted` is not a property
        orders.properties:9: `members` is not a whole number: `2.5`
        orders.properties:10: `service.version` is empty
        "#);
    }

    #[test]
    fn what_a_release_does_is_no_setting() {
        for key in ["rate", "record.size", "processing.time.ms", "transaction.interval.ms"] {
            let told = problems(&format!("{CONSUMER}{key}=1\n"));
            assert!(told.contains(&format!("`{key}` is not a property")), "{told}");
        }
    }

    #[test]
    fn roles() {
        insta::assert_snapshot!(problems(""), @r"
        orders.properties: `service.role` is missing
        orders.properties: `service.version` is missing
        orders.properties: `topic` is missing
        orders.properties: `bootstrap.servers` is missing
        ");
        insta::assert_snapshot!(problems(&PRODUCER.replace("=producer", "=mirror")), @"orders.properties:1: `service.role` is neither producer nor consumer: `mirror`");
        insta::assert_snapshot!(problems(&CONSUMER.replace("group.id=billing", "")), @"orders.properties: `group.id` is missing");
    }
}
