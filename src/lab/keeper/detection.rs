//! Detection goes forward with the record of an open run.

use std::rc::Rc;

use super::KeeperError;
use super::record::Recorder;
use crate::domain::rca::record::Detection;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::facts;
use crate::lab::run::Run;
use crate::lab::store::StoreError;

/// So long after a second all that was read in it is written, in milliseconds: slow reads have
/// deadlines.
const COMPLETE_AFTER: i64 = 3_000;
/// So much is read at a time: reading a series costs more than a few of its samples.
const EVERY: i64 = 5_000;
/// And no more, when a keeper that took over goes through what was recorded before it: sampling
/// goes on meanwhile.
const AT_ONCE: i64 = 60_000;

/// Goes through each second once it is complete, as long as the keeper lives. Without it commands
/// go through the record themselves, so that it fails is no reason to end a run.
pub async fn go_on(run: Run, recorder: Rc<Recorder>) {
    if let Err(error) = follow(&run, &recorder).await {
        tracing::error!(%error, "detection has ended");
    }
}

async fn follow(run: &Run, recorder: &Recorder) -> Result<(), KeeperError> {
    let unfit = || KeeperError::Unfit(format!("the run {} has no lab", run.id));
    let (file, lab, briefing) = (run.read()?, run.lab()?.ok_or_else(unfit)?, run.briefing()?);
    let reader = recorder.reader()?;
    let (mut detector, mut read) = facts::detector(&file, &lab, &briefing, &reader)?;
    let mut told: Vec<Detection> = Vec::new();
    loop {
        // That nothing is recorded for now is said by those who write.
        let Ok(newest) = recorder.next_second().await else { continue };
        let complete = newest - COMPLETE_AFTER;
        if complete < read + EVERY {
            continue;
        }
        read = complete.min(read + AT_ONCE);
        detector.advance(&reader, read).map_err(StoreError::from)?;
        let now = detector.detections();
        let before = |d: &Detection| told.get((d.number as usize).checked_sub(1)?);
        let is_new = |d: &&Detection| before(d).is_none_or(|old| end(old) != end(d));
        let changed: Vec<Detection> = now.iter().filter(is_new).cloned().collect();
        match recorder.detected_until(read, &changed) {
            Ok(()) => told = now,
            // It is written with what changes next, once writing works again.
            Err(error) => tracing::error!(%error, "detections could not be recorded"),
        }
    }
}

/// When it was over. What goes on ends with what was read, and is the same.
fn end(detection: &Detection) -> Option<UnixMs> {
    (!detection.ongoing).then_some(detection.span.to)
}
