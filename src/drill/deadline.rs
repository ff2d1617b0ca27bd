//! The end of an exam's time: what was last saved of the write-up, and is valid, is handed in by
//! itself. The keeper does this beside sampling, so all that computes is done in another thread.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::choose::Chosen;
use super::error::DrillError;
use super::submit::submit;
use super::write_up::Opened;
use crate::domain::rca::analysis::resolve;
use crate::domain::rca::document::Document;
use crate::lab::keeper::LIFETIME;
use crate::lab::keeper::clock::charged;
use crate::lab::run::{Run, RunFile};
use crate::lab::wait;

/// The copy of the write-up as it was last saved within the time and was valid, in the run's
/// folder.
const SAVED: &str = "saved-in-time.md";
/// How often it is looked whether the write-up was saved; what is saved in the last moment may be
/// missed by this.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The copy of what was saved within the time, where there is one.
pub(super) fn saved(run: &Run) -> Option<PathBuf> {
    let path = run.folder().join(SAVED);
    path.exists().then_some(path)
}

/// Follows the write-up of an exam with a time limit, and hands it in when the time is over. Of any
/// other run, and of one that is graded, given up or closed before, nothing is handed in.
pub(super) async fn hand_in(run: &Run) -> Result<(), DrillError> {
    if follow(run, is_valid).await? && saved(run).is_some() {
        let run = run.clone();
        let passed = apart(move || Ok(submit(&Chosen::of(run)?, None)?.outcome().passed)).await?;
        tracing::info!(passed, "the time is over: what was saved in time was handed in");
    }
    Ok(())
}

/// What is to be done with a write-up that is being followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There is nothing to hand in by itself.
    NotExamined,
    /// The time has not begun.
    Before,
    /// There is time.
    Within,
    /// It is over.
    Over,
}

impl Phase {
    fn of(file: &RunFile, at: i64) -> Self {
        let is_examined = file.exam && file.time_limit_ms.is_some();
        if !is_examined || file.graded.is_some() || file.given_up || file.closed_at.is_some() {
            return Self::NotExamined;
        }
        match file.time_left_ms(at) {
            None => Self::Before,
            Some(left) if left < 0 => Self::Over,
            Some(_) => Self::Within,
        }
    }
}

/// Keeps a copy of each valid state of the write-up until the time is over: then it is true.
async fn follow(
    run: &Run,
    is_valid: impl Fn(&Run, &[u8]) -> Result<bool, DrillError> + Copy + Send + 'static,
) -> Result<bool, DrillError> {
    let mut seen = None;
    let is_over = wait::until(LIFETIME, LOOK_EVERY, async || {
        let file = run.read()?;
        match Phase::of(&file, charged(&file)) {
            Phase::NotExamined => return Ok(Some(false)),
            Phase::Before => return Ok(None),
            Phase::Over => return Ok(Some(true)),
            Phase::Within => {}
        }
        let changed = changed(run);
        if changed.is_some() && changed != seen {
            let own = run.clone();
            match apart(move || keep(&own, is_valid)).await {
                Ok(()) => seen = changed,
                Err(error) => {
                    tracing::warn!(%error, "the write-up could not be judged; looked at again")
                }
            }
        }
        Ok::<_, DrillError>(None)
    });
    Ok(is_over.await?.unwrap_or(false))
}

/// Computes in another thread.
async fn apart<T: Send + 'static>(
    compute: impl FnOnce() -> Result<T, DrillError> + Send + 'static,
) -> Result<T, DrillError> {
    tokio::task::spawn_blocking(compute)
        .await
        .map_err(|panic| DrillError::io("judge the write-up")(std::io::Error::other(panic)))?
}

/// When the write-up was last written; nothing when there is none.
fn changed(run: &Run) -> Option<SystemTime> {
    std::fs::metadata(run.rca()).and_then(|m| m.modified()).ok()
}

/// Whether it could be graded: `submit` refuses anything else.
fn is_valid(run: &Run, bytes: &[u8]) -> Result<bool, DrillError> {
    let Ok(document) = Document::read(bytes) else { return Ok(false) };
    let opened = Opened::of(&Chosen::of(run.clone())?)?;
    Ok(resolve(&document, opened.record().facts).errors.is_empty())
}

