//! Whom a claim tells apart to whom nothing gives a part: such a claim is true elsewhere when it is
//! true there of any of them.

use crate::domain::fault::truth::Truth;
use crate::domain::rca::analysis::Claim;
use crate::domain::rca::record::{Record, Role};
use crate::domain::rca::vocab::Kind;
use crate::domain::recording::Roles;
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::logql::LineFilter;
use crate::domain::telemetry::promql::expr::Expr;
use crate::domain::telemetry::series::Matcher;

/// Whether a claim treats some of these unlike the others of their kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Apart {
    /// Brokers that are not singled out.
    pub(super) brokers: bool,
    /// Clients of a service that runs several.
    pub(super) members: bool,
    /// Partitions of a topic.
    pub(super) partitions: bool,
}

impl Apart {
    /// What a claim tells apart. `fixed` brokers of the run have a part of their own.
    pub(super) fn of(claim: &Claim, roles: &Roles, fixed: usize, record: &Record<'_>) -> Self {
        let brokers: Vec<String> =
            roles.brokers.iter().skip(fixed).map(ToString::to_string).collect();
        let members: Vec<String> = roles
            .members
            .iter()
            .flat_map(|(service, count)| (1..=*count).map(move |k| format!("{service}-{k}")))
            .collect();
        let partitions: Vec<String> = roles
            .partitions
            .iter()
            .flat_map(|(topic, of)| of.iter().map(move |n| format!("{topic}-{n}")))
            .collect();
        let numbers = || roles.partitions.values().flatten().map(ToString::to_string);
        let matchers = matchers(claim);
        let splits_members = |m: &Matcher| differ(members.iter().map(|name| m.op.accepts(name)));
        let splits_partitions =
            |m: &Matcher| m.label == "partition" && differ(numbers().map(|n| m.op.accepts(&n)));
        Self {
            brokers: tells_brokers_apart(claim, &brokers, record),
            members: matchers.iter().any(splits_members) || says(claim, &members),
            partitions: matchers.iter().any(splits_partitions) || says(claim, &partitions),
        }
    }
}

/// Whether a cause gives no partition a part: it lies in an application, and which partitions show
/// it is chance.
pub(super) fn leaves_partitions_to_chance(truth: &Truth) -> bool {
    truth.origins().all(|place| match place.kind {
        Kind::Service | Kind::Group | Kind::Principal | Kind::Quota | Kind::Transaction => true,
        Kind::Broker
        | Kind::Controller
        | Kind::Topic
        | Kind::Partition
        | Kind::Listener
        | Kind::Link
        | Kind::Disk
        | Kind::Plugin => false,
    })
}

/// Whether a filter may name an entity: a number, or the name of something.
pub(super) fn names_somebody(filter: &LineFilter, record: &Record<'_>) -> bool {
    let text = text(filter);
    let inventory = &record.facts.inventory;
    let mut names = inventory
        .machines
        .iter()
        .map(|m| &m.name)
        .chain(inventory.topics.keys())
        .chain(&inventory.groups);
    text.chars().any(|c| c.is_ascii_digit()) || names.any(|name| text.contains(name.as_str()))
}

fn tells_brokers_apart(claim: &Claim, brokers: &[String], record: &Record<'_>) -> bool {
    let machines = || {
        record.facts.inventory.machines.iter().filter_map(|machine| match machine.role {
            Role::Broker(id) => brokers.contains(&id.to_string()).then_some(machine.name.as_str()),
            Role::Controller(_) | Role::Service { .. } | Role::Toolbox => None,
        })
    };
    match claim {
        Claim::Promql { query, .. } => {
            let by_matcher = matchers(claim).iter().any(|matcher| match matcher.label.as_str() {
                "broker" => differ(brokers.iter().map(|id| matcher.op.accepts(id))),
                "node" => differ(machines().map(|name| matcher.op.accepts(name))),
                "instance" => catalogue::SCRAPED.iter().any(|(job, _)| {
                    let instances = machines().filter_map(|name| catalogue::instance(job, name));
                    differ(instances.map(|instance| matcher.op.accepts(&instance)))
                }),
                _ => false,
            });
            let metrics = query.metrics();
            let mut known = metrics.into_iter().filter_map(catalogue::find);
            let holds_ids = known.any(|metric| metric.unit == "broker id");
            let mut names_id = false;
            query.expr().walk(&mut |expr| {
                names_id |= matches!(expr, Expr::Number(n) if brokers.contains(&n.to_string()))
            });
            by_matcher || holds_ids && names_id
        }
        Claim::Log { query, .. } => {
            differ(machines().map(|name| query.wants(name)))
                || query.filters().iter().any(|f| names_somebody(f, record))
        }
        Claim::Command { number, contains } => {
            let on = record.facts.command(*number).map_or("", |command| command.node.as_str());
            machines().any(|name| name == on) || contains.chars().any(|c| c.is_ascii_digit())
        }
        Claim::Intervention { .. } => false,
    }
}

fn differ(mut accepted: impl Iterator<Item = bool>) -> bool {
    let first = accepted.next();
    accepted.any(|a| Some(a) != first)
}

fn matchers(claim: &Claim) -> Vec<Matcher> {
    match claim {
        Claim::Promql { query, .. } => query
            .selectors()
            .into_iter()
            .flat_map(|(selector, _)| selector.matchers.clone())
            .collect(),
        Claim::Log { .. } | Claim::Command { .. } | Claim::Intervention { .. } => Vec::new(),
    }
}

/// Whether a claim about a text has one of these names in it.
fn says(claim: &Claim, names: &[String]) -> bool {
    let filters = match claim {
        Claim::Log { query, .. } => query.filters().iter().map(text).collect(),
        Claim::Command { contains, .. } => vec![contains.as_str()],
        Claim::Promql { .. } | Claim::Intervention { .. } => Vec::new(),
    };
    names.iter().any(|name| filters.iter().any(|text| text.contains(name)))
}

fn text(filter: &LineFilter) -> &str {
    match filter {
        LineFilter::Contains(text) | LineFilter::Lacks(text) => text.as_str(),
        LineFilter::Matches(regex) | LineFilter::MatchesNot(regex) => regex.as_str(),
    }
}
