//! Every exit code, and the one place where a failure becomes one.

use std::process::ExitCode;

use crate::lab::engine::EngineError;
use crate::lab::image::ImageError;
use crate::lab::keeper::KeeperError;
use crate::lab::library::LibraryError;
use crate::lab::run::RunError;
use crate::lab::store::StoreError;

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
    /// Something is wrong with how it was asked.
    #[error("{0}")]
    Usage(String),
    /// The analysis did not pass. The report has said why.
    #[error("not passed")]
    NotPassed,
    /// A document has problems, each with its place.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    /// There is no usable engine.
    #[error("{0}")]
    NoEngine(String),
    /// Not witnessed.
    #[error("{0}")]
    NotWitnessed(String),
    /// Refused in this state.
    #[error("{0}")]
    Refused(String),
    /// A finding is disputed, and nobody has answered yet.
    #[error("{0}")]
    NeedsReview(String),
    /// The record or a commitment does not hold.
    #[error("{0}")]
    Integrity(String),
    /// Interrupted.
    #[error("interrupted: everything was undone")]
    Interrupted,
    /// What a recorded command ended with.
    #[error("")]
    Passed(u8),
    /// The reader of our output is gone, which is its right.
    #[error("")]
    BrokenPipe,
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
    /// The keeper failed.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// The system refused something.
    #[error("could not {operation}: {source}")]
    Io {
        /// What was tried.
        operation: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Failure {
    /// Names the operation an error of the system came from.
    pub fn io(operation: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let operation = operation.into();
        move |source| Self::Io { operation, source }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        let exit = match self {
            Self::Usage(_)
            | Self::Library(LibraryError::NoFamily { .. } | LibraryError::NoScenario { .. }) => {
                Exit::Usage
            }
            Self::NotPassed => Exit::NotPassed,
            Self::Invalid(_) | Self::Library(LibraryError::Invalid { .. }) => Exit::Invalid,
            Self::NoEngine(_)
            | Self::Engine(EngineError::Unreachable { .. })
            | Self::Keeper(KeeperError::Engine(EngineError::Unreachable { .. })) => Exit::NoEngine,
            Self::NotWitnessed(_) => Exit::NotWitnessed,
            Self::NeedsReview(_) => Exit::NeedsReview,
            Self::Refused(_)
            | Self::Run(RunError::Unknown(_) | RunError::Locked { .. })
            | Self::Keeper(KeeperError::AlreadyKept(_) | KeeperError::Unfit(_)) => Exit::Refused,
            Self::Integrity(_)
            | Self::Run(RunError::Corrupt { .. } | RunError::Format { .. })
            | Self::Store(_) => Exit::Integrity,
            Self::Interrupted => Exit::Interrupted,
            Self::Passed(code) => return ExitCode::from(*code),
            Self::BrokenPipe => return ExitCode::SUCCESS,
            Self::Engine(_)
            | Self::Image(_)
            | Self::Library(LibraryError::Io { .. })
            | Self::Run(RunError::Io { .. })
            | Self::Keeper(_)
            | Self::Io { .. } => Exit::Bug,
        };
        ExitCode::from(exit as u8)
    }

    /// What is told on standard error; nothing for failures that have said all already.
    pub fn told(&self) -> Option<String> {
        match self {
            Self::NotPassed | Self::Passed(_) | Self::BrokenPipe => None,
            Self::Invalid(problems) => Some(problems.join("\n")),
            Self::Library(LibraryError::Invalid { .. }) => Some(self.to_string()),
            _ => Some(format!("chaoslab: {self}")),
        }
    }
}
