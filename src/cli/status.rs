//! `chaoslab status`: how the run stands.

use std::io::IsTerminal;

use clap::Args;

use super::context::{Context, time};
use super::exit::Failure;
use super::page;
use crate::domain::rca::moment::rfc3339;
use crate::drill::status::{Machine, Status, refresh, status};

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab status --watch")]
pub struct Arguments {
    /// Print the page again, with the next commands
    #[arg(long)]
    page: bool,
    /// Refresh until interrupted
    #[arg(long, conflicts_with = "page")]
    watch: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    if arguments.page {
        return page::print(context, &context.readable()?);
    }
    loop {
        let status = status(&context.chosen()?, &context.output).await?;
        if arguments.watch && !context.output.json && std::io::stdout().is_terminal() {
            context.output.text("\x1b[H\x1b[2J")?;
        }
        print(context, &status)?;
        if !arguments.watch {
            return Ok(());
        }
        tokio::select! {
            () = refresh() => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn print(context: &Context, status: &Status) -> Result<(), Failure> {
    let out = context.output;
    if out.json {
        return out.value(status);
    }
    out.line(format!("{}  {}  {}", out.bold(&status.run), status.family, status.state))?;
    if let Some(invalid) = &status.invalid {
        out.line(format!("  while {}: {}", invalid.during, invalid.reason))?;
    }
    if status.state.is_staging() && !status.is_kept {
        out.line(format!(
            "  {}: its keeper is gone, so nothing goes on. `chaoslab stop` takes it down",
            out.bold("the staging was cut off")
        ))?;
    }
    let Some(observed) = status.observed_at else {
        return status.steps.iter().try_for_each(|step| out.line(format!("  {step}")));
    };
    if let (Some(page), Some(seconds)) = (status.paged_at, status.since_page_seconds) {
        out.line(format!("paged {}; {} ago", rfc3339(page / 1000 * 1000), length(seconds)))?;
    }
    match status.time_left_ms {
        Some(left) if left >= 0 => out.line(format!("time left {}", length(left / 1000)))?,
        Some(_) => out.line(out.bold("the time is over"))?,
        None => {}
    }
    let ended = if status.is_kept { "" } else { "  (recording has ended)" };
    out.line(format!("observed {}{ended}", time(status.paged_at, observed)))?;
    for gap in &status.not_recorded {
        let to = match gap.to {
            Some(to) => format!("to {}", time(status.paged_at, to)),
            None => "until now".to_owned(),
        };
        let from = time(status.paged_at, gap.from);
        out.line(format!("not recorded from {from}  {to}: {}", gap.reason))?;
    }
    out.line("")?;
    out.table(&["machine", "kind", "monitoring"], status.machines.iter().map(row))?;
    out.line("")?;
    if let Some(alert) = &status.alert {
        let state = if alert.holds { out.bold("firing") } else { "resolved".to_owned() };
        let since = length(alert.since_seconds);
        out.line(format!("alert      {}: {state} for {since}", alert.name))?;
    }
    for objective in &status.objectives {
        let state = if objective.holds { "met".to_owned() } else { out.bold("NOT met") };
        let since = length(objective.since_seconds);
        out.line(format!("objective  {}: {state} for {since}", objective.name))?;
    }
    Ok(())
}

fn row(machine: &Machine) -> Vec<String> {
    let up = match machine.up {
        Some(true) => "up",
        Some(false) => "DOWN or too slow to answer",
        None => "not observed",
    };
    vec![machine.name.clone(), machine.kind.to_owned(), up.to_owned()]
}

/// A stretch of time as it is told.
pub(super) fn length(seconds: i64) -> String {
    match seconds {
        s if s < 60 => format!("{s} s"),
        s if s < 3600 => format!("{} min {} s", s / 60, s % 60),
        s => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}
