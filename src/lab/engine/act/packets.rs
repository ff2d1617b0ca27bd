//! A machine's packet filter: rules of the chain OUTPUT in its own network namespace.

use crate::lab::engine::{EngineError, Exec, Lab, QUICKLY};

/// Whether the machine drops what matches.
pub(super) async fn are_dropped(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    matching: &[String],
) -> Result<bool, EngineError> {
    Ok(engine.run(lab, node, &rule("-C", matching), QUICKLY).await?.exit == 0)
}

/// Adds the rule, once.
pub(super) async fn drop(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    matching: &[String],
) -> Result<(), EngineError> {
    if !are_dropped(engine, lab, node, matching).await? {
        engine.run_ok(lab, node, &rule("-A", matching), QUICKLY).await?;
    }
    Ok(())
}

/// Removes the rule; that it is gone is as good.
pub(super) async fn pass(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    matching: &[String],
) -> Result<(), EngineError> {
    if are_dropped(engine, lab, node, matching).await? {
        engine.run_ok(lab, node, &rule("-D", matching), QUICKLY).await?;
    }
    Ok(())
}

fn rule<'a>(verb: &'a str, matching: &'a [String]) -> Vec<&'a str> {
    let mut argv = vec!["iptables", verb, "OUTPUT"];
    argv.extend(matching.iter().map(String::as_str));
    argv.extend(["-j", "DROP"]);
    argv
}
