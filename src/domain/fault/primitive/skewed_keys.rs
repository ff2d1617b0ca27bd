//! Most records of a producer carry one key, so one partition gets them all (S03).

use serde::{Deserialize, Serialize};

use super::leaders::Leaders;
use super::{deployed, effect, must_be_service, must_be_topic, names, rollout, traffic_skewed};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::workload::{Behaviour, FrequentKey};

/// A release of the producer in which a share of its records carries the same key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkewedKeys {
    /// The producing service.
    pub service: String,
    /// The topic it writes to.
    pub topic: String,
    /// The frequent key.
    pub key: String,
    /// Its share of the records, in percent.
    pub percent: u8,
    /// The version rolled out.
    pub version: String,
}

impl SkewedKeys {
    /// The partition of the key, and who leads it.
    fn hot(&self, on: Target<'_>) -> Option<(usize, i32)> {
        let topic = on.topology.topic(&self.topic)?;
        let partition = crc32(self.key.as_bytes()) as usize % topic.assignment.len().max(1);
        Some((partition, Leaders::preferred(topic).of(partition)?))
    }
}

/// The hash of librdkafka's default partitioner, `consistent_random`: CRC-32 as of zlib.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

impl Primitive for SkewedKeys {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems: Vec<_> = must_be_service(&self.service, on)
            .into_iter()
            .chain(must_be_topic(&self.topic, on))
            .collect();
        if !(1..=100).contains(&self.percent) {
            problems.push(format!("{} is not a share in percent", self.percent));
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let key = FrequentKey { key: self.key.clone(), percent: self.percent };
        let skewed = |code: &mut Behaviour| code.frequent_key = Some(key);
        vec![Step::Do(rollout(&self.service, &self.version, on, skewed))]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let (name, topic_name) = (&self.service, &self.topic);
        let service = Component::of(Kind::Service, name);
        let topic = Component::of(Kind::Topic, topic_name);
        let (hot, leader) = self.hot(on).unwrap_or((0, -1));
        let partition = Component::of(Kind::Partition, format!("{topic_name}-{hot}"));
        let broker = Component::of(Kind::Broker, leader);
        let chain = vec![
            effect("service.deployed", [service.clone()], &[], deployed(name, &self.version)),
            effect(
                "partition.hot",
                [partition.clone()],
                &[0],
                format!(
                    "rate(kafka_producer_record_send_total{{topic=\"{topic_name}\", partition=\"{hot}\"}}[10s]) \
                     > 3 * scalar(avg(rate(kafka_producer_record_send_total{{topic=\"{topic_name}\"}}[10s])))"
                ),
            ),
            traffic_skewed(topic_name, [broker.clone(), topic.clone()], &[1]),
        ];
        Account {
            class: "client.producer.skewed_keys".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(service, Vec::new())].into(),
                near: vec![partition, topic],
                victims: vec![broker],
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "capacity.partitions",
                "process.canary_deploy",
                "process.load_test",
                "process.change_verification",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hashed_as_zlib_does() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }
}
