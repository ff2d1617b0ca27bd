//! The content the program carries: families and their scenarios, playbooks, the image's build
//! context. Read from inside the program, or, while an author works on it, from a checkout.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::recording::{self, RecordingError};
use crate::domain::recording::Recording;
use crate::domain::review::{self, FamilyFiles, ScenarioFiles};
use crate::domain::scenario::source::{Source, SourceProblem, read_family};
use crate::domain::scenario::{Drawing, Family, Plan, Seed};
use crate::domain::yaml::nearest;

/// Set by authors: the checkout to read instead of what was built in.
pub const LIBRARY_VARIABLE: &str = "CHAOSLAB_LIBRARY";

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.tar.gz"));
static RECORDINGS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/recordings.tar.gz"));

/// Files of the library by their path in a checkout.
#[derive(Debug, Clone)]
pub struct Library {
    files: BTreeMap<String, Vec<u8>>,
    /// Put before paths in problems, so that an author can open what is named.
    prefix: PathBuf,
    /// The archive recordings are in, when they are not among the files: it is large, and only
    /// grading reads it.
    recordings: Option<&'static [u8]>,
}

/// Why the library could not give what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// It cannot be read.
    #[error("could not read the library{}: {source}", place.as_ref().map(|p| format!(" in {}", p.display())).unwrap_or_default())]
    Io {
        /// The checkout, when it was read from one.
        place: Option<PathBuf>,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no such family.
    #[error("there is no family `{name}`{}; `chaoslab list` shows all: {}", near.as_ref().map(|n| format!(", did you mean `{n}`?")).unwrap_or_default(), all.join(", "))]
    NoFamily {
        /// What was asked for.
        name: String,
        /// The nearest name.
        near: Option<String>,
        /// All families.
        all: Vec<String>,
    },
    /// There is no such scenario in the family.
    #[error("the family `{family}` has no scenario of that name")]
    NoScenario {
        /// The family.
        family: String,
    },
    /// Files with problems.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid {
        /// All of them.
        problems: Vec<SourceProblem>,
    },
}

impl Library {
    /// What was built in, or the checkout an author named in the environment.
    pub fn open() -> Result<Self, LibraryError> {
        match std::env::var_os(LIBRARY_VARIABLE).filter(|v| !v.is_empty()) {
            Some(checkout) => Self::at(Path::new(&checkout)),
            None => Self::packed(),
        }
    }

    fn packed() -> Result<Self, LibraryError> {
        let files = unpacked(PACKED).map_err(|source| LibraryError::Io { place: None, source })?;
        Ok(Self { files, prefix: PathBuf::new(), recordings: Some(RECORDINGS) })
    }

    /// The library in a checkout.
    pub fn at(checkout: &Path) -> Result<Self, LibraryError> {
        let mut files = BTreeMap::new();
        let failed = |source| LibraryError::Io { place: Some(checkout.to_owned()), source };
        std::fs::read_dir(checkout.join("scenarios")).map_err(failed)?;
        for folder in ["scenarios", "playbooks", "docker", recording::FOLDER] {
            collect(checkout, &checkout.join(folder), &mut files).map_err(failed)?;
        }
        Ok(Self { files, prefix: checkout.to_owned(), recordings: None })
    }

    fn text(&self, path: &str) -> Option<String> {
        self.files.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The families, by name.
    pub fn families(&self) -> Vec<String> {
        let names = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix("scenarios/")?.strip_suffix("/family.yaml"));
        names.map(str::to_owned).collect()
    }

