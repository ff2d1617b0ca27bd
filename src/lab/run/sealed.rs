//! What would spoil the drill: plan, truth, journal and the keeper's own log, compressed, so that
//! `cat`, `grep -r` and editors show nothing (editors unpack what is called `.gz`, so these are
//! not). On the learner's own machine this guards against seeing by accident, not against looking
//! on purpose.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{RunError, failed, home, write_atomically};
use crate::domain::fault::{Action, Prior};

/// The sealed folder of a run.
#[derive(Debug, Clone)]
pub struct Sealed {
    folder: PathBuf,
}

impl Sealed {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn create(&self) -> Result<(), RunError> {
        fs::create_dir_all(&self.folder).map_err(failed("make", &self.folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.sealed"))
    }

    /// Seals a value under a name.
    pub fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), RunError> {
        let json = serde_json::to_vec(value).expect("what is sealed has text keys only");
        write_atomically(&self.path(name), &compress(&json))
    }

    /// Reads what was sealed under a name; `None` when nothing was.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, RunError> {
        let path = self.path(name);
        if !path.exists() {
            return Ok(None);
        }
        let mut json = Vec::new();
        File::open(&path)
            .and_then(|f| MultiGzDecoder::new(f).read_to_end(&mut json))
            .map_err(failed("read", &path))?;
        serde_json::from_slice(&json)
            .map(Some)
            .map_err(|e| RunError::Corrupt { path, reason: e.to_string() })
    }

    /// The journal of what was done to the lab.
    pub fn journal(&self) -> Journal {
        Journal { path: self.path("journal") }
    }

    /// The keeper's own log.
    pub fn log(&self) -> Result<SealedLog, RunError> {
        let path = self.path("keeper");
        let file =
            File::options().create(true).append(true).open(&path).map_err(failed("open", &path))?;
        Ok(SealedLog { file: Arc::new(Mutex::new(file)) })
    }

    /// 32 bytes that make the truth's commitment unguessable.
    pub fn salt() -> Result<[u8; 32], RunError> {
        home::random()
    }
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail")
}

/// The journal's format: 2 since what an action found says where it was found.
const JOURNAL_FORMAT: u32 = 2;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "one is held at a time, while its line is written")]
pub enum Entry {
    /// The first line: the format of the others.
    Format(u32),
    /// An action is about to be performed on what was found.
    Did {
        /// The action.
        action: Action,
        /// What it found.
        prior: Prior,
    },
    /// The last action not yet undone was taken back.
    Undid,
}

/// What was done to the lab, in order, each entry on disk before the action. Entries are gzip members
/// of their own: a torn last one costs nothing but itself, and its action was not done yet.
#[derive(Debug, Clone)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    fn append(&self, entry: &Entry) -> Result<(), RunError> {
        let line = |entry: &Entry| {
            let json = serde_json::to_vec(entry).expect("a journal entry is JSON");
            compress(&[&json[..], b"\n"].concat())
        };
        let append = || {
            let mut file = File::options().create(true).append(true).open(&self.path)?;
            if file.metadata()?.len() == 0 {
                file.write_all(&line(&Entry::Format(JOURNAL_FORMAT)))?;
            }
            file.write_all(&line(entry))?;
            file.sync_all()
        };
        append().map_err(failed("write", &self.path))
    }

    /// Remembers an action and what it found, before it is performed.
    pub fn did(&self, action: &Action, prior: &Prior) -> Result<(), RunError> {
        self.append(&Entry::Did { action: action.clone(), prior: prior.clone() })
    }

    /// Remembers that the last action not yet undone was taken back.
    pub fn undid(&self) -> Result<(), RunError> {
        self.append(&Entry::Undid)
    }

    /// Actions that stand, oldest first.
    pub fn standing(&self) -> Result<Vec<(Action, Prior)>, RunError> {
        let mut standing = Vec::new();
        for (number, line) in self.lines()?.iter().enumerate() {
            match serde_json::from_str(line) {
                Ok(Entry::Format(JOURNAL_FORMAT)) if number == 0 => {}
                Ok(Entry::Format(found)) => return Err(self.of_format(found)),
                _ if number == 0 => return Err(self.of_format(1)),
                Ok(Entry::Did { action, prior }) => standing.push((action, prior)),
                Ok(Entry::Undid) => drop(standing.pop()),
                Err(error) => return Err(self.corrupt(&error.to_string())),
            }
        }
        Ok(standing)
    }

    /// The lines that are whole.
    fn lines(&self) -> Result<Vec<String>, RunError> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        let file = File::open(&self.path).map_err(failed("read", &self.path))?;
        let mut bytes = Vec::new();
        match MultiGzDecoder::new(file).read_to_end(&mut bytes) {
            // A torn last entry ends the reading; what came before it is whole.
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
                return Err(self.corrupt(&error.to_string()));
            }
            Ok(_) | Err(_) => {}
        }
        let text = String::from_utf8_lossy(&bytes);
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        Ok(whole.map(str::to_owned).collect())
    }

    fn of_format(&self, found: u32) -> RunError {
        RunError::Format { path: self.path.clone(), found, expected: JOURNAL_FORMAT }
    }

    fn corrupt(&self, reason: &str) -> RunError {
        RunError::Corrupt { path: self.path.clone(), reason: reason.to_owned() }
    }
}

