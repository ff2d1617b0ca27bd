//! Replacing `run.json`, also on a disk that is full: a run that cannot be recorded any more can
//! still be said to be invalid, or closed. Then the new state is written over a spare file that has
//! its block already, and the two change names.

use std::fs::{self, File};
use std::io::{ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{RunError, failed, sync_folder, write_atomically};

/// More than a state takes, and what file systems give at once.
const BYTES: usize = 4096;

fn spare(path: &Path) -> PathBuf {
    path.with_file_name(".run.spare")
}

/// Replaces the file: a reader, and a machine that loses power, finds either the old or the new
/// content. One writer at a time.
pub(super) fn replace(path: &Path, content: &[u8]) -> std::result::Result<(), RunError> {
    match write_atomically(path, content) {
        Err(error) if is_full(&error) => {
            // That the disk is full says more than what is wrong with the spare file.
            write_over_spare(path, content).map_err(|_| error)
        }
        Err(error) => Err(error),
        Ok(()) => {
            // Without a spare file a full disk is met as everywhere else.
            if let Err(error) = fill(&spare(path)).map_err(failed("keep room in", path)) {
                tracing::warn!(%error, "the state of the run has no spare file");
            }
            Ok(())
        }
    }
}

fn is_full(error: &RunError) -> bool {
    match error {
        RunError::Io { source, .. } => {
            matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        }
        RunError::Corrupt { .. }
        | RunError::Format { .. }
        | RunError::Locked { .. }
        | RunError::Unknown(_) => false,
    }
}

/// What becomes the spare file is written over at the next change only: by then whoever was reading
/// it as the old state is done.
fn write_over_spare(path: &Path, content: &[u8]) -> Result<()> {
    let spare = spare(path);
    let mut file = File::options().write(true).open(&spare)?;
    file.write_all(content)?;
    file.set_len(content.len() as u64)?;
    file.sync_all()?;
    // Not every file system exchanges names; then there is no spare file until the disk has room.
    renameat_with(CWD, &spare, CWD, path, RenameFlags::EXCHANGE)
        .or_else(|_| fs::rename(&spare, path))?;
    sync_folder(path)
}

/// Makes the spare file as large as it should be. One that is there keeps its block.
fn fill(spare: &Path) -> Result<()> {
    if fs::metadata(spare).is_ok_and(|m| m.len() == BYTES as u64) {
        return Ok(());
    }
    let mut file = File::options().create(true).truncate(false).write(true).open(spare)?;
    file.write_all(&[0; BYTES])
}
