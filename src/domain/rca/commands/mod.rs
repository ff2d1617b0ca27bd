//! What a command line did: read the lab, change it, or something nobody can tell from the line.
//! History shows it, and the grader asks it: proof of a cause is taken before the learner's first
//! change, and a command proves something only when a known tool printed it.

mod arguments;
mod destruction;
mod ran;
mod said;
mod shell;
mod tools;

pub use destruction::{Destruction, destroys};
pub use ran::{Ran, ran};
pub use said::Said;
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
    says: Vec<Said>,
    /// The folder the line has gone to, if it says so.
    folder: Option<String>,
}

impl Verdict {
    fn line(&mut self, text: &str, depth: usize) {
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

    /// Files that a reading tool was told to write to.
    fn dumped_by(&mut self, tool: &str, arguments: &[String]) {
        let after = |option: &str| {
            arguments.iter().position(|a| a == option).and_then(|at| arguments.get(at + 1))
        };
        let file = match tool {
            "jcmd" => after("GC.heap_dump").map(String::as_str),
            "jmap" => arguments.iter().find_map(|a| a.split_once("file=").map(|(_, file)| file)),
            "tcpdump" => after("-w").map(String::as_str),
            "strace" => after("-o").map(String::as_str),
            _ => None,
        };
        if let Some(file) = file.filter(|file| *file != "-") {
            self.writes_file(file.split(',').next().unwrap_or(file));
        }
    }

    /// What was fetched from somewhere else than the lab is the learner's own.
    fn fetched_by(&mut self, tool: &str, arguments: &[String]) {
        if tool != "curl" {
            return;
        }
        self.own_making |=
            arguments.iter().any(|a| a.starts_with("file:") || a.contains("localhost"));
        let option = arguments.iter().position(|a| a == "-o" || a == "--output");
        if let Some(file) = option.and_then(|at| arguments.get(at + 1)) {
            self.writes_file(file);
        }
    }

    /// An archive is a file that is written; taking things out of one writes them where it is told
    /// to.
    fn archived_by(&mut self, arguments: &[String]) {
        let is_letters = |a: &&String| {
            a.starts_with('-') && !a.starts_with("--") || arguments.first() == Some(*a)
        };
        let letters: String = arguments.iter().filter(is_letters).map(String::as_str).collect();
        let long = |option: &str| arguments.iter().any(|a| a == option);
        if letters.contains('t') || long("--list") {
            return self.reads("tar");
        }
        self.own_making = true;
        if letters.contains('x') || long("--extract") {
            let to = arguments.iter().position(|a| a == "-C" || a == "--directory");
            let to = to.and_then(|at| arguments.get(at + 1)).or(self.folder.as_ref()).cloned();
            return self.writes_file(&to.map_or("extracted".to_owned(), |to| format!("{to}/")));
        }
        let named = arguments.iter().find_map(|a| a.strip_prefix("--file=").map(str::to_owned));
        let option =
            arguments.iter().position(|a| a.ends_with('f') && is_letters(&a) || a == "--file");
        let archive = named.or_else(|| arguments.get(option? + 1).cloned());
        match archive {
            Some(archive) => self.writes_file(&archive),
            None => self.unknown = true,
        }
    }

    fn written_by(&mut self, tool: &'static str, arguments: &[String], piped: bool) {
        let copies = matches!(tool, "cp" | "install" | "rsync" | "ln");
        let files: Vec<&String> = match tool {
            "dd" => arguments.iter().filter(|a| a.starts_with("of=")).collect(),
            "tar" => return self.archived_by(arguments),
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
        self.own_making |= !said::selects(tool, arguments) || !self.says.is_empty() && !piped;
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
    // Where a relative name lies is not known: it may be the lab's own file.
    let name = path.rsplit('/').next().unwrap_or(path);
    let telling = [".properties", ".env", ".conf", ".cfg", ".policy"];
    let logs = ["server.log", "controller.log", "state-change.log", "kafka-authorizer.log"];
    path.starts_with("~/")
        || !telling.iter().any(|end| name.ends_with(end))
            && !logs.contains(&name)
            && !name.ends_with("-gc.log")
}

/// Whether giving this variable this value decides which program runs, or what is loaded into it: a
/// search path that only gains folders where programs lie does not.
fn diverts(name: &str, value: &str) -> bool {
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
fn changes_meaning(definition: &str) -> bool {
    let Some((name, value)) = definition.split_once('=') else { return false };
    let runs = value.split_whitespace().next().unwrap_or("");
    tools::rule(name).is_some() && runs != name
}

#[cfg(test)]
mod tests;
