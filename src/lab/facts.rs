//! The record of a run as claims are checked against it: the facts besides samples and log lines,
//! from the run's folder.

use super::engine::Lab;
use super::run::{Briefing, RunFile};
use super::store::{Command, Reader, StoreError};
use crate::domain::rca::detect::{AlertRule, Scope, detect};
use crate::domain::rca::record::{
    Alert, Change, Command as RecordedCommand, Facts, Gap, Inventory, Objective, Span,
};

/// Gathers the facts of a run that has opened.
pub fn facts(
    file: &RunFile,
    lab: &Lab,
    briefing: &Briefing,
    reader: &Reader,
) -> Result<Facts, StoreError> {
    let (first, last) = reader.span()?.unwrap_or((file.created_at, file.created_at));
    let settled = file.settled_at.unwrap_or(first);
    let page = file.paged_at.unwrap_or(last);
    let baseline = Span { from: settled - file.baseline_ms.unwrap_or(0), to: settled };
    let inventory = Inventory::of(&lab.topology, &lab.services);
    let alert = &briefing.alert;
    let scope = Scope {
        span: Span { from: baseline.from, to: last },
        alert: Some(AlertRule {
            name: alert.name.clone(),
            promql: alert.expr.clone(),
            hold: i64::from(alert.for_seconds) * 1000,
        }),
    };
    Ok(Facts {
        run: file.id.clone(),
        family: file.family.clone(),
        recorded: Span { from: first, to: last },
        baseline,
        page,
        opened: file.opened_at.unwrap_or(page),
        closed: file.closed_at,
        alert: Alert { name: alert.name.clone(), promql: alert.expr.clone() },
        objectives: briefing
            .slo
            .iter()
            .map(|o| Objective { name: o.name.clone(), promql: o.expr.clone(), felt: o.felt })
            .collect(),
        commands: reader.commands()?.iter().map(command).collect(),
        changes: reader
            .changes()?
            .into_iter()
            .map(|c| Change { number: c.number, at: c.at, what: c.what })
            .collect(),
        detections: detect(reader, &scope, &inventory)?,
        gaps: reader
            .gaps()?
            .into_iter()
            .map(|g| Gap { job: None, span: Span { from: g.from, to: g.to } })
            .collect(),
        inventory,
    })
}

fn command(command: &Command) -> RecordedCommand {
    let end = command.end.as_ref();
    RecordedCommand {
        number: command.number,
        node: command.start.node.clone(),
        line: command.start.text.clone(),
        started: command.start.at,
        ended: end.map(|e| e.at),
        exit: end.and_then(|e| e.exit).and_then(|e| i32::try_from(e).ok()),
        output: command.output(),
        shortened: end.is_some_and(|e| e.dropped > 0),
    }
}
