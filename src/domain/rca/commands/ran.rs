//! What programs a command line ran, taken out of the shells, wrappers and loops around them.

use super::DEEPEST;
use super::shell;
use super::tools::{Rule, rule};
use super::verdict::inner_command;

/// A program that a line ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its words, without quotes: the program first.
    pub words: Vec<String>,
    /// The folder it ran in, as far as the line says.
    pub folder: Option<String>,
    /// Whether it was given the output of the one before it.
    pub piped: bool,
}

/// The programs a line ran, in their order. What a substitution runs becomes an argument and is
/// left out.
pub fn ran(line: &str) -> Vec<Ran> {
    let mut runs = Runs { found: Vec::new(), folder: None };
    runs.line(line, 0);
    runs.found
}

struct Runs {
    found: Vec<Ran>,
    folder: Option<String>,
}

impl Runs {
    fn line(&mut self, text: &str, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        for simple in shell::split(text).commands {
            self.words(&simple.words, simple.piped, depth);
        }
    }

    fn words(&mut self, words: &[String], piped: bool, depth: usize) {
        let Some((head, arguments)) = words.split_first().filter(|_| depth <= DEEPEST) else {
            return;
        };
        let name = head.rsplit('/').next().unwrap_or(head);
        match rule(name) {
            Some((tool, Rule::Runs(valued))) => {
                self.words(&inner_command(arguments, valued, tool), piped, depth + 1);
            }
            Some((tool, Rule::Shell)) => {
                let is_script = |a: &String| a.starts_with('-') && a.ends_with('c');
                match arguments.iter().position(is_script) {
                    Some(at) => {
                        let text = arguments.get(at + 1).map_or("", String::as_str);
                        self.line(text, depth + 1);
                    }
                    None if tool == "eval" => self.line(&arguments.join(" "), depth + 1),
                    None => {}
                }
            }
            Some((_, Rule::Lab)) if arguments.first().is_some_and(|a| a == "exec") => {
                if let Some(at) = arguments.iter().position(|a| a == "--") {
                    self.words(&arguments[at + 1..], piped, depth + 1);
                }
            }
            _ if name == "cd" => {
                let to = arguments.iter().find(|a| !a.starts_with('-'));
                self.folder = to.and_then(|to| joined(self.folder.as_deref(), to));
            }
            _ => self.found.push(Ran { words: words.to_vec(), folder: self.folder.clone(), piped }),
        }
    }
}

/// A folder seen from another one; none when that is not known.
pub(super) fn joined(from: Option<&str>, to: &str) -> Option<String> {
    if to.starts_with('/') {
        return Some(to.trim_end_matches('/').to_owned());
    }
    let is_plain = !to.contains(['$', '~', '*']) && !to.split('/').any(|part| part == "..");
    let to = to.trim_start_matches("./").trim_end_matches('/');
    from.filter(|_| is_plain).map(|from| format!("{from}/{to}").trim_end_matches("/.").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Vec<String> {
        let one = |ran: Ran| {
            let folder = ran.folder.map(|folder| format!(" in {folder}")).unwrap_or_default();
            format!("{}{folder}{}", ran.words.join(" "), if ran.piped { " piped" } else { "" })
        };
        ran(line).into_iter().map(one).collect()
    }

    #[test]
    fn programs_are_found_behind_what_runs_them() {
        assert_eq!(told("sudo -u kafka timeout 5 ss -tin | head -3"), ["ss -tin", "head -3 piped"]);
        assert_eq!(
            told("cd /opt/kafka && bin/kafka-topics.sh --list"),
            ["bin/kafka-topics.sh --list in /opt/kafka"]
        );
        assert_eq!(told("bash -c 'for b in 1 2; do jcmd $b VM.flags; done'"), ["jcmd $b VM.flags"]);
        assert_eq!(told("pgrep java | xargs -I{} jstack {}"), ["pgrep java", "jstack {} piped"]);
        assert_eq!(told("chaoslab exec kafka-2 -- df -h"), ["df -h"]);
    }
}
