//! Every exit code, and the one place where a failure becomes one.

use std::process::ExitCode;

use crate::drill::error::{DrillError, EngineError, KeeperError, LibraryError, RunError};

/// The exit codes users and scripts rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// A bug of ours.
    Bug = 1,
    /// Wrong usage.
    Usage = 2,
    /// The analysis did not pass.
    NotPassed = 3,
    /// A scenario or document is not valid.
    Invalid = 4,
    /// No usable container engine.
    NoEngine = 5,
    /// The run is invalid: baseline or symptom was not witnessed.
    NotWitnessed = 6,
    /// It needs a person's review.
    NeedsReview = 7,
    /// The record or a commitment does not hold.
    Integrity = 8,
    /// Refused in this state.
    Refused = 9,
    /// Interrupted; everything was undone first.
    Interrupted = 130,
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something is wrong with how it was typed.
    #[error("{0}")]
    Usage(String),
    /// The analysis did not pass. The report has said why.
    #[error("not passed")]
    NotPassed,
    /// Content is not as it should be, each problem with its place.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    /// Rehearsals that were not witnessed.
    #[error("{}", .0.join("\n"))]
    NotWitnessed(Vec<String>),
    /// No usable engine; the findings have said why.
    #[error("no usable container engine; see above")]
    NoEngine,
    /// What a recorded command ended with.
    #[error("")]
    Passed(u8),
    /// The reader of our output is gone, which is its right.
    #[error("")]
    BrokenPipe,
    /// It could not be done.
    #[error(transparent)]
    Drill(DrillError),
}

impl<E: Into<DrillError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Drill(error.into())
    }
}

impl Failure {
    /// Names the operation an error of the system came from.
    pub fn io(operation: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let failed = DrillError::io(operation);
        move |source| Self::Drill(failed(source))
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        let exit = match self {
            Self::Usage(_) => Exit::Usage,
            Self::NotPassed => Exit::NotPassed,
            Self::Invalid(_) => Exit::Invalid,
            Self::NotWitnessed(_) => Exit::NotWitnessed,
            Self::NoEngine => Exit::NoEngine,
            Self::Passed(code) => return ExitCode::from(*code),
            Self::BrokenPipe => return ExitCode::SUCCESS,
            Self::Drill(error) => exit(error),
        };
        ExitCode::from(exit as u8)
    }

    /// What is told on standard error; nothing for failures that have said all already.
    pub fn told(&self) -> Option<String> {
        match self {
            Self::NotPassed | Self::Passed(_) | Self::BrokenPipe => None,
            // These begin with a place, which editors understand.
            Self::Invalid(_)
            | Self::Drill(
                DrillError::Document { .. } | DrillError::Library(LibraryError::Invalid { .. }),
            ) => Some(self.to_string()),
            Self::Usage(_) | Self::NotWitnessed(_) | Self::NoEngine | Self::Drill(_) => {
                Some(format!("chaoslab: {self}"))
            }
        }
    }
}

fn exit(error: &DrillError) -> Exit {
    match error {
        DrillError::InvalidRequest(_)
        | DrillError::Content(_)
        | DrillError::Engine(EngineError::NoCommand(_))
        | DrillError::Library(LibraryError::NoFamily { .. } | LibraryError::NoScenario { .. }) => {
            Exit::Usage
        }
        DrillError::Document { .. } | DrillError::Library(LibraryError::Invalid { .. }) => {
            Exit::Invalid
        }
        DrillError::NoEngine { .. }
        | DrillError::Engine(EngineError::Unreachable { .. })
        | DrillError::Keeper(KeeperError::Engine(EngineError::Unreachable { .. })) => {
            Exit::NoEngine
        }
        DrillError::NotWitnessed(_) => Exit::NotWitnessed,
        DrillError::NeedsReview { .. } => Exit::NeedsReview,
        DrillError::Refused(_)
        | DrillError::Run(RunError::Unknown(_) | RunError::Locked { .. })
        | DrillError::Keeper(KeeperError::AlreadyKept(_) | KeeperError::Unfit(_)) => Exit::Refused,
        DrillError::Integrity(_)
        | DrillError::Run(RunError::Corrupt { .. } | RunError::Format { .. })
        | DrillError::Store(_)
        | DrillError::Source(_)
        | DrillError::Condition(_)
        | DrillError::Report(_)
        | DrillError::Recording(_)
        | DrillError::Look(_)
        | DrillError::Casefile(_) => Exit::Integrity,
        DrillError::Interrupted => Exit::Interrupted,
        DrillError::Engine(_)
        | DrillError::Image(_)
        | DrillError::Library(LibraryError::Io { .. })
        | DrillError::Run(RunError::Io { .. })
        | DrillError::Keeper(_)
        | DrillError::Talk(_)
        | DrillError::Io { .. } => Exit::Bug,
    }
}
