//! Packs what the program carries with it: scenarios, playbooks and the image's build context, and
//! apart from them the recordings, which only grading reads. Packed, so that no cause, reference or
//! truth can be read in the program with `strings`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Each archive with the folders in it. Recordings are compressed already; what is left to hide is
/// their names.
const ARCHIVES: [(&str, &[&str], u32); 2] = [
    ("library.tar.gz", &["scenarios", "playbooks", "docker"], 6),
    ("recordings.tar.gz", &["tests/recordings"], 1),
];

fn main() -> std::io::Result<()> {
    ARCHIVES
        .into_iter()
        .try_for_each(|(name, folders, level)| pack(name, folders, Compression::new(level)))
}

fn pack(name: &str, folders: &[&str], level: Compression) -> std::io::Result<()> {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let target = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")).join(name);
    let mut archive = tar::Builder::new(GzEncoder::new(File::create(target)?, level));
    for folder in folders {
        println!("cargo::rerun-if-changed={folder}");
        for path in files(&root.join(folder))? {
            let name = path.strip_prefix(&root).expect("it was found below the root");
            let content = fs::read(&path)?;
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(if content.starts_with(b"#!") { 0o755 } else { 0o644 });
            archive.append_data(&mut header, name, content.as_slice())?;
        }
    }
    archive.into_inner()?.finish()?.flush()
}

/// All files below a folder, in the order of their names: the same tree always packs to the same
/// bytes.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    let mut entries: Vec<_> =
        fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files.extend(self::files(&entry)?);
        } else {
            files.push(entry);
        }
    }
    Ok(files)
}
