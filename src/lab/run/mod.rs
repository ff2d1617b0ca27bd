//! A run: one staging for one learner, and its folder on disk.

mod briefing;
mod home;
mod lock;
mod sealed;
mod state;
mod swap;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

pub use briefing::Briefing;
pub use home::{Home, is_run_id, new_run_id, random_seed, random_token};
pub use sealed::{Journal, Sealed, SealedLog};
pub use state::{Graded, Invalid, RunFile, RunState};

use super::engine::Lab;
use crate::domain::grade::review::Dispute;

/// The folder of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The run's id: `r-7f3a91`.
    pub id: String,
    folder: PathBuf,
}

impl Run {
    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The learner's write-up.
    pub fn rca(&self) -> PathBuf {
        self.folder.join("rca.md")
    }

    /// What only the keeper, authors and the grader read.
    pub fn sealed(&self) -> Sealed {
        Sealed::new(self.folder.join("sealed"))
    }

    /// Its state.
    pub fn read(&self) -> Result<RunFile, RunError> {
        let file: RunFile = read_json(&self.folder.join("run.json"))?;
        if file.format == state::FORMAT {
            Ok(file)
        } else {
            Err(RunError::Format {
                path: self.folder.join("run.json"),
                found: file.format,
                expected: state::FORMAT,
            })
        }
    }

    /// Changes its state and returns it, on disk before this returns. The only way to: one change
    /// is made at a time, on what the one before it left, whichever process makes it.
    pub fn update(&self, change: impl FnOnce(&mut RunFile)) -> Result<RunFile, RunError> {
        let _held = lock::exclusive(&self.folder.join("run.lock"))?;
        let mut file = self.read()?;
        change(&mut file);
        self.replace(&file)?;
        Ok(file)
    }

    /// Writes the state of a run that has none yet, or whose lock is held.
    fn replace(&self, file: &RunFile) -> Result<(), RunError> {
        swap::replace(&self.folder.join("run.json"), json(file).as_bytes())
    }

    /// The lab as it stands, once it was reserved.
    pub fn lab(&self) -> Result<Option<Lab>, RunError> {
        read_json_if_any(&self.folder.join("lab.json"))
    }

    /// Remembers the lab.
    pub fn write_lab(&self, lab: &Lab) -> Result<(), RunError> {
        write_json(&self.folder.join("lab.json"), lab)
    }

    /// What the learner is told.
    pub fn briefing(&self) -> Result<Briefing, RunError> {
        read_json(&self.folder.join("briefing.json"))
    }

    /// Writes what the learner is told.
    pub fn write_briefing(&self, briefing: &Briefing) -> Result<(), RunError> {
        write_json(&self.folder.join("briefing.json"), briefing)
    }

    /// Findings of its grade that are disputed.
    pub fn disputes(&self) -> Result<Vec<Dispute>, RunError> {
        Ok(read_json_if_any(&self.folder.join("disputes.json"))?.unwrap_or_default())
    }

    /// Writes down which findings are disputed.
    pub fn write_disputes(&self, disputes: &[Dispute]) -> Result<(), RunError> {
        write_json(&self.folder.join("disputes.json"), &disputes)
    }

    /// Where a reviewer answers them.
    pub fn overrides(&self) -> PathBuf {
        self.folder.join("overrides.yaml")
    }

    /// The process that holds the lock, as it wrote itself down.
    pub fn keeper_pid(&self) -> Option<i32> {
        fs::read_to_string(self.folder.join("lock")).ok()?.trim().parse().ok()
    }

    /// Takes the lock that only one keeper holds; `None` when one lives. Held until the file is
    /// closed, whatever ends the process.
    pub fn try_lock(&self) -> Result<Option<File>, RunError> {
        let path = self.folder.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    /// Whether a keeper lives.
    pub fn is_kept(&self) -> Result<bool, RunError> {
        Ok(self.try_lock()?.is_none())
    }

    /// Writes a file of the run that people read: a report, a grade.
    pub fn write_text(&self, name: &str, text: &str) -> Result<PathBuf, RunError> {
        let path = self.folder.join(name);
        write_atomically(&path, text.as_bytes())?;
        Ok(path)
    }
}

/// Why a run's folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system refused.
    #[error("could not {operation} {}: {source}", path.display())]
    Io {
        /// The operation.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not what this program wrote.
    #[error("{} cannot be read: {reason}. It was left untouched; move the folder away if the run is of no use", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Written by another version.
    #[error("{} is of format {found}; this program reads format {expected}. It was left untouched: use the version that wrote it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format this program reads.
        expected: u32,
    },
    /// Somebody holds a lock for longer than a change takes.
    #[error("could not change {}: another process has held {} for {within_seconds} s; end it, or look at the disk it waits for", path.with_file_name("run.json").display(), path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// For how long it was waited for.
        within_seconds: u64,
    },
    /// No such run, or more than one.
    #[error("{0}")]
    Unknown(String),
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> RunError + use<> {
    let path = path.to_owned();
    move |source| RunError::Io { operation, path, source }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, RunError> {
    let text = fs::read_to_string(path).map_err(failed("read", path))?;
    serde_json::from_str(&text)
        .map_err(|e| RunError::Corrupt { path: path.to_owned(), reason: e.to_string() })
}

fn read_json_if_any<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, RunError> {
    if path.exists() { read_json(path).map(Some) } else { Ok(None) }
}

fn write_json<T: serde::Serialize>(path: &Path, value: &T) -> Result<(), RunError> {
    write_atomically(path, json(value).as_bytes())
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).expect("what is written as JSON has text keys only") + "\n"
}

/// Replaces a person's file whole: either the old content is there, or the new one.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), RunError> {
    write_atomically(path, content)
}

/// Writes a file so that a reader, and a machine that loses power, finds either the old or the new
/// content.
fn write_atomically(path: &Path, content: &[u8]) -> Result<(), RunError> {
    let temporary = temporary(path);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(path)
    };
    write().map_err(|source| {
        // It may not have been made at all: why the writing failed is what is told.
        let _ = fs::remove_file(&temporary);
        failed("write", path)(source)
    })
}

/// Makes a file that is not there yet, whole or not at all. One that is there stays as it is:
/// [`std::io::ErrorKind::AlreadyExists`].
pub fn create_file(path: &Path, content: &[u8]) -> Result<(), RunError> {
    let temporary = temporary(path);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::hard_link(&temporary, path)
    };
    let written = write();
    // It has another name by now, or is of no use.
    let _ = fs::remove_file(&temporary);
    written.and_then(|()| sync_folder(path)).map_err(failed("make", path))
}

/// A name beside the file that nobody else uses: neither another process nor another thread.
fn temporary(path: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.{count}", std::process::id()))
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
