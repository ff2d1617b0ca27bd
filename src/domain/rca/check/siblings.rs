//! The same question put to the entity's siblings: other brokers, other partitions of the topic,
//! other applications.

use std::collections::BTreeMap;

use crate::domain::rca::record::{Inventory, Machine, Role};
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{MatchOp, SourceError, UnixMs};

/// The most siblings that are asked.
const MOST: usize = 12;

/// Values of labels and what stands for them at a sibling.
type Swap = BTreeMap<(&'static str, String), String>;

/// The query about each sibling of the entities it names by `=`.
pub(super) fn queries(query: &Query, inventory: &Inventory) -> Vec<Query> {
    let mut named: BTreeMap<(String, String), ()> = BTreeMap::new();
    for (selector, _) in query.selectors() {
        for matcher in &selector.matchers {
            if let MatchOp::Equal(value) = &matcher.op {
                named.insert((matcher.label.clone(), value.clone()), ());
            }
        }
    }
    let names = |label: &str| {
        named
            .keys()
            .filter(move |(l, _)| l == label)
            .map(|(_, value)| value.as_str())
            .collect::<Vec<_>>()
    };
    let mut swaps: Vec<Swap> = Vec::new();
    for machine in &inventory.machines {
        let id = broker_id(machine);
        let is_named = ["node", "service", "instance"]
            .iter()
            .any(|label| names(label).contains(&machine.name.as_str()))
            || id.as_ref().is_some_and(|id| names("broker").contains(&id.as_str()));
        if is_named {
            swaps.extend(others(machine, inventory).map(|other| machine_swap(machine, other)));
        }
    }
    for topic in names("topic") {
        let count = inventory.topics.get(topic).copied().unwrap_or(0);
        for partition in names("partition") {
            let numbers = (0..count).map(|n| n.to_string()).filter(|n| n != partition);
            swaps.extend(numbers.map(|n| Swap::from([(("partition", partition.to_owned()), n)])));
        }
        if names("partition").is_empty() {
            let topics = inventory.topics.keys().filter(|other| *other != topic);
            swaps.extend(
                topics.map(|other| Swap::from([(("topic", topic.to_owned()), other.clone())])),
            );
        }
    }
    for group in names("consumergroup") {
        let groups = inventory.groups.iter().filter(|other| *other != group);
        swaps.extend(
            groups.map(|other| Swap::from([(("consumergroup", group.to_owned()), other.clone())])),
        );
    }
    swaps.iter().take(MOST).map(|swap| swapped(query, swap)).collect()
}

fn broker_id(machine: &Machine) -> Option<String> {
    match machine.role {
        Role::Broker(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The machines of the same role.
pub(super) fn others<'a>(
    machine: &'a Machine,
    inventory: &'a Inventory,
) -> impl Iterator<Item = &'a Machine> {
    let same_role = |other: &&Machine| {
        std::mem::discriminant(&other.role) == std::mem::discriminant(&machine.role)
    };
    inventory.machines.iter().filter(same_role).filter(|other| other.name != machine.name)
}

fn machine_swap(from: &Machine, to: &Machine) -> Swap {
    let mut swap: Swap = ["node", "service", "instance"]
        .into_iter()
        .map(|label| ((label, from.name.clone()), to.name.clone()))
        .collect();
    if let (Some(from), Some(to)) = (broker_id(from), broker_id(to)) {
        swap.insert(("broker", from), to);
    }
    swap
}

fn swapped(query: &Query, swap: &Swap) -> Query {
    let mut expr = query.expr().clone();
    expr.walk_mut(&mut |expr| {
        let Some(selector) = expr.selector_mut() else { return };
        for matcher in &mut selector.matchers {
            if let MatchOp::Equal(value) = &mut matcher.op
                && let Some((_, other)) =
                    swap.iter().find(|((label, from), _)| *label == matcher.label && from == value)
            {
                value.clone_from(other);
            }
        }
    });
    Query::from(expr)
}

/// Log lines with two machines' names exchanged, so that a question about one is answered by the
/// other.
pub(super) struct Exchanged<'a> {
    pub(super) logs: &'a dyn LogSource,
    pub(super) one: &'a str,
    pub(super) other: &'a str,
}

impl Exchanged<'_> {
    fn name<'n>(&'n self, node: &'n str) -> &'n str {
        match node {
            node if node == self.one => self.other,
            node if node == self.other => self.one,
            node => node,
        }
    }
}

impl LogSource for Exchanged<'_> {
    fn lines(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, SourceError> {
        let mut lines = self.logs.lines(&|node| wanted(self.name(node)), from, to)?;
        for line in &mut lines {
            line.node = self.name(&line.node).to_owned();
        }
        Ok(lines)
    }
}
