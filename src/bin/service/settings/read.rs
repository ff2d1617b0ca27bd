//! From a properties file to settings.

use std::collections::{BTreeMap, BTreeSet};

use rdkafka::{config::ClientConfig, error::KafkaError, types::RDKafkaConfRes};

use super::{
    Consumption, Production, Role, Settings, TransactionLimits,
    reader::{Problem, Reader},
};
use crate::{
    order,
    properties::{self, Property},
};

/// The own keys, and the role each belongs to. `processing.time.ms.N` stands for any member's
/// number.
const OWN: &[(&str, Option<&str>)] = &[
    ("service.role", None),
    ("service.version", None),
    ("topic", None),
    ("members", None),
    ("metrics.port", None),
    ("rate", Some("producer")),
    ("record.size", Some("producer")),
    ("key.distribution", Some("producer")),
    ("records.per.client", Some("producer")),
    ("transaction.interval.ms", Some("producer")),
    ("transaction.batch.records", Some("producer")),
    ("processing.time.ms", Some("consumer")),
    ("processing.time.ms.N", Some("consumer")),
    ("poll.records", Some("consumer")),
    ("commit.records", Some("consumer")),
    ("commit.interval.ms", Some("consumer")),
    ("on.undecodable", Some("consumer")),
    ("maintenance.members", Some("consumer")),
];

