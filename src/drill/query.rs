//! PromQL over the recording.

use serde::Serialize;
use serde_json::json;

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest};
use super::notice::Notices;
use super::recorded::{Entry, Numbered, Recorded};
use crate::domain::telemetry::promql::{Query, Value};
use crate::domain::telemetry::series::{Series, UnixMs};
use crate::lab::store::Reader;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The expression.
    pub promql: String,
    /// At which time, or times.
    pub when: When,
}

/// At which time, or times, a query is asked. Times are as a person writes them.
#[derive(Debug, Clone)]
pub enum When {
    /// At the last recorded second.
    Latest,
    /// At one.
    At(String),
    /// At several.
    Range {
        /// The first.
        from: String,
        /// The last.
        to: String,
        /// Seconds between two of them.
        step: u32,
    },
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Of one time.
    Instant {
        /// That time.
        at: UnixMs,
        /// Whether the query, read as a condition, holds.
        holds: bool,
        /// What it evaluates to.
        value: Value,
    },
    /// Of several.
    Range {
        /// The first.
        from: UnixMs,
        /// The last.
        to: UnixMs,
        /// Seconds between two of them.
        step: u32,
        /// The series found.
        series: Vec<Series>,
    },
}

impl Question {
    /// Refuses what is no query.
    pub fn check(&self) -> Result<(), DrillError> {
        self.parsed().map(drop)
    }

    fn parsed(&self) -> Result<Query, DrillError> {
        Ok(Query::parse(&self.promql).map_err(InvalidRequest::Query)?)
    }
}

/// Asks. The command is under way until the answer was shown.
pub async fn ask(
    chosen: &Chosen,
    question: &Question,
    notices: &dyn Notices,
) -> Result<Numbered<Answer>, DrillError> {
    let query = question.parsed()?;
    let text = typed(question);
    let entry = Entry { kind: "query", node: "", text: &text, mutating: false };
    let recorded = Recorded::begin(chosen, entry, notices).await?;
    let value = answer(chosen, &query, &chosen.reader()?, &question.when)?;
    Ok(Numbered { value, recorded })
}

fn answer(
    chosen: &Chosen,
    query: &Query,
    reader: &Reader,
    when: &When,
) -> Result<Answer, DrillError> {
    let at = match when {
        When::Latest => chosen.last_second(reader)?,
        When::At(at) => chosen.moment(at)?,
        When::Range { from, to, step } => {
            let (from, to) = (chosen.moment(from)?, chosen.moment(to)?);
            let series = query
                .range(reader, from, to, i64::from(*step) * 1000)
                .map_err(InvalidRequest::Query)?;
            return Ok(Answer::Range { from, to, step: *step, series });
        }
    };
    let value = query.instant(reader, at).map_err(InvalidRequest::Query)?;
    Ok(Answer::Instant { at, holds: query.holds(&value), value })
}

/// The question as it stands in the record.
fn typed(question: &Question) -> String {
    let times = match &question.when {
        When::Latest => String::new(),
        When::At(at) => format!(" --at {at}"),
        When::Range { from, to, step } => format!(" --from {from} --to {to} --step {step}"),
    };
    format!("chaoslab query '{}'{times}", question.promql)
}

impl Serialize for Answer {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Instant { at, holds, value } => {
                json!({"at": at, "holds": holds, "result": result(value)}).serialize(to)
            }
            Self::Range { from, to: until, step, series } => {
                let series: Vec<_> = series.iter().map(matrix).collect();
                json!({"from": from, "to": until, "step": step, "series": series}).serialize(to)
            }
        }
    }
}

fn result(value: &Value) -> serde_json::Value {
    match value {
        Value::Scalar(number) => json!({"type": "scalar", "value": number}),
        Value::String(text) => json!({"type": "string", "value": text}),
        Value::Vector(elements) => {
            let elements: Vec<_> = elements
                .iter()
                .map(|(labels, value)| json!({"metric": labels.0, "value": shown(*value)}))
                .collect();
            json!({"type": "vector", "elements": elements})
        }
        Value::Matrix(series) => {
            json!({"type": "matrix", "series": series.iter().map(matrix).collect::<Vec<_>>()})
        }
    }
}

fn matrix(series: &Series) -> serde_json::Value {
    let points: Vec<_> = series.points.iter().map(|p| json!([p.at, shown(p.value)])).collect();
    json!({"metric": series.labels.0, "values": points})
}

/// A value as Prometheus prints it: JSON knows no infinity.
pub fn shown(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        v if v == f64::INFINITY => "+Inf".to_owned(),
        v if v == f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telemetry::series::Labels;

    #[test]
    fn a_question_stands_in_the_record_as_it_can_be_typed_again() {
        let ask = |when| typed(&Question { promql: "up".to_owned(), when });
        assert_eq!(ask(When::Latest), "chaoslab query 'up'");
        assert_eq!(ask(When::At("T-00:00:30".to_owned())), "chaoslab query 'up' --at T-00:00:30");
        let (from, to) = ("T-00:01:00".to_owned(), "T+00:00:00".to_owned());
        assert_eq!(
            ask(When::Range { from, to, step: 5 }),
            "chaoslab query 'up' --from T-00:01:00 --to T+00:00:00 --step 5"
        );
    }

    #[test]
    fn an_answer_is_json_that_knows_infinity() {
        let labels = Labels([("node".to_owned(), "kafka-1".to_owned())].into_iter().collect());
        let value = Value::Vector(vec![(labels, f64::INFINITY)]);
        let json = serde_json::to_string(&Answer::Instant { at: 7, holds: true, value });
        assert_eq!(
            json.expect("JSON"),
            concat!(
                r#"{"at":7,"holds":true,"result":{"type":"vector","elements":"#,
                r#"[{"metric":{"node":"kafka-1"},"value":"+Inf"}]}}"#
            )
        );
    }
}
