//! Proof of the PromQL engine: the same samples and the same questions go to it and to a real
//! Prometheus 2.42, and the answers must agree: labels, values to one part in 10^9, order where the
//! expression gives one, and whether there is an answer at all.
//!
//! The samples are in `tests/promql/series.txt`, the questions in
//! `tests/promql/expressions.promql`.

#[path = "promql/fixture.rs"]
mod fixture;
#[path = "promql/prometheus.rs"]
mod prometheus;
#[path = "promql/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::sync::Arc;

use chaoslab::domain::telemetry::promql::{Query, Value};
use chaoslab::domain::telemetry::series::{Labels, Series, UnixMs};
use fixture::{Answers, EPOCH, Question};
use prometheus::Prometheus;
use random::Expressions;
use serde_json::Value as Json;

/// When every expression is asked, in milliseconds after the epoch of the samples: on samples, on
/// window edges and a millisecond to either side, within gaps, before the first sample and long
/// after the last.
const INSTANTS: [i64; 16] = [
    -1, 0, 1, 60_000, 123_457, 260_000, 299_999, 300_000, 300_001, 310_500, 420_000, 555_555,
    600_000, 600_001, 895_000, 1_500_000,
];

/// Start, end and step of the ranges every expression is asked over, in milliseconds. The last step
/// falls short of the end in some.
const RANGES: [(i64, i64, i64); 3] =
    [(-20_000, 1_000_000, 37_000), (0, 700_000, 60_000), (290_000, 310_000, 999)];

/// Besides the written ones, this many random expressions are asked at two moments and over the
/// ranges.
const RANDOM_EXPRESSIONS: usize = 1000;

/// Any seed will do; a fixed one makes the test the same every time.
const SEED: u64 = 42;