const MEMBER_PROCESSING: &str = "processing.time.ms.";

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
    let of_member = key.strip_prefix(MEMBER_PROCESSING).is_some_and(|n| n.parse::<u32>().is_ok());
    let name = if of_member { "processing.time.ms.N" } else { key };
    if let Some((_, of)) = OWN.iter().find(|(own, _)| *own == name) {
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
        "producer" => Role::Producer(production(reader, &library)),
        "consumer" => Role::Consumer(consumption(reader, &library, members)),
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

fn production(reader: &mut Reader, library: &BTreeMap<String, String>) -> Production {
    let rate = reader.decimal("rate", None, 0.001..=1_000_000.0);
    let record_size =
        reader.whole("record.size", "1000", order::SMALLEST as u64..=64_000_000) as usize;
    let keys = reader.parsed("key.distribution", "uniform");
    let records_per_client = reader.whole("records.per.client", "0", 0..=1_000_000_000);
    let transactions = library.contains_key("transactional.id").then(|| {
        let interval = if reader.has("transaction.batch.records") { "86400000" } else { "1000" };
        TransactionLimits {
            interval: reader.millis("transaction.interval.ms", interval),
            records: reader.whole("transaction.batch.records", "1000000000", 1..=1_000_000_000),
        }
    });
    for key in ["transaction.interval.ms", "transaction.batch.records"] {
        if transactions.is_none() && reader.has(key) {
            reader.wrong(key, "needs a `transactional.id`");
        }
    }
    if transactions.is_some() && records_per_client > 0 {
        reader.wrong("records.per.client", "cannot be combined with a `transactional.id`");
    }
    Production { rate, record_size, keys, records_per_client, transactions }
}

fn consumption(
    reader: &mut Reader,
    library: &BTreeMap<String, String>,
    members: u32,
) -> Consumption {
    needs(reader, library, "group.id");
    let processing = reader.millis("processing.time.ms", "0");
    let single: Vec<String> =
        reader.own.keys().filter(|key| key.starts_with(MEMBER_PROCESSING)).cloned().collect();
    let mut processing_of = BTreeMap::new();
    for key in single {
        let time = reader.millis(&key, "0");
        if let Some(member) = member(reader, &key, &key[MEMBER_PROCESSING.len()..], members) {
            processing_of.insert(member, time);
        }
    }
    let mut maintenance = BTreeSet::new();
    if reader.has("maintenance.members") {
        for number in reader.list("maintenance.members", None) {
            maintenance.extend(member(reader, "maintenance.members", &number, members));
        }
    }
    Consumption {
        processing,
        processing_of,
        poll_records: reader.whole("poll.records", "500", 1..=100_000) as usize,
        commit_records: reader.whole("commit.records", "500", 1..=1_000_000_000),
        commit_interval: reader.millis("commit.interval.ms", "1000"),
        auto_commit: library.get("enable.auto.commit").is_some_and(|v| v == "true"),
        on_undecodable: reader.parsed("on.undecodable", "exit"),
        maintenance,
    }
}

/// The number of a member, from 1.
fn member(reader: &mut Reader, key: &str, number: &str, members: u32) -> Option<u32> {
    let member = number.parse().ok().filter(|n| (1..=members).contains(n));
    if member.is_none() {
        reader.wrong(key, format_args!("names member `{number}`, there are 1 to {members}"));
    }
    member
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{keys::KeyDistribution, settings::OnUndecodable};

    const PRODUCER: &str = "service.role=producer\nservice.version=2.3.0\ntopic=orders\nbootstrap.servers=kafka-1:9092\nrate=1500\n";
    const CONSUMER: &str = "service.role=consumer\nservice.version=2.3.0\ntopic=orders\nbootstrap.servers=kafka-1:9092\ngroup.id=billing\n";

    fn problems(text: &str) -> String {
        read(text).unwrap_err().iter().map(|p| p.at("orders.properties") + "\n").collect()
    }

    fn producer(more: &str) -> Production {
        match read(&format!("{PRODUCER}{more}")).unwrap().role {
            Role::Producer(production) => production,
            Role::Consumer(_) => panic!("not a producer"),
        }
    }

    fn consumer(more: &str) -> Consumption {
        match read(&format!("{CONSUMER}{more}")).unwrap().role {
            Role::Consumer(consumption) => consumption,
            Role::Producer(_) => panic!("not a consumer"),
        }
    }

    #[test]
    fn a_producer_with_defaults() {
        let settings = read(&format!("{PRODUCER}acks=all\nlinger.ms: 5\n")).unwrap();
        let shown: Vec<String> =
            settings.effective.iter().map(|(k, v)| format!("{k}={v}")).collect();
        insta::assert_snapshot!(shown.join(" "), @"service.role=producer service.version=2.3.0 topic=orders members=1 metrics.port=8080 rate=1500 record.size=1000 key.distribution=uniform records.per.client=0");
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
        let consumption = consumer(
            "members=3\nprocessing.time.ms=0.5\nprocessing.time.ms.2=3600000\nmaintenance.members=1,3\non.undecodable=skip\n",
        );
        assert_eq!(consumption.processing, Duration::from_micros(500));
        assert_eq!(consumption.processing_of, BTreeMap::from([(2, Duration::from_secs(3600))]));
        assert_eq!(consumption.maintenance, BTreeSet::from([1, 3]));
        assert_eq!(consumption.on_undecodable, OnUndecodable::Skip);
        assert!(!consumption.auto_commit);
    }

    #[test]
    fn keys_and_fractions_of_a_rate() {
        let production = producer("rate=0.1\nkey.distribution=skewed:tenant-42:0.9\n");
        assert_eq!(production.rate, 0.1);
        assert_eq!(
            production.keys,
            KeyDistribution::Skewed { key: "tenant-42".into(), share: 0.9 }
        );
    }

    #[test]
    fn a_client_for_every_so_many_records_is_no_transactional_one() {
        assert_eq!(producer("records.per.client=50\n").records_per_client, 50);
        let text = format!("{PRODUCER}records.per.client=50\ntransactional.id=orders-1\n");
        insta::assert_snapshot!(problems(&text), @"orders.properties:6: `records.per.client` cannot be combined with a `transactional.id`");
    }

    #[test]
    fn transactions_end_by_time_unless_a_number_of_records_is_given() {
        assert!(producer("").transactions.is_none());
        let limits = producer("transactional.id=orders-1\n").transactions.unwrap();
        assert_eq!((limits.interval, limits.records), (Duration::from_secs(1), 1_000_000_000));
        let limits = producer("transactional.id=orders-1\ntransaction.batch.records=500\n")
            .transactions
            .unwrap();
        assert_eq!((limits.interval, limits.records), (Duration::from_secs(86_400), 500));
    }

    #[test]
    fn all_problems_at_once_each_with_its_line() {
        let text = "service.role=producer\nrate=fast\n# a comment\nrecord.size=10\nproccessing.time.ms=1\nprocessing.time.ms=1\nacks=some\n\
            acks.wanted=1\nkey.distribution=zipf\nmembers=2.5\ntransaction.interval.ms=5\nservice.version=\n";
        insta::assert_snapshot!(problems(text), @r#"
        orders.properties: `topic` is missing
        orders.properties: `bootstrap.servers` is missing
        orders.properties:2: `rate` is not a number: `fast`
        orders.properties:4: `record.size` is 10, not between 256 and 64000000
        orders.properties:5: `proccessing.time.ms` is not a property; did you mean `processing.time.ms`?
        orders.properties:6: `processing.time.ms` belongs to service.role=consumer
        orders.properties:7: `acks` is not valid: Invalid value for configuration property "request.required.acks"
        orders.properties:8: `acks.wanted` is not a property
        orders.properties:9: `key.distribution` is not valid: `zipf` is none of none, uniform, uniform:COUNT, skewed:KEY:SHARE
        orders.properties:10: `members` is not a whole number: `2.5`
        orders.properties:11: `transaction.interval.ms` needs a `transactional.id`
        orders.properties:12: `service.version` is empty
        "#);
    }

    #[test]
    fn members_that_are_not_there() {
        let text =
            format!("{CONSUMER}members=2\nprocessing.time.ms.3=1\nmaintenance.members=0,x\n");
        insta::assert_snapshot!(problems(&text), @r"
        orders.properties:7: `processing.time.ms.3` names member `3`, there are 1 to 2
        orders.properties:8: `maintenance.members` names member `0`, there are 1 to 2
        orders.properties:8: `maintenance.members` names member `x`, there are 1 to 2
        ");
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
