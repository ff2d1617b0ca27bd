//! A consumer's own quota is below what it reads (S48, fetch side).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::backlog::Backlog;
use super::{effect, must_be_service, names};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::workload::Service;

/// A `consumer_byte_rate` for each client of a service. Brokers count it each for itself: a client
/// may read it from every one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerQuota {
    /// The consuming service.
    pub service: String,
    /// Bytes a second a client may read from one broker.
    pub byte_rate: u32,
}

impl ConsumerQuota {
    /// The client ids of the service: its name, with the member's number behind it where there are
    /// several.
    fn clients(&self, on: Target<'_>) -> Vec<String> {
        let spec = on.services.iter().find(|s| s.name == self.service);
        let members = spec.map_or(1, Service::members);
        let id = spec.and_then(|s| s.properties.get("client.id")).unwrap_or(&self.service);
        if members == 1 {
            vec![id.clone()]
        } else {
            (1..=members).map(|m| format!("{id}-{m}")).collect()
        }
    }
}

impl Primitive for ConsumerQuota {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_service(&self.service, on)
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let set: BTreeMap<_, _> =
            [("consumer_byte_rate".to_owned(), Some(f64::from(self.byte_rate)))].into();
        self.clients(on)
            .into_iter()
            .map(|client_id| Step::Do(Action::AlterQuota { client_id, set: set.clone() }))
            .collect()
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let backlog = Backlog::of(&self.service, on);
        let quotas: Vec<_> = self
            .clients(on)
            .iter()
            .map(|c| Component::of(Kind::Quota, format!("client-id={c}")))
            .collect();
        let clients = format!("{}(-[0-9]+)?", self.service);
        let exceeded = format!(
            "max(kafka_server_quota_throttle_time{{resource=\"Fetch\", clientId=~\"{clients}\"}}) > 1000 \
             and sum(rate(kafka_network_requestmetrics_throttletimems_sum_ms{{request=\"FetchConsumer\"}}[15s])) > 500"
        );
        let by_quota = quotas.iter().cloned().chain([backlog.service.clone()]);
        let consumption = std::iter::once(backlog.group.clone()).chain(backlog.topics.clone());
        let chain = vec![
            effect("quota.exceeded", by_quota, &[], exceeded),
            effect(
                "consumption.below_production",
                consumption,
                &[0],
                backlog.below_production(0.8),
            ),
            backlog.lag_grew(1),
            backlog.freshness_breached(2),
        ];
        let others =
            quotas.iter().skip(1).cloned().chain([backlog.service.clone(), backlog.group.clone()]);
        Account {
            class: "quota.client_throttled".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: quotas
                    .first()
                    .map(|first| (first.clone(), others.collect()))
                    .into_iter()
                    .collect(),
                near: Vec::new(),
                victims: backlog.topics.iter().chain(&backlog.partitions).cloned().collect(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "alert.quota_throttling",
                "alert.freshness",
                "process.config_review",
                "process.change_verification",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::Topology;
    use crate::domain::workload::{Behaviour, Service, ServiceRole};

    #[test]
    fn each_member_is_a_client_of_its_own() {
        let topology = Topology { nodes: vec![], topics: vec![], ..Topology::default() };
        let clients = |properties: &[(&str, &str)]| {
            let properties =
                properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            let service = Service {
                name: "billing".into(),
                description: String::new(),
                role: ServiceRole::Consumer,
                properties,
                behaviour: Behaviour::default(),
            };
            let fault = ConsumerQuota { service: "billing".into(), byte_rate: 1000 };
            fault.clients(Target { topology: &topology, services: &[service] })
        };
        assert_eq!(clients(&[("members", "2")]), ["billing-1", "billing-2"]);
        assert_eq!(clients(&[("client.id", "ledger")]), ["ledger"]);
    }
}
