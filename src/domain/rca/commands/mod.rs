//! What a command line did: read the lab, change it, or something nobody can tell from the line.
//! History shows it, and the grader asks it: proof of a cause is taken before the learner's first
//! change, and a command proves something only when a known tool printed it.

mod arguments;
mod destruction;
mod files;
mod lookup;
mod ran;
mod said;
mod shell;
mod tools;
mod verdict;

pub use destruction::{Destruction, destroys};
pub use ran::{Ran, ran};
pub use said::Said;
use verdict::Verdict;

/// What a command line did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// It changed nothing in the lab. `tool` is the one whose output it shows; none when what it
    /// shows is the line's own making.
    ReadOnly {
        /// The tool's name, `.sh` left out.
        tool: Option<&'static str>,
    },
    /// It changed the lab, or was meant to.
    Mutating(Change),
    /// It cannot be told from the line.
    Unknown,
}

/// What a command changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A configuration, of Kafka, of a service or of a machine.
    Config,
    /// Topics: created, deleted, altered.
    Topics,
    /// A group's offsets or members.
    Offsets,
    /// Where replicas and leaders are.
    Placement,
    /// Permissions and credentials.
    Access,
    /// Transactions.
    Transactions,
    /// Records: written or deleted.
    Records,
    /// A machine's network.
    Network,
    /// A signal to a process.
    Signal,
    /// A process or machine, started, stopped or restarted.
    Restart,
    /// Files of a machine.
    Files,
}

/// A command line, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What it did.
    pub nature: Nature,
    /// The files it wrote or may have written, scratch files among them.
    pub writes: Vec<String>,
    /// Whether it changed what a known command's name means (an alias, a function, the search
    /// path), or the shell's own record of what was typed.
    pub renames: bool,
    /// Lines of the learner's own between what tools printed.
    pub says: Vec<Said>,
}

/// Judges a command line as typed. One change makes the whole line a change; short of that, one
/// unknown part makes it unknown.
pub fn judge(line: &str) -> Judged {
    let mut verdict = Verdict::default();
    verdict.line(line, 0);
    let nature = match verdict.change {
        Some(change) => Nature::Mutating(change),
        None if verdict.unknown => Nature::Unknown,
        None => Nature::ReadOnly { tool: verdict.tool.filter(|_| !verdict.own_making) },
    };
    Judged { nature, writes: verdict.writes, renames: verdict.renames, says: verdict.says }
}

/// The words of a line that is one plain command: no pipe, no second command, nothing written to a
/// file; none otherwise.
pub fn words(line: &str) -> Option<Vec<String>> {
    let line = shell::split(line);
    match line.commands.as_slice() {
        [only]
            if !line.opaque
                && line.inner.is_empty()
                && only.writes.is_empty()
                && only.assigns.is_empty() =>
        {
            Some(only.words.clone())
        }
        _ => None,
    }
}

/// How many shells within shells are followed.
const DEEPEST: usize = 8;

#[cfg(test)]
mod tests;
