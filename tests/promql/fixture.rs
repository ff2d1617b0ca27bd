//! Reading the two fixture files: the samples both engines are asked about, and the expressions.

use chaoslab::domain::telemetry::series::{Labels, Point, Series, UnixMs, stale};

/// What times in the fixtures count from, in milliseconds since the Unix epoch.
pub const EPOCH: UnixMs = 1_700_000_000_000;

/// Which of the engines must answer an expression.
#[derive(Debug, PartialEq, Eq)]
pub enum Answers {
    /// Both the same, or neither.
    Alike,
    /// Neither.
    Nobody,
    /// Ours must refuse what Prometheus answers.
    TheirsOnly,
}

/// An expression and how it is asked.
pub struct Question {
    pub line: usize,
    pub expression: String,
    /// Whether it is asked over ranges too.
    pub over_ranges: bool,
    /// Who must answer.
    pub answers: Answers,
}

impl Question {
    /// A question that stands in no file. Over ranges Prometheus 2.42 takes any of equal elements
    /// for `topk`, and gets `count_values by` and `timestamp(x @ 1 offset 1m)` wrong
    /// (`docs/promql.md`), so such expressions are not asked there.
    pub fn random(expression: String) -> Self {
        let over_ranges = !["topk", "bottomk", "count_values", "timestamp"]
            .iter()
            .any(|function| expression.contains(function));
        Self { line: 0, expression, over_ranges, answers: Answers::Alike }
    }
}

/// Every series, in the order of their labels, in which Prometheus then keeps them.
pub fn series(text: &str) -> Vec<Series> {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut series: Vec<Series> = lines.map(one_series).collect();
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    series
}

fn one_series(line: &str) -> Series {
    let (name, rest) = line.split_once('{').expect("a series has braces");
    let close = end_of_labels(rest);
    let mut labels = Labels::of(name, []);
    for (label, value) in pairs(&rest[..close]) {
        labels.set(&label, &value);
    }
    let points: Vec<Point> = rest[close + 1..].split_whitespace().flat_map(samples).collect();
    assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at), "samples out of order: {line}");
    Series { labels, points }
}

fn end_of_labels(rest: &str) -> usize {
    let mut in_string = false;
    let mut escaped = false;
    let closes = |c: char| {
        let closes = c == '}' && !in_string;
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    };
    rest.find(closes).expect("the braces of a series are closed")
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let value = |quoted: &str| {
        serde_json::from_str::<String>(quoted).expect("a label value is a quoted string")
    };
    text.split(", ")
        .map(|pair| {
            pair.split_once('=').map(|(k, v)| (k.to_owned(), value(v))).expect("label=\"value\"")
        })
        .collect()
}

fn samples(item: &str) -> Vec<Point> {
    let (when, what) = item.split_once(':').expect("time:value");
    let at = |seconds: &str| {
        EPOCH + (seconds.parse::<f64>().expect("a time in seconds") * 1000.0).round() as i64
    };
    let Some((from, rest)) = when.split_once("..") else {
        let value = if what == "stale" { stale() } else { what.parse().expect("a value") };
        return vec![Point { at: at(when), value }];
    };
    let (to, step) = rest.split_once('/').expect("from..to/step");
    let (first, more) = what.rsplit_once('+').expect("first+more");
    let (first, more): (f64, f64) =
        (first.parse().expect("a value"), more.parse().expect("a value"));
    let step = step.parse::<i64>().expect("whole seconds") * 1000;
    (0..)
        .map(|n| (n, at(from) + n * step))
        .take_while(|(_, time)| *time <= at(to))
        .map(|(n, at)| Point { at, value: first + more * n as f64 })
        .collect()
}

/// Every expression.
pub fn questions(text: &str) -> Vec<Question> {
    let mut heading = "";
    let mut questions = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(new) = line.strip_prefix("##") {
            heading = new;
        } else if !line.starts_with('#') && !line.is_empty() {
            let answers = match heading {
                heading if heading.contains("Both refuse") => Answers::Nobody,
                heading if heading.contains("Only Prometheus") => Answers::TheirsOnly,
                _ => Answers::Alike,
            };
            let over_ranges = answers == Answers::Alike && !heading.contains("instant only");
            questions.push(Question {
                line: index + 1,
                expression: line.to_owned(),
                over_ranges,
                answers,
            });
        }
    }
    questions
}
