//! `chaoslab logs`: what a machine logged, from the recording.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::output::Output;
use crate::drill::logs::{Line, Wanted, lines};

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
    let wanted = Wanted {
        node: arguments.node.clone(),
        since: arguments.since.clone(),
        grep: arguments.grep.clone(),
    };
    wanted.check()?;
    let mut lines = lines(&context.readable()?, &wanted, &context.output).await?;
    loop {
        let printed = printed(context.output, arguments.follow, &lines.fresh()?);
        context.output.text(&printed)?;
        lines.shown(&printed).await?;
        if !arguments.follow {
            return Ok(lines.end(0).await?);
        }
        let goes_on = tokio::select! {
            goes_on = lines.go_on() => goes_on?,
            _ = tokio::signal::ctrl_c() => return Ok(lines.end(130).await?),
        };
        if !goes_on {
            return Ok(lines.end(0).await?);
        }
    }
}

fn printed(output: Output, follow: bool, lines: &[Line]) -> String {
    if output.json && follow {
        // Nobody waits for the end of a list that has none: an object a line.
        let object = |l| serde_json::to_string(l).expect("it has text keys only") + "\n";
        return lines.iter().map(object).collect();
    }
    let text = |l: &Line| format!("{}  {}\n", l.since_page.as_ref().unwrap_or(&l.at), l.line);
    output.either(&lines, || lines.iter().map(text).collect())
}
