//! The twin of a learner's command in a recording: the diagnostic command of the battery that shows
//! the same of the one who plays the same part, or the log of its machine when the command read a
//! log file.

use std::collections::BTreeSet;

use super::Said;
use super::cast::{Cast, Casting};
use crate::domain::rca::record::Command;
use crate::domain::recording::{Phase, Recording};
use crate::domain::telemetry::log::LogSource;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// Tools that show what stands in a file.
const READERS: &[&str] = &[
    "cat", "egrep", "fgrep", "grep", "head", "less", "more", "nl", "tac", "tail", "view", "zcat",
    "zgrep",
];

/// Words that say which of all things is shown, or how, and not what about it.
const SELECTING: &[&str] = &[
    "--all",
    "--all-groups",
    "--all-topics",
    "--entity-default",
    "--verbose",
    "add",
    "dev",
    "list",
    "ls",
    "print",
    "show",
];

/// Options that take a value which only selects.
const SELECTED: &[&str] = &[
    "--bootstrap-controller",
    "--bootstrap-server",
    "--broker",
    "--broker-list",
    "--command-config",
    "--entity-name",
    "--group",
    "--principal",
    "--topic",
    "--topic-list",
    "--transactional-id",
    "dev",
];

/// What a command line shows: its tool, and the words that say what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shows {
    tool: String,
    words: BTreeSet<String>,
}

impl Shows {
    fn of(line: &str) -> Option<Self> {
        let words: Vec<&str> = line
            .split_whitespace()
            .map(|w| w.trim_matches(['\'', '"']))
            .filter(|w| !w.is_empty())
            .collect();
        if let ["chaoslab", "service", name, "show", ..] = words.as_slice() {
            return Some(Self {
                tool: "read".to_owned(),
                words: [format!("/etc/{name}/{name}.properties")].into(),
            });
        }
        let head = words.iter().position(|w| {
            !w.contains('=') && !matches!(*w, "sudo" | "time" | "watch" | "timeout" | "nice")
        })?;
        let tool = words[head].rsplit('/').next().unwrap_or(words[head]).trim_end_matches(".sh");
        let arguments: Vec<&str> = words[head + 1..]
            .iter()
            .copied()
            .take_while(|w| !matches!(*w, "|" | ";" | "&&" | "||" | ">" | "2>&1"))
            .collect();
        if READERS.contains(&tool) {
            let files =
                arguments.iter().filter(|w| w.starts_with('/')).map(|w| (*w).to_owned()).collect();
            return Some(Self { tool: "read".to_owned(), words: files });
        }
        if tool == "jstack" {
            return Some(Self {
                tool: "jcmd".to_owned(),
                words: ["Thread.print".to_owned()].into(),
            });
        }
        let mut significant = BTreeSet::new();
        let mut rest = arguments.into_iter().peekable();
        while let Some(word) = rest.next() {
            if SELECTED.contains(&word) {
                rest.next();
            } else if word == "--entity-type" {
                significant.extend(rest.next().map(|kind| format!("entity-type {kind}")));
            } else if is_significant(word) {
                significant.insert(word.to_owned());
            }
        }
        Some(Self { tool: tool.to_owned(), words: significant })
    }

    /// Whether a battery's command shows at least what this one does.
    fn is_shown_by(&self, other: &Self) -> bool {
        let shows_file = self.tool != "read" || !self.words.is_disjoint(&other.words);
        self.tool == other.tool
            && shows_file
            && (self.tool == "read" || other.words.is_subset(&self.words))
    }

    /// Whether it is about the whole cluster, whichever machine it runs on.
    fn is_of_cluster(&self) -> bool {
        self.tool.starts_with("kafka-")
    }
}

fn is_significant(word: &str) -> bool {
    let is_short_option = word.starts_with('-') && !word.starts_with("--");
    let is_text =
        word.chars().any(|c| c.is_ascii_alphabetic()) && !word.contains(['$', '(', ')', '`', ':']);
    is_text && !is_short_option && !SELECTING.contains(&word)
}

