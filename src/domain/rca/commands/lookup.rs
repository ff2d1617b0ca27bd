//! What decides which program a name means.

use super::files::is_scratch;
use super::tools;

/// Environment that decides which program runs or what is loaded into it.
const LOOKUP: &[&str] = &[
    "BASH_ENV",
    "CLASSPATH",
    "ENV",
    "JAVA_HOME",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "KAFKA_OPTS",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PATH",
];

/// Whether giving this variable this value decides which program runs, or what is loaded into it: a
/// search path that only gains folders where programs lie does not.
pub(super) fn diverts(name: &str, value: &str) -> bool {
    if !LOOKUP.contains(&name) {
        return false;
    }
    let is_known = |folder: &str| {
        matches!(folder, "$PATH" | "${PATH}")
            || folder.starts_with('/') && !is_scratch(&format!("{folder}/"))
    };
    name != "PATH" || value.is_empty() || !value.split(':').all(is_known)
}

/// Whether an alias gives a known command's name to something else.
pub(super) fn changes_meaning(definition: &str) -> bool {
    let Some((name, value)) = definition.split_once('=') else { return false };
    let runs = value.split_whitespace().next().unwrap_or("");
    tools::rule(name).is_some() && runs != name
}
