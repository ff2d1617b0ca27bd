//! `chaoslab query`: PromQL over the recording.

use clap::Args;
use serde_json::json;

use super::context::{Chosen, Context};
use super::exit::Failure;
use super::recorded::{Entry, Recorded};
use crate::domain::telemetry::promql::{Query, Value};
use crate::domain::telemetry::series::{Series, UnixMs};
use crate::lab::store::Reader;

/// Arguments of `query`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab query 'sum by (broker) (kafka_server_replicamanager_leadercount)'\n  chaoslab query 'rate(node_network_transmit_bytes_total{device=\"eth0\"}[10s])' --at T-00:00:30\n  chaoslab query 'kafka_consumergroup_lag_sum' --from T-00:01:00 --to T+00:00:00 --step 5"
)]
pub struct Arguments {
    /// The expression
    promql: String,
    /// The moment: RFC 3339, or the distance to the page, T+00:02:10; the last recorded second
    /// unless given
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// Beginning of a range
    #[arg(
        long,
        value_name = "TIME",
        requires = "to",
        conflicts_with = "at",
        allow_hyphen_values = true
    )]
    from: Option<String>,
    /// End of a range
    #[arg(long, value_name = "TIME", requires = "from", allow_hyphen_values = true)]
    to: Option<String>,
    /// Seconds between two moments of a range
    #[arg(long, value_name = "SECONDS", default_value_t = 1, requires = "from")]
    step: u32,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let query = Query::parse(&arguments.promql).map_err(|e| Failure::Usage(e.to_string()))?;
    let chosen = context.readable()?;
    let recorded = Recorded::begin(
        context,
        &chosen,
        Entry { kind: "query", node: "", text: &typed(arguments), mutating: false },
    )
    .await?;
    let reader = chosen.reader()?;
    let printed = match (&arguments.from, &arguments.to) {
        (Some(from), Some(to)) => {
            range(context, &chosen, &query, &reader, (from, to), arguments.step)?
        }
        _ => {
            let at = match &arguments.at {
                Some(at) => chosen.moment(at)?,
                None => chosen.last_second(&reader)?,
            };
            instant(context, &chosen, &query, &reader, at)?
        }
    };
    context.output.text(&printed)?;
    recorded.end_with(&printed).await
}

fn typed(arguments: &Arguments) -> String {
    let option = |name: &str, value: &Option<String>| {
        value.as_ref().map(|v| format!(" --{name} {v}")).unwrap_or_default()
    };
    let range =
        arguments.from.as_ref().map(|_| format!(" --step {}", arguments.step)).unwrap_or_default();
    let times = [
        option("at", &arguments.at),
        option("from", &arguments.from),
        option("to", &arguments.to),
        range,
    ]
    .concat();
    format!("chaoslab query '{}'{times}", arguments.promql)
}

fn instant(
    context: &Context,
    chosen: &Chosen,
    query: &Query,
    reader: &Reader,
    at: UnixMs,
) -> Result<String, Failure> {
    let value = query.instant(reader, at).map_err(|e| Failure::Usage(e.to_string()))?;
    let holds = query.holds(&value);
    if context.output.json {
        let result = match &value {
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
        };
        return Ok(serde_json::to_string_pretty(
            &json!({"at": at, "holds": holds, "result": result}),
        )
        .expect("keys are text")
            + "\n");
    }
    let mut text = format!("at {}\n", context.time(&chosen.file, at));
    match value {
        Value::Scalar(number) => text += &format!("{}\n", shown(number)),
        Value::String(string) => text += &format!("{string}\n"),
        Value::Vector(elements) if elements.is_empty() => text += "(nothing)\n",
        Value::Vector(elements) => elements
            .iter()
            .for_each(|(labels, value)| text += &format!("{labels}  {}\n", shown(*value))),
        Value::Matrix(series) => series.iter().for_each(|s| text += &samples(context, chosen, s)),
    }
    Ok(text)
}

fn range(
    context: &Context,
    chosen: &Chosen,
    query: &Query,
    reader: &Reader,
    (from, to): (&str, &str),
    step: u32,
) -> Result<String, Failure> {
    let (from, to) = (chosen.moment(from)?, chosen.moment(to)?);
    let series = query
        .range(reader, from, to, i64::from(step) * 1000)
        .map_err(|e| Failure::Usage(e.to_string()))?;
    if context.output.json {
        let series: Vec<_> = series.iter().map(matrix).collect();
        return Ok(serde_json::to_string_pretty(
            &json!({"from": from, "to": to, "step": step, "series": series}),
        )
        .expect("keys are text")
            + "\n");
    }
    if series.is_empty() {
        return Ok("(nothing)\n".to_owned());
    }
    Ok(series.iter().map(|s| samples(context, chosen, s)).collect())
}

fn samples(context: &Context, chosen: &Chosen, series: &Series) -> String {
    let points = series
        .points
        .iter()
        .map(|p| format!("  {}  {}\n", context.time(&chosen.file, p.at), shown(p.value)));
    format!("{}\n{}", series.labels, points.collect::<String>())
}

fn matrix(series: &Series) -> serde_json::Value {
    let points: Vec<_> = series.points.iter().map(|p| json!([p.at, shown(p.value)])).collect();
    json!({"metric": series.labels.0, "values": points})
}

/// A value as Prometheus prints it: JSON knows no infinity.
fn shown(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        v if v == f64::INFINITY => "+Inf".to_owned(),
        v if v == f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    }
}
