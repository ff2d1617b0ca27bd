//! What can be wrong with a query, in PromQL or LogQL, and where in its text.

use super::series::SourceError;

/// A place in the text of a query. Both numbers start at 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

impl Position {
    /// The place of the byte at `offset`; the end of the text when it lies beyond.
    pub fn in_text(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a query has no answer. Messages begin with `line:column:` when the place in its text is
/// known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The text is no query.
    #[error("{}{message}", prefix(.at))]
    Invalid {
        /// What is wrong.
        message: String,
        /// Where, if that is known.
        at: Option<Position>,
    },
    /// The text is a query, of a kind that is left out here on purpose.
    #[error("{}{message}", prefix(.at))]
    Unsupported {
        /// What is not supported, by name, and what is.
        message: String,
        /// Where, if that is known.
        at: Option<Position>,
    },
    /// Answering would take more time or memory than any sensible query does.
    #[error("{0}")]
    TooCostly(String),
    /// The query is well formed but the series it found do not fit together.
    #[error("{0}")]
    Failed(String),
    /// The record could not be read.
    #[error("{0}")]
    Source(#[from] SourceError),
}

impl QueryError {
    /// The text is wrong at this byte of it.
    pub(super) fn invalid(text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), at: Some(Position::in_text(text, offset)) }
    }

    /// What stands at this byte of the text is left out on purpose.
    pub(super) fn unsupported(text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self::Unsupported { message: message.into(), at: Some(Position::in_text(text, offset)) }
    }

    /// Where in the text of the query the fault lies.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Invalid { at, .. } | Self::Unsupported { at, .. } => *at,
            Self::TooCostly(_) | Self::Failed(_) | Self::Source(_) => None,
        }
    }
}

fn prefix(at: &Option<Position>) -> String {
    at.map(|position| format!("{position}: ")).unwrap_or_default()
}
