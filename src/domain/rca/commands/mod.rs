//! What a command line did: read the lab, change it, or something nobody can tell from the line.
//! History shows it, and the grader asks it: proof of a cause is taken before the learner's first
//! change, and a command proves something only when a known tool printed it.

mod destruction;
mod shell;
mod tools;

pub use destruction::{Destruction, destroys};
use shell::Simple;
use tools::Rule;

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
    /// Whether it changed what a command's name means: an alias, a function, the search path.
    pub renames: bool,
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
    Judged { nature, writes: verdict.writes, renames: verdict.renames }
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

const DEEPEST: usize = 8;

#[derive(Default)]
struct Verdict {
    change: Option<Change>,
    unknown: bool,
    own_making: bool,
    tool: Option<&'static str>,
    writes: Vec<String>,
    renames: bool,
}

impl Verdict {
    fn line(&mut self, text: &str, depth: usize) {
        if depth > DEEPEST {
            self.unknown = true;
            return;
        }
        let line = shell::split(text);
        self.unknown |= line.opaque;
        self.renames |= line.opaque;
        for inner in &line.inner {
            let shown = (self.tool, self.own_making);
            self.line(inner, depth + 1);
            // What a substitution prints becomes an argument, not output.
            (self.tool, self.own_making) = shown;
        }
        for simple in &line.commands {
            self.simple(simple, depth);
        }
    }

    fn simple(&mut self, simple: &Simple, depth: usize) {
        for target in &simple.writes {
            self.writes_file(target);
        }
        if simple.assigns.iter().any(|(name, _)| LOOKUP.contains(&name.as_str())) {
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
        if folder.is_some_and(|f| !f.starts_with('/') || is_scratch(&format!("{f}/"))) {
            // A program of the learner's own, whatever its name.
            self.unknown = true;
            return;
        }
        match name {
            "alias" | "unalias" | "hash" | "source" | "." | "enable" => {
                self.renames = true;
                return;
            }
            "export" | "declare" | "typeset" | "readonly" => {
                self.renames |=
                    arguments.iter().any(|a| LOOKUP.contains(&a.split('=').next().unwrap_or(a)));
                return;
            }
            _ => {}
        }
        let Some((tool, rule)) = tools::rule(name) else {
            self.unknown = true;
            return;
        };
        let has = |wanted: &str| arguments.iter().any(|a| matches_argument(a, wanted));
        match rule {
            Rule::Reads => self.reads(tool),
            Rule::Passes if piped => {}
            Rule::Passes => self.reads(tool),
            Rule::Prints => self.own_making |= tool != "cd" && tool != "sleep" && tool != "true",
            Rule::Changes(change) => self.changes(change),
            Rule::ReadsUnless(changes) => {
                let excused = tool == "kafka-reassign-partitions"
                    && has("--preserve-throttles")
                    && !has("--execute")
                    && !has("--cancel");
                match changes.iter().find(|(argument, _)| has(argument)).filter(|_| !excused) {
                    Some((_, change)) => self.changes(*change),
                    None => self.reads(tool),
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

    fn reads(&mut self, tool: &'static str) {
        self.tool = self.tool.or(Some(tool));
    }

    fn changes(&mut self, change: Change) {
        self.change = self.change.or(Some(change));
    }

    fn writes_file(&mut self, path: &str) {
        if matches!(path, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty") {
            return;
        }
        self.writes.push(path.to_owned());
        if !is_scratch(path) {
            self.changes(Change::Files);
        }
    }

    fn written_by(&mut self, tool: &'static str, arguments: &[String], piped: bool) {
        let copies = matches!(tool, "cp" | "install" | "rsync" | "ln");
        let files: Vec<&String> = match tool {
            "dd" => arguments.iter().filter(|a| a.starts_with("of=")).collect(),
            "tar" if arguments.first().is_some_and(|a| a.contains('t')) => {
                return self.reads("tar");
            }
            _ => arguments.iter().filter(|a| !a.starts_with('-')).collect(),
        };
        // A copy changes its last argument only.
        for file in files.iter().skip(if copies { files.len().saturating_sub(1) } else { 0 }) {
            self.writes_file(file.strip_prefix("of=").unwrap_or(file));
        }
        self.own_making |= !(tool == "tee" && piped);
    }

    fn rewritten_by(&mut self, tool: &'static str, arguments: &[String], piped: bool) {
        if matches!(tool, "sed" | "perl")
            && arguments
                .iter()
                .any(|a| a.starts_with("-i") || a.starts_with("--in-place") || a == "-pi")
        {
            arguments
                .iter()
                .filter(|a| a.contains('/') && !a.starts_with("s/"))
                .for_each(|a| self.writes_file(a));
            self.change.get_or_insert(Change::Files);
        }
        // `print $2`, `-n 10,20p` and a list of fields only select; a literal or a substitution can
        // make any text.
        let selects = |a: &String| {
            !a.contains('"') && !a.contains("s/") && !a.contains("printf") && !a.contains("substr")
        };
        let selecting = matches!(tool, "awk" | "gawk" | "mawk" | "sed" | "cut" | "jq")
            && arguments.iter().all(selects);
        self.own_making |= !selecting
            || arguments.iter().any(|a| a.starts_with("--output-delimiter") || a.starts_with("-v"));
        if !piped {
            self.reads(tool);
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
            ("service", Some("set" | "edit")) => self.changes(Change::Config),
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
fn inner_command(arguments: &[String], valued: &[&str], tool: &str) -> Vec<String> {
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

/// Whether a path is the learner's own scratch space: temporary files, a home folder, and relative
/// names unless they look like a configuration, a log or a script.
fn is_scratch(path: &str) -> bool {
    if path.contains("..") {
        return false;
    }
    if path.starts_with('/') {
        return ["/tmp/", "/var/tmp/", "/root/", "/home/", "/dev/shm/"]
            .iter()
            .any(|p| path.starts_with(p));
    }
    let telling =
        [".properties", ".env", ".conf", ".cfg", ".yaml", ".yml", ".log", ".sh", ".policy", ".xml"];
    path.starts_with("~/") || !telling.iter().any(|end| path.ends_with(end))
}

#[cfg(test)]
mod tests;
