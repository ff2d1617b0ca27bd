//! The end of an exam's time: what was last saved of the write-up, and is valid, is handed in by
//! itself.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::context::Chosen;
use super::exit::Failure;
use super::program;
use super::rca::Opened;
use crate::domain::rca::analysis::resolve;
use crate::domain::rca::document::Document;
use crate::lab::keeper::LIFETIME;
use crate::lab::keeper::clock::now;
use crate::lab::run::{Run, RunError};
use crate::lab::wait;

/// The copy of the write-up as it was last saved within the time and was valid, in the run's
/// folder.
const SAVED: &str = "saved-in-time.md";
/// How often it is looked whether the write-up was saved; what is saved in the last moment may be
/// missed by this.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The copy of what was saved within the time, where there is one.
pub fn saved(run: &Run) -> Option<PathBuf> {
    let path = run.folder().join(SAVED);
    path.exists().then_some(path)
}

/// Follows the write-up of an exam with a time limit, and hands it in when the time is over. Of any
/// other run, and of one that is graded, given up or closed before, nothing is handed in.
pub async fn hand_in(run: &Run) -> Result<(), Failure> {
    if follow(run, |bytes| is_valid(run, bytes)).await? && saved(run).is_some() {
        let outcome = program::run(run, &["submit".to_owned()]).await?;
        tracing::info!(
            exit = outcome.exit,
            "the time is over: what was saved in time was handed in"
        );
    }
    Ok(())
}

/// Keeps a copy of each valid state of the write-up until the time is over: then it is true.
async fn follow(
    run: &Run,
    is_valid: impl Fn(&[u8]) -> Result<bool, Failure>,
) -> Result<bool, RunError> {
    let mut seen = None;
    let is_over = wait::until(LIFETIME, LOOK_EVERY, async || {
        let file = run.read()?;
        let is_examined = file.exam && file.time_limit_ms.is_some();
        if !is_examined || file.graded.is_some() || file.given_up || file.closed_at.is_some() {
            return Ok(Some(false));
        }
        let Some(left) = file.time_left_ms(now()) else { return Ok(None) };
        if left < 0 {
            return Ok(Some(true));
        }
        let changed = changed(run);
        if changed.is_some() && changed != seen {
            match keep(run, &is_valid) {
                Ok(()) => seen = changed,
                Err(error) => {
                    tracing::warn!(%error, "what was saved of the write-up could not be judged; it is looked at again")
                }
            }
        }
        Ok::<_, RunError>(None)
    });
    Ok(is_over.await?.unwrap_or(false))
}

/// When the write-up was last written; nothing when there is none.
fn changed(run: &Run) -> Option<SystemTime> {
    std::fs::metadata(run.rca()).and_then(|m| m.modified()).ok()
}

/// Whether it could be graded: `submit` refuses anything else.
fn is_valid(run: &Run, bytes: &[u8]) -> Result<bool, Failure> {
    let Ok(document) = Document::read(bytes) else { return Ok(false) };
    let opened = Opened::of(&Chosen { run: run.clone(), file: run.read()? })?;
    Ok(resolve(&document, opened.record().facts).errors.is_empty())
}

fn keep(run: &Run, is_valid: impl Fn(&[u8]) -> Result<bool, Failure>) -> Result<(), Failure> {
    let bytes = std::fs::read(run.rca()).map_err(Failure::io("read the write-up"))?;
    if is_valid(&bytes)? {
        run.write_text(SAVED, &String::from_utf8_lossy(&bytes))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::run::{Home, RunFile, RunState};

    const LIMIT_MS: i64 = 3_000;

    fn open(home: &std::path::Path, exam: bool) -> Run {
        let mut file = RunFile::new("r-7f3a91", "isr-shrink", "image", now());
        (file.state, file.opened_at, file.time_limit_ms, file.exam) =
            (RunState::Open, Some(now()), Some(LIMIT_MS), exam);
        Home::at(home).create(&file).expect("made")
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
            tokio::join!(follow(&run, |bytes| Ok(Document::read(bytes).is_ok())), spoil);
        assert!(is_over.expect("followed"));
        let path = kept.expect("no error").expect("kept while there was time");
        assert_eq!(std::fs::read_to_string(path).expect("read"), good);
    }

    #[tokio::test]
    async fn a_drill_ends_without_being_handed_in() {
        let home = tempfile::tempdir().expect("a folder");
        let run = open(home.path(), false);
        assert!(!follow(&run, |_| Ok(true)).await.expect("followed"));
        assert_eq!(saved(&run), None);
    }
}
