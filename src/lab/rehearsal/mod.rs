//! What a rehearsal looks at besides the record: a battery of diagnostic commands, and every place where a learner could read what the
//! cause is.

pub mod battery;
pub mod leaks;

use std::time::Duration;

use super::run::Run;
use super::store::{Reader, StoreError};
use super::wait;
use crate::domain::scenario::family::Objective;
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{SeriesSource, Since, UnixMs};

const ASK_EVERY: Duration = Duration::from_millis(250);
const SECOND: i64 = 1000;

/// Why a rehearsal could not look.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The record could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An objective cannot be evaluated.
    #[error("an objective cannot be evaluated: {0}")]
    Query(#[from] QueryError),
}

/// Waits until every objective has held for as long as it must, and gives the second since which all do; none when they do not in time.
pub async fn recovery(run: &Run, slo: &[Objective], since: UnixMs, within: Duration) -> Result<Option<UnixMs>, LookError> {
    let reader = Reader::open(run.folder())?;
    wait::until(within, ASK_EVERY, async || all_met(&reader, reader.span()?, slo, since)).await
}

/// The same of what shows that a lab is broken, looking at nothing from before `since`: what was seen until then says nothing of what did not help.
pub async fn resistance(run: &Run, broken: &[Objective], since: UnixMs, within: Duration) -> Result<Option<UnixMs>, LookError> {
    let reader = Reader::open(run.folder())?;
    let later = Since { all: &reader, from: since };
    wait::until(within, ASK_EVERY, async || all_met(&later, reader.span()?, broken, since)).await
}

/// Waits until the record has come to an instant; whether it did in time.
pub async fn recorded(run: &Run, until: UnixMs, within: Duration) -> Result<bool, LookError> {
    let reader = Reader::open(run.folder())?;
    let come = wait::until(within, ASK_EVERY, async || {
        let last = reader.span()?.map_or(0, |(_, last)| last);
        Ok::<_, LookError>((last >= until).then_some(()))
    });
    Ok(come.await?.is_some())
}

/// The first second, not before `since`, from which on every objective holds until now, when that is long enough for each.
fn all_met(
    source: &dyn SeriesSource,
    recorded: Option<(UnixMs, UnixMs)>,
    slo: &[Objective],
    since: UnixMs,
) -> Result<Option<UnixMs>, LookError> {
    let Some((_, now)) = recorded else { return Ok(None) };
    let mut met_since = since;
    for objective in slo {
        let query = Query::parse(&objective.expr)?;
        let mut begun = None;
        let mut at = now;
        while at >= since {
            let value = query.instant(source, at)?;
            if !query.holds(&value) {
                break;
            }
            begun = Some(at);
            at -= SECOND;
        }
        match begun {
            Some(begun) if now - begun >= i64::from(objective.for_seconds) * SECOND => met_since = met_since.max(begun),
            _ => return Ok(None),
        }
    }
    Ok(Some(met_since))
}
