//! What all of a command line together did: its programs, one after the other, by the rule of each.

use super::files::is_scratch;
use super::lookup::{changes_meaning, diverts};
use super::shell::{self, Simple};
use super::tools::{self, Rule};
use super::{Change, DEEPEST, Said, ran};

/// What is known of a line so far.
#[derive(Default)]
pub(super) struct Verdict {
    pub(super) change: Option<Change>,
    pub(super) unknown: bool,
    pub(super) own_making: bool,
    pub(super) tool: Option<&'static str>,
    pub(super) writes: Vec<String>,
    pub(super) renames: bool,
    pub(super) says: Vec<Said>,
    /// The folder the line has gone to, if it says so.
    pub(super) folder: Option<String>,
}

impl Verdict {
    pub(super) fn line(&mut self, text: &str, depth: usize) {
        if depth > DEEPEST {
            self.unknown = true;
            return;
        }
        let line = shell::split(text);
        self.unknown |= line.opaque;
        self.renames |= line.defines.iter().any(|name| tools::rule(name).is_some());
        for inner in &line.inner {
            let shown = (self.tool, self.own_making);
            self.line(inner, depth + 1);
            // What a substitution prints becomes an argument, not output.
            (self.tool, self.own_making) = shown;
        }
        for (simple, next) in line
            .commands
            .iter()
            .zip(line.commands.iter().skip(1).map(Some).chain(std::iter::once(None)))
        {
            let said = self.says.len();
            self.simple(simple, depth);
            // What is said into a pipe comes out as something else.
            self.own_making |= self.says.len() > said && next.is_some_and(|next| next.piped);
        }
    }

    fn simple(&mut self, simple: &Simple, depth: usize) {
        for target in &simple.writes {
            self.writes_file(target);
        }
        if simple.assigns.iter().any(|(name, value)| diverts(name, value)) {
            self.unknown |= !simple.words.is_empty();
            self.renames = true;
        }
        self.own_making |= simple.typed_input;
        self.words(&simple.words, simple.piped, depth);
    }

    fn words(&mut self, words: &[String], piped: bool, depth: usize) {
        let Some((head, arguments)) = words.split_first() else { return };
        if depth > DEEPEST {
            self.unknown = true;
            return;
        }
        let (folder, name) = head
            .rsplit_once('/')
            .map_or((None, head.as_str()), |(folder, name)| (Some(folder), name));
        if folder.is_some_and(|folder| self.is_own_program(folder, name)) {
            self.unknown = true;
            return;
        }
        match name {
            "unalias" => return,
            "hash" | "source" | "." | "enable" => {
                self.renames = true;
                return;
            }
            "alias" => {
                self.renames |= arguments.iter().any(|a| changes_meaning(a));
                return;
            }
            "export" | "declare" | "typeset" | "readonly" => {
                let pairs = arguments.iter().map(|a| a.split_once('=').unwrap_or((a, "")));
                self.renames |= pairs.into_iter().any(|(name, value)| diverts(name, value));
                self.own_making |= !arguments.iter().any(|a| a.contains('='));
                return;
            }
            "cd" => {
                let to = arguments.iter().find(|a| !a.starts_with('-'));
                self.folder = to.and_then(|to| ran::joined(self.folder.as_deref(), to));
                return;
            }
            // What is put into the shell's history was not typed.
            "history"
                if arguments.iter().any(|a| matches!(a.as_str(), "-s" | "-r" | "-a" | "-n")) =>
            {
                self.renames = true;
                self.own_making = true;
                return;
            }
            _ => {}
        }
        let Some((tool, rule)) = tools::rule(name) else {
            self.unknown = true;
            return;
        };
        let has = |wanted: &str| arguments.iter().any(|a| matches_argument(a, wanted));
        if has("--help") && !matches!(rule, Rule::Runs(_) | Rule::Shell | Rule::Says | Rule::Lab) {
            return self.reads(tool);
        }
        match rule {
            Rule::Reads => {
                self.dumped_by(tool, arguments);
                self.reads(tool);
            }
            Rule::Passes => {
                // Parts of lines are no longer the lines that were said.
                self.own_making |= !self.says.is_empty() && !piped && has("-o");
                if !piped {
                    self.reads(tool);
                }
            }
            Rule::Prints => self.own_making = true,
            // Without arguments it prints what the shell's variables hold.
            Rule::Silent => self.own_making |= tool == "set" && arguments.is_empty(),
            Rule::Says => match Said::of(tool, arguments) {
                Some(said) => self.says.push(said),
                None => self.own_making = true,
            },
            Rule::Changes(change) => self.changes(change),
            Rule::ChangesIf(change, changes) => {
                if changes(arguments) {
                    self.changes(change);
                } else {
                    self.fetched_by(tool, arguments);
                    self.reads(tool);
                }
            }
            Rule::ReadsUnless(changes) => {
                let excused = tool == "kafka-reassign-partitions"
                    && has("--preserve-throttles")
                    && !has("--execute")
                    && !has("--cancel");
                match changes.iter().find(|(argument, _)| has(argument)).filter(|_| !excused) {
                    Some((_, change)) => self.changes(*change),
                    None => {
                        self.dumped_by(tool, arguments);
                        self.reads(tool);
                    }
                }
            }
            Rule::ChangesUnless(change, reading) => {
                if reading.iter().any(|argument| arguments.iter().any(|a| a == argument))
                    || arguments.is_empty()
                {
                    self.reads(tool);
                } else {
                    self.changes(change);
                }
            }
            Rule::Writes => self.written_by(tool, arguments, piped),
            Rule::Runs(valued) => {
                self.words(&inner_command(arguments, valued, tool), piped, depth + 1)
            }
            Rule::Shell => match arguments
                .iter()
                .position(|a| a.starts_with('-') && a.ends_with('c'))
            {
                Some(at) => self.line(arguments.get(at + 1).map_or("", String::as_str), depth + 1),
                None if tool == "eval" => self.line(&arguments.join(" "), depth + 1),
                None => self.unknown = true,
            },
            Rule::Rewrites => self.rewritten_by(tool, arguments, piped),
            Rule::Finds => self.found(arguments, depth),
            Rule::Lab => self.lab(arguments, depth),
        }
    }

