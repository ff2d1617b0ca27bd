//! A consumer spends more time on each record than its share of the load leaves it (S31).

use serde::{Deserialize, Serialize};

use super::must_be_service;
use crate::domain::fault::{Action, Primitive, Step, Target};

/// A deploy of the consumer after which each record takes longer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowProcessing {
    /// The consuming service.
    pub service: String,
    /// Time spent on each record from now on, in milliseconds.
    pub processing_ms: u32,
    /// The version rolled out.
    pub version: String,
}

impl Primitive for SlowProcessing {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        must_be_service(&self.service, on)
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        let set = [("processing.time.ms".to_owned(), self.processing_ms.to_string()), ("service.version".to_owned(), self.version.clone())];
        vec![Step::Do(Action::DeployService { service: self.service.clone(), set: set.into() })]
    }
}
