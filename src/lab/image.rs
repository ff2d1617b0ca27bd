//! The lab's image: built from the context the program carries and the service program beside it,
//! keyed by a hash of what goes in.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::engine::{EngineError, Images, Recipe};
use super::keeper::clock::now;
use super::library::Library;

/// The image's name; its tag is the key.
pub const REPOSITORY: &str = "chaoslab/lab";
/// The label that marks images of this program.
const LABEL: (&str, &str) = ("chaoslab.image", "lab");
/// How long an image that is not current is kept.
const KEPT_SECONDS: i64 = 24 * 3600;
/// What the lab image starts from, and the script that makes it.
const BASE: &str = "chaoslab-base:bookworm";
const BASE_SCRIPT: &str = "base.sh";
/// The program every service of a lab runs, as it lies beside this one and in the build context.
const SERVICE_PROGRAM: &str = "chaoslab-service";
const SERVICE_IN_CONTEXT: &str = "service-program";
/// Where Debian keeps certificates the machine's owner trusts.
const LOCAL_CERTIFICATES: &str = "/usr/local/share/ca-certificates";

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file that goes into it cannot be read.
    #[error("could not read {}: {source}. It is built together with this program: `cargo build`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The base could not be made.
    #[error("could not make the base image {BASE}: {0}")]
    Base(String),
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A step of the build failed.
    #[error("the build of the image failed: {reason}. Its last lines:\n{last_lines}")]
    Build {
        /// What the engine said.
        reason: String,
        /// The end of the build's output.
        last_lines: String,
    },
}

/// The image as it should be.
#[derive(Debug)]
pub struct Image {
    files: Vec<(String, Vec<u8>)>,
    /// Name and tag.
    pub reference: String,
}

impl Image {
    /// The image of this program: the context it carries and the service program beside it.
    pub fn current(library: &Library) -> Result<Self, ImageError> {
        let mut files: Vec<_> = library
            .image_context()
            .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
            .collect();
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| ImageError::Unreadable { path, source }
        };
        let own = std::env::current_exe().map_err(unreadable(Path::new("this program")))?;
        // Test binaries lie one folder deeper.
        let beside = own
            .ancestors()
            .skip(1)
            .take(2)
            .map(|folder| folder.join(SERVICE_PROGRAM))
            .find(|p| p.exists());
        let path = beside.unwrap_or_else(|| own.with_file_name(SERVICE_PROGRAM));
        let program = std::fs::read(&path).map_err(unreadable(&path))?;
        files.push((SERVICE_IN_CONTEXT.to_owned(), program));
        let mut hash = Sha256::new();
        for (path, bytes) in &files {
            hash.update((path.len() as u64).to_be_bytes());
            hash.update(path);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        let key: String = hash.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect();
        Ok(Self { files, reference: format!("{REPOSITORY}:{key}") })
    }

    /// Whether the engine has it.
    pub async fn is_built(&self, engine: &impl Images) -> Result<bool, ImageError> {
        Ok(engine.has_image(&self.reference).await?)
    }

    /// Builds it, telling each step; images of this program that nothing has used for long are
    /// removed.
    pub async fn build(
        &self,
        engine: &impl Images,
        mut tell: impl FnMut(&str),
    ) -> Result<(), ImageError> {
        if !engine.has_image(BASE).await? {
            tell(&format!(
                "making the base image {BASE} (a pull, or about a minute from Debian's packages)"
            ));
            self.make_base().await?;
        }
        tell(&format!("building {} (about three minutes the first time)", self.reference));
        let context = self
            .context()
            .map_err(|e| ImageError::Build { reason: e.to_string(), last_lines: String::new() })?;
        let recipe = Recipe {
            reference: &self.reference,
            label: LABEL,
            arguments: &[("BASE", BASE)],
            context,
        };
        let mut output = String::new();
        let mut begun = Instant::now();
        let built = engine.build_image(recipe, |text| {
            if text.starts_with("Step ") && begun.elapsed().as_secs() >= 5 {
                tell(&format!("{} ({} s)", text.trim(), begun.elapsed().as_secs()));
                begun = Instant::now();
            }
            output.push_str(text);
        });
        let reason = match built.await {
            Ok(Ok(())) => {
                self.remove_older(engine).await;
                return Ok(());
            }
            Ok(Err(reason)) => reason,
            Err(error) => error.to_string(),
        };
        Err(ImageError::Build { reason, last_lines: last_lines(&output) })
    }

    /// Runs the script that pulls or bootstraps the base.
    async fn make_base(&self) -> Result<(), ImageError> {
        let script =
            self.files.iter().find(|(path, _)| path == BASE_SCRIPT).map(|(_, bytes)| bytes);
        let script = script
            .ok_or_else(|| ImageError::Base("the script that makes it is missing".to_owned()))?;
        let failed = |e: std::io::Error| ImageError::Base(e.to_string());
        let mut bash = tokio::process::Command::new("bash");
        let mut child =
            bash.arg("-s").stdin(Stdio::piped()).kill_on_drop(true).spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            tokio::io::AsyncWriteExt::write_all(&mut stdin, script).await.map_err(failed)?;
        }
        let status = child.wait().await.map_err(failed)?;
        if status.success() {
            Ok(())
        } else {
            Err(ImageError::Base(format!("its script ended with {status}")))
        }
    }

    /// The build context, with the certificates this host trusts for the stage that downloads.
    fn context(&self) -> std::io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |path: &str, bytes: &[u8], mode: u32| {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(mode);
            archive.append_data(&mut header, path, bytes)
        };
        for (path, bytes) in &self.files {
            let is_program = path == SERVICE_IN_CONTEXT || bytes.starts_with(b"#!");
            add(path, bytes, if is_program { 0o755 } else { 0o644 })?;
        }
        for entry in std::fs::read_dir(LOCAL_CERTIFICATES).into_iter().flatten() {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "crt") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                add(&format!("ca/{name}"), &std::fs::read(&path)?, 0o644)?;
            }
        }
        archive.into_inner()
    }

    /// Older images take space and are of no use. One that a container still uses stays, and one of
    /// today: another checkout on this machine may work with it.
    async fn remove_older(&self, engine: &impl Images) {
        let yesterday = now() / 1000 - KEPT_SECONDS;
        let images = engine.images(LABEL).await.unwrap_or_else(|error| {
            tracing::info!(%error, "older images stay");
            Vec::new()
        });
        let older = images.into_iter().filter(|image| image.created < yesterday);
        for reference in older
            .flat_map(|image| image.references)
            .filter(|r| r.starts_with(REPOSITORY) && *r != self.reference)
        {
            if let Err(error) = engine.remove_image(&reference).await {
                tracing::info!(reference, %error, "an older image stays");
            }
        }
    }
}

fn last_lines(output: &str) -> String {
    let lines: Vec<_> = output.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
