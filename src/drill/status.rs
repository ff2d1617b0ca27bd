//! How a run stands: machines, alert, objectives.

use std::time::Duration;

use serde::Serialize;

use super::choose::Chosen;
use super::error::DrillError;
use super::instant;
use super::keep;
use super::notice::Notices;
use crate::domain::scenario::family::Alert;
use crate::domain::telemetry::promql::{Query, Value};
use crate::domain::telemetry::series::{SeriesSource, UnixMs};
use crate::lab::keeper::clock::{charged, now};
use crate::lab::keeper::progress::Progress;
use crate::lab::keeper::protocol::KeeperClient;
use crate::lab::run::{Graded, Invalid, RunState};
use crate::lab::store::Reader;
use crate::lab::wait;

const REFRESH_EVERY: Duration = Duration::from_secs(2);
/// How long the keeper may take to say how it records.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);

/// How a run stands.
#[derive(Debug, Serialize)]
pub struct Status {
    /// Its id.
    pub run: String,
    /// Its family.
    pub family: String,
    /// Its state.
    pub state: RunState,
    /// Whether its keeper lives.
    #[serde(rename = "keeper")]
    pub is_kept: bool,
    /// When the learner was paged.
    #[serde(serialize_with = "instant::if_any")]
    pub paged_at: Option<UnixMs>,
    /// The last recorded second, once the run has opened.
    #[serde(serialize_with = "instant::if_any")]
    pub observed_at: Option<UnixMs>,
    /// Why it is invalid, if it is.
    pub invalid: Option<Invalid>,
    /// Its machines.
    pub machines: Vec<Machine>,
    /// The alert that paged.
    pub alert: Option<Judged>,
    /// What "recovered" means.
    pub objectives: Vec<Judged>,
    /// Stretches of which nothing is recorded, in order; the last one may be going on.
    pub not_recorded: Vec<NotRecorded>,
    /// Its outcome, once it is graded.
    pub graded: Option<Graded>,
    /// The steps of its staging that are done.
    pub steps: Vec<String>,
    /// How long it may still be worked on; less than nothing is nothing.
    pub time_left_seconds: Option<i64>,
    /// The same, negative once it is over.
    #[serde(skip)]
    pub time_left_ms: Option<i64>,
    /// So long ago the page was, in seconds; of a closed run, until it was closed.
    #[serde(skip)]
    pub since_page_seconds: Option<i64>,
}

/// A stretch of which nothing is recorded.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct NotRecorded {
    /// The last second before it.
    #[serde(serialize_with = "instant::at")]
    pub from: UnixMs,
    /// The first second after it; `None` while it goes on.
    #[serde(serialize_with = "instant::if_any")]
    pub to: Option<UnixMs>,
    /// Why.
    pub reason: String,
}

/// A machine, as the monitoring sees it.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Its host name.
    pub name: String,
    /// `kafka` or `service`.
    pub kind: &'static str,
    /// Whether it answers: `None` before anything was observed.
    pub up: Option<bool>,
}

/// A condition over the record, judged at its end.
#[derive(Debug, PartialEq, Serialize)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// Whether it holds.
    pub holds: bool,
    /// For how many seconds without a break it has or has not; counted over ten minutes.
    pub since_seconds: i64,
    /// The condition, in PromQL.
    pub expr: String,
}

/// Waits until it is worth asking again.
pub async fn refresh() {
    wait::pause(REFRESH_EVERY).await;
}

/// How a run stands. The keeper of an open run that has died is started again.
pub async fn status(chosen: &Chosen, notices: &dyn Notices) -> Result<Status, DrillError> {
    if chosen.file.state == RunState::Open && !chosen.run.is_kept()? {
        // Connecting is what starts it again.
        keep::connect(chosen, notices).await?;
    }
    let file = &chosen.file;
    let time_left_ms = file.time_left_ms(charged(file));
    let ended = file.closed_at.unwrap_or_else(now);
    let mut status = Status {
        run: file.id.clone(),
        family: file.family.clone(),
        state: file.state,
        is_kept: chosen.run.is_kept()?,
        paged_at: file.paged_at,
        observed_at: None,
        invalid: file.invalid.clone(),
        machines: Vec::new(),
        alert: None,
        objectives: Vec::new(),
        not_recorded: Vec::new(),
        graded: file.graded,
        steps: Progress::of(chosen.run.folder()).steps(),
        time_left_seconds: time_left_ms.map(|left| left.max(0) / 1000),
        time_left_ms,
        since_page_seconds: file.paged_at.map(|page| (ended - page) / 1000),
    };
    // Before the page nobody is told more than how far the staging is.
    if file.opened_at.is_some() {
        status.observe(chosen)?;
        if status.is_kept {
            status.not_recorded.extend(outage(chosen).await);
        }
    }
    Ok(status)
}

/// What the keeper cannot record now. A keeper that does not answer in time has other troubles,
/// which whoever needs it is told.
async fn outage(chosen: &Chosen) -> Option<NotRecorded> {
    let asked = async { KeeperClient::connect(chosen.run.folder()).await?.outage().await };
    match tokio::time::timeout(ANSWERED_WITHIN, asked).await {
        Ok(Ok(outage)) => outage.map(|(from, reason)| NotRecorded { from, to: None, reason }),
        Ok(Err(_)) | Err(_) => None,
    }
}