#[tokio::test]
async fn our_engine_answers_as_prometheus_does() {
    let prometheus =
        Arc::new(Prometheus::start().await.unwrap_or_else(|reason| panic!("{reason}")));
    let asked = Arc::clone(&prometheus);
    // In a task of its own, so that the container is removed even when the comparison panics.
    let outcome = tokio::spawn(async move { compare(&asked).await }).await;
    prometheus.remove().await;
    let (asked, differences) =
        outcome.expect("the comparison does not panic").unwrap_or_else(|reason| panic!("{reason}"));
    println!("{asked} answers compared");
    assert!(
        differences.is_empty(),
        "{} of {asked} answers differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

async fn compare(prometheus: &Prometheus) -> Result<(usize, Vec<String>), String> {
    let series = fixture::series(include_str!("promql/series.txt"));
    let mut questions = fixture::questions(include_str!("promql/expressions.promql"));
    let mut random = Expressions::of_seed(SEED);
    questions.extend((0..RANDOM_EXPRESSIONS).map(|_| Question::random(random.next(4))));
    prometheus.write(&series).await?;
    let (mut asked, mut differences) = (0, Vec::new());
    for question in &questions {
        let moments = if question.line == 0 { &INSTANTS[5..7] } else { &INSTANTS[..] };
        for &moment in moments {
            asked += 1;
            let found = at_one_moment(prometheus, &series, question, EPOCH + moment).await?;
            differences.extend(found.map(|found| {
                format!("line {}, `{}` at {moment}: {found}", question.line, question.expression)
            }));
        }
        for (start, end, step) in RANGES.into_iter().filter(|_| question.over_ranges) {
            asked += 1;
            let found =
                over_a_range(prometheus, &series, question, EPOCH + start, EPOCH + end, step)
                    .await?;
            differences.extend(found.map(|found| {
                format!(
                    "line {}, `{}` over {start}..{end}/{step}: {found}",
                    question.line, question.expression
                )
            }));
        }
    }
    Ok((asked, differences))
}

/// How the answers differ, if they do.
async fn at_one_moment(
    prometheus: &Prometheus,
    series: &Vec<Series>,
    question: &Question,
    at: UnixMs,
) -> Result<Option<String>, String> {
    let theirs =
        prometheus.ask("query", &[("query", &question.expression), ("time", &seconds(at))]).await?;
    let ours = Query::parse(&question.expression).and_then(|query| query.instant(series, at));
    Ok(match (&question.answers, theirs, ours) {
        (Answers::Alike, Ok(theirs), Ok(ours)) => differs(
            &answer_of(&theirs),
            &answer_of_value(ours, at),
            is_ordered(&question.expression),
        ),
        (Answers::Alike, theirs, ours) => error_on_one_side(theirs.map(|_| ()), ours.map(|_| ())),
        (Answers::Nobody, Err(_), Err(_)) | (Answers::TheirsOnly, Ok(_), Err(_)) => None,
        (expected, theirs, ours) => {
            Some(format!("{expected:?} should answer; theirs {theirs:?}, ours {ours:?}"))
        }
    })
}

async fn over_a_range(
    prometheus: &Prometheus,
    series: &Vec<Series>,
    question: &Question,
    start: UnixMs,
    end: UnixMs,
    step: i64,
) -> Result<Option<String>, String> {
    let step_text = format!("{}.{:03}", step / 1000, step % 1000);
    let parameters = [
        ("query", &*question.expression),
        ("start", &*seconds(start)),
        ("end", &*seconds(end)),
        ("step", &*step_text),
    ];
    let theirs = prometheus.ask("query_range", &parameters).await?;
    let ours =
        Query::parse(&question.expression).and_then(|query| query.range(series, start, end, step));
    Ok(match (theirs, ours) {
        (Ok(theirs), Ok(ours)) => differs(
            &answer_of(&theirs),
            &ours.into_iter().map(samples_of).collect::<Answer>(),
            false,
        ),
        (theirs, ours) => error_on_one_side(theirs.map(|_| ()), ours.map(|_| ())),
    })
}

fn error_on_one_side<E: std::fmt::Display>(
    theirs: Result<(), String>,
    ours: Result<(), E>,
) -> Option<String> {
    match (theirs, ours) {
        (Err(_), Err(_)) | (Ok(()), Ok(())) => None,
        (Err(theirs), Ok(())) => Some(format!("only Prometheus refuses: {theirs}")),
        (Ok(()), Err(ours)) => Some(format!("only we refuse: {ours}")),
    }
}

/// Elements in the order of the answer: labels, then times and values. A string is a label of its
/// own.
type Answer = Vec<(BTreeMap<String, String>, Vec<(UnixMs, f64)>)>;

fn answer_of(data: &Json) -> Answer {
    let sample = |pair: &Json| {
        let at = (pair[0].as_f64().expect("a time") * 1000.0).round() as UnixMs;
        (at, pair[1].as_str().expect("a value").parse::<f64>().expect("values are numbers"))
    };
    let element = |element: &Json| {
        let labels = serde_json::from_value(element["metric"].clone()).expect("labels");
        let samples = match &element["values"] {
            Json::Array(values) => values.iter().map(sample).collect(),
            _ => vec![sample(&element["value"])],
        };
        (labels, samples)
    };
    match data["resultType"].as_str() {
        Some("scalar") => vec![(BTreeMap::new(), vec![sample(&data["result"])])],
        Some("string") => {
            vec![(BTreeMap::from([("string".into(), data["result"][1].to_string())]), Vec::new())]
        }
        _ => data["result"].as_array().expect("elements").iter().map(element).collect(),
    }
}

fn answer_of_value(value: Value, at: UnixMs) -> Answer {
    match value {
        Value::Scalar(value) => vec![(BTreeMap::new(), vec![(at, value)])],
        Value::Vector(elements) => elements
            .into_iter()
            .map(|(Labels(labels), value)| (labels, vec![(at, value)]))
            .collect(),
        Value::Matrix(series) => series.into_iter().map(samples_of).collect(),
        Value::String(text) => {
            vec![(BTreeMap::from([("string".into(), Json::String(text).to_string())]), Vec::new())]
        }
    }
}

fn samples_of(series: Series) -> (BTreeMap<String, String>, Vec<(UnixMs, f64)>) {
    (series.labels.0, series.points.iter().map(|point| (point.at, point.value)).collect())
}

/// Whether the outermost function gives its result an order.
fn is_ordered(expression: &str) -> bool {
    ["sort(", "sort_desc(", "topk", "bottomk"]
        .iter()
        .any(|function| expression.starts_with(function))
}

fn differs(theirs: &Answer, ours: &Answer, ordered: bool) -> Option<String> {
    let values = |answer: &Answer| {
        answer
            .iter()
            .flat_map(|(_, samples)| samples.iter().map(|(_, value)| *value))
            .collect::<Vec<_>>()
    };
    let in_order = |theirs: Vec<f64>, ours: Vec<f64>| {
        theirs.len() == ours.len() && theirs.iter().zip(&ours).all(|(a, b)| equal(*a, *b))
    };
    if ordered && !in_order(values(theirs), values(ours)) {
        return Some(format!("another order: theirs {theirs:?}, ours {ours:?}"));
    }
    let (mut theirs, mut ours) = (theirs.clone(), ours.clone());
    theirs.sort_by(|a, b| a.0.cmp(&b.0));
    ours.sort_by(|a, b| a.0.cmp(&b.0));
    let same_samples = |a: &[(UnixMs, f64)], b: &[(UnixMs, f64)]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && equal(a.1, b.1))
    };
    let same = theirs.len() == ours.len()
        && theirs.iter().zip(&ours).all(|(a, b)| a.0 == b.0 && same_samples(&a.1, &b.1));
    if same { None } else { Some(format!("\n  theirs {theirs:?}\n  ours   {ours:?}")) }
}

fn equal(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

fn seconds(at: UnixMs) -> String {
    format!("{}.{:03}", at.div_euclid(1000), at.rem_euclid(1000))
}
