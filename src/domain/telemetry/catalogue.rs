//! The metrics a lab records, as `docs/metrics.md` lists them: the page is the list, nothing is
//! written down twice.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::yaml::{ALIKE, likeness};

const PAGE: &str = include_str!("../../../docs/metrics.md");

/// One metric of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// The job that reads it: `kafka`, `cluster`, `node`, `container`, `service` or `scrape`.
    pub job: &'static str,
    /// Its labels, besides the name.
    pub labels: Vec<Label>,
    /// The unit of its value, `1` for an info series.
    pub unit: &'static str,
    /// How its value behaves.
    pub kind: Kind,
    /// Seconds between two reads.
    pub cadence: u32,
    /// The MBean, request or collector it is read from.
    pub source: &'static str,
    /// What it tells.
    pub help: &'static str,
}

/// A label of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Whether some series of the metric go without it.
    pub optional: bool,
}

/// How a metric's value behaves over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It goes up and down.
    Gauge,
    /// It only grows, until its process restarts.
    Counter,
}

/// What kind of quantity a metric's value is, as far as comparing for equality goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// An info series or a state: equality is the natural question.
    State,
    /// A number of things of which a lab has few: equality is fair with a small number.
    Count,
    /// A measurement: an equality that holds once will hold nowhere else.
    Measure,
}

impl Metric {
    /// The kind of quantity, by its unit.
    pub fn quantity(&self) -> Quantity {
        match self.unit {
            "1" | "0/1" | "state" | "broker id" | "node id" => Quantity::State,
            "brokers" | "controllers" | "directories" | "elections" | "kills" | "members"
            | "partitions" | "replicas" | "topics" => Quantity::Count,
            _ => Quantity::Measure,
        }
    }

    /// Whether its series carry this label, always or sometimes.
    pub fn has_label(&self, name: &str) -> bool {
        self.labels.iter().any(|l| l.name == name)
    }
}

/// Every metric, in the order of the page.
pub fn metrics() -> &'static [Metric] {
    static METRICS: LazyLock<Vec<Metric>> = LazyLock::new(|| parse(PAGE));
    &METRICS
}

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static Metric> {
    metrics().iter().find(|m| m.name == name)
}

/// The jobs that scrape exporters, and the port each scrapes on every machine it reads.
pub const SCRAPED: [(&str, u16); 3] = [("kafka", 7071), ("node", 9100), ("service", 8080)];

/// The port that a job scrapes; none for a job that scrapes nothing.
pub fn port(job: &str) -> Option<u16> {
    SCRAPED.iter().find(|(scraped, _)| *scraped == job).map(|(_, port)| *port)
}

/// The label `instance` of what a job scrapes on a machine: host and port, as with Prometheus.
pub fn instance(job: &str, node: &str) -> Option<String> {
    port(job).map(|port| format!("{node}:{port}"))
}

/// The metrics whose name, labels or meaning contain every word of the pattern, whatever its case;
/// all of them for an empty one. A word with `*` (any text) or `?` (any one character) has to match
/// a whole name.
pub fn search(pattern: &str) -> impl Iterator<Item = &'static Metric> {
    let words: Vec<Word> =
        pattern.split_whitespace().map(|w| Word::of(&w.to_lowercase())).collect();
    metrics().iter().filter(move |m| {
        let labels: Vec<&str> = m.labels.iter().map(|l| l.name).collect();
        let text = format!("{} {} {}", m.name, labels.join(" "), m.help).to_lowercase();
        let name = m.name.to_lowercase();
        words.iter().all(|word| match word {
            Word::Plain(word) => text.contains(word),
            Word::Glob(glob) => glob.is_match(&name),
        })
    })
}

/// A word of a search.
enum Word {
    Plain(String),
    Glob(Regex),
}

impl Word {
    fn of(word: &str) -> Self {
        if !word.contains(['*', '?']) {
            return Self::Plain(word.to_owned());
        }
        let pattern = regex::escape(word).replace(r"\*", ".*").replace(r"\?", ".");
        // A pattern too long to compile is none.
        super::series::anchored(&pattern).map_or_else(|_| Self::Plain(word.to_owned()), Self::Glob)
    }
}

/// How many names are suggested for a mistyped one.
const SUGGESTED: usize = 5;