fn keep(
    run: &Run,
    is_valid: impl Fn(&Run, &[u8]) -> Result<bool, DrillError>,
) -> Result<(), DrillError> {
    let bytes = std::fs::read(run.rca()).map_err(DrillError::io("read the write-up"))?;
    if is_valid(run, &bytes)? {
        run.write_text(SAVED, &String::from_utf8_lossy(&bytes))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::keeper::clock::now;
    use crate::lab::run::{Graded, Home, RunState};

    const LIMIT_MS: i64 = 3_000;
    const DEADLINE: Duration = Duration::from_secs(20);

    fn opened(exam: bool) -> RunFile {
        let mut file = RunFile::new("r-7f3a91", "isr-shrink", "image", now());
        (file.state, file.opened_at, file.time_limit_ms, file.exam) =
            (RunState::Open, Some(now()), Some(LIMIT_MS), exam);
        file
    }

    fn open(home: &std::path::Path, exam: bool) -> Run {
        Home::at(home).create(&opened(exam)).expect("made")
    }

    #[test]
    fn only_an_exam_that_goes_on_is_followed_and_only_until_its_time_is_over() {
        let exam = opened(true);
        let at = exam.opened_at.expect("open");
        assert_eq!(Phase::of(&RunFile { opened_at: None, ..exam.clone() }, at), Phase::Before);
        assert_eq!(Phase::of(&exam, at + LIMIT_MS), Phase::Within);
        assert_eq!(Phase::of(&exam, at + LIMIT_MS + 1), Phase::Over);
        let graded = Some(Graded { score: 0, passed: false });
        for other in [
            opened(false),
            RunFile { time_limit_ms: None, ..exam.clone() },
            RunFile { graded, ..exam.clone() },
            RunFile { given_up: true, ..exam.clone() },
            RunFile { closed_at: Some(at), ..exam },
        ] {
            assert_eq!(Phase::of(&other, at + LIMIT_MS + 1), Phase::NotExamined);
        }
    }

    #[tokio::test]
    async fn the_last_valid_state_is_kept_until_the_time_is_over() {
        let home = tempfile::tempdir().expect("a folder");
        let run = open(home.path(), true);
        let good = "---\nrca: 1\nform: full\n---\n";
        run.write_text("rca.md", good).expect("written");
        let spoil = async {
            let kept = wait::until(Duration::from_secs(2), Duration::from_millis(20), async || {
                Ok::<_, ()>(saved(&run))
            })
            .await;
            run.write_text("rca.md", "---\nno: document\n---\n").expect("written");
            kept
        };
        let (is_over, kept) =
            tokio::join!(follow(&run, |_, bytes| Ok(Document::read(bytes).is_ok())), spoil);
        assert!(is_over.expect("followed"));
        let path = kept.expect("no error").expect("kept while there was time");
        assert_eq!(std::fs::read_to_string(path).expect("read"), good);
    }

    #[tokio::test]
    async fn a_drill_ends_without_being_handed_in() {
        let home = tempfile::tempdir().expect("a folder");
        let run = open(home.path(), false);
        assert!(!follow(&run, |_, _| Ok(true)).await.expect("followed"));
        assert_eq!(saved(&run), None);
    }

    /// Whoever judges a write-up may take its time: other tasks of the same thread go on meanwhile.
    #[tokio::test]
    async fn judging_a_write_up_holds_nothing_up() {
        let (begun, done) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
        let judged = apart(move || {
            begun.0.send(()).expect("somebody listens");
            done.1.recv_timeout(DEADLINE).expect("it is let go");
            Ok(())
        });
        let beside = async {
            begun.1.recv_timeout(DEADLINE).expect("it began");
            done.0.send(()).expect("it waits");
        };
        // On this one thread both end only if the judging is somewhere else.
        let (judged, ()) = tokio::join!(judged, beside);
        judged.expect("judged");
    }
}
