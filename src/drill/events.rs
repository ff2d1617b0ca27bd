//! Numbered detections over the record, the same for all runs and free of truth.

use serde::Serialize;

use super::choose::Chosen;
use super::error::DrillError;
use super::notice::Notices;
use super::recorded::{Entry, Numbered, Recorded};
use crate::domain::rca::moment::rfc3339;
use crate::domain::rca::record::Detection;
use crate::domain::rca::vocab::Component;
use crate::lab::facts;

/// A detection, as programs read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// `V7`, as a causal chain names it.
    pub id: String,
    /// The number alone.
    pub number: u32,
    /// The event of the vocabulary.
    pub event: String,
    /// The components it happened on.
    pub on: Vec<Component>,
    /// When it began, RFC 3339.
    pub from: String,
    /// When it ended; nothing while it goes on.
    pub to: Option<String>,
    /// What was seen.
    pub told: String,
}

impl From<&Detection> for Event {
    fn from(d: &Detection) -> Self {
        Self {
            id: format!("V{}", d.number),
            number: d.number,
            event: d.event.clone(),
            on: d.on.clone(),
            from: rfc3339(d.span.from),
            to: (!d.ongoing).then(|| rfc3339(d.span.to)),
            told: d.told.clone(),
        }
    }
}

/// The detections so far. The command is under way until they were shown.
pub async fn events(
    chosen: &Chosen,
    notices: &dyn Notices,
) -> Result<Numbered<Vec<Detection>>, DrillError> {
    let entry = Entry { kind: "events", node: "", text: "chaoslab events", mutating: false };
    let recorded = Recorded::begin(chosen, entry, notices).await?;
    let facts = facts::facts(&chosen.file, &chosen.lab()?, &chosen.briefing()?, &chosen.reader()?)?;
    Ok(Numbered { value: facts.detections, recorded })
}