/// Metrics whose name, or a part of it, is written much like the pattern; the most alike first.
pub fn near(pattern: &str) -> Vec<&'static Metric> {
    let wanted = pattern.to_lowercase().replace(['*', '?'], "");
    let alike = |m: &'static Metric| {
        let parts =
            m.name.split('_').filter(|part| part.len() > 2).map(|part| likeness(&wanted, part));
        (parts.fold(likeness(&wanted, m.name), f64::max), m)
    };
    let mut scored: Vec<_> =
        metrics().iter().map(alike).filter(|(score, _)| *score > ALIKE).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(SUGGESTED).map(|(_, m)| m).collect()
}

fn parse(page: &'static str) -> Vec<Metric> {
    let mut metrics = Vec::new();
    let mut job = "";
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            job = heading.split('`').nth(1).unwrap_or("");
        } else if line.starts_with("| `") {
            metrics.extend(row(line, job));
        }
    }
    metrics
}

/// A row of a job's table; `None` when it is not one, which the tests find out.
fn row(line: &'static str, job: &'static str) -> Option<Metric> {
    let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
    let [name, labels, unit, kind, cadence, source, help] = cells.try_into().ok()?;
    let labels = labels.split(',').map(str::trim).filter(|l| !l.is_empty());
    Some(Metric {
        name: name.trim_matches('`'),
        job,
        labels: labels
            .map(|l| Label { name: l.trim_end_matches('?'), optional: l.ends_with('?') })
            .collect(),
        unit,
        kind: match kind {
            "gauge" => Kind::Gauge,
            "counter" => Kind::Counter,
            _ => return None,
        },
        cadence: cadence.parse().ok()?,
        source,
        help,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_of_the_page_is_a_metric_with_a_name_of_its_own() {
        let rows = PAGE.lines().filter(|l| l.starts_with("| `")).count();
        let names: BTreeSet<_> = metrics().iter().map(|m| m.name).collect();
        assert_eq!((metrics().len(), names.len()), (rows, rows));
        assert!(rows > 100);
        assert!(
            metrics().iter().all(|m| !m.job.is_empty() && !m.unit.is_empty() && !m.help.is_empty())
        );
    }

    #[test]
    fn a_row_gives_labels_unit_kind_and_cadence() {
        let metric =
            find("kafka_server_brokertopicmetrics_bytesin_total").expect("it is on the page");
        assert_eq!(metric.labels[3], Label { name: "topic", optional: true });
        assert_eq!(
            (metric.job, metric.unit, metric.kind, metric.cadence),
            ("kafka", "bytes", Kind::Counter, 1)
        );
        assert_eq!(
            find("kafka_acl_info").map(|m| (m.cadence, m.quantity())),
            Some((5, Quantity::State))
        );
        assert_eq!(find("kafka_consumergroup_lag").map(Metric::quantity), Some(Quantity::Measure));
    }

    #[test]
    fn what_is_scraped_has_an_instance() {
        assert_eq!(instance("kafka", "kafka-1").as_deref(), Some("kafka-1:7071"));
        assert_eq!(instance("container", "kafka-1"), None);
        for metric in metrics() {
            let is_scraped = port(metric.job).is_some() || metric.job == "scrape";
            assert_eq!(metric.has_label("instance"), is_scraped, "{}", metric.name);
        }
    }

    #[test]
    fn searching_takes_every_word() {
        let found: Vec<_> = search("qdisc drop").map(|m| m.name).collect();
        assert_eq!(found, ["node_qdisc_drops_total"]);
        assert_eq!(search("QDISC Drop").count(), 1);
        assert_eq!(search("").count(), metrics().len());
    }

    #[test]
    fn a_pattern_matches_whole_names() {
        let found: Vec<_> = search("kafka_consumergroup_lag*").map(|m| m.name).collect();
        assert_eq!(found, ["kafka_consumergroup_lag", "kafka_consumergroup_lag_sum"]);
        let found: Vec<_> = search("KAFKA_*_lag? records").map(|m| m.name).collect();
        assert_eq!(found, Vec::<&str>::new());
        assert_eq!(search("lag*").count(), 0);
        assert_eq!(
            search("*lag").next().map(|m| m.name),
            Some("kafka_server_replicafetchermanager_maxlag")
        );
        assert_eq!(search("a.b*").count(), 0, "a dot is a dot");
    }

    #[test]
    fn what_is_mistyped_is_answered_with_near_names() {
        let names = |pattern| near(pattern).into_iter().map(|m| m.name).collect::<Vec<_>>();
        assert!(
            names("underreplicatedpartition*")
                .contains(&"kafka_server_replicamanager_underreplicatedpartitions")
        );
        assert_eq!(names("kafka_consumergroup_lgag").first(), Some(&"kafka_consumergroup_lag"));
        assert_eq!(names("zzzz"), Vec::<&str>::new());
    }
}
