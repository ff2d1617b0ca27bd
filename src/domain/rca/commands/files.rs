//! The files a command line writes.

use super::verdict::Verdict;
use super::{Change, said};

impl Verdict {
    pub(super) fn writes_file(&mut self, path: &str) {
        if matches!(path, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty") {
            return;
        }
        self.writes.push(path.to_owned());
        if !is_scratch(path) {
            self.changes(Change::Files);
        }
    }

    /// Files that a reading tool was told to write to.
    pub(super) fn dumped_by(&mut self, tool: &str, arguments: &[String]) {
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
    pub(super) fn fetched_by(&mut self, tool: &str, arguments: &[String]) {
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
    pub(super) fn archived_by(&mut self, arguments: &[String]) {
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

    pub(super) fn written_by(&mut self, tool: &'static str, arguments: &[String], piped: bool) {
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

    pub(super) fn rewritten_by(&mut self, tool: &'static str, arguments: &[String], piped: bool) {
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
}

/// Whether a path is the learner's own scratch space: temporary files, a home folder, and relative
/// names unless they look like a configuration, a log or a script.
pub(super) fn is_scratch(path: &str) -> bool {
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
