//! The cluster as its brokers tell it, all of them at once: what most say counts, since one that
//! lags behind says what was.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use crate::domain::rca::effect::{Fingerprint, Found, Part};
use crate::lab::engine::Lab;
use crate::lab::kafka::admin::endpoints;
use crate::lab::kafka::partitions::{self, PartitionState};
use crate::lab::kafka::settings::{self, Acl, Quota, Setting};
use crate::lab::kafka::wire::{Connection, WireError};
use crate::lab::observer::link::Link;

/// A broker that takes longer is not waited for.
const WITHIN: Duration = Duration::from_millis(700);
/// `ConfigResource.Type`.
const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const BROKER_LOGGER: i8 = 8;

type Values = BTreeMap<String, Found>;

/// Connections to the brokers of a lab.
#[derive(Debug)]
pub(super) struct Brokers {
    links: Vec<Link>,
}

/// What a broker says of itself and of the cluster.
struct Said {
    own: [Values; 2],
    whole: BTreeMap<Part, Values>,
}

impl Brokers {
    pub(super) fn of(lab: &Lab) -> Self {
        let brokers = endpoints(&lab.topology, &lab.placement);
        Self { links: brokers.into_iter().map(Link::new).collect() }
    }

    /// Looks at the cluster. What a broker says of itself is compared only when all answered.
    pub(super) async fn look(&mut self) -> Fingerprint {
        let asked = self.links.iter_mut().map(async |link| {
            let id = link.broker.id.to_string();
            link.ask(WITHIN, async |connection| said(connection, id).await).await.answer
        });
        let answers: Vec<Option<Said>> = join_all(asked).await;
        let mut fingerprint = Fingerprint::default();
        let all_answered = answers.iter().all(Option::is_some);
        let mut whole: BTreeMap<Part, Vec<Values>> = BTreeMap::new();
        for said in answers.into_iter().flatten() {
            for (part, values) in said.whole {
                whole.entry(part).or_default().push(values);
            }
            for (part, values) in [Part::BrokerConfig, Part::LogLevel].into_iter().zip(said.own) {
                if all_answered {
                    fingerprint.part(part).extend(values);
                }
            }
        }
        for (part, said) in whole {
            *fingerprint.part(part) = most(said);
        }
        fingerprint
    }
}

/// What most say; of as many, the first.
fn most(said: Vec<Values>) -> Values {
    let count = |values: &Values| said.iter().filter(|other| *other == values).count();
    let best = said.iter().map(count).max().unwrap_or(0);
    let first = said.iter().find(|values| count(values) == best);
    first.cloned().unwrap_or_default()
}

async fn said(connection: &mut Connection, id: String) -> Result<Said, WireError> {
    let own = std::slice::from_ref(&id);
    let configs = settings::configs(connection, BROKER, own, WITHIN).await?;
    let levels = settings::configs(connection, BROKER_LOGGER, own, WITHIN).await?;
    let topics = partitions::metadata(connection, WITHIN).await?.topics;
    let states = partitions::partitions(connection, &topics, WITHIN).await?;
    let names: Vec<_> = topics.into_iter().collect();
    let of_topics = settings::configs(connection, TOPIC, &names, WITHIN).await?;
    let quotas = settings::quotas(connection, WITHIN).await?;
    let acls = settings::acls(connection, WITHIN).await?;
    // What stands in a file is the machine's to say.
    let dynamic = configs.into_iter().filter(|(_, s)| s.source.starts_with("DYNAMIC"));
    let mut whole = of_partitions(&states);
    whole.insert(Part::TopicConfig, of_configs(of_topics.into_iter()));
    whole.insert(Part::Quota, quotas.iter().map(of_quota).collect());
    whole.insert(Part::Access, acls.iter().map(|a| (entry(a), Found::default())).collect());
    Ok(Said { own: [of_configs(dynamic), of_configs(levels.into_iter())], whole })
}

fn of_configs(settings: impl Iterator<Item = (String, Setting)>) -> Values {
    let one =
        |(whose, s): (String, Setting)| (format!("{whose}, {}", s.key), Found::value(s.value));
    settings.map(one).collect()
}

fn of_partitions(states: &[PartitionState]) -> BTreeMap<Part, Values> {
    let mut parts: BTreeMap<Part, Values> = BTreeMap::new();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for state in states {
        let (topic, number) = &state.partition;
        let name = format!("{topic}-{number}");
        let mut add = |part: Part, value: String| {
            parts.entry(part).or_default().insert(name.clone(), Found::value(value));
        };
        add(Part::Leaders, state.leader.to_string());
        add(Part::Replicas, format!("{:?}", state.replicas));
        // Kafka makes its own topics when somebody first needs them.
        if !topic.starts_with("__") {
            *counts.entry(topic).or_default() += 1;
        }
    }
    let topic = |(topic, count): (&str, u32)| {
        (topic.to_owned(), Found::value(format!("{count} partitions")))
    };
    parts.insert(Part::Topics, counts.into_iter().map(topic).collect());
    parts
}

fn of_quota(quota: &Quota) -> (String, Found) {
    let entity: Vec<_> = quota.entity.iter().map(|(kind, name)| format!("{kind} {name}")).collect();
    (format!("{}, {}", entity.join(" "), quota.key), Found::value(quota.value.to_string()))
}

fn entry(acl: &Acl) -> String {
    format!(
        "{} {} {} on {} {} ({}) from {}",
        acl.permission,
        acl.principal,
        acl.operation,
        acl.resource_type,
        acl.resource,
        acl.pattern,
        acl.host
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(level: &str) -> Values {
        Values::from([("orders, retention.ms".to_owned(), Found::value(level))])
    }

    #[test]
    fn a_broker_that_lags_behind_is_outvoted() {
        let said = vec![values("1000"), values("2000"), values("2000")];
        assert_eq!(most(said), values("2000"));
        assert_eq!(most(vec![values("1000"), values("2000")]), values("1000"));
        assert_eq!(most(Vec::new()), Values::new());
    }
}
