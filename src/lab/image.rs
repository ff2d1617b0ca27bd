//! The lab's image: the image of its machines, which a script makes from the context the program
//! carries, and on top of it the service program that lies beside this one. Keyed by a hash of what
//! goes in. In a checkout the script has run while the compiler worked, and finds that image made.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use super::engine::{EngineError, Images, Recipe};
use super::keeper::clock::now;
use super::library::Library;

/// The image's name; its tag is the key.
pub const REPOSITORY: &str = "chaoslab/lab";
/// The label that marks images of this program.
const LABEL: (&str, &str) = ("chaoslab.image", "lab");
/// How long an image that is not current is kept.
const KEPT_SECONDS: i64 = 24 * 3600;
/// All images of this program.
const OURS: &str = "chaoslab/";
/// Unpacks the context and runs the script that makes the image of the machines. The script prints
/// that image's name on its standard output, and what it does on the other.
const MAKE_MACHINE: &str = r#"set -e; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
tar -C "$folder" -x; "$folder/machine.sh""#;
/// How long that may take: the script limits its steps, this is for what it does not foresee.
const MACHINE_WITHIN: Duration = Duration::from_secs(3600);
/// What lays the service program over it, and the name the engine looks for.
const LAST_LAYER: &str = "lab.Dockerfile";
const DOCKERFILE: &str = "Dockerfile";
/// The program every service of a lab runs, as it lies beside this one and in the build context.
const SERVICE_PROGRAM: &str = "chaoslab-service";
const SERVICE_IN_CONTEXT: &str = "service-program";

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
    /// The script that makes the image of the machines could not be run to its end.
    #[error("could not run the script that makes the image of the machines: {0}")]
    Script(#[source] std::io::Error),
    /// That script failed.
    #[error(
        "could not make the image of the machines ({status}). The last lines of what its script said:\n{last_lines}"
    )]
    Machine {
        /// How it ended.
        status: std::process::ExitStatus,
        /// The end of what it said.
        last_lines: String,
    },
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
        let machine = self.make_machine(&mut tell).await?;
        tell(&format!("laying the service program over {machine}"));
        let of_last_layer = self.files.iter().filter_map(|(path, bytes)| match path.as_str() {
            LAST_LAYER => Some((DOCKERFILE, bytes)),
            SERVICE_IN_CONTEXT => Some((SERVICE_IN_CONTEXT, bytes)),
            _ => None,
        });
        let context = archive(of_last_layer)
            .map_err(|e| ImageError::Build { reason: e.to_string(), last_lines: String::new() })?;
        let recipe = Recipe {
            reference: &self.reference,
            label: LABEL,
            arguments: &[("MACHINE", &machine)],
            context,
        };
        let mut output = String::new();
        let reason = match engine.build_image(recipe, |text| output.push_str(text)).await {
            Ok(Ok(())) => {
                self.remove_older(engine, &machine).await;
                return Ok(());
            }
            Ok(Err(reason)) => reason,
            Err(error) => error.to_string(),
        };
        Err(ImageError::Build { reason, last_lines: last_lines(&output) })
    }

    /// Runs the script that makes the image of the machines, or finds it made; gives its name.
    async fn make_machine(&self, tell: &mut impl FnMut(&str)) -> Result<String, ImageError> {
        let files = self.files.iter().map(|(path, bytes)| (path.as_str(), bytes));
        let context = archive(files.filter(|(path, _)| *path != SERVICE_IN_CONTEXT))
            .map_err(ImageError::Script)?;
        let mut bash = Command::new("bash");
        bash.args(["-c", MAKE_MACHINE]).kill_on_drop(true);
        bash.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = bash.spawn().map_err(ImageError::Script)?;
        let mut said = String::new();
        let listen = |line: &str| {
            tell(line);
            said.extend([line, "\n"]);
        };
        let late = |_| {
            let hours = MACHINE_WITHIN.as_secs() / 3600;
            std::io::Error::other(format!("it did not end within {hours} h"))
        };
        let ended = tokio::time::timeout(MACHINE_WITHIN, to_the_end(child, &context, listen)).await;
        let (status, name) = ended.map_err(late).flatten().map_err(ImageError::Script)?;
        if status.success() {
            Ok(name.trim().to_owned())
        } else {
            Err(ImageError::Machine { status, last_lines: last_lines(&said) })
        }
    }

    /// Older images take space and are of no use. One that a container still uses stays, and one of
    /// today: another checkout on this machine may work with it.
    async fn remove_older(&self, engine: &impl Images, machine: &str) {
        let yesterday = now() / 1000 - KEPT_SECONDS;
        let images = engine.images(LABEL).await.unwrap_or_else(|error| {
            tracing::info!(%error, "older images stay");
            Vec::new()
        });
        let older = images.into_iter().filter(|image| image.created < yesterday);
        for reference in older
            .flat_map(|image| image.references)
            .filter(|r| r.starts_with(OURS) && *r != self.reference && r != machine)
        {
            if let Err(error) = engine.remove_image(&reference).await {
                tracing::info!(reference, %error, "an older image stays");
            }
        }
    }
}

/// Gives a child its standard input and listens to it until it ends: how it ended, and what it
/// printed on its standard output.
async fn to_the_end(
    mut child: Child,
    input: &[u8],
    mut listen: impl FnMut(&str),
) -> std::io::Result<(std::process::ExitStatus, String)> {
    let closed = || std::io::Error::other("it was started without its standard streams");
    let mut stdin = child.stdin.take().ok_or_else(closed)?;
    let mut stdout = child.stdout.take().ok_or_else(closed)?;
    let mut lines = BufReader::new(child.stderr.take().ok_or_else(closed)?).lines();
    let feed = async move {
        match stdin.write_all(input).await {
            // One that ends before it has read all says why in its last lines.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    };
    let printed = async {
        let mut printed = String::new();
        stdout.read_to_string(&mut printed).await.map(|_| printed)
    };
    let told = async {
        while let Some(line) = lines.next_line().await? {
            listen(&line);
        }
        Ok(())
    };
    let ((), printed, ()) = tokio::try_join!(feed, printed, told)?;
    Ok((child.wait().await?, printed))
}

/// Files as an archive, programs with their mode.
fn archive<'a>(files: impl Iterator<Item = (&'a str, &'a Vec<u8>)>) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let is_program = path == SERVICE_IN_CONTEXT || bytes.starts_with(b"#!");
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(if is_program { 0o755 } else { 0o644 });
        archive.append_data(&mut header, path, bytes.as_slice())?;
    }
    archive.into_inner()
}

fn last_lines(output: &str) -> String {
    let lines: Vec<_> = output.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
