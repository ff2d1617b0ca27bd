//! `briefing.json`: what the learner is told of the situation, the same for every cause of a
//! family.

use serde::{Deserialize, Serialize};

use crate::domain::scenario::Plan;
use crate::domain::scenario::family::{Alert, Objective};

/// What the learner is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Briefing {
    /// The symptom in a few words.
    pub title: String,
    /// How hard, 1 to 5.
    pub level: u8,
    /// Minutes a drill takes.
    pub minutes: u32,
    /// The situation before anything broke.
    pub brief: String,
    /// The alert that pages.
    pub alert: Alert,
    /// What "recovered" means.
    pub slo: Vec<Objective>,
}

impl From<&Plan> for Briefing {
    fn from(plan: &Plan) -> Self {
        Self {
            title: plan.title.clone(),
            level: plan.level,
            minutes: plan.minutes,
            brief: plan.brief.clone(),
            alert: plan.alert.clone(),
            slo: plan.slo.clone(),
        }
    }
}
