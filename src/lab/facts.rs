//! The record of a run as claims are checked against it: the facts besides samples and log lines, from the run's folder.

use super::engine::{Lab, TOOLBOX};
use super::run::{Briefing, RunFile};
use super::store::{Command, Reader, StoreError};
use crate::domain::rca::record::{Alert, Change, Command as RecordedCommand, Facts, Gap, Inventory, Objective, Span};

/// Gathers the facts of a run that has opened.
pub fn facts(file: &RunFile, lab: &Lab, briefing: &Briefing, reader: &Reader) -> Result<Facts, StoreError> {
    let (first, last) = reader.span()?.unwrap_or((file.created_at, file.created_at));
    let settled = file.settled_at.unwrap_or(first);
    let page = file.paged_at.unwrap_or(last);
    Ok(Facts {
        run: file.id.clone(),
        family: file.family.clone(),
        recorded: Span { from: first, to: last },
        baseline: Span { from: settled - file.baseline_ms.unwrap_or(0), to: settled },
        page,
        opened: file.opened_at.unwrap_or(page),
        closed: file.closed_at,
        alert: Alert { name: briefing.alert.name.clone(), promql: briefing.alert.expr.clone() },
        objectives: briefing.slo.iter().map(|o| Objective { name: o.name.clone(), promql: o.expr.clone(), felt: o.felt }).collect(),
        commands: reader.commands()?.iter().map(command).collect(),
        changes: reader.changes()?.into_iter().map(|c| Change { number: c.number, at: c.at, what: c.what }).collect(),
        detections: Vec::new(),
        gaps: reader.gaps()?.into_iter().map(|g| Gap { job: None, span: Span { from: g.from, to: g.to } }).collect(),
        inventory: Inventory::of(&lab.topology, &lab.services, TOOLBOX),
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
