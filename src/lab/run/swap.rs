//! Replacing `run.json` on a disk that may be full: a run that cannot be recorded any more can
//! still be said to be invalid, or closed. The new state is written over a second file that has its
//! block already, and the two change names.

use std::fs::{self, File};
use std::io::{Result, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{RunError, failed, sync_folder};

/// More than a state takes, and what file systems give at once.
const BYTES: usize = 4096;

fn spare(path: &Path) -> PathBuf {
    path.with_file_name(".run.spare")
}

/// Replaces the file: a reader, and a machine that loses power, finds either the old or the new
/// content. One writer at a time.
pub(super) fn replace(path: &Path, content: &[u8]) -> std::result::Result<(), RunError> {
    let spare = spare(path);
    let write = || {
        fill(&spare)?;
        let mut file = File::options().write(true).open(&spare)?;
        file.write_all(content)?;
        file.set_len(content.len() as u64)?;
        file.sync_all()?;
        exchange(&spare, path)?;
        sync_folder(path)
    };
    write().map_err(failed("write", path))?;
    // Without a spare file the next time needs a new block, and fails if there is none then.
    if let Err(error) = fill(&spare) {
        tracing::warn!(%error, "no room could be kept for the state of the run");
    }
    Ok(())
}

/// Makes the spare file as large as it should be. One that is there keeps its block.
fn fill(spare: &Path) -> Result<()> {
    if fs::metadata(spare).is_ok_and(|m| m.len() == BYTES as u64) {
        return Ok(());
    }
    let mut file = File::options().create(true).truncate(false).write(true).open(spare)?;
    file.write_all(&[0; BYTES])
}

/// Gives each file the name of the other. Where a file system cannot do that, or there is no other
/// one yet, the spare file takes the name.
fn exchange(spare: &Path, path: &Path) -> Result<()> {
    match renameat_with(CWD, spare, CWD, path, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(_) => fs::rename(spare, path),
    }
}
