//! The disk that containers write to, and whether the engine can limit what they write.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bollard::models::ThrottleDevice;

use super::{DockerEngine, within};
use crate::lab::engine::EngineError;

/// The limit of so many KiB a second for containers on this engine, or why it cannot have one.
pub(super) async fn write_limit(
    engine: &DockerEngine,
    kib_per_second: u32,
) -> Result<Result<ThrottleDevice, String>, EngineError> {
    let info = within("ask the engine about itself", engine.patience.answers, engine.docker.info())
        .await?;
    if let Some(warning) = info.warnings.iter().flatten().find(|w| w.contains("throttle.write_bps"))
    {
        return Ok(Err(format!(
            "the engine cannot limit what a container writes ({})",
            warning.trim_start_matches("WARNING: ")
        )));
    }
    let root = info.docker_root_dir.unwrap_or_default();
    let device = device_of(Path::new(&root));
    Ok(device.map(|path| ThrottleDevice {
        path: Some(path),
        rate: Some(i64::from(kib_per_second) * 1024),
    }))
}

/// The block device below a folder, a whole one: the kernel takes no limit for a partition.
fn device_of(folder: &Path) -> Result<String, String> {
    let told = |e: std::io::Error| {
        format!(
            "{}, where the engine keeps its containers, cannot be looked at: {e}",
            folder.display()
        )
    };
    let number = fs::metadata(folder).map_err(told)?.dev();
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    let no_disk =
        || format!("{} lies on no disk of this machine (device {major}:{minor})", folder.display());
    let mut place: PathBuf =
        fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).map_err(|_| no_disk())?;
    if place.join("partition").exists() {
        place.pop();
    }
    let name = place.file_name().and_then(|n| n.to_str()).ok_or_else(no_disk)?;
    // The kernel writes a slash in a device's name as an exclamation mark.
    let device = format!("/dev/{}", name.replace('!', "/"));
    if Path::new(&device).exists() {
        Ok(device)
    } else {
        Err(format!("{device}, where the engine keeps its containers, is not there"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_on_no_disk_is_told() {
        assert!(device_of(Path::new("/proc")).is_err_and(|e| e.contains("lies on no disk")));
        assert!(device_of(Path::new("/nowhere")).is_err_and(|e| e.contains("cannot be looked at")));
    }
}
