//! `chaoslab query`: PromQL over the recording.

use clap::Args;

use super::context::{Context, time};
use super::exit::Failure;
use crate::domain::rca::check::Verdict;
use crate::domain::rca::document::Addition;
use crate::domain::telemetry::promql::Value;
use crate::domain::telemetry::series::{Series, UnixMs};
use crate::drill::error::located;
use crate::drill::query::{Answer, Question, When, ask, shown};
use crate::drill::write_up::{Change, change};
use crate::drill::{Chosen, cite};

/// Arguments of `query`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab query 'sum by (broker) (kafka_server_replicamanager_leadercount)'\n  chaoslab query 'rate(node_network_transmit_bytes_total{device=\"eth0\"}[10s])' --at T-00:00:30\n  chaoslab query 'kafka_consumergroup_lag_sum' --from T-00:01:00 --to T+00:00:00 --step 5\n  chaoslab query 'up{node=\"kafka-2\"} == 0' --at T-00:00:05 --cite"
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
    /// Add it to the write-up, as evidence that it held at that moment
    #[arg(long, conflicts_with = "from")]
    cite: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let question = Question { promql: arguments.promql.clone(), when: when(arguments) };
    // What is no query is refused whether or not there is a run.
    question.check()?;
    let chosen = context.readable()?;
    let answer = ask(&chosen, &question, &context.output).await?;
    let page = chosen.file.paged_at;
    let printed = context.output.either(&answer.value, || text(&answer.value, page));
    context.output.text(&printed)?;
    let moment = match &answer.value {
        Answer::Instant { at, .. } => Some(*at),
        Answer::Range { .. } => None,
    };
    answer.shown(&printed).await?;
    match (arguments.cite, moment, page) {
        (true, Some(at), Some(page)) => {
            add_to_write_up(context, &chosen, &arguments.promql, (at, page))
        }
        (true, ..) | (false, ..) => Ok(()),
    }
}

/// Adds the query to the write-up, and says under which id and whether it is so.
fn add_to_write_up(
    context: &Context,
    chosen: &Chosen,
    promql: &str,
    (at, page): (UnixMs, UnixMs),
) -> Result<(), Failure> {
    let evidence = cite::query(promql, at, page);
    let done = change(chosen, &Change::Add(Box::new(Addition::Evidence(evidence))))?;
    for remark in located(&done.file, &done.advice) {
        context.output.remark(remark);
    }
    if let Some(claim) = &done.claim {
        let verdict = match claim.verdict {
            Verdict::True => "TRUE",
            Verdict::False => "FALSE",
            Verdict::Unverifiable { .. } => "UNVERIFIABLE",
        };
        context.output.remark(format!("cited as {}: {verdict}: {}", claim.id, claim.reason));
    }
    Ok(())
}

fn when(arguments: &Arguments) -> When {
    match (&arguments.at, &arguments.from, &arguments.to) {
        (_, Some(from), Some(to)) => {
            When::Range { from: from.clone(), to: to.clone(), step: arguments.step }
        }
        (Some(at), ..) => When::At(at.clone()),
        (None, ..) => When::Latest,
    }
}

fn text(answer: &Answer, page: Option<UnixMs>) -> String {
    match answer {
        Answer::Instant { at, value, .. } => {
            format!("at {}\n{}", time(page, *at), elements(value, page))
        }
        Answer::Range { series, .. } if series.is_empty() => "(nothing)\n".to_owned(),
        Answer::Range { series, .. } => series.iter().map(|s| samples(s, page)).collect(),
    }
}

fn elements(value: &Value, page: Option<UnixMs>) -> String {
    match value {
        Value::Scalar(number) => format!("{}\n", shown(*number)),
        Value::String(string) => format!("{string}\n"),
        Value::Vector(elements) if elements.is_empty() => "(nothing)\n".to_owned(),
        Value::Vector(elements) => elements
            .iter()
            .map(|(labels, value)| format!("{labels}  {}\n", shown(*value)))
            .collect(),
        Value::Matrix(series) => series.iter().map(|s| samples(s, page)).collect(),
    }
}

fn samples(series: &Series, page: Option<UnixMs>) -> String {
    let points =
        series.points.iter().map(|p| format!("  {}  {}\n", time(page, p.at), shown(p.value)));
    format!("{}\n{}", series.labels, points.collect::<String>())
}
