//! The families: what can be drilled. Never a cause.

use serde::Serialize;

use super::error::DrillError;
use crate::domain::scenario::{Family, Level};
use crate::lab::library::Library;

/// A family in a line.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Its name.
    pub family: String,
    /// The symptom in a few words.
    pub symptom: String,
    /// How hard its causes are to tell apart, 1 to 5.
    pub difficulty: u8,
    /// The level a drill has unless another is asked for.
    pub level: Level,
    /// The levels it can be drilled at.
    pub levels: [Level; 4],
    /// Minutes a drill takes.
    pub minutes: u32,
    /// What it trains.
    pub trains: Vec<String>,
}

/// All families, by name.
pub fn families() -> Result<Vec<Summary>, DrillError> {
    let library = Library::open()?;
    let summary = |name: String| {
        let family = library.family(&name)?;
        Ok(Summary {
            family: name,
            symptom: family.title,
            difficulty: family.difficulty,
            level: Level::default(),
            levels: Level::ALL,
            minutes: family.minutes,
            trains: family.trains,
        })
    };
    library.families().into_iter().map(summary).collect()
}

/// A family as a learner may read it.
pub fn family(name: &str) -> Result<Family, DrillError> {
    Ok(Library::open()?.family(name)?)
}
