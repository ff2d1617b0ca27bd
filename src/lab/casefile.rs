//! A casefile: a recorded run, packed into one file. It is investigated and graded like the run
//! itself, without Docker.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::run::{Home, Run, RunError, RunFile, RunState, is_run_id};
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

/// Packs a run that has opened. The casefile's run is closed, whatever becomes of this one. It is
/// there whole or not at all.
pub fn pack(run: &Run, to: &Path) -> Result<(), CasefileError> {
    let (record, half) = (beside(to, "record"), beside(to, "half"));
    let written = store::copy(run.folder(), &record)
        .map_err(CasefileError::from)
        .and_then(|()| write(run, &record, &half, to));
    // Neither is of use to anybody, and the second one is there only when it failed.
    let _ = fs::remove_file(&record);
    let _ = fs::remove_file(&half);
    written
}

/// A name beside the casefile for what is put together first.
fn beside(to: &Path, what: &str) -> PathBuf {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    to.with_file_name(format!(".{name}.{}.{what}", std::process::id()))
}

fn write(run: &Run, record: &Path, half: &Path, to: &Path) -> Result<(), CasefileError> {
    let failed = |source| CasefileError::Io { operation: "write", path: to.to_owned(), source };
    let file = File::create(half).map_err(failed)?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::best()));
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
    add(store::FILE, &fs::read(record).map_err(failed)?).map_err(failed)?;
    let packed = archive.into_inner().and_then(GzEncoder::finish).map_err(failed)?;
    packed.sync_all().and_then(|()| fs::rename(half, to)).map_err(failed)
}

fn closed(file: RunFile) -> Vec<u8> {
    let closed_at = file.closed_at.or(file.opened_at);
    let file = RunFile {
        state: RunState::Closed,
        closed_at,
        graded: None,
        given_up: false,
        hints: 0,
        causes_read: false,
        ..file
    };
    serde_json::to_vec_pretty(&file).expect("a run's state is JSON")
}

/// Unpacks a casefile among the runs of a home: as a whole or not at all.
pub fn unpack(from: &Path, home: &Home) -> Result<Run, CasefileError> {
    let folder = home.folder().join(format!(".unpacking.{}", std::process::id()));
    let unpacked = unpack_by(&folder, from, home);
    // It has become the run's folder, or is of no use.
    let _ = fs::remove_dir_all(&folder);
    unpacked
}

fn unpack_by(folder: &Path, from: &Path, home: &Home) -> Result<Run, CasefileError> {
    let failed = |source| CasefileError::Io { operation: "open", path: from.to_owned(), source };
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(from).map_err(failed)?));
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
    if !is_run_id(&file.id) {
        let named = format!("`{}` cannot be the id of a run", file.id.escape_debug());
        return Err(failed(std::io::Error::other(named)));
    }
    let runs = home.folder().join("runs");
    fs::create_dir_all(&runs).map_err(failed)?;
    fs::rename(folder, runs.join(&file.id)).map_err(failed)?;
    Ok(home.open(&file.id)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::facts::facts;
    use crate::lab::store::{ChainError, Reader};

    fn of_format_1() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/casefiles/format-1.casefile")
    }

    #[test]
    fn a_casefile_of_format_1_opens_and_has_all_that_it_had() {
        let home = tempfile::tempdir().expect("a folder");
        let run = unpack(&of_format_1(), &Home::at(home.path())).expect("it opens");
        let reader = Reader::open(run.folder()).expect("readable");
        let commands = reader.commands().expect("readable");
        let texts: Vec<_> = commands.iter().map(|c| c.start.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "kafka-topics.sh --bootstrap-server kafka-1:9092 --list",
                "tc qdisc del dev eth0 root",
                "tail -f /var/log/kafka/server.log"
            ]
        );
        assert!(commands.iter().all(|c| c.start.who.is_none()), "the learner typed them");
        assert_eq!((commands[0].output().as_str(), &commands[2].end), ("orders\n", &None));
        assert_eq!(reader.changes().expect("readable").len(), 3);
        assert_eq!(reader.detected().expect("readable"), []);
        let file = run.read().expect("readable");
        let commitment = file.commitment.as_ref().expect("it opened");
        assert!(matches!(reader.verify_chain(commitment), Err(ChainError::Absent)));
        let (lab, briefing) = (run.lab().expect("readable"), run.briefing().expect("readable"));
        let facts = facts(&file, &lab.expect("there"), &briefing, &reader).expect("gathered");
        assert_eq!((facts.commands.len(), facts.gaps.len()), (3, 1));
    }

    #[test]
    fn a_casefile_that_cannot_be_opened_leaves_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        let torn = home.path().join("torn.casefile");
        let whole = fs::read(of_format_1()).expect("readable");
        fs::write(&torn, &whole[..whole.len() / 2]).expect("written");
        unpack(&torn, &Home::at(home.path())).expect_err("it is torn");
        assert_eq!(fs::read_dir(home.path()).expect("a folder").count(), 1);
        let run = unpack(&of_format_1(), &Home::at(home.path())).expect("it opens");
        // What a run needs to be packed is missing: no half of a casefile stays.
        fs::remove_file(run.folder().join("lab.json")).expect("removed");
        let to = home.path().join("packed.casefile");
        pack(&run, &to).expect_err("it is not whole");
        let mut left: Vec<_> = fs::read_dir(home.path())
            .expect("a folder")
            .map(|e| e.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["runs", "torn.casefile"]);
    }
}
