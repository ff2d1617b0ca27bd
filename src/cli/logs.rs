//! `chaoslab logs`: what a machine logged, from the recording.

use std::time::Duration;

use clap::Args;
use regex::Regex;
use serde_json::json;

use super::context::Context;
use super::exec::known_machine;
use super::exit::Failure;
use super::recorded::{Entry, Recorded};
use crate::domain::rca::moment::{rfc3339, since_page};
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::lab::run::RunState;
use crate::lab::wait;

const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab logs kafka-2 --since T-00:01:00 --grep 'Shrinking ISR'\n  chaoslab logs billing --follow"
)]
pub struct Arguments {
    /// The machine
    node: String,
    /// Only lines from this time on: RFC 3339, the distance to the page as T-00:01:00, or how long
    /// ago as 5m
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// Only lines that match this regular expression
    #[arg(long, value_name = "REGEX")]
    grep: Option<String>,
    /// Go on as lines arrive
    #[arg(long, short)]
    follow: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let pattern = arguments
        .grep
        .as_deref()
        .map(Regex::new)
        .transpose()
        .map_err(|e| Failure::Usage(format!("--grep: {e}")))?;
    let chosen = context.readable()?;
    known_machine(&chosen.lab()?, &arguments.node)?;
    let mut from = arguments.since.as_deref().map(|t| chosen.moment(t)).transpose()?.unwrap_or(0);
    let text = typed(arguments);
    let mut recorded = Recorded::begin(
        context,
        &chosen,
        Entry { kind: "logs", node: &arguments.node, text: &text, mutating: false },
    )
    .await?;
    let reader = chosen.reader()?;
    let mut seen: Vec<LogLine> = Vec::new();
    loop {
        let lines = reader
            .lines(&|node| node == arguments.node, from, i64::MAX)
            .map_err(|e| Failure::Integrity(e.to_string()))?;
        // Lines of the last millisecond may have been shown already, and more of it may come.
        let fresh: Vec<_> = lines.into_iter().filter(|l| !seen.contains(l)).collect();
        let mut printed = String::new();
        let wanted: Vec<_> =
            fresh.iter().filter(|l| pattern.as_ref().is_none_or(|p| p.is_match(&l.line))).collect();
        let since = |line: &LogLine| chosen.file.paged_at.map(|page| since_page(line.at, page));
        let told = |line: &&LogLine| json!({"at": rfc3339(line.at), "since_page": since(line), "node": line.node, "line": line.line});
        if !context.output.json {
            for line in wanted {
                let time = since(line).unwrap_or_else(|| rfc3339(line.at));
                printed += &format!("{time}  {}\n", line.line);
            }
        } else if arguments.follow {
            // Nobody waits for the end of a list that has none: an object a line.
            wanted.iter().for_each(|line| printed += &format!("{}\n", told(line)));
        } else {
            printed = serde_json::to_string_pretty(&wanted.iter().map(told).collect::<Vec<_>>())
                .expect("it has text keys only")
                + "\n";
        }
        context.output.text(&printed)?;
        recorded.output(&printed).await?;
        if let Some(last) = fresh.last().map(|l| l.at) {
            from = last;
            seen = seen.into_iter().chain(fresh).filter(|l| l.at == last).collect();
        }
        if !arguments.follow || chosen.run.read()?.state != RunState::Open {
            return recorded.end(Some(0)).await;
        }
        tokio::select! {
            () = wait::pause(FOLLOW_EVERY) => {}
            _ = tokio::signal::ctrl_c() => return recorded.end(Some(130)).await,
        }
    }
}

fn typed(arguments: &Arguments) -> String {
    let option = |name: &str, value: &Option<String>| {
        value.as_ref().map(|v| format!(" --{name} '{v}'")).unwrap_or_default()
    };
    format!(
        "chaoslab logs {}{}{}",
        arguments.node,
        option("since", &arguments.since),
        option("grep", &arguments.grep)
    )
}
