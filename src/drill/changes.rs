//! The change feed: what those who run the cluster say they changed.

use serde::Serialize;

use super::choose::Chosen;
use super::error::DrillError;
use super::instant;
use crate::domain::telemetry::series::UnixMs;

/// An entry of the change feed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// `C1`, `C2`, ...
    pub id: String,
    /// When it was made.
    #[serde(serialize_with = "instant::at")]
    pub at: UnixMs,
    /// What was changed.
    pub what: String,
    /// Who or what changed it.
    pub by: String,
}

/// The change feed, in order.
pub fn changes(chosen: &Chosen) -> Result<Vec<Change>, DrillError> {
    let changes = chosen.reader()?.changes()?.into_iter();
    Ok(changes
        .map(|c| Change { id: format!("C{}", c.number), at: c.at, what: c.what, by: c.by })
        .collect())
}
