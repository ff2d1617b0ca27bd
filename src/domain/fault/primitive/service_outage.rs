//! A control: a consumer was down for a while, records waited, and all is well again.

use serde::{Deserialize, Serialize};

use super::{control, effect, must_be_service};
use crate::domain::fault::truth::Account;
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A service that is stopped, and started again as soon as its absence has been noticed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceOutage {
    /// The service.
    pub service: String,
    /// PromQL that shows its absence was noticed: then it is started again.
    pub until: String,
    /// For how long that must hold, in seconds.
    pub hold_seconds: u32,
}

impl Primitive for ServiceOutage {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_service(&self.service, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        vec![
            Step::Do(Action::StopService { service: self.service.clone() }),
            Step::Until {
                promql: self.until.clone(),
                hold_seconds: self.hold_seconds,
                deadline_seconds: 60,
            },
            Step::Do(Action::StartService { service: self.service.clone() }),
        ]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let service = Component::of(Kind::Service, &self.service);
        let group = on.services.iter().find(|s| s.name == self.service).and_then(|s| s.group());
        let chain = vec![
            effect(
                "process.exited",
                [service.clone()],
                &[],
                format!("up{{job=\"service\", node=\"{}\"}} == 0", self.service),
            ),
            effect(
                "process.restarted",
                [service],
                &[0],
                format!(
                    "changes(process_start_time_seconds{{node=\"{}\"}}[60s]) > 0",
                    self.service
                ),
            ),
            effect(
                "freshness.breached",
                group.map(|g| Component::of(Kind::Group, g)),
                &[0],
                self.until.clone(),
            ),
        ];
        control("none.self_healed", chain)
    }
}