impl Status {
    fn observe(&mut self, chosen: &Chosen) -> Result<(), DrillError> {
        let (lab, briefing, reader) = (chosen.lab()?, chosen.briefing()?, chosen.reader()?);
        let at = chosen.last_second(&reader)?;
        let begin = reader.span()?.map_or(at, |(first, _)| first);
        self.observed_at = Some(at);
        self.not_recorded = reader
            .gaps()?
            .into_iter()
            .map(|gap| NotRecorded { from: gap.from, to: Some(gap.to), reason: gap.reason })
            .collect();
        let kafka = lab.topology.nodes.iter().map(|node| (&node.name, "kafka"));
        let services = lab.services.iter().map(|service| (&service.name, "service"));
        for (name, kind) in kafka.chain(services) {
            let up = value(&reader, &format!("up{{job=\"{kind}\", node=\"{name}\"}}"), at)?;
            let up = up.map(|value| value == 1.0);
            self.machines.push(Machine { name: name.clone(), kind, up });
        }
        self.alert = Some(alert(&briefing.alert, &reader, chosen)?);
        for objective in &briefing.slo {
            self.objectives.push(judge(&reader, begin, &objective.name, &objective.expr, at)?);
        }
        Ok(())
    }
}

/// How the alert stands at the end of the record.
pub(super) fn alert(alert: &Alert, reader: &Reader, chosen: &Chosen) -> Result<Judged, DrillError> {
    let at = chosen.last_second(reader)?;
    let begin = reader.span()?.map_or(at, |(first, _)| first);
    judge(reader, begin, &alert.name, &alert.expr, at)
}

/// The one value of an expression.
fn value(source: &dyn SeriesSource, promql: &str, at: UnixMs) -> Result<Option<f64>, DrillError> {
    let value =
        Query::parse(promql).and_then(|q| q.instant(source, at)).map_err(DrillError::Condition)?;
    Ok(match value {
        Value::Vector(elements) => elements.first().map(|(_, v)| *v),
        Value::Scalar(number) => Some(number),
        Value::Matrix(_) | Value::String(_) => None,
    })
}

/// Whether a condition holds, and for how long it has or has not: looked for over the last ten
/// minutes, not before `begin`.
fn judge(
    source: &dyn SeriesSource,
    begin: UnixMs,
    name: &str,
    expr: &str,
    at: UnixMs,
) -> Result<Judged, DrillError> {
    const LOOK_BACK: i64 = 600_000;
    let query = Query::parse(expr).map_err(DrillError::Condition)?;
    let earliest = begin.max(at - LOOK_BACK);
    let standing = query.standing(source, at, earliest).map_err(DrillError::Condition)?;
    let since_seconds = (at - standing.since) / 1000;
    Ok(Judged {
        name: name.to_owned(),
        holds: standing.holds,
        since_seconds,
        expr: expr.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telemetry::series::{Labels, Matcher, Point, Series, SourceError};

    /// One series, `lag`, with a value every second from second 0 on.
    struct Lag(&'static [f64]);

    impl SeriesSource for Lag {
        fn select(
            &self,
            _: &[Matcher],
            from: UnixMs,
            to: UnixMs,
        ) -> Result<Vec<Series>, SourceError> {
            let points = self
                .0
                .iter()
                .enumerate()
                .map(|(k, value)| Point { at: k as i64 * 1000, value: *value });
            let points: Vec<_> = points.filter(|p| (from..=to).contains(&p.at)).collect();
            let found = Series { labels: Labels::default(), points };
            Ok(if found.points.is_empty() { Vec::new() } else { vec![found] })
        }
    }

    #[test]
    fn a_condition_is_judged_at_the_end_and_counted_back_to_where_it_turned() {
        let source = Lag(&[0.0, 0.0, 5.0, 5.0, 5.0]);
        let firing = judge(&source, 0, "Lag", "lag > 1", 4000).expect("judged");
        assert_eq!((firing.holds, firing.since_seconds), (true, 2));
        let unmet = judge(&source, 0, "no lag", "lag < 1", 4000).expect("judged");
        assert_eq!((unmet.holds, unmet.since_seconds), (false, 2));
        let resolved = judge(&source, 0, "Lag", "lag > 1", 1000).expect("judged");
        assert_eq!((resolved.holds, resolved.since_seconds), (false, 1));
    }

    #[test]
    fn nothing_is_counted_from_before_the_record_began() {
        let source = Lag(&[5.0, 5.0, 5.0, 5.0]);
        let judged = judge(&source, 2000, "Lag", "lag > 1", 3000).expect("judged");
        assert_eq!((judged.holds, judged.since_seconds), (true, 1));
    }

    #[test]
    fn a_machine_that_nobody_observed_has_no_value() {
        assert_eq!(value(&Lag(&[1.0]), "up", 0).expect("asked"), Some(1.0));
        assert_eq!(value(&Lag(&[]), "up", 0).expect("asked"), None);
    }
}
