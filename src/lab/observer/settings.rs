//! What is configured, every five seconds and after any change; and what else changes as rarely.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::link::Link;
use super::senses::{Pace, Samples, Sense, Source};
use crate::domain::telemetry::series::{Labels, UnixMs};
use crate::domain::topology::NodeId;
use crate::lab::kafka::admin::Endpoint;
use crate::lab::kafka::partitions::{self, PartitionState};
use crate::lab::kafka::settings::{self, Quota, Setting, Transaction};

const DEADLINE: Duration = Duration::from_millis(1500);

/// Asks for settings.
#[derive(Debug)]
pub struct SettingsProbe {
    links: Vec<Link>,
    /// Brokers that answered the first question of this reading. The others are asked nothing more:
    /// each question would cost its deadline, and with it seconds of the record.
    answering: BTreeSet<NodeId>,
}

impl SettingsProbe {
    /// A probe of these brokers.
    pub fn new(brokers: Vec<Endpoint>) -> Self {
        Self { links: brokers.into_iter().map(Link::new).collect(), answering: BTreeSet::new() }
    }

    /// One reading; `None` when no broker answered what concerns the cluster as a whole.
    async fn ask(&mut self, now: UnixMs) -> Option<Samples> {
        let of_brokers = join_all(
            self.links.iter_mut().map(async |link| Some((link.broker.id, of_broker(link).await?))),
        )
        .await;
        self.answering = of_brokers.iter().flatten().map(|(id, _)| *id).collect();
        let mut samples: Samples =
            of_brokers.into_iter().flatten().flat_map(|(_, samples)| samples).collect();
        let (partitions, whole) = self.of_cluster().await?;
        samples.extend(whole);
        samples.extend(self.oldest_offsets(&partitions).await);
        samples.extend(self.transactions(now).await);
        Some(samples)
    }

    /// Topics, quotas and access control, from the first broker that answers.
    async fn of_cluster(&mut self) -> Option<(Vec<PartitionState>, Samples)> {
        for link in self.links.iter_mut().filter(|l| self.answering.contains(&l.broker.id)) {
            let asked = link.ask(DEADLINE, async |c| {
                let topics: BTreeSet<_> = partitions::metadata(c, DEADLINE).await?.topics;
                let partitions = partitions::partitions(c, &topics, DEADLINE).await?;
                let names: Vec<_> = topics.into_iter().collect();
                let configs = settings::configs(c, 2, &names, DEADLINE).await?;
                let quotas = settings::quotas(c, DEADLINE).await?;
                Ok((partitions, configs, quotas, settings::acls(c, DEADLINE).await?))
            });
            if let Some((partitions, configs, quotas, acls)) = asked.await.answer {
                let mut samples: Samples = configs
                    .iter()
                    .map(|(topic, s)| (config("kafka_topic_config_info", "topic", topic, s), 1.0))
                    .collect();
                samples.extend(quotas.iter().map(quota));
                samples.extend(acls.iter().map(|a| {
                    let pairs = [
                        ("principal", a.principal.as_str()),
                        ("host", a.host.as_str()),
                        ("operation", a.operation),
                        ("permission", a.permission),
                        ("resource_type", a.resource_type),
                        ("resource", a.resource.as_str()),
                        ("pattern", a.pattern),
                    ];
                    (Labels::of("kafka_acl_info", pairs), 1.0)
                }));
                return Some((partitions, samples));
            }
        }
        None
    }

    async fn oldest_offsets(&mut self, partitions: &[PartitionState]) -> Samples {
        let led_by = |id: NodeId| {
            partitions
                .iter()
                .filter(move |p| p.leader == id)
                .map(|p| &p.partition)
                .collect::<Vec<_>>()
        };
        let asked =
            self.links.iter_mut().filter(|l| self.answering.contains(&l.broker.id)).map(|link| {
                let led = led_by(link.broker.id);
                async move {
                    link.ask(DEADLINE, async |c| {
                        partitions::earliest_offsets(c, &led, DEADLINE).await
                    })
                    .await
                    .answer
                }
            });
        let offsets = join_all(asked).await.into_iter().flatten().flatten();
        let sample = |((topic, partition), offset): ((String, i32), i64)| {
            let labels = Labels::of(
                "kafka_topic_partition_oldest_offset",
                [("topic", topic.as_str()), ("partition", &partition.to_string())],
            );
            (labels, offset as f64)
        };
        offsets.map(sample).collect()
    }

    async fn transactions(&mut self, now: UnixMs) -> Samples {
        let answering = self.links.iter_mut().filter(|l| self.answering.contains(&l.broker.id));
        let asked = answering
            .map(|link| link.ask(DEADLINE, async |c| settings::transactions(c, DEADLINE).await));
        let transactions = join_all(asked).await.into_iter().filter_map(|a| a.answer).flatten();
        transactions.flat_map(|t| transaction(&t, now)).collect()
    }
}

impl Sense for SettingsProbe {
    const PACE: Pace = Pace { every: 5, within: Duration::from_millis(4500), timed: true };

    fn sources(&self) -> Vec<Source> {
        vec![Source::whole("settings")]
    }

    async fn read(&mut self, now: UnixMs) -> Vec<Option<Samples>> {
        vec![self.ask(now).await]
    }
}

async fn of_broker(link: &mut Link) -> Option<Samples> {
    let id = link.broker.id.to_string();
    let asked = link.ask(DEADLINE, async |c| {
        settings::configs(c, 4, std::slice::from_ref(&id), DEADLINE).await
    });
    let configs = asked.await.answer?;
    Some(
        configs
            .iter()
            .map(|(broker, s)| (config("kafka_broker_config_info", "broker", broker, s), 1.0))
            .collect(),
    )
}

fn config(name: &str, of: &str, whose: &str, setting: &Setting) -> Labels {
    Labels::of(
        name,
        [(of, whose), ("key", &setting.key), ("value", &setting.value), ("source", setting.source)],
    )
}

fn quota(quota: &Quota) -> (Labels, f64) {
    let label = |kind: &str| match kind {
        "client-id" => "client_id".to_owned(),
        other => other.to_owned(),
    };
    let entity: Vec<_> =
        quota.entity.iter().map(|(kind, name)| (label(kind), name.clone())).collect();
    let pairs =
        entity.iter().map(|(k, v)| (k.as_str(), v.as_str())).chain([("quota", quota.key.as_str())]);
    (Labels::of("kafka_client_quota", pairs), quota.value)
}

fn transaction(transaction: &Transaction, now: UnixMs) -> Samples {
    let id = transaction.id.as_str();
    let producer = transaction.producer_id.to_string();
    let state = Labels::of(
        "kafka_transaction_state_info",
        [("transactional_id", id), ("state", &transaction.state), ("producer_id", &producer)],
    );
    let open = transaction.started.filter(|_| transaction.state == "Ongoing");
    let age = open.map(|at| {
        (
            Labels::of("kafka_transaction_open_seconds", [("transactional_id", id)]),
            (now - at).max(0) as f64 / 1000.0,
        )
    });
    std::iter::once((state, 1.0)).chain(age).collect()
}
