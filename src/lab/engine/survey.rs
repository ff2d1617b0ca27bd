//! What an engine is, what it lets a lab do, and what it tells of one.

use std::collections::{BTreeMap, BTreeSet};

use super::{EngineError, Lab};
use crate::domain::fault::Requirement;

/// An engine, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its name, version and system.
    pub name: String,
    /// Why no lab can stand on it; nothing when one can.
    pub unfit: Option<&'static str>,
}

/// What an engine was found not to let a lab do, each with the reason as a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lacking(BTreeMap<Requirement, String>);

impl Lacking {
    /// The reasons, one for each thing that is lacking.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// Why what needs all of these cannot be staged; nothing when it can.
    pub fn bars(&self, requires: &[Requirement]) -> Option<&str> {
        requires.iter().find_map(|requirement| self.0.get(requirement)).map(String::as_str)
    }
}

impl FromIterator<(Requirement, String)> for Lacking {
    fn from_iter<I: IntoIterator<Item = (Requirement, String)>>(reasons: I) -> Self {
        Self(reasons.into_iter().collect())
    }
}

/// Something an engine tells of a lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// Where it was found.
    pub place: String,
    /// All of it.
    pub text: String,
    /// What happened to a machine, when it is that.
    pub event: Option<MachineEvent>,
}

/// What happened to a machine, in the engine's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineEvent {
    /// When, in seconds since 1970.
    pub at: i64,
    /// To which machine.
    pub machine: String,
    /// What: `exec_create: ls -l`.
    pub what: String,
}

/// Tells of itself.
#[allow(async_fn_in_trait)]
pub trait Survey {
    /// What it is.
    async fn about(&self) -> Result<About, EngineError>;

    /// Which of what is wanted it does not let a lab of this image do; looks at nothing else.
    async fn lacking(
        &self,
        image: &str,
        wanted: &BTreeSet<Requirement>,
    ) -> Result<Lacking, EngineError>;

    /// All that it tells of a lab to whoever asks it: its machines, its network, what happened to
    /// them since then (seconds since 1970).
    async fn disclosed(&self, lab: &Lab, since: i64) -> Result<Vec<Disclosed>, EngineError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_what_is_lacking_is_barred() {
        let why = "machines cannot filter packets on this engine";
        let lacking = Lacking::from_iter([(Requirement::PacketFilter, why.to_owned())]);
        assert_eq!(lacking.bars(&[]), None);
        assert_eq!(lacking.bars(&[Requirement::LinkShaping, Requirement::DiskWriteLimit]), None);
        let barred = lacking.bars(&[Requirement::LinkShaping, Requirement::PacketFilter]);
        assert_eq!(barred, Some(why));
        assert_eq!(Lacking::default().bars(&[Requirement::PacketFilter]), None);
    }
}
