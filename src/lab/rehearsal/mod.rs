//! What a rehearsal looks at besides the record: a battery of diagnostic commands, and every place
//! where a learner could read what the cause is.

pub mod battery;
pub mod leaks;

use std::time::Duration;

use super::run::Run;
use super::store::{Reader, StoreError};
use super::wait;
use crate::domain::rca::check::since_when;
use crate::domain::rca::record::Span;
use crate::domain::telemetry::series::{SeriesSource, Since, SourceError, UnixMs};

/// The record has one sample a second.
const ASK_EVERY: Duration = Duration::from_secs(1);
const SECOND: i64 = 1000;

/// Why a rehearsal could not look.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The record could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its samples could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// What must hold, and for how many seconds.
pub type Lasting<'a> = (&'a str, u32);

/// Waits until every expression has held for as long as it must, and gives the second, not before
/// `since`, from which on all do; none when they do not in time.
pub async fn recovery(
    run: &Run,
    wanted: &[Lasting<'_>],
    since: UnixMs,
    within: Duration,
) -> Result<Option<UnixMs>, LookError> {
    let reader = Reader::open(run.folder())?;
    wait::until(within, ASK_EVERY, async || all_hold(&reader, reader.span()?, wanted, since)).await
}

/// The same of what shows that a lab is broken, looking at nothing from before `since`: what was
/// seen until then says nothing of what did not help.
pub async fn resistance(
    run: &Run,
    wanted: &[Lasting<'_>],
    since: UnixMs,
    within: Duration,
) -> Result<Option<UnixMs>, LookError> {
    let reader = Reader::open(run.folder())?;
    let later = Since { all: &reader, from: since };
    wait::until(within, ASK_EVERY, async || all_hold(&later, reader.span()?, wanted, since)).await
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

/// The first second, not before `since`, from which on every expression holds until now, when that
/// is long enough for each.
fn all_hold(
    source: &dyn SeriesSource,
    recorded: Option<(UnixMs, UnixMs)>,
    wanted: &[Lasting<'_>],
    since: UnixMs,
) -> Result<Option<UnixMs>, LookError> {
    let Some((_, now)) = recorded.filter(|(_, now)| *now >= since) else { return Ok(None) };
    let mut all_since = since;
    for (promql, seconds) in wanted {
        match since_when(promql, source, Span { from: since, to: now })? {
            Some(begun) if now - begun >= i64::from(*seconds) * SECOND => {
                all_since = all_since.max(begun)
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(all_since))
}
