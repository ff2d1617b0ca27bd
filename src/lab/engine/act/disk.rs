//! A file that fills a file system of a machine.

use std::time::Duration;

use crate::lab::engine::{EngineError, Exec, Lab, QUICKLY};

/// How long a disk may take to fill where writes are limited.
const FILLS_WITHIN: Duration = Duration::from_secs(300);

/// The size of a file in bytes; `None` when there is none.
pub(super) async fn size(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    path: &str,
) -> Result<Option<u64>, EngineError> {
    let script = r#"[ ! -e "$1" ] || stat -c %s "$1""#;
    let shown = engine.run_ok(lab, node, &["sh", "-c", script, "sh", path], QUICKLY).await?;
    match shown.trim() {
        "" => Ok(None),
        bytes => bytes.parse().map(Some).map_err(|_| EngineError::NotRemembered {
            what: format!("the size of {path} on {node}"),
            why: format!("stat says {bytes}"),
        }),
    }
}

/// Fills the file system of a path with a file there, but for so many KiB: nearly all at once, the
/// rest in steps, for what else lies there goes on growing meanwhile.
pub(super) async fn fill(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    path: &str,
    leave_kib: u32,
) -> Result<(), EngineError> {
    let script = r#"folder=$(dirname "$1"); mkdir -p "$folder"
        room() { echo "$(($(df --output=avail -k "$folder" | tail -n 1) - $2))"; }
        bulk=$(($(room "$1" "$2") - 4096))
        [ "$bulk" -le 0 ] || fallocate -l "${bulk}KiB" "$1" || exit
        while left=$(room "$1" "$2"); [ "$left" -gt 0 ]; do
            head -c "$((left < 64 ? left : 64))K" /dev/zero 2>/dev/null >>"$1" || break
        done"#;
    let argv = ["sh", "-c", script, "sh", path, &leave_kib.to_string()];
    engine.run_ok(lab, node, &argv, FILLS_WITHIN).await.map(|_| ())
}

/// Cuts a file back to the size it had, or removes it; that it is gone is as good.
pub(super) async fn restore(
    engine: &impl Exec,
    lab: &Lab,
    node: &str,
    path: &str,
    bytes: Option<u64>,
) -> Result<(), EngineError> {
    let size = bytes.unwrap_or_default().to_string();
    let argv = match bytes {
        Some(_) => vec!["truncate", "-s", &size, path],
        None => vec!["rm", "-f", path],
    };
    engine.run_ok(lab, node, &argv, QUICKLY).await.map(|_| ())
}
