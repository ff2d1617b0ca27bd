//! What a machine logged, from the recording.

use std::time::Duration;

use regex::Regex;
use serde::Serialize;

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest};
use super::machine;
use super::notice::Notices;
use super::recorded::{Entry, Recorded};
use crate::domain::rca::moment::{rfc3339, since_page};
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::domain::telemetry::series::UnixMs;
use crate::lab::run::RunState;
use crate::lab::store::Reader;
use crate::lab::wait;

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Which lines are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The machine.
    pub node: String,
    /// Only lines from this time on, as a person writes times.
    pub since: Option<String>,
    /// Only lines that match this regular expression.
    pub grep: Option<String>,
}

impl Wanted {
    /// Refuses a pattern that is none.
    pub fn check(&self) -> Result<(), DrillError> {
        self.pattern().map(drop)
    }

    fn pattern(&self) -> Result<Option<Regex>, DrillError> {
        Ok(self.grep.as_deref().map(Regex::new).transpose().map_err(InvalidRequest::Pattern)?)
    }
}

/// A line, as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// When, RFC 3339.
    pub at: String,
    /// The distance to the page, once there is one.
    pub since_page: Option<String>,
    /// The machine.
    pub node: String,
    /// The text.
    pub line: String,
}

/// The lines of a machine, as they are recorded. The command is under way until it is ended.
#[derive(Debug)]
pub struct Lines {
    chosen: Chosen,
    node: String,
    pattern: Option<Regex>,
    reader: Reader,
    recorded: Recorded,
    /// From when on lines are asked for.
    from: UnixMs,
    /// Lines of that millisecond that were given already: more of it may come.
    seen: Vec<LogLine>,
}

/// Begins to read the lines of a machine.
pub async fn lines(
    chosen: &Chosen,
    wanted: &Wanted,
    notices: &dyn Notices,
) -> Result<Lines, DrillError> {
    let pattern = wanted.pattern()?;
    machine::resolve(&chosen.lab()?, Some(&wanted.node))?;
    let from = wanted.since.as_deref().map(|t| chosen.moment(t)).transpose()?.unwrap_or(0);
    let text = typed(wanted);
    let entry = Entry { kind: "logs", node: &wanted.node, text: &text, mutating: false };
    Ok(Lines {
        recorded: Recorded::begin(chosen, entry, notices).await?,
        reader: chosen.reader()?,
        chosen: chosen.clone(),
        node: wanted.node.clone(),
        pattern,
        from,
        seen: Vec::new(),
    })
}

impl Lines {
    /// The lines recorded since the last call.
    pub fn fresh(&mut self) -> Result<Vec<Line>, DrillError> {
        let lines = self.reader.lines(&|node| node == self.node, self.from, i64::MAX)?;
        let fresh: Vec<_> = lines.into_iter().filter(|l| !self.seen.contains(l)).collect();
        let is_wanted = |l: &&LogLine| self.pattern.as_ref().is_none_or(|p| p.is_match(&l.line));
        let page = self.chosen.file.paged_at;
        let shown = |l: &LogLine| Line {
            at: rfc3339(l.at),
            since_page: page.map(|page| since_page(l.at, page)),
            node: l.node.clone(),
            line: l.line.clone(),
        };
        let wanted = fresh.iter().filter(is_wanted).map(shown).collect();
        if let Some(last) = fresh.last().map(|l| l.at) {
            self.from = last;
            let seen = std::mem::take(&mut self.seen);
            self.seen = seen.into_iter().chain(fresh).filter(|l| l.at == last).collect();
        }
        Ok(wanted)
    }

    /// Waits until it is worth looking for more lines; false when there will be none, since the run
    /// is not open any more.
    pub async fn go_on(&self) -> Result<bool, DrillError> {
        if self.chosen.run.read()?.state != RunState::Open {
            return Ok(false);
        }
        wait::pause(LOOK_EVERY).await;
        Ok(true)
    }

    /// Adds what was shown of them.
    pub async fn shown(&mut self, text: &str) -> Result<(), DrillError> {
        self.recorded.output(text).await
    }

    /// Ends the command, with its exit code.
    pub async fn end(self, exit: i64) -> Result<(), DrillError> {
        self.recorded.end(Some(exit)).await.map(drop)
    }
}

/// The command as it stands in the record.
fn typed(wanted: &Wanted) -> String {
    let option = |name: &str, value: &Option<String>| {
        value.as_ref().map(|v| format!(" --{name} '{v}'")).unwrap_or_default()
    };
    format!(
        "chaoslab logs {}{}{}",
        wanted.node,
        option("since", &wanted.since),
        option("grep", &wanted.grep)
    )
}
