//! A control: a producer sends more than the consumers can take for a while; the backlog drains by itself.

use serde::{Deserialize, Serialize};

use super::{control, effect, must_be_service};
use crate::domain::fault::truth::Account;
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A burst of traffic that ends as soon as it has been noticed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrafficBurst {
    /// The producing service.
    pub service: String,
    /// Records a second during the burst.
    pub rate: u32,
    /// PromQL that shows the burst was noticed: then it ends.
    pub until: String,
    /// For how long that must hold, in seconds.
    pub hold_seconds: u32,
}

impl Primitive for TrafficBurst {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let known = must_be_service(&self.service, on);
        let rate = on.services.iter().find(|s| s.name == self.service).and_then(|s| s.properties.get("rate"));
        if known.is_empty() && rate.is_none() {
            return vec![format!("`{}` has no `rate` to raise and to bring back", self.service)];
        }
        known
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let usual = on.services.iter().find(|s| s.name == self.service).and_then(|s| s.properties.get("rate").cloned()).unwrap_or_default();
        let rate =
            |value: String| Step::Do(Action::DeployService { service: self.service.clone(), set: [("rate".to_owned(), value)].into() });
        vec![
            rate(self.rate.to_string()),
            Step::Until { promql: self.until.clone(), hold_seconds: self.hold_seconds, deadline_seconds: 60 },
            rate(usual),
        ]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let service = on.services.iter().find(|s| s.name == self.service);
        let topics = service.into_iter().flat_map(|s| s.topics()).map(|t| Component::of(Kind::Topic, t));
        let grew =
            format!("sum(rate(kafka_producer_record_send_total{{service=\"{}\"}}[10s])) > {}", self.service, f64::from(self.rate) / 2.0);
        control("none.healthy", vec![effect("traffic.grew", topics.chain([Component::of(Kind::Service, &self.service)]), &[], grew)])
    }
}
