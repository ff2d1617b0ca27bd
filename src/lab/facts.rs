//! The record of a run as claims are checked against it: the facts besides samples and log lines,
//! from the run's folder.

use super::engine::Lab;
use super::run::{Briefing, RunFile};
use super::store::{Command, Reader, StoreError};
use crate::domain::rca::detect::{AlertRule, Detector};
use crate::domain::rca::record::{
    Alert, Change, Command as RecordedCommand, Detection, Facts, Gap, Inventory, Objective, Span,
};
use crate::domain::telemetry::series::UnixMs;

/// A record of so many milliseconds is gone through in a moment.
const SHORT: i64 = 5 * 60_000;
/// A keeper that is further behind than this has stopped detecting, or has only begun to catch up.
const FOLLOWS_WITHIN: i64 = 30_000;

/// Gathers the facts of a run that has opened.
pub fn facts(
    file: &RunFile,
    lab: &Lab,
    briefing: &Briefing,
    reader: &Reader,
) -> Result<Facts, StoreError> {
    let (first, last) = reader.span()?.unwrap_or((file.created_at, file.created_at));
    let page = file.paged_at.unwrap_or(last);
    let baseline = baseline(file, first);
    let inventory = Inventory::of(&lab.topology, &lab.services);
    let alert = &briefing.alert;
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
        detections: detections(file, lab, briefing, reader, last)?,
        gaps: reader
            .gaps()?
            .into_iter()
            .map(|g| Gap { job: None, span: Span { from: g.from, to: g.to } })
            .collect(),
        inventory,
    })
}

/// The window in which all was healthy.
fn baseline(file: &RunFile, first: UnixMs) -> Span {
    let settled = file.settled_at.unwrap_or(first);
    Span { from: settled - file.baseline_ms.unwrap_or(0), to: settled }
}

/// A detector for a run, and from when on it will read the record.
pub fn detector(
    file: &RunFile,
    lab: &Lab,
    briefing: &Briefing,
    reader: &Reader,
) -> Result<(Detector, UnixMs), StoreError> {
    let first = reader.span()?.map_or(file.created_at, |(first, _)| first);
    let from = baseline(file, first).from;
    let alert = AlertRule {
        name: briefing.alert.name.clone(),
        promql: briefing.alert.expr.clone(),
        hold: i64::from(briefing.alert.for_seconds) * 1000,
    };
    let inventory = Inventory::of(&lab.topology, &lab.services);
    Ok((Detector::new(from, Some(alert), inventory), from))
}

/// What is to be seen up to the last second. Of a long record it is what the keeper has detected,
/// who is some seconds behind; a short one is gone through anew.
fn detections(
    file: &RunFile,
    lab: &Lab,
    briefing: &Briefing,
    reader: &Reader,
    last: UnixMs,
) -> Result<Vec<Detection>, StoreError> {
    let (mut detector, from) = detector(file, lab, briefing, reader)?;
    if last - from > SHORT
        && let Some((until, detections)) = reader.detections()?
        && last - until < FOLLOWS_WITHIN
    {
        return Ok(detections);
    }
    detector.advance(reader, last)?;
    Ok(detector.detections())
}

/// A command as claims and graders see it.
pub fn command(command: &Command) -> RecordedCommand {
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
        changed: command.changed.clone(),
    }
}
