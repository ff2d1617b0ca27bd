//! Everything of the lab that has a part in the truth, and whether a claim touches any of it.

use std::collections::BTreeSet;

use crate::domain::fault::truth::Truth;
use crate::domain::rca::record::{Inventory, Record, Role};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::promql::{Query, Value};
use crate::domain::telemetry::series::{Labels, MatchOp, SourceError};

/// Everything of the lab that has a part in the truth.
pub(super) struct Entities {
    /// Pairs of label and value.
    labels: BTreeSet<(&'static str, String)>,
    nodes: BTreeSet<String>,
    /// Names that are words of their own in a text.
    words: BTreeSet<String>,
    brokers: BTreeSet<String>,
}

impl Entities {
    pub(super) fn of(truth: &Truth, inventory: &Inventory) -> Self {
        let mut entities = Self {
            labels: BTreeSet::new(),
            nodes: BTreeSet::new(),
            words: BTreeSet::new(),
            brokers: BTreeSet::new(),
        };
        for cause in &truth.causes {
            let place = &cause.place;
            let chain = cause.chain.iter().flat_map(|effect| &effect.on);
            place
                .origins()
                .chain(&place.near)
                .chain(&place.victims)
                .chain(chain)
                .for_each(|component| entities.add(component, inventory));
        }
        entities
    }

    /// The places where a cause originates, by any of their names.
    pub(super) fn origins(truth: &Truth, inventory: &Inventory) -> Self {
        let mut entities = Self {
            labels: BTreeSet::new(),
            nodes: BTreeSet::new(),
            words: BTreeSet::new(),
            brokers: BTreeSet::new(),
        };
        truth.origins().for_each(|component| entities.add(component, inventory));
        entities
    }

    fn add(&mut self, component: &Component, inventory: &Inventory) {
        if let Some(machine) = inventory.machine(component) {
            self.nodes.insert(machine.name.clone());
            self.words.insert(machine.name.clone());
            self.labels
                .extend(["node", "service", "instance"].map(|label| (label, machine.name.clone())));
            if let Role::Broker(id) = machine.role {
                self.labels.insert(("broker", id.to_string()));
                self.brokers.insert(id.to_string());
            }
        }
        let name = || component.name.clone();
        match component.kind {
            Kind::Topic => {
                self.labels.insert(("topic", name()));
                self.words.insert(name());
            }
            Kind::Partition => {
                if let Some((topic, _)) = component.topic_partition() {
                    self.labels.insert(("topic", topic.to_owned()));
                    self.words.extend([topic.to_owned(), name()]);
                }
            }
            Kind::Group => {
                self.labels.insert(("consumergroup", name()));
                self.words.insert(name());
            }
            Kind::Principal => {
                self.labels.extend([
                    ("principal", name()),
                    ("user", name().trim_start_matches("User:").to_owned()),
                ]);
                self.words.insert(name());
            }
            Kind::Quota => {
                let values = component.name.split(',').filter_map(|part| part.split_once('='));
                self.words.extend(values.clone().map(|(_, value)| value.to_owned()));
                self.labels.extend(values.map(|(entity, value)| {
                    (if entity == "user" { "user" } else { "client_id" }, value.to_owned())
                }));
            }
            Kind::Transaction => {
                self.labels.insert(("transactional_id", name()));
                self.words.insert(name());
            }
            Kind::Plugin => {
                self.words.insert(name());
            }
            Kind::Broker
            | Kind::Service
            | Kind::Controller
            | Kind::Listener
            | Kind::Link
            | Kind::Disk => {}
        }
    }

    /// The entity a query names by `=`.
    pub(super) fn named_by(&self, query: &Query) -> Option<String> {
        let selectors = query.selectors().into_iter();
        let mut matchers = selectors.flat_map(|(selector, _)| &selector.matchers);
        matchers.find_map(|matcher| {
            let MatchOp::Equal(value) = &matcher.op else { return None };
            let is_it =
                |(label, name): &&(&'static str, String)| *label == matcher.label && name == value;
            let (label, name) = self.labels.iter().find(is_it)?;
            Some(format!("{label}=\"{name}\""))
        })
    }

    /// The entity a query names, or one of those for which it holds.
    pub(super) fn touched_by_query(
        &self,
        query: &Query,
        record: &Record<'_>,
        at: i64,
    ) -> Result<Option<String>, SourceError> {
        if let Some(named) = self.named_by(query) {
            return Ok(Some(named));
        }
        let elements = match query.instant(record.series, at) {
            Ok(Value::Vector(elements)) => elements,
            Err(QueryError::Source(error)) => return Err(error),
            _ => Vec::new(),
        };
        let touches =
            |labels: &Labels| self.labels.iter().find(|(label, name)| labels.get(label) == name);
        Ok(elements
            .iter()
            .find_map(|(labels, _)| touches(labels))
            .map(|(label, name)| format!("{label}=\"{name}\"")))
    }

    pub(super) fn touched_by_nodes(&self, wants: impl Fn(&str) -> bool) -> Option<String> {
        self.nodes.iter().find(|node| wants(node)).cloned()
    }

    /// The entity a text names: a name as a word of its own, or a broker's id where ids stand.
    pub(super) fn touched_by_text(&self, text: &str) -> Option<String> {
        let is_part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let words: Vec<&str> = text.split(|c: char| !is_part(c)).collect();
        if let Some(name) = words.iter().find(|word| self.words.contains(**word)) {
            return Some((*name).to_owned());
        }
        let before_id = [
            "broker",
            "brokerid",
            "--entity-name",
            "leader",
            "isr",
            "replica",
            "replicas",
            "node",
            "id",
        ];
        let pairs = words.iter().filter(|w| !w.is_empty()).collect::<Vec<_>>();
        pairs
            .windows(2)
            .find(|pair| {
                before_id.contains(&pair[0].to_lowercase().as_str())
                    && self.brokers.contains(*pair[1])
            })
            .map(|pair| format!("broker {}", pair[1]))
    }
}