/// Whether a text was printed by the twin of a command; unknown without one.
pub(super) fn printed(
    command: &Command,
    contains: &str,
    recording: &Recording,
    casting: &Casting,
    until: UnixMs,
) -> Result<Said, SourceError> {
    let wanted = squeezed(contains);
    let Some(shows) = Shows::of(&command.line) else { return Ok(Said::Unknown) };
    let of_log =
        shows.tool == "read" && shows.words.iter().any(|file| file.starts_with("/var/log/"));
    if of_log {
        if !casting.knows_machine(&command.node) {
            return Ok(Said::Unknown);
        }
        let cast = Cast { recording, casting, texts: true };
        let lines =
            cast.lines(&|node| node == command.node, recording.head.facts.recorded.from, until)?;
        return Ok(said(lines.iter().any(|line| squeezed(&line.line).contains(&wanted))));
    }
    let machine = casting.player(&command.node);
    let twins = recording.head.battery.iter().filter(|taken| taken.phase == Phase::Steady);
    let twins =
        twins.filter(|taken| shows.is_of_cluster() || machine == Some(taken.machine.as_str()));
    let twins = twins.filter(|taken| {
        Shows::of(&casting.text(&taken.line)).is_some_and(|other| shows.is_shown_by(&other))
    });
    let mut printed: Option<bool> = None;
    for taken in twins {
        let has = squeezed(&casting.text(&taken.output)).contains(&wanted);
        printed = Some(printed.unwrap_or(false) || has);
    }
    Ok(printed.map_or(Said::Unknown, said))
}

fn said(is_so: bool) -> Said {
    if is_so { Said::True } else { Said::False }
}

/// Runs of blanks count as one: columns are padded.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_is_known_in_other_words() {
        let shown = |learners: &str, battery: &str| {
            Shows::of(learners).zip(Shows::of(battery)).is_some_and(|(l, b)| l.is_shown_by(&b))
        };
        for (learners, battery) in [
            (
                "kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --topic orders",
                "kafka-topics.sh --describe",
            ),
            (
                "kafka-topics --describe --under-replicated-partitions",
                "kafka-topics.sh --describe --under-replicated-partitions",
            ),
            (
                "kafka-consumer-groups.sh --describe --group billing",
                "kafka-consumer-groups.sh --describe --all-groups",
            ),
            (
                "kafka-configs.sh --describe --entity-type brokers --entity-name 2",
                "kafka-configs.sh --describe --entity-type brokers --entity-default",
            ),
            ("sudo tc -s qdisc show dev eth0 | grep tbf", "tc -s qdisc show"),
            ("jstack $(pgrep java)", "jcmd 41 Thread.print"),
            ("jcmd $(pgrep -f kafka) Thread.print", "jcmd 41 Thread.print"),
            ("grep -n throttle /etc/kafka/server.properties", "cat /etc/kafka/server.properties"),
            ("chaoslab service billing show", "cat /etc/billing/billing.properties"),
        ] {
            assert!(shown(learners, battery), "{learners} / {battery}");
        }
        for (learners, battery) in [
            (
                "kafka-topics.sh --describe",
                "kafka-topics.sh --describe --under-replicated-partitions",
            ),
            (
                "kafka-configs.sh --describe --entity-type brokers",
                "kafka-configs.sh --describe --entity-type topics",
            ),
            (
                "kafka-consumer-groups.sh --describe --group billing",
                "kafka-consumer-groups.sh --describe --members --all-groups",
            ),
            ("jcmd 41 VM.flags", "jcmd 41 Thread.print"),
            ("tc filter show", "tc -s qdisc show"),
            ("cat /etc/kafka/jvm.env", "cat /etc/kafka/server.properties"),
            ("df -h", "ss -tin"),
        ] {
            assert!(!shown(learners, battery), "{learners} / {battery}");
        }
    }
}
