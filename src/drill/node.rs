//! What an operator may do to a node.

use super::choose::Chosen;
use super::error::DrillError;
use super::machine;
use super::notice::Notices;
use super::recorded::{Entry, Numbered, Recorded};
use crate::lab::engine::supervisor::{Control, control};

/// What the supervisor of a node calls its Kafka process.
const KAFKA: &str = "kafka";

/// Restarts the Kafka process of a node; network, limits and data stay as they are.
pub async fn restart(
    chosen: &Chosen,
    node: &str,
    notices: &dyn Notices,
) -> Result<Numbered<()>, DrillError> {
    let lab = chosen.lab()?;
    machine::known_node(&lab, node)?;
    let text = format!("chaoslab node {node} restart");
    let entry = Entry { kind: "node", node, text: &text, mutating: true };
    let recorded = Recorded::begin(chosen, entry, notices).await?;
    control(&chosen.engine().await?, &lab, node, KAFKA, Control::Restart).await?;
    Ok(Numbered { value: (), recorded })
}
