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

/// What began within this of the beginning of the span was there before: the slowest cadence of a
/// series, and a second.
const FIRST_READ_WITHIN: i64 = 6_000;

/// A record, looked at from the baseline on.
pub struct Recording<'a> {
    source: &'a dyn SeriesSource,
    /// From the first second that is looked at to the last one that is complete.
    pub span: Span,
    /// The alert that pages.
    pub alert: Option<AlertRule>,
    /// What the lab is made of.
    pub inventory: &'a Inventory,
    /// Leaders are asked for by several rules, and so are others.
    read: RefCell<BTreeMap<&'static str, Rc<Vec<Series>>>>,
}

impl<'a> Recording<'a> {
    pub fn new(
        source: &'a dyn SeriesSource,
        span: Span,
        alert: Option<AlertRule>,
        inventory: &'a Inventory,
    ) -> Self {
        Self { source, span, alert, inventory, read: RefCell::default() }
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

    /// What was seen of each partition: who led it, -1 for nobody.
    pub fn leaders(&self) -> Result<BTreeMap<(String, String), Timeline<i64>>, SourceError> {
        let series = self.series("kafka_topic_partition_leader")?;
        let seen = |s: &Series| {
            Timeline::of(
                s.points.iter().filter(|p| !is_stale(p.value)).map(|p| (p.at, p.value as i64)),
            )
        };
        Ok(series.iter().map(|s| (partition_key(&s.labels), seen(s))).collect())
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

    /// By how much a counter grew, at each of its samples. A counter that begins, or begins anew,
    /// counts from zero.
    pub fn increases(&self, points: &[Point]) -> Vec<(UnixMs, Option<f64>)> {
        let was_there = points.first().is_some_and(|p| p.at <= self.span.from + FIRST_READ_WITHIN);
        let mut before = if was_there { None } else { Some(0.0) };
        let increase = |point: &Point| {
            if is_stale(point.value) {
                return (point.at, None);
            }
            let grown = before
                .map_or(0.0, |b| if point.value >= b { point.value - b } else { point.value });
            before = Some(point.value);
            (point.at, Some(grown))
        };
        points.iter().map(increase).collect()
    }

    /// Active in the seconds in which a counter grew.
    pub fn growing(&self, points: &[Point]) -> Vec<(UnixMs, State)> {
        self.increases(points)
            .into_iter()
            .map(|(at, grown)| (at, grown.map_or(State::Unseen, |g| State::at(at, g > 0.0))))
            .collect()
    }

    /// By how much a counter grew over a window, divided by the window's length in seconds, at each
    /// sample that has a whole window.
    pub fn rates(&self, points: &[Point], window: i64) -> Vec<(UnixMs, f64)> {
        let mut sum = 0.0;
        let mut sums: Vec<(UnixMs, f64)> = Vec::new();
        let mut rates = Vec::new();
        let mut oldest = 0;
        for (at, grown) in self.increases(points) {
            let Some(grown) = grown else { continue };
            sum += grown;
            sums.push((at, sum));
            while sums.get(oldest + 1).is_some_and(|(next, _)| *next <= at - window) {
                oldest += 1;
            }
            let (begin, at_begin) = sums[oldest];
            if at - begin >= window {
                rates.push((at, (sum - at_begin) * 1000.0 / (at - begin) as f64));
            }
        }
        rates
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
