//! `chaoslab status`: how the run stands.

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::context::{Chosen, Context};
use super::exit::Failure;
use super::page;
use crate::domain::rca::moment::rfc3339;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::Value;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::keeper::clock::now;
use crate::lab::keeper::progress::Progress;
use crate::lab::run::RunState;
use crate::lab::store::Reader;
use crate::lab::wait;

const REFRESH_EVERY: Duration = Duration::from_secs(2);

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
        let chosen = context.chosen()?;
        if chosen.file.state == RunState::Open && !chosen.run.is_kept()? {
            // Connecting is what starts it again.
            chosen.keeper(context.output).await?;
        }
        let status = Status::of(&chosen)?;
        if arguments.watch && !context.output.json && std::io::stdout().is_terminal() {
            context.output.text("\x1b[H\x1b[2J")?;
        }
        status.print(context, &chosen)?;
        if !arguments.watch {
            return Ok(());
        }
        tokio::select! {
            () = wait::pause(REFRESH_EVERY) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

struct Status {
    observed_at: Option<UnixMs>,
    steps: Vec<String>,
    machines: Vec<Machine>,
    alert: Option<Judged>,
    objectives: Vec<Judged>,
}

#[derive(serde::Serialize)]
struct Machine {
    name: String,
    kind: &'static str,
    /// What answers on it: `None` before anything was observed.
    up: Option<bool>,
}

#[derive(serde::Serialize)]
struct Judged {
    name: String,
    holds: bool,
    /// For how many seconds without a break.
    since_seconds: i64,
    expr: String,
}

impl Status {
    fn of(chosen: &Chosen) -> Result<Self, Failure> {
        let steps = Progress::of(chosen.run.folder()).steps();
        let mut status = Self {
            observed_at: None,
            steps,
            machines: Vec::new(),
            alert: None,
            objectives: Vec::new(),
        };
        // Before the page nobody is told more than how far the staging is.
        if chosen.file.opened_at.is_none() {
            return Ok(status);
        }
        let (lab, briefing, reader) = (chosen.lab()?, chosen.briefing()?, chosen.reader()?);
        let at = chosen.last_second(&reader)?;
        status.observed_at = Some(at);
        let machine = |name: &str, kind, job: &str| {
            let up = value(&reader, &format!("up{{job=\"{job}\", node=\"{name}\"}}"), at)?;
            Ok::<_, Failure>(Machine { name: name.to_owned(), kind, up: up.map(|v| v == 1.0) })
        };
        for node in &lab.topology.nodes {
            status.machines.push(machine(&node.name, "kafka", "kafka")?);
        }
        for service in &lab.services {
            status.machines.push(machine(&service.name, "service", "service")?);
        }
        let alert = &briefing.alert;
        status.alert = Some(judge(&reader, &alert.name, &alert.expr, at)?);
        for objective in &briefing.slo {
            status.objectives.push(judge(&reader, &objective.name, &objective.expr, at)?);
        }
        Ok(status)
    }

    fn print(&self, context: &Context, chosen: &Chosen) -> Result<(), Failure> {
        let (file, out) = (&chosen.file, context.output);
        let kept = chosen.run.is_kept()?;
        if out.json {
            return out.value(&json!({
                "run": file.id, "family": file.family, "state": file.state, "keeper": kept, "paged_at": file.paged_at.map(rfc3339),
                "observed_at": self.observed_at.map(rfc3339), "invalid": file.invalid, "machines": self.machines, "alert": self.alert,
                "objectives": self.objectives, "graded": file.graded, "steps": self.steps, "time_left_seconds": file.time_left_ms(now()).map(|left| left.max(0) / 1000),
            }));
        }
        out.line(format!("{}  {}  {}", out.bold(&file.id), file.family, file.state))?;
        if let Some(invalid) = &file.invalid {
            out.line(format!("  while {}: {}", invalid.during, invalid.reason))?;
        }
        if file.state.is_staging() && !kept {
            out.line(format!(
                "  {}: its keeper is gone, so nothing goes on. `chaoslab stop` takes it down",
                out.bold("the staging was cut off")
            ))?;
        }
        let Some(observed) = self.observed_at else {
            return self.steps.iter().try_for_each(|step| out.line(format!("  {step}")));
        };
        if let Some(page) = file.paged_at {
            out.line(format!(
                "paged {}; {} ago",
                rfc3339(page / 1000 * 1000),
                length((file.closed_at.unwrap_or_else(now) - page) / 1000)
            ))?;
        }
        match file.time_left_ms(now()) {
            Some(left) if left >= 0 => out.line(format!("time left {}", length(left / 1000)))?,
            Some(_) => out.line(out.bold("the time is over"))?,
            None => {}
        }
        out.line(format!(
            "observed {}{}",
            context.time(file, observed),
            if kept { "" } else { "  (recording has ended)" }
        ))?;
        let up = |m: &Machine| match m.up {
            Some(true) => "up",
            Some(false) => "DOWN or too slow to answer",
            None => "not observed",
        };
        out.line("")?;
        out.table(
            &["machine", "kind", "monitoring"],
            self.machines.iter().map(|m| vec![m.name.clone(), m.kind.to_owned(), up(m).to_owned()]),
        )?;
        out.line("")?;
        if let Some(alert) = &self.alert {
            let state = if alert.holds { out.bold("firing") } else { "resolved".to_owned() };
            out.line(format!(
                "alert      {}: {state} for {}",
                alert.name,
                length(alert.since_seconds)
            ))?;
        }
        for objective in &self.objectives {
            let state = if objective.holds { "met".to_owned() } else { out.bold("NOT met") };
            out.line(format!(
                "objective  {}: {state} for {}",
                objective.name,
                length(objective.since_seconds)
            ))?;
        }
        Ok(())
    }
}

/// The one value of an expression.
fn value(reader: &Reader, promql: &str, at: UnixMs) -> Result<Option<f64>, Failure> {
    let value = Query::parse(promql)
        .and_then(|q| q.instant(reader, at))
        .map_err(|e| Failure::Integrity(e.to_string()))?;
    Ok(match value {
        Value::Vector(elements) => elements.first().map(|(_, v)| *v),
        Value::Scalar(number) => Some(number),
        Value::Matrix(_) | Value::String(_) => None,
    })
}

/// Whether a condition holds, and for how long it has or has not: looked for over the last ten
/// minutes.
fn judge(reader: &Reader, name: &str, expr: &str, at: UnixMs) -> Result<Judged, Failure> {
    const LOOK_BACK_SECONDS: i64 = 600;
    let query = Query::parse(expr).map_err(|e| Failure::Integrity(e.to_string()))?;
    let holds_at = |at| {
        query
            .instant(reader, at)
            .map(|v| query.holds(&v))
            .map_err(|e| Failure::Integrity(e.to_string()))
    };
    let begin = reader.span()?.map_or(at, |(first, _)| first);
    let holds = holds_at(at)?;
    let mut since_seconds = 0;
    while since_seconds < LOOK_BACK_SECONDS
        && at - (since_seconds + 1) * 1000 >= begin
        && holds_at(at - (since_seconds + 1) * 1000)? == holds
    {
        since_seconds += 1;
    }
    Ok(Judged { name: name.to_owned(), holds, since_seconds, expr: expr.to_owned() })
}

fn length(seconds: i64) -> String {
    match seconds {
        s if s < 60 => format!("{s} s"),
        s if s < 3600 => format!("{} min {} s", s / 60, s % 60),
        s => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}
