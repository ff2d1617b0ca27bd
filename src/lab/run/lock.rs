//! The lock under which `run.json` is changed. It is held for as long as a change takes, unlike the
//! lock that says that a keeper lives.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::{RunError, failed};
use crate::lab::wait;

/// A change takes milliseconds; a disk that is slow to sync, seconds.
const WITHIN: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(2);

/// Takes the lock, waiting for whoever holds it. It is free again when the file is closed, whatever
/// ends the process.
pub(super) fn exclusive(path: &Path) -> Result<File, RunError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(failed("open", path))?;
    let taken = wait::blocking(WITHIN, ASK_EVERY, || match file.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(failed("lock", path)(source)),
    })?;
    match taken {
        Some(()) => Ok(file),
        None => Err(RunError::Locked { path: path.to_owned(), within_seconds: WITHIN.as_secs() }),
    }
}
