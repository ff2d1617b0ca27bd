//! Log lines as recorded, and where they are read from.

use super::series::{SourceError, UnixMs};

/// One line a node or service logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the engine received it.
    pub at: UnixMs,
    /// The machine that logged it, as named in the lab: `kafka-2`, `billing`.
    pub node: String,
    /// The line, without its line end.
    pub line: String,
}

/// Where recorded log lines are read from.
pub trait LogSource {
    /// The lines with a time in `[from, to]`, oldest first, of the nodes for which `wanted` holds.
    fn lines(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, SourceError>;
}

impl LogSource for Vec<LogLine> {
    fn lines(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, SourceError> {
        Ok(self
            .iter()
            .filter(|l| (from..=to).contains(&l.at) && wanted(&l.node))
            .cloned()
            .collect())
    }
}
