//! A casefile: a recorded run, packed into one file. It is investigated and graded like the run
//! itself, without Docker.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::run::{Home, Run, RunError, RunFile, RunState};
use super::store::{self, StoreError};

/// What a casefile holds, by its path in the run's folder. What the learner wrote is not among it.
const FILES: [&str; 6] = [
    "run.json",
    "lab.json",
    "briefing.json",
    "sealed/plan.sealed",
    "sealed/truth.sealed",
    "sealed/salt.sealed",
];

/// Why a casefile could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum CasefileError {
    /// The system refused, or the file is not a casefile.
    #[error("could not {operation} the casefile {}: {source}", path.display())]
    Io {
        /// The operation.
        operation: &'static str,
        /// The casefile.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The run could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Its record could not be copied.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Packs a run that has opened. The casefile's run is closed, whatever becomes of this one.
pub fn pack(run: &Run, to: &Path) -> Result<(), CasefileError> {
    let failed = |source| CasefileError::Io { operation: "write", path: to.to_owned(), source };
    let record = to.with_extension("record");
    // What a cut-off packing left would be in the way.
    let _ = fs::remove_file(&record);
    store::copy(run.folder(), &record)?;
    let write = || -> Result<(), CasefileError> {
        let mut archive = tar::Builder::new(GzEncoder::new(
            File::create(to).map_err(failed)?,
            Compression::best(),
        ));
        let mut add = |name: &str, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, content)
        };
        for name in FILES {
            let content = match name {
                "run.json" => closed(run.read()?),
                other => fs::read(run.folder().join(other)).map_err(failed)?,
            };
            add(name, &content).map_err(failed)?;
        }
        add(store::FILE, &fs::read(&record).map_err(failed)?).map_err(failed)?;
        archive.into_inner().and_then(GzEncoder::finish).and_then(|mut f| f.flush()).map_err(failed)
    };
    let written = write();
    let _ = fs::remove_file(&record);
    written
}

fn closed(file: RunFile) -> Vec<u8> {
    let closed_at = file.closed_at.or(file.opened_at);
    let file = RunFile {
        state: RunState::Closed,
        closed_at,
        graded: None,
        given_up: false,
        hints: 0,
        ..file
    };
    serde_json::to_vec_pretty(&file).expect("a run's state is JSON")
}

/// Unpacks a casefile among the runs of a home.
pub fn unpack(from: &Path, home: &Home) -> Result<Run, CasefileError> {
    let failed = |source| CasefileError::Io { operation: "open", path: from.to_owned(), source };
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(from).map_err(failed)?));
    let folder = home.folder().join("unpacking");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("sealed")).map_err(failed)?;
    for entry in archive.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let name = entry.path().map_err(failed)?.into_owned();
        // Nothing else is taken out of a file somebody sent.
        if name == Path::new(store::FILE) || FILES.iter().any(|f| name == Path::new(f)) {
            entry.unpack(folder.join(&name)).map_err(failed)?;
        }
    }
    let text = fs::read_to_string(folder.join("run.json")).map_err(failed)?;
    let file: RunFile =
        serde_json::from_str(&text).map_err(|e| failed(std::io::Error::other(e)))?;
    let runs = home.folder().join("runs");
    fs::create_dir_all(&runs).map_err(failed)?;
    fs::rename(&folder, runs.join(&file.id)).map_err(failed)?;
    Ok(home.open(&file.id)?)
}
