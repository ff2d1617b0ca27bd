//! Leaving nothing behind.

use std::collections::BTreeSet;

use serde::Serialize;

use super::EngineError;

/// What was removed from the engine, or stands on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Containers.
    pub containers: usize,
    /// Networks.
    pub networks: usize,
    /// Volumes.
    pub volumes: usize,
}

impl std::ops::AddAssign for Swept {
    fn add_assign(&mut self, more: Self) {
        self.containers += more.containers;
        self.networks += more.networks;
        self.volumes += more.volumes;
    }
}

/// Something that could not be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What it is: `container r-123456-kafka-1`.
    pub name: String,
    /// What the engine said.
    pub why: String,
    /// The command that removes it, once the engine lets it go.
    pub command: String,
}

impl std::fmt::Display for Leftover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): `{}`", self.name, self.why, self.command)
    }
}

/// Removes what runs left, by their label, and nothing else.
#[allow(async_fn_in_trait)]
pub trait Sweep {
    /// Removes every container, network and volume of a run; of all runs when none is named. Safe
    /// to repeat. What cannot be removed keeps nothing else from going, and is told as
    /// [`EngineError::Left`].
    async fn sweep(&self, run: Option<&str>) -> Result<Swept, EngineError>;

    /// The runs of which anything stands.
    async fn runs(&self) -> Result<BTreeSet<String>, EngineError>;

    /// What still stands of one run, or of all runs.
    async fn standing(&self, run: Option<&str>) -> Result<Swept, EngineError>;
}
