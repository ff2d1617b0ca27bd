//! Names of machines, services and nodes, and what is said when there is none of that name.

use super::error::InvalidRequest;
use crate::domain::yaml::nearest;
use crate::lab::engine::Lab;

/// The machine meant, the toolbox when none is named; refuses one the lab does not have, with the
/// nearest name.
pub(super) fn resolve<'a>(lab: &'a Lab, named: Option<&'a str>) -> Result<&'a str, InvalidRequest> {
    let machine = named.unwrap_or(lab.toolbox());
    among("machine", machine, lab.machines())?;
    Ok(machine)
}

/// Refuses a service the lab does not have, with the nearest name.
pub(super) fn known_service(lab: &Lab, service: &str) -> Result<(), InvalidRequest> {
    among("service", service, lab.services.iter().map(|s| s.name.as_str()))
}

/// Refuses a node the lab does not have, with the nearest name.
pub(super) fn known_node(lab: &Lab, node: &str) -> Result<(), InvalidRequest> {
    among("node", node, lab.topology.nodes.iter().map(|n| n.name.as_str()))
}

fn among<'a>(
    kind: &'static str,
    name: &str,
    all: impl Iterator<Item = &'a str>,
) -> Result<(), InvalidRequest> {
    let all: Vec<_> = all.collect();
    if all.contains(&name) {
        return Ok(());
    }
    Err(InvalidRequest::NotInLab {
        kind,
        name: name.to_owned(),
        near: nearest(name, all.iter().copied()).map(str::to_owned),
        all: all.into_iter().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_told_with_the_nearest_and_all() {
        let refused = among("machine", "kafka-22", ["kafka-1", "kafka-2", "billing"].into_iter());
        assert_eq!(
            refused.expect_err("unknown").to_string(),
            "no machine `kafka-22`; did you mean kafka-2? There are: kafka-1, kafka-2, billing"
        );
        assert!(among("node", "kafka-1", ["kafka-1"].into_iter()).is_ok());
    }
}
