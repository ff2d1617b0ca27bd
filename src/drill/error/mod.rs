//! Why something could not be done. One type for every door: each keeps what it came from, and a
//! door decides how it is shown and which code it becomes.

mod invalid_request;
mod refusal;

use std::path::{Path, PathBuf};

use crate::domain::grade::review::Dispute;
use crate::domain::report::ReportError;
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::SourceError;
use crate::domain::yaml::Problem;
use crate::lab::casefile::CasefileError;
pub use crate::lab::engine::EngineError;
pub use crate::lab::image::ImageError;
pub use crate::lab::keeper::KeeperError;
pub use crate::lab::library::LibraryError;
use crate::lab::recording::RecordingError;
use crate::lab::rehearsal::LookError;
pub use crate::lab::run::RunError;
use crate::lab::run::RunState;
use crate::lab::store::StoreError;

pub use invalid_request::InvalidRequest;
pub use refusal::Refusal;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// Something is wrong with how it was asked.
    #[error(transparent)]
    InvalidRequest(#[from] InvalidRequest),
    /// It is refused in this state.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The run is invalid: baseline or symptom was not witnessed.
    #[error(transparent)]
    NotWitnessed(#[from] Unwitnessed),
    /// The record, the truth or a commitment does not hold.
    #[error(transparent)]
    Integrity(#[from] Integrity),
    /// A document has problems, each with its place.
    #[error("{}", located(path, problems).join("\n"))]
    Document {
        /// The document.
        path: PathBuf,
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A write-up of the library asks for what cannot be, as a sentence with its place.
    #[error("{0}")]
    Content(String),
    /// No lab can stand on the engine that answers.
    #[error("{found}. {advice}")]
    NoEngine {
        /// What is there.
        found: String,
        /// What to do.
        advice: String,
    },
    /// Findings are disputed, and nobody has answered yet.
    #[error("{}", review_needed(run, open, answers))]
    NeedsReview {
        /// The run.
        run: String,
        /// The disputes without an answer.
        open: Vec<Dispute>,
        /// The file a reviewer answers in.
        answers: PathBuf,
    },
    /// Whoever asked wanted it ended; everything was undone.
    #[error("interrupted: everything was undone")]
    Interrupted,
    /// An engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The library could not give something.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A run's folder could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The record could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Samples or lines of the record could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A condition of the run itself could not be asked.
    #[error(transparent)]
    Condition(QueryError),
    /// The keeper failed.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// A report could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A recording could not be made or read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A rehearsal could not look.
    #[error(transparent)]
    Look(#[from] LookError),
    /// A casefile could not be made.
    #[error(transparent)]
    Casefile(#[from] CasefileError),
    /// The keeper did not take a command.
    #[error("could not talk to the background process of the run: {0}")]
    Talk(std::io::Error),
    /// The system refused something.
    #[error("could not {operation}: {source}")]
    Io {
        /// What was tried, and on what.
        operation: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl DrillError {
    /// Names the operation an error of the system came from.
    pub fn io(operation: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let operation = operation.into();
        move |source| Self::Io { operation, source }
    }
}

/// Why a run is invalid.
#[derive(Debug, thiserror::Error)]
pub enum Unwitnessed {
    /// Something was not seen that must be.
    #[error("the run {run} is invalid (while {during}): {reason}")]
    Invalid {
        /// The run.
        run: String,
        /// How far it was.
        during: RunState,
        /// What was not seen.
        reason: String,
    },
    /// Its keeper ended before it opened.
    #[error(
        "the background process of {0} ended while staging; `chaoslab stop --run {0}` removes what \
         it left"
    )]
    KeeperGone(String),
}

/// What of a run does not hold, so that it cannot be graded.
#[derive(Debug, thiserror::Error)]
pub enum Integrity {
    /// Something sealed is not there.
    #[error("the {what} of {run} is missing: {so}")]
    Missing {
        /// What.
        what: &'static str,
        /// The run.
        run: String,
        /// What follows.
        so: &'static str,
    },
    /// Something sealed cannot be read.
    #[error(transparent)]
    Sealed(RunError),
    /// Something is not what the run was opened with.
    #[error("{what} of {run} is not the one it opened with: the run is void")]
    Changed {
        /// What.
        what: &'static str,
        /// The run.
        run: String,
    },
    /// The commitment, or the grade, has no canonical form.
    #[error("could not bring it into canonical form: {0}")]
    Canonical(serde_json::Error),
    /// The grade cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Grade {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The grade is of another format.
    #[error("{} is of format {found}; this program reads format {expected}", path.display())]
    GradeFormat {
        /// Its file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format this program reads.
        expected: u32,
    },
}

/// Problems with their place in the file, as editors understand it.
pub fn located(path: &Path, problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|p| format!("{}:{p}", path.display())).collect()
}

fn review_needed(run: &str, open: &[Dispute], answers: &Path) -> String {
    let told: Vec<_> =
        open.iter().map(|dispute| format!("\n  {}: {}", dispute.finding, dispute.reason)).collect();
    let first = open.first().map_or("", |dispute| dispute.finding.as_str());
    let example = format!("- {{finding: {first}, struck: true, by: NAME, reason: WHY}}");
    format!(
        "a person's review of {run} is needed:{}\nThe reviewer answers each in {}, \
         `struck: true` gives the points back:\n  {example}",
        told.concat(),
        answers.display()
    )
}
