//! The folder all runs of this machine live in.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Run, RunError, RunFile, failed};

/// `$CHAOSLAB_HOME`, else the XDG data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
}

impl Home {
    /// The home the environment names.
    pub fn from_environment() -> Result<Self, RunError> {
        let variable =
            |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let folder = variable("CHAOSLAB_HOME")
            .or_else(|| variable("XDG_DATA_HOME").map(|d| d.join("chaoslab")))
            .or_else(|| variable("HOME").map(|h| h.join(".local/share/chaoslab")));
        let folder = folder.ok_or_else(|| {
            RunError::Unknown("no place to keep runs: set CHAOSLAB_HOME or HOME".to_owned())
        })?;
        let folder = std::path::absolute(&folder).map_err(failed("find", &folder))?;
        Ok(Self { folder })
    }

    /// A home at a given place.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// Makes the folder of a new run and writes its first state.
    pub fn create(&self, file: &RunFile) -> Result<Run, RunError> {
        let run = self.run(&file.id);
        fs::create_dir_all(run.folder()).map_err(failed("make", run.folder()))?;
        run.sealed().create()?;
        run.replace(file)?;
        Ok(run)
    }

    /// The run of this id, whether it is there or not.
    fn run(&self, id: &str) -> Run {
        Run { id: id.to_owned(), folder: self.runs().join(id) }
    }

    /// The run of this id.
    pub fn open(&self, id: &str) -> Result<Run, RunError> {
        let run = self.run(id);
        if is_run_id(id) && run.folder().is_dir() {
            return Ok(run);
        }
        let known: Vec<_> = self.list()?.into_iter().map(|r| r.id).collect();
        let hint = match crate::domain::yaml::nearest(id, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None => "`chaoslab runs` lists those there are".to_owned(),
        };
        Err(RunError::Unknown(format!(
            "there is no run `{id}` in {}; {hint}",
            self.folder.display()
        )))
    }

    /// All runs, oldest first.
    pub fn list(&self) -> Result<Vec<Run>, RunError> {
        let folder = self.runs();
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut runs = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed("list", &folder))? {
            let entry = entry.map_err(failed("list", &folder))?;
            let id = entry.file_name().to_string_lossy().into_owned();
            if id.starts_with("r-") && entry.path().is_dir() {
                runs.push(self.run(&id));
            }
        }
        // A run whose state cannot be read has no time: it comes first, by its name.
        runs.sort_by_key(|run| (run.read().ok().map(|f| f.created_at), run.id.clone()));
        Ok(runs)
    }
}

/// Whether this can be a run's id, and with that the name of its folder.
pub fn is_run_id(id: &str) -> bool {
    id.starts_with("r-") && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// A new run's id, from the system's randomness.
pub fn new_run_id() -> Result<String, RunError> {
    let bytes = random::<3>()?;
    Ok(format!("r-{}", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()))
}

/// How long a random seed is: more than can be tried, and exact in JSON wherever it is read.
const SEED_BITS: u32 = 53;

/// A seed nobody chose, and nobody finds by trying: a run seals it until it is graded.
pub fn random_seed() -> Result<u64, RunError> {
    Ok(u64::from_be_bytes(random::<8>()?) >> (u64::BITS - SEED_BITS))
}

/// A word nobody can guess.
pub fn random_token() -> Result<String, RunError> {
    Ok(random::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], RunError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; N];
    fs::File::open(source)
        .and_then(|mut f| f.read_exact(&mut bytes))
        .map_err(failed("read", source))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::run::RunState;

    #[test]
    fn a_run_is_made_listed_and_opened_by_its_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::at(folder.path());
        for (id, at) in [("r-00000b", 1), ("r-00000a", 2)] {
            home.create(&RunFile::new(id, "isr-shrink", "image", at)).expect("made");
        }
        assert_eq!(
            home.list().expect("listed").iter().map(|r| r.id.as_str()).collect::<Vec<_>>(),
            ["r-00000b", "r-00000a"]
        );
        assert_eq!(
            home.open("r-00000a").expect("there").read().expect("readable").state,
            RunState::Created
        );
        let error = home.open("r-00000c").expect_err("not there").to_string();
        assert!(error.contains("did you mean r-00000"), "{error}");
        assert!(home.open("../r-00000a").is_err());
    }

    #[test]
    fn a_corrupt_or_newer_run_is_refused_by_name_and_untouched() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::at(folder.path());
        let run = home.create(&RunFile::new("r-000001", "isr-shrink", "image", 1)).expect("made");
        let path = run.folder().join("run.json");
        for (text, says) in [("{", "cannot be read"), ("", "cannot be read")] {
            fs::write(&path, text).expect("written");
            let error = run.read().expect_err("refused").to_string();
            assert!(error.contains("run.json") && error.contains(says), "{error}");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
        let newer = RunFile { format: 2, ..RunFile::new("r-000001", "isr-shrink", "image", 1) };
        let text = serde_json::to_string(&newer).expect("it is JSON");
        fs::write(&path, &text).expect("written");
        let error = run.read().expect_err("refused").to_string();
        assert!(error.contains("is of format 2; this program reads format 1"), "{error}");
        assert!(run.update(|file| file.hints = 1).is_err());
        assert_eq!(fs::read_to_string(&path).expect("there"), text);
    }

    #[test]
    fn only_one_keeper_holds_the_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = Home::at(folder.path())
            .create(&RunFile::new("r-000001", "isr-shrink", "image", 1))
            .expect("made");
        let held = run.try_lock().expect("lockable").expect("free");
        assert!(run.is_kept().expect("lockable"));
        drop(held);
        assert!(!run.is_kept().expect("lockable"));
    }
}