/// Where the keeper's log lines go. Each is compressed on its own, so that a killed keeper loses
/// none.
#[derive(Debug, Clone)]
pub struct SealedLog {
    file: Arc<Mutex<File>>,
}

impl Write for SealedLog {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let mut file =
            self.file.lock().map_err(|_| std::io::Error::other("a writer of the log panicked"))?;
        file.write_all(&compress(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// All bytes under the sealed folder, for tests that look for words in them.
#[cfg(test)]
pub(crate) fn raw_bytes(folder: &std::path::Path) -> Vec<u8> {
    let entries = fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path());
    entries.flat_map(|path| fs::read(path).expect("a file")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::Irreversible;

    const RESTARTED: Prior = Prior::Irreversible(Irreversible::Restart);

    fn sealed() -> (tempfile::TempDir, Sealed) {
        let folder = tempfile::tempdir().expect("a folder");
        let sealed = Sealed::new(folder.path().join("sealed"));
        sealed.create().expect("made");
        (folder, sealed)
    }

    #[test]
    fn what_is_sealed_is_read_again_and_shows_no_word() {
        let (folder, sealed) = sealed();
        sealed.write("plan", &"consumer.processing.slow").expect("sealed");
        sealed.log().expect("opens").write_all(b"tbf consumer.processing.slow\n").expect("written");
        sealed
            .journal()
            .did(&Action::RestartKafka { node: "kafka-2".to_owned() }, &RESTARTED)
            .expect("written");
        assert_eq!(
            sealed.read::<String>("plan").expect("readable"),
            Some("consumer.processing.slow".to_owned())
        );
        assert_eq!(sealed.read::<String>("truth").expect("readable"), None);
        let bytes = raw_bytes(&folder.path().join("sealed"));
        for word in ["processing", "slow", "tbf", "restart", "kafka-2"] {
            assert!(
                !bytes.windows(word.len()).any(|w| w == word.as_bytes()),
                "`{word}` can be read in the sealed folder"
            );
        }
    }

    #[test]
    fn the_journal_knows_what_stands_even_with_a_torn_end() {
        let (folder, sealed) = sealed();
        let restart = |node: &str| Action::RestartKafka { node: node.to_owned() };
        let journal = sealed.journal();
        for node in ["kafka-1", "kafka-2", "kafka-3"] {
            journal.did(&restart(node), &RESTARTED).expect("written");
        }
        journal.undid().expect("written");
        let whole = vec![(restart("kafka-1"), RESTARTED), (restart("kafka-2"), RESTARTED)];
        assert_eq!(journal.standing().expect("readable"), whole);
        let mut file = File::options()
            .append(true)
            .open(folder.path().join("sealed/journal.sealed"))
            .expect("opens");
        file.write_all(&compress(b"{\"did\"")[..12]).expect("written");
        assert_eq!(journal.standing().expect("readable"), whole);
    }
    #[test]
    fn a_journal_that_cannot_be_read_is_told_and_not_taken_for_empty() {
        let read = |lines: &[&str]| {
            let (_folder, sealed) = sealed();
            let journal = sealed.journal();
            let members: Vec<_> =
                lines.iter().flat_map(|line| compress(format!("{line}\n").as_bytes())).collect();
            fs::write(&journal.path, members).expect("written");
            journal.standing()
        };
        let of_format_1 = r#"{"did":{"action":{"restart-kafka":{"node":"k"}},"prior":"nothing"}}"#;
        assert!(matches!(read(&[of_format_1]), Err(RunError::Format { found: 1, .. })));
        let newer = read(&[r#"{"format":3}"#, r#""undid""#]);
        assert!(matches!(newer, Err(RunError::Format { found: 3, .. })));
        let garbled = read(&[r#"{"format":2}"#, r#"{"did":{}}"#, r#""undid""#]);
        assert!(matches!(garbled, Err(RunError::Corrupt { .. })));
        assert!(read(&[r#"{"format":2}"#, r#""undid""#]).is_ok_and(|standing| standing.is_empty()));
    }
}
