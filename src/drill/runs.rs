//! The runs of a home.

use serde::Serialize;

use super::error::DrillError;
use super::instant;
use super::notice::{Notice, Notices};
use crate::domain::scenario::Level;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::run::{Graded, Home, Run, RunState};

/// A run in a line.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Summary {
    /// One whose state can be read.
    Readable {
        /// Its id.
        run: String,
        /// Its family.
        family: String,
        /// Its level.
        level: Level,
        /// Its state.
        state: RunState,
        /// When it was created.
        #[serde(serialize_with = "instant::at")]
        created: UnixMs,
        /// Its outcome, once it is graded.
        graded: Option<Graded>,
    },
    /// One whose state cannot be read.
    Unreadable {
        /// Its id.
        run: String,
        /// Always `unreadable`.
        state: &'static str,
        /// Why.
        error: String,
    },
}

/// All runs, oldest first.
pub fn runs(home: &Home, notices: &dyn Notices) -> Result<Vec<Summary>, DrillError> {
    let summary = |run: Run| match run.read() {
        Ok(file) => Summary::Readable {
            run: file.id,
            family: file.family,
            level: file.level,
            state: file.state,
            created: file.created_at,
            graded: file.graded,
        },
        Err(error) => {
            let told = error.to_string();
            notices.notify(Notice::Unreadable(error));
            Summary::Unreadable { run: run.id, state: "unreadable", error: told }
        }
    };
    Ok(home.list()?.into_iter().map(summary).collect())
}
