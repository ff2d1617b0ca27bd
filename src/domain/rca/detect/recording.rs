//! The record as rules read it: whole series by name, from the baseline on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::AlertRule;
use super::episode::{State, Timeline};
use crate::domain::rca::record::{Inventory, Role, Span};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::series::{
    Labels, Matcher, NAME, Point, Series, SeriesSource, SourceError, UnixMs, is_stale,
};

/// Seconds of a record, the next ones of those a rule has seen.
pub struct Recording<'a> {
    source: &'a dyn SeriesSource,
    /// The first second of the baseline, before which nothing is looked at.
    pub begin: UnixMs,
    /// From the first second that is new to the last one that is complete.
    pub span: Span,
    /// The alert that pages.
    pub alert: Option<&'a AlertRule>,
    /// What the lab is made of.
    pub inventory: &'a Inventory,
    /// Leaders are asked for by several rules, and so are others.
    read: RefCell<BTreeMap<&'static str, Rc<Vec<Series>>>>,
}

impl<'a> Recording<'a> {
    pub fn new(
        source: &'a dyn SeriesSource,
        begin: UnixMs,
        span: Span,
        alert: Option<&'a AlertRule>,
        inventory: &'a Inventory,
    ) -> Self {
        Self { source, begin, span, alert, inventory, read: RefCell::default() }
    }

    /// The source, for expressions.
    pub fn source(&self) -> &'a dyn SeriesSource {
        self.source
    }

    /// Every series of this name.
    pub fn series(&self, name: &'static str) -> Result<Rc<Vec<Series>>, SourceError> {
        if let Some(series) = self.read.borrow().get(name) {
            return Ok(series.clone());
        }
        let mut series =
            self.source.select(&[Matcher::equal(NAME, name)], self.span.from, self.span.to)?;
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        let series = Rc::new(series);
        self.read.borrow_mut().insert(name, series.clone());
        Ok(series)
    }

    /// The Kafka node or the service on this machine; none on one that is neither.
    pub fn process(&self, node: &str) -> Option<Component> {
        let machine = self.inventory.machines.iter().find(|m| m.name == node)?;
        match &machine.role {
            Role::Broker(id) => Some(Component::of(Kind::Broker, id)),
            Role::Controller(id) => Some(Component::of(Kind::Controller, id)),
            Role::Service { .. } => Some(Component::of(Kind::Service, node)),
            Role::Toolbox => None,
        }
    }

    /// The group a service consumes in.
    pub fn group(&self, service: &str) -> Option<&str> {
        let machine = self.inventory.machines.iter().find(|m| m.name == service)?;
        match &machine.role {
            Role::Service { group } => group.as_deref(),
            Role::Broker(_) | Role::Controller(_) | Role::Toolbox => None,
        }
    }
}

/// What is known of each thing from one instant to the next at which something else is known.
pub struct Known<T>(BTreeMap<(String, String), T>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone + PartialEq> Known<T> {
    /// What was known of each partition: from before these seconds, and in them.
    pub fn of_partitions(
        &mut self,
        series: &[Series],
        value: impl Fn(f64) -> T,
    ) -> BTreeMap<(String, String), Timeline<T>> {
        let mut timelines: BTreeMap<_, _> = self
            .0
            .iter()
            .map(|(key, known)| (key.clone(), Timeline::always(known.clone())))
            .collect();
        for series in series {
            let key = partition_key(&series.labels);
            let before = self.0.get(&key).map(|known| (UnixMs::MIN, known.clone()));
            let seen = series.points.iter().filter(|p| !is_stale(p.value));
            let timeline =
                Timeline::of(before.into_iter().chain(seen.map(|p| (p.at, value(p.value)))));
            if let Some(known) = timeline.at(UnixMs::MAX) {
                self.0.insert(key.clone(), known.clone());
                timelines.insert(key, timeline);
            }
        }
        timelines
    }
}

impl Known<i64> {
    /// What was seen of each partition: who led it, -1 for nobody.
    pub fn leaders(
        &mut self,
        recording: &Recording<'_>,
    ) -> Result<BTreeMap<(String, String), Timeline<i64>>, SourceError> {
        let series = recording.series("kafka_topic_partition_leader")?;
        Ok(self.of_partitions(&series, |leader| leader as i64))
    }
}

/// Active where a value says so; unseen where the series has ended.
pub fn where_value(points: &[Point], says: impl Fn(f64) -> bool) -> Vec<(UnixMs, State)> {
    let state = |p: &Point| {
        (p.at, if is_stale(p.value) { State::Unseen } else { State::at(p.at, says(p.value)) })
    };
    points.iter().map(state).collect()
}

/// What looks at the same thing say together, in the order of time.
pub fn together(looks: impl IntoIterator<Item = Vec<(UnixMs, State)>>) -> Vec<(UnixMs, State)> {
    let mut all: BTreeMap<UnixMs, State> = BTreeMap::new();
    for (at, state) in looks.into_iter().flatten() {
        all.entry(at).and_modify(|s| *s = s.or(state)).or_insert(state);
    }
    all.into_iter().collect()
}

/// Looks at the same things, by thing.
pub fn by_thing<K: Ord>(
    looks: impl IntoIterator<Item = (K, Vec<(UnixMs, State)>)>,
) -> impl Iterator<Item = (K, Vec<(UnixMs, State)>)> {
    let mut things: BTreeMap<K, Vec<Vec<(UnixMs, State)>>> = BTreeMap::new();
    for (thing, look) in looks {
        things.entry(thing).or_default().push(look);
    }
    things.into_iter().map(|(thing, looks)| (thing, together(looks)))
}

/// The largest value of several series, at each time one of them has a sample.
pub fn largest<'a>(series: impl IntoIterator<Item = &'a Series>) -> Vec<Point> {
    let mut all: BTreeMap<UnixMs, f64> = BTreeMap::new();
    for point in series.into_iter().flat_map(|s| &s.points).filter(|p| !is_stale(p.value)) {
        all.entry(point.at).and_modify(|v| *v = v.max(point.value)).or_insert(point.value);
    }
    all.into_iter().map(|(at, value)| Point { at, value }).collect()
}

/// The topic and the number of a series' partition.
pub fn partition_key(labels: &Labels) -> (String, String) {
    (labels.get("topic").to_owned(), labels.get("partition").to_owned())
}

/// The partition of a series.
pub fn partition(labels: &Labels) -> Component {
    Component::of(Kind::Partition, format!("{}-{}", labels.get("topic"), labels.get("partition")))
}

/// The component of this kind that a label names.
pub fn named(kind: Kind, labels: &Labels, label: &str) -> Component {
    Component::of(kind, labels.get(label))
}
