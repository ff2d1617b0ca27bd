//! `briefing.json`: what the learner is told of the situation, the same for every cause of a
//! family.

use serde::{Deserialize, Serialize};

use crate::domain::scenario::family::{Alert, Objective};
use crate::domain::scenario::{Level, Plan};

/// What the learner is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Briefing {
    /// The symptom in a few words.
    pub title: String,
    /// The level of the drill.
    #[serde(rename = "drill_level", default)]
    pub level: Level,
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
