//! How far the staging is, in words that give nothing away: lines in the run's folder, which
//! `start` follows.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file's name.
const FILE: &str = "progress";

/// Tells how far the staging is.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
}

impl Progress {
    /// Progress of the run in this folder.
    pub fn of(folder: &Path) -> Self {
        Self { path: folder.join(FILE) }
    }

    /// Tells a step. That it cannot be told costs nobody anything but the line.
    pub fn tell(&self, step: &str) {
        let written = File::options()
            .create(true)
            .append(true)
            .open(&self.path)
            .and_then(|mut f| writeln!(f, "{step}"));
        if let Err(error) = written {
            tracing::warn!(%error, "progress could not be told");
        }
    }

    /// The steps told so far.
    pub fn steps(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        // A line that is being written is not there yet.
        text.split_inclusive('\n')
            .filter(|l| l.ends_with('\n'))
            .map(|l| l.trim_end().to_owned())
            .collect()
    }
}