    /// The scenarios of a family, by name: for authors, and for drawing one.
    pub fn scenarios(&self, family: &str) -> Vec<String> {
        let prefix = format!("scenarios/{family}/");
        let names = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix)?.strip_suffix("/scenario.yaml"));
        names.map(str::to_owned).collect()
    }

    /// A family as a learner may read it.
    pub fn family(&self, name: &str) -> Result<Family, LibraryError> {
        let (path, text) = self.family_text(name)?;
        read_family(Source { path: &path, text: &text }, 0)
            .map_err(|problems| LibraryError::Invalid { problems })
    }

    fn family_text(&self, name: &str) -> Result<(String, String), LibraryError> {
        let path = format!("scenarios/{name}/family.yaml");
        let text = self.text(&path).ok_or_else(|| {
            let all = self.families();
            let near = nearest(name, all.iter().map(String::as_str)).map(str::to_owned);
            LibraryError::NoFamily { name: name.to_owned(), near, all }
        })?;
        Ok((self.shown(&path), text))
    }

    /// The plan of a seed at the usual level.
    pub fn plan(&self, family: &str, scenario: &str, seed: Seed) -> Result<Plan, LibraryError> {
        self.drawn(family, scenario, &Drawing::of(seed))
    }

    /// The plan of a drawing.
    pub fn drawn(&self, family: &str, scenario: &str, by: &Drawing) -> Result<Plan, LibraryError> {
        let (family_path, family_text) = self.family_text(family)?;
        let path = format!("scenarios/{family}/{scenario}/scenario.yaml");
        let text = self
            .text(&path)
            .ok_or_else(|| LibraryError::NoScenario { family: family.to_owned() })?;
        let shown = self.shown(&path);
        let (family_source, source) = (
            Source { path: &family_path, text: &family_text },
            Source { path: &shown, text: &text },
        );
        let others =
            self.scenarios(family).into_iter().filter(|name| name != scenario).filter_map(|name| {
                let path = format!("scenarios/{family}/{name}/scenario.yaml");
                Some((name, self.shown(&path), self.text(&path)?))
            });
        let others: Vec<_> = others.collect();
        let siblings: Vec<_> = others
            .iter()
            .map(|(name, path, text)| (name.as_str(), Source { path, text }))
            .collect();
        Plan::make((family, scenario), family_source, source, &siblings, by)
            .map_err(|problems| LibraryError::Invalid { problems })
    }

    /// The files of a family, as authors are told of their problems.
    pub fn family_files(&self, name: &str) -> Result<FamilyFiles, LibraryError> {
        let (path, text) = self.family_text(name)?;
        let file =
            |path: &str| Some(review::File { path: self.shown(path), text: self.text(path)? });
        let scenario = |slug: String| {
            let folder = format!("scenarios/{name}/{slug}/");
            let write_ups = self
                .files
                .keys()
                .filter_map(|path| path.strip_prefix(&folder).filter(|n| n.ends_with("-rca.md")));
            let write_ups = write_ups
                .filter_map(|n| Some((n.to_owned(), file(&format!("{folder}{n}"))?)))
                .collect();
            Some(ScenarioFiles {
                scenario: file(&format!("{folder}scenario.yaml"))?,
                write_ups,
                slug,
            })
        };
        let playbook = format!("playbooks/{name}.md");
        Ok(FamilyFiles {
            name: name.to_owned(),
            family: review::File { path, text },
            scenarios: self.scenarios(name).into_iter().filter_map(scenario).collect(),
            playbook: file(&playbook),
            playbook_path: self.shown(&playbook),
        })
    }

    /// A write-up that belongs to a scenario: `reference-rca.md`, `decoy-rca.md`.
    pub fn write_up(&self, family: &str, scenario: &str, name: &str) -> Option<String> {
        self.text(&format!("scenarios/{family}/{scenario}/{name}"))
    }

    /// The playbooks, by symptom.
    pub fn playbooks(&self) -> Vec<String> {
        let names = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix("playbooks/")?.strip_suffix(".md"));
        names.map(str::to_owned).collect()
    }

    /// A playbook's text.
    pub fn playbook(&self, symptom: &str) -> Option<String> {
        self.text(&format!("playbooks/{symptom}.md"))
    }

    /// The recordings of a family's scenarios, by scenario and seed.
    pub fn recordings(&self, family: &str) -> Result<Vec<Recording>, RecordingError> {
        let prefix = format!("{}/{family}.", recording::FOLDER);
        let failed = |source| RecordingError::Io {
            operation: "unpack",
            path: PathBuf::from(recording::FOLDER),
            source,
        };
        let packed = self.recordings.map(unpacked).transpose().map_err(failed)?;
        let files = packed.as_ref().unwrap_or(&self.files).iter();
        let files = files
            .filter(|(path, _)| path.starts_with(&prefix) && path.ends_with(recording::ENDING));
        files.map(|(path, bytes)| recording::decode(&self.prefix.join(path), bytes)).collect()
    }

    /// The files of the image's build context, by their path in it: all that lies in its folder, so
    /// that the script there counts the same key as in a checkout.
    pub fn image_context(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let files = self.files.iter();
        files.filter_map(|(path, bytes)| Some((path.strip_prefix("docker/")?, bytes.as_slice())))
    }

    fn shown(&self, path: &str) -> String {
        self.prefix.join(path).display().to_string()
    }
}

/// The files of an archive, by their path in it.
fn unpacked(archive: &[u8]) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(entry.path()?.to_string_lossy().into_owned(), content);
    }
    Ok(files)
}

fn collect(
    root: &Path,
    folder: &Path,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.insert(name, std::fs::read(&path)?);
        }
    }
    Ok(())
}
