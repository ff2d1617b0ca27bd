//! Prometheus-style series: the one shape in which everything a lab knows as a number or a state is recorded.

use std::collections::BTreeMap;

use regex::Regex;

/// Milliseconds since the Unix epoch, the resolution of every recorded sample.
pub type UnixMs = i64;

/// The label that carries a series' metric name.
pub const NAME: &str = "__name__";

/// Bit pattern of Prometheus' stale marker, a NaN of its own (`model/value.StaleNaN`).
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The value written when a series ends: it left a successful scrape, its scrape failed, or one of its info labels changed.
pub fn stale() -> f64 {
    f64::from_bits(STALE_BITS)
}

/// Whether this is the stale marker and not an ordinary NaN.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}

/// The labels of a series, its metric name among them as [`NAME`], in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Labels(pub BTreeMap<String, String>);

impl Labels {
    /// The labels of the series `name{pairs}`.
    pub fn of<'a>(name: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut labels: BTreeMap<_, _> = pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        labels.insert(NAME.to_owned(), name.to_owned());
        Self(labels)
    }

    /// The label's value; a label that is not there is the empty string, as in Prometheus.
    pub fn get(&self, label: &str) -> &str {
        self.0.get(label).map_or("", String::as_str)
    }

    /// The metric name, empty when an operation dropped it.
    pub fn name(&self) -> &str {
        self.get(NAME)
    }
}

impl std::fmt::Display for Labels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        let pairs: Vec<_> = self.0.iter().filter(|(k, _)| *k != NAME).map(|(k, v)| format!("{k}={v:?}")).collect();
        if !pairs.is_empty() || self.name().is_empty() {
            write!(f, "{{{}}}", pairs.join(", "))?;
        }
        Ok(())
    }
}

/// One recorded value; a stale marker ends the series until its next sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When the scrape that read it began.
    pub at: UnixMs,
    /// The value, in the unit `docs/metrics.md` gives for the metric.
    pub value: f64,
}

/// A series with its samples, oldest first, no two at the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name and labels.
    pub labels: Labels,
    /// The samples, one per successful scrape, stale markers included.
    pub points: Vec<Point>,
}

/// How a label's value must be for a series to be selected.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label, [`NAME`] for the metric name.
    pub label: String,
    /// The comparison.
    pub op: MatchOp,
}

/// The four comparisons of a selector. Regular expressions match the whole value.
#[derive(Debug, Clone)]
pub enum MatchOp {
    /// `=`
    Equal(String),
    /// `!=`
    NotEqual(String),
    /// `=~`, anchored at both ends.
    Matches(Regex),
    /// `!~`, anchored at both ends.
    NotMatches(Regex),
}

impl Matcher {
    /// Whether the labels satisfy this matcher; an absent label counts as the empty string.
    pub fn accepts(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label);
        match &self.op {
            MatchOp::Equal(want) => value == want,
            MatchOp::NotEqual(other) => value != other,
            MatchOp::Matches(regex) => regex.is_match(value),
            MatchOp::NotMatches(regex) => !regex.is_match(value),
        }
    }
}

/// Where recorded series are read from: a run's database, a recording, or values in memory.
pub trait SeriesSource {
    /// Every series all matchers accept, with the samples in `[from, to]`, both ends included. Series without a sample there may be
    /// left out.
    fn select(&self, matchers: &[Matcher], from: UnixMs, to: UnixMs) -> Result<Vec<Series>, SourceError>;
}

impl SeriesSource for Vec<Series> {
    fn select(&self, matchers: &[Matcher], from: UnixMs, to: UnixMs) -> Result<Vec<Series>, SourceError> {
        let chosen = self.iter().filter(|series| matchers.iter().all(|m| m.accepts(&series.labels)));
        Ok(chosen
            .map(|series| Series {
                labels: series.labels.clone(),
                points: series.points.iter().filter(|p| (from..=to).contains(&p.at)).copied().collect(),
            })
            .filter(|series| !series.points.is_empty())
            .collect())
    }
}

/// The record could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);