    pub(super) fn reads(&mut self, tool: &'static str) {
        self.tool = self.tool.or(Some(tool));
    }

    pub(super) fn changes(&mut self, change: Change) {
        self.change = self.change.or(Some(change));
    }

    /// Whether a program named with its folder may be the learner's own, whatever its name: it is,
    /// unless it lies where programs lie.
    fn is_own_program(&self, folder: &str, name: &str) -> bool {
        if folder.starts_with('/') {
            return is_scratch(&format!("{folder}/"));
        }
        match ran::joined(self.folder.as_deref(), folder) {
            Some(folder) => is_scratch(&format!("{folder}/")),
            // Kafka's tools are started from Kafka's folder; who writes such a file is known by it.
            None => !(folder.trim_start_matches("./") == "bin" && name.starts_with("kafka-")),
        }
    }

    fn found(&mut self, arguments: &[String], depth: usize) {
        if arguments.iter().any(|a| a == "-delete" || a.starts_with("-fprint") || a == "-fls") {
            self.changes(Change::Files);
        }
        self.own_making |= arguments.iter().any(|a| a == "-printf");
        match arguments.iter().position(|a| matches!(a.as_str(), "-exec" | "-execdir" | "-ok")) {
            Some(at) => {
                let place =
                    arguments.first().filter(|a| !a.starts_with('-')).map_or("/", String::as_str);
                let command = arguments[at + 1..].iter().take_while(|a| *a != ";" && *a != "+");
                let command: Vec<String> = command.map(|a| a.replace("{}", place)).collect();
                self.words(&command, false, depth + 1);
            }
            None => self.reads("find"),
        }
    }

    fn lab(&mut self, arguments: &[String], depth: usize) {
        let plain: Vec<&str> =
            arguments.iter().map(String::as_str).filter(|a| !a.starts_with('-')).collect();
        match (plain.first().copied().unwrap_or(""), plain.get(2).copied()) {
            ("service", Some("show") | None) => self.reads("chaoslab"),
            ("service", Some("set" | "unset" | "edit" | "rollback")) => {
                self.changes(Change::Config)
            }
            ("service" | "node", _) => self.changes(Change::Restart),
            ("exec", _) => match arguments.iter().position(|a| a == "--") {
                Some(at) => self.words(&arguments[at + 1..], false, depth + 1),
                None => self.unknown = true,
            },
            ("shell", _) => self.own_making = true,
            // The history shows what the learner typed.
            ("history" | "rca" | "report" | "hint", _) => self.own_making = true,
            _ => self.reads("chaoslab"),
        }
    }
}

/// Whether an argument is the wanted one, alone, with a value after `=`, or as one of several
/// letters after one dash.
fn matches_argument(argument: &str, wanted: &str) -> bool {
    let single_letter = wanted.len() == 2 && wanted.starts_with('-');
    argument == wanted
        || argument.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('='))
        || (single_letter
            && argument.starts_with('-')
            && !argument.starts_with("--")
            && argument.contains(&wanted[1..]))
}

/// The command a runner runs: after its options, their values, its own assignments, and the
/// duration `timeout` takes.
pub(super) fn inner_command(arguments: &[String], valued: &[&str], tool: &str) -> Vec<String> {
    let mut rest = arguments;
    while let Some((first, after)) = rest.split_first() {
        let is_assignment = tool == "env" && first.contains('=');
        if !first.starts_with('-') && !is_assignment {
            break;
        }
        rest = if valued.contains(&first.as_str()) { after.get(1..).unwrap_or(&[]) } else { after };
    }
    let rest = if tool == "timeout" { rest.get(1..).unwrap_or(&[]) } else { rest };
    // `watch "a | b"` takes a line as one argument.
    if tool == "watch" && rest.len() == 1 {
        return vec!["bash".to_owned(), "-c".to_owned(), rest[0].clone()];
    }
    rest.to_vec()
}
