//! Acting on a lab, and taking it back.

use super::{EngineError, Lab};
use crate::domain::fault::{Action, Prior};

/// Performs actions.
#[allow(async_fn_in_trait)]
pub trait Act {
    /// Reads what the action would change.
    async fn observe(&self, lab: &Lab, action: &Action) -> Result<Prior, EngineError>;

    /// Performs the action.
    async fn perform(&self, lab: &Lab, action: &Action) -> Result<(), EngineError>;

    /// Takes the action back, to the state it found. Safe to repeat.
    async fn undo(&self, lab: &Lab, action: &Action, prior: &Prior) -> Result<(), EngineError>;
}
