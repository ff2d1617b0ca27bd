//! A text in a recorded command's output.

use super::{Observation, Verdict, Weakness, show};
use crate::domain::rca::commands::Nature;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::{Command, Facts, Inventory, Span};
use crate::domain::rca::vocab::Kind;

/// Tools that show other processes' command lines, the learner's own among them.
const SHOW_COMMANDS: &[&str] = &["ps", "pgrep", "pstree", "top", "htop", "lsof", "w", "strace"];

pub(super) fn verify(number: u32, contains: &str, facts: &Facts) -> Observation {
    let look = format!("chaoslab history {number}");
    let Some(command) = facts.command(number) else {
        // Resolving refuses such a claim; whoever asks all the same gets an answer.
        let reason = format!("there is no command {number}");
        let at = Span { from: facts.page, to: facts.page };
        let verdict = Verdict::False;
        return Observation {
            verdict,
            reason,
            observed: String::new(),
            at,
            was_true: Vec::new(),
            weaknesses: Vec::new(),
            look,
        };
    };
    let wanted = squeezed(contains);
    let output = printed_by_tools(command);
    let found = output.lines().map(squeezed).find(|line| line.contains(&wanted));
    let found = found.or_else(|| squeezed(&output).contains(&wanted).then(|| squeezed(contains)));
    let (verdict, reason) = match &found {
        Some(_) => (
            Verdict::True,
            format!(
                "command {number} (`{}`, {}) printed it",
                show::excerpt(&command.line),
                since_page(command.started, facts.page)
            ),
        ),
        None if command.shortened => (
            Verdict::Unverifiable { excused: true },
            format!(
                "the output of command {number} is not kept whole, and what is kept does not have it"
            ),
        ),
        None => (
            Verdict::False,
            format!(
                "the output of command {number} (`{}`) does not have it",
                show::excerpt(&command.line)
            ),
        ),
    };
    let observed = match &found {
        Some(line) => show::excerpt(line),
        None => output
            .lines()
            .next()
            .map(|first| format!("its output begins: {}", show::excerpt(first)))
            .unwrap_or("no output".to_owned()),
    };
    let weaknesses =
        if verdict == Verdict::True { weaknesses(command, &wanted, facts) } else { Vec::new() };
    let at = Span { from: command.started, to: command.over() };
    Observation { verdict, reason, observed, at, was_true: Vec::new(), weaknesses, look }
}

/// Output as somebody read it: colours and movements of a terminal are no text, and what was
/// written over was a line too.
fn as_read(output: &str) -> String {
    if !output.contains(['\x1b', '\r']) {
        return output.to_owned();
    }
    // The library leaves out all control characters but the end of a line.
    strip_ansi_escapes::strip_str(
        output.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " "),
    )
}

/// The output without the lines that the command line itself put between those of tools.
fn printed_by_tools(command: &Command) -> String {
    let output = as_read(&command.output);
    let judged = command.judged();
    if !matches!(judged.nature, Nature::ReadOnly { tool: Some(_) }) {
        return output;
    }
    let is_said = |line: &&str| judged.says.iter().any(|said| said.may_be(&squeezed(line)));
    let kept: Vec<&str> = output.lines().filter(|line| !is_said(line)).collect();
    kept.join("\n")
}

/// Runs of blanks count as one: columns are padded.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn weaknesses(command: &Command, wanted: &str, facts: &Facts) -> Vec<Weakness> {
    let mut weaknesses = Vec::new();
    let judged = command.judged();
    let tool = match judged.nature {
        Nature::ReadOnly { tool } => tool,
        _ => None,
    };
    if tool.is_none() {
        weaknesses.push(Weakness::NoTool);
    }
    if squeezed(&command.line).contains(wanted) {
        weaknesses.push(Weakness::OwnText);
    }
    if names_only(wanted, &facts.inventory) {
        weaknesses.push(Weakness::NamesOnly);
    }
    if let Some(change) = facts.first_change().filter(|change| change.started < command.started) {
        weaknesses.push(Weakness::Late(change.number));
    }
    let earlier =
        facts.commands.iter().filter(|c| (c.started, c.number) < (command.started, command.number));
    let shows_commands =
        tool.is_some_and(|tool| SHOW_COMMANDS.contains(&tool)) || command.line.contains("cmdline");
    let made = earlier.into_iter().find(|c| {
        let before = c.judged();
        let wrote = before.writes.iter().any(|path| reads_file(&command.line, path));
        let renamed = before.renames && c.node == command.node;
        wrote || renamed || (shows_commands && squeezed(&c.line).contains(wanted))
    });
    weaknesses.extend(made.map(|c| Weakness::SelfMade(c.number)));
    weaknesses
}

/// Whether a command line names this file, or one of that name.
fn reads_file(line: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.len() > 1
        && line
            .split(|c: char| c.is_whitespace() || "'\"=;|&<>()".contains(c))
            .any(|word| word.rsplit('/').next() == Some(name))
}

/// Words that tools print whatever they find: parts of their headings and of the sentences around
/// values.
const HEADING_WORDS: &[&str] = &[
    "address:port",
    "are",
    "backlog",
    "broker",
    "bytes",
    "configs",
    "dev",
    "dropped",
    "dynamic",
    "entity",
    "for",
    "group",
    "is",
    "local",
    "of",
    "overlimits",
    "partition",
    "peer",
    "pkt",
    "process",
    "qdisc",
    "recv-q",
    "refcnt",
    "requeues",
    "root",
    "send-q",
    "sent",
    "state",
    "the",
    "topic",
];

/// Headings of columns, as tools print them.
const COLUMNS: &[&str] = &[
    "#MEMBERS",
    "#PARTITIONS",
    "ASSIGNMENT-STRATEGY",
    "CLIENT-ID",
    "COMMAND",
    "CONSUMER-ID",
    "COORDINATOR",
    "CURRENT-ASSIGNMENT",
    "CURRENT-EPOCH",
    "CURRENT-OFFSET",
    "GROUP",
    "HOST",
    "ID",
    "LAG",
    "LOG-END-OFFSET",
    "MEMBERS",
    "PARTITION",
    "PARTITIONS",
    "PID",
    "STAT",
    "STATE",
    "TARGET-ASSIGNMENT",
    "TARGET-EPOCH",
    "TIME",
    "TOPIC",
    "TTY",
    "USER",
];

/// Whether the text consists of labels, as `Topic:`, headings, and names of what the lab has only.
fn names_only(text: &str, inventory: &Inventory) -> bool {
    let kinds = [Kind::Topic, Kind::Group, Kind::Service, Kind::Link];
    let names: Vec<_> = kinds.iter().filter_map(|kind| inventory.names(*kind)).flatten().collect();
    let is_heading = |word: &str| {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.ends_with(':')
            || COLUMNS.contains(&plain)
            || plain.is_empty()
            || HEADING_WORDS.contains(&plain.to_lowercase().as_str())
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().enumerate().all(|(n, word)| {
        let numbers_a_thing = n > 0
            && matches!(words[n - 1].to_lowercase().as_str(), "broker" | "partition:" | "node");
        is_heading(word)
            || names.iter().any(|name| name == word)
            || (numbers_a_thing && word.parse::<u32>().is_ok())
    })
}
