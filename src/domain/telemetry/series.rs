//! Prometheus-style series: the one shape in which everything a lab knows as a number or a state is
//! recorded.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

/// Milliseconds since the Unix epoch, the resolution of every recorded sample.
pub type UnixMs = i64;

/// The label that carries a series' metric name.
pub const NAME: &str = "__name__";

/// Bit pattern of Prometheus' stale marker, a NaN of its own (`model/value.StaleNaN`).
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The value written when a series ends: it left a successful scrape, its scrape failed, or one of
/// its info labels changed.
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
        let mut labels: BTreeMap<_, _> =
            pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
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

    /// Gives the label this value. The empty string removes the label: to Prometheus the two are
    /// the same.
    pub fn set(&mut self, label: &str, value: &str) {
        if value.is_empty() {
            self.0.remove(label);
        } else {
            self.0.insert(label.to_owned(), value.to_owned());
        }
    }

    /// The labels without the metric name: what is left once a value no longer is that metric.
    pub fn without_name(mut self) -> Self {
        self.0.remove(NAME);
        self
    }

    /// These labels only, of those that are there.
    pub fn only(&self, labels: &[String]) -> Self {
        Self(
            labels
                .iter()
                .filter_map(|label| self.0.get_key_value(label))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        )
    }

    /// All labels but these.
    pub fn without(&self, labels: &[String]) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(label, _)| !labels.contains(label))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        )
    }
}

impl std::fmt::Display for Labels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        let pairs: Vec<_> =
            self.0.iter().filter(|(k, _)| *k != NAME).map(|(k, v)| format!("{k}={v:?}")).collect();
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

/// The samples as they were scraped: each stored value again at every later scrape, until the next
/// stored one. `stored` may begin with the value in force at `from`; `scrapes` are the times of the
/// successful scrapes from there on.
pub fn repeated(stored: &[Point], scrapes: &[UnixMs], from: UnixMs) -> Vec<Point> {
    let mut points = Vec::new();
    for (k, point) in stored.iter().enumerate() {
        if point.at >= from {
            points.push(*point);
        }
        if !is_stale(point.value) {
            let begin = scrapes.partition_point(|at| *at <= point.at);
            let end = stored
                .get(k + 1)
                .map_or(scrapes.len(), |next| scrapes.partition_point(|at| *at < next.at));
            points.extend(
                scrapes[begin..end.max(begin)]
                    .iter()
                    .map(|at| Point { at: *at, value: point.value }),
            );
        }
    }
    points
}

/// How a label's value must be for a series to be selected. Displays as it is written in a
/// selector.
#[derive(Debug, Clone, PartialEq)]
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

/// Text before and after a pattern that makes it match whole values only.
const ANCHORS: (&str, &str) = ("^(?:", ")$");

/// The most memory one compiled regular expression may take, in bytes: `.{100000}` is refused, not
/// compiled.
pub const REGEX_SIZE: usize = 1 << 20;

/// Compiles a pattern that has to match a whole value, as Prometheus anchors the patterns of
/// selectors and `label_replace`.
pub fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&[ANCHORS.0, pattern, ANCHORS.1].concat()).size_limit(REGEX_SIZE).build()
}

impl PartialEq for MatchOp {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Equal(a), Self::Equal(b)) | (Self::NotEqual(a), Self::NotEqual(b)) => a == b,
            (Self::Matches(a), Self::Matches(b)) | (Self::NotMatches(a), Self::NotMatches(b)) => {
                a.as_str() == b.as_str()
            }
            _ => false,
        }
    }
}

impl std::fmt::Display for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pattern = |regex: &Regex| {
            let text = regex.as_str();
            text.strip_prefix(ANCHORS.0)
                .and_then(|rest| rest.strip_suffix(ANCHORS.1))
                .unwrap_or(text)
                .to_owned()
        };
        let (sign, value) = match &self.op {
            MatchOp::Equal(value) => ("=", value.clone()),
            MatchOp::NotEqual(value) => ("!=", value.clone()),
            MatchOp::Matches(regex) => ("=~", pattern(regex)),
            MatchOp::NotMatches(regex) => ("!~", pattern(regex)),
        };
        write!(f, "{}{sign}{}", self.label, quoted(&value))
    }
}

/// The text as a double-quoted string of PromQL and LogQL.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", promql_parser::util::escape_string(text))
}

impl Matcher {
    /// The label has exactly this value; the empty string also accepts series without the label.
    pub fn equal(label: &str, value: &str) -> Self {
        Self { label: label.to_owned(), op: MatchOp::Equal(value.to_owned()) }
    }

    /// Whether the labels satisfy this matcher; an absent label counts as the empty string.
    pub fn accepts(&self, labels: &Labels) -> bool {
        self.op.accepts(labels.get(&self.label))
    }
}

impl MatchOp {
    /// Whether the value of the label satisfies the comparison.
    pub fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Equal(want) => value == want,
            Self::NotEqual(other) => value != other,
            Self::Matches(regex) => regex.is_match(value),
            Self::NotMatches(regex) => !regex.is_match(value),
        }
    }
}

/// Where recorded series are read from: a run's database, a recording, or values in memory.
pub trait SeriesSource {
    /// Every series all matchers accept, with the samples in `[from, to]`, both ends included.
    /// Series without a sample there may be left out.
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError>;

    /// Every series all matchers accept, with only its newest sample in `[from, to]`, which may be
    /// a stale marker. An expression that is evaluated at one time asks no more, so a database can
    /// answer this without reading the window.
    fn newest(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        let mut chosen = self.select(matchers, from, to)?;
        for series in &mut chosen {
            series.points.drain(..series.points.len().saturating_sub(1));
        }
        Ok(chosen)
    }

    /// Says that so many samples are about to be looked at, those that are looked at again in each
    /// window among them. A source that limits work refuses.
    fn look(&self, _samples: u64) -> Result<(), SourceError> {
        Ok(())
    }
}

/// A record that begins late: no window reaches back beyond its beginning.
pub struct Since<'a> {
    /// The whole record.
    pub all: &'a dyn SeriesSource,
    /// Where it begins.
    pub from: UnixMs,
}

impl SeriesSource for Since<'_> {
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        self.all.select(matchers, from.max(self.from), to)
    }

    fn newest(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        self.all.newest(matchers, from.max(self.from), to)
    }
}

impl SeriesSource for Vec<Series> {
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        let chosen =
            self.iter().filter(|series| matchers.iter().all(|m| m.accepts(&series.labels)));
        Ok(chosen
            .map(|series| Series {
                labels: series.labels.clone(),
                points: series
                    .points
                    .iter()
                    .filter(|p| (from..=to).contains(&p.at))
                    .copied()
                    .collect(),
            })
            .filter(|series| !series.points.is_empty())
            .collect())
    }
}

/// The record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);
