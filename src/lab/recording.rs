//! Recordings on disk: made of a run, packed into one small file, read again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::facts::facts;
use super::run::{Run, RunError};
use super::store::{Reader, StoreError};
use crate::domain::fault::truth::Truth;
use crate::domain::rca::record::Span;
use crate::domain::recording::{FORMAT, Head, Phases, Recording, Roles, Taken, TextError};
use crate::domain::scenario::Plan;
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::series::UnixMs;

/// Where recordings lie in a checkout.
pub const FOLDER: &str = "tests/recordings";
/// How their names end.
pub const ENDING: &str = ".gz";
/// What an outside reader could do with a recording's text at most, so that a wrong file cannot
/// fill the memory.
const LARGEST_TEXT: u64 = 64 * 1024 * 1024;

/// How long reading took tells of the machine the recording was made on, and nothing of the cause;
/// it is a third of all changes.
const LEFT_OUT: [&str; 2] = ["node_scrape_collector_duration_seconds", "scrape_duration_seconds"];
/// Of lines that differ in numbers only, so many are kept of each machine once the baseline has
/// begun.
const LINES_OF_A_SHAPE: usize = 40;
/// Of the lines before the baseline only these levels are kept: the rest is what every boot says.
const EARLY_LEVELS: [&str; 3] = ["WARN", "ERROR", "FATAL"];

/// Why a recording could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The system refused.
    #[error("could not {operation} the recording {}: {source}", path.display())]
    Io {
        /// The operation.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not one, or of another version.
    #[error(
        "{} is no recording this program reads: {source}. `chaoslab author rehearse --record` \
         makes it anew",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: TextError,
    },
    /// The run has nothing to record.
    #[error("the run {0} never opened: there is nothing to record")]
    NeverOpened(String),
    /// The run's folder could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Its record could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a recording of a run that has opened, from boot to `until`, with what a battery of
/// commands printed.
pub fn make(run: &Run, until: UnixMs, battery: Vec<Taken>) -> Result<Recording, RecordingError> {
    let never = || RecordingError::NeverOpened(run.id.clone());
    let file = run.read()?;
    let (plan, truth) = (
        run.sealed().read::<Plan>("plan")?.ok_or_else(never)?,
        run.sealed().read::<Truth>("truth")?.ok_or_else(never)?,
    );
    let (lab, briefing) = (run.lab()?.ok_or_else(never)?, run.briefing()?);
    let reader = Reader::open(run.folder())?;
    let mut facts = facts(&file, &lab, &briefing, &reader)?;
    facts.recorded.to = facts.recorded.to.min(until);
    facts.commands.retain(|command| command.started <= until);
    facts.gaps.retain(|gap| gap.span.from < until);
    facts.closed = None;
    let mut telemetry = reader.whole(until)?;
    telemetry.series.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    telemetry.lines = thinned(telemetry.lines, facts.baseline.from);
    let injected = truth.onset.map_or(facts.baseline.to, |onset| onset.from);
    let roles = Roles::of(&lab.topology, &lab.services, &truth, &plan.drawn);
    let head = Head {
        format: FORMAT,
        family: plan.family,
        scenario: plan.scenario,
        seed: plan.seed,
        level: plan.level.number(),
        drawn: plan.drawn,
        phases: Phases {
            baseline: facts.baseline,
            onset: Span { from: injected, to: facts.page },
            steady: Span { from: facts.page, to: facts.recorded.to },
            witnessed: facts.opened.min(facts.recorded.to),
        },
        facts,
        truth,
        roles,
        left_out: LEFT_OUT.map(str::to_owned).into(),
        battery,
    };
    Ok(Recording { head, telemetry })
}

/// The first lines of each shape, so that a flood of one message does not make the file large; of
/// the boot only what is wrong with it.
fn thinned(lines: Vec<LogLine>, baseline: UnixMs) -> Vec<LogLine> {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let shape = |line: &str| line.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let told = |line: &LogLine| {
        line.at >= baseline || EARLY_LEVELS.iter().any(|level| line.line.contains(level))
    };
    let mut first = |line: &LogLine| {
        let count = seen.entry((line.node.clone(), shape(&line.line))).or_default();
        *count += 1;
        *count <= LINES_OF_A_SHAPE
    };
    lines.into_iter().filter(told).filter(|line| first(line)).collect()
}

/// Writes a recording into a folder, under its own name, and returns where.
pub fn save(recording: &Recording, folder: &Path) -> Result<PathBuf, RecordingError> {
    let path = folder.join(recording.name() + ENDING);
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(recording.write().as_bytes())?;
        super::run::replace_file(&path, &encoder.finish()?).map_err(std::io::Error::other)
    };
    write().map_err(|source| RecordingError::Io {
        operation: "write",
        path: path.clone(),
        source,
    })?;
    Ok(path)
}

/// Reads a recording from its file.
pub fn read(path: &Path) -> Result<Recording, RecordingError> {
    let bytes = fs::read(path).map_err(|source| RecordingError::Io {
        operation: "read",
        path: path.to_owned(),
        source,
    })?;
    decode(path, &bytes)
}

/// Reads a recording from the bytes of its file; `path` names it in errors.
pub fn decode(path: &Path, bytes: &[u8]) -> Result<Recording, RecordingError> {
    let mut text = String::new();
    let unpacked = GzDecoder::new(bytes).take(LARGEST_TEXT).read_to_string(&mut text);
    unpacked.map_err(|source| RecordingError::Io {
        operation: "unpack",
        path: path.to_owned(),
        source,
    })?;
    Recording::parse(&text)
        .map_err(|source| RecordingError::Corrupt { path: path.to_owned(), source })
}

/// The recordings in a folder, in the order of their names; those of one family when it is named.
pub fn all(folder: &Path, family: Option<&str>) -> Result<Vec<Recording>, RecordingError> {
    let failed = |source| RecordingError::Io { operation: "list", path: folder.to_owned(), source };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(ENDING)
            && family.is_none_or(|family| name.starts_with(&format!("{family}.")))
        {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_message_is_cut_and_the_rest_is_kept() {
        let line =
            |at: UnixMs, node: &str, line: String| LogLine { at, node: node.to_owned(), line };
        let boot = [
            line(1, "kafka-1", "INFO started".to_owned()),
            line(2, "kafka-1", "WARN no".to_owned()),
        ];
        let flood = (100..300).map(|k| line(k, "kafka-1", format!("[{k}] connection {k} refused")));
        let rest = [
            line(300, "kafka-1", "stopped".to_owned()),
            line(301, "kafka-2", "[1] connection 1 refused".to_owned()),
        ];
        let kept = thinned(boot.into_iter().chain(flood).chain(rest).collect(), 100);
        assert_eq!(kept.len(), 1 + LINES_OF_A_SHAPE + 2);
        assert_eq!((kept[0].at, kept[1].at, kept.last().map(|l| l.at)), (2, 100, Some(301)));
    }
}
