//! Looking for words that give the cause away, wherever a learner can look: on every machine, on
//! the engine, in the run's folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::lab::engine::{EngineError, Exec, Lab, Survey};
use crate::lab::run::Run;

/// Words that betray a staged cause, whatever it is.
const ALWAYS: [&str; 12] = [
    "inject",
    "chaos-",
    "chaosmesh",
    "chaosblade",
    "sabotage",
    " fault",
    "rehears",
    "decoy",
    "toxiproxy",
    "pumba",
    "stress-ng",
    "gremlin",
];
/// Kafka's own words that hold one of them (`LoggingFaultHandler`,
/// `ProcessTerminatingFaultHandler`), and the JVM's, when a mapped index can no longer be written
/// (`SharedRuntime::handle_unsafe_access`).
const KAFKAS_OWN: [&str; 3] =
    ["encountered fatal fault", "encountered nonfatal fault", "a fault occurred in a"];
/// On a machine of the lab not even the program's own name may stand.
const PROGRAM: &str = "chaoslab";

/// Everything a machine tells whoever logs in.
const MACHINE: &str = "ps axww -o args; env; for e in /proc/[0-9]*/environ; do tr '\\0' '\\n' <$e; done; hostname; cat /proc/mounts \
    /proc/self/cgroup; cat /etc/hosts /etc/kafka/* /etc/*/*.properties; ls -laR /etc /opt /usr/local /var/log /var/lib/kafka /root /home /tmp \
    /run /srv; tc -s qdisc; tc -s class show dev eth0; tc filter show dev eth0; iptables-save -c; ip addr; ip route; ss -tunap; \
    for s in /etc/service/*/run; do echo $s; cat $s; done; cat /var/log/kafka/*.log; dmesg; true";

/// How long a machine may take to tell it.
const TOLD_WITHIN: Duration = Duration::from_secs(120);

/// A word where it must not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Leak {
    /// Where it was found.
    pub place: String,
    /// The word.
    pub word: String,
    /// The text around it.
    pub around: String,
}

/// The words to look for.
#[derive(Debug, Clone)]
pub struct Search {
    words: Vec<String>,
    leaks: Vec<Leak>,
}

impl Search {
    /// A search for these words (folders of scenarios, classes, names of faults) besides those that
    /// always betray.
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        let mut words: Vec<String> =
            words.into_iter().chain(ALWAYS.map(str::to_owned)).map(|w| w.to_lowercase()).collect();
        words.sort();
        words.dedup();
        Self { words, leaks: Vec::new() }
    }

    /// What was found so far, each word once for a place.
    pub fn leaks(self) -> Vec<Leak> {
        let mut leaks = self.leaks;
        leaks.sort();
        leaks.dedup_by(|a, b| (&a.place, &a.word) == (&b.place, &b.word));
        leaks
    }

    /// Looks through a text.
    pub fn text(&mut self, place: &str, text: &str) {
        self.text_without(place, text, &[]);
    }

    /// Looks through a text for the words and one more: the program's own name, which stands on no
    /// machine.
    fn machine_text(&mut self, place: &str, text: &str) {
        self.text_without(place, text, &[PROGRAM]);
    }

    fn text_without(&mut self, place: &str, text: &str, besides: &[&str]) {
        let lower = KAFKAS_OWN.iter().fold(text.to_lowercase(), |text, own| text.replace(own, ""));
        for word in self.words.iter().map(String::as_str).chain(besides.iter().copied()) {
            if let Some(at) = lower.find(word) {
                let from = lower.floor_char_boundary(at.saturating_sub(60));
                let to = lower.ceil_char_boundary((at + word.len() + 60).min(lower.len()));
                let around = lower[from..to].replace(['\n', '\0'], " ");
                self.leaks.push(Leak { place: place.to_owned(), word: word.to_owned(), around });
            }
        }
    }

    /// Looks on every machine of the lab.
    pub async fn machines(&mut self, engine: &impl Exec, lab: &Lab) -> Result<(), EngineError> {
        for machine in lab.machines() {
            let script = format!("exec 2>&1; {MACHINE}");
            let output = engine.run(lab, machine, &["sh", "-c", &script], TOLD_WITHIN).await?;
            // What was run here to look is no finding.
            let text: String = output
                .text
                .lines()
                .filter(|l| !l.contains("iptables-save -c"))
                .map(|l| format!("{l}\n"))
                .collect();
            self.machine_text(&format!("machine {machine}"), &text);
        }
        Ok(())
    }

    /// Looks at what the engine tells of the lab: its containers, its network, and all that
    /// happened to them since `since` (seconds).
    pub async fn engine(
        &mut self,
        engine: &impl Survey,
        lab: &Lab,
        since: i64,
    ) -> Result<(), EngineError> {
        for (place, text) in engine.disclosed(lab, since).await? {
            // The search itself is no finding.
            if !text.contains("iptables-save -c") {
                self.text(&place, &text);
            }
        }
        Ok(())
    }

    /// Looks at every byte of the run's folder, the record's tables among it, and at the process
    /// that keeps it.
    pub fn folder(&mut self, run: &Run) {
        for path in files(run.folder()) {
            let place = path.strip_prefix(run.folder()).unwrap_or(&path).display().to_string();
            let bytes = fs::read(&path).unwrap_or_default();
            self.text(
                &format!("file {place}"),
                &format!("{place}\n{}", String::from_utf8_lossy(&bytes)),
            );
        }
        if let Some(pid) = run.keeper_pid() {
            let of = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            self.text(
                "arguments of the background process",
                &String::from_utf8_lossy(&of("cmdline")),
            );
            self.text(
                "environment of the background process",
                &String::from_utf8_lossy(&of("environ")),
            );
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .map(|entries| entries.filter_map(|e| Some(e.ok()?.path())).collect::<Vec<_>>());
    entries
        .unwrap_or_default()
        .into_iter()
        .flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whatever_its_case_and_told_once_for_a_place() {
        let mut search = Search::new(["capped-link".to_owned()]);
        search.text("a", "x Capped-Link y capped-link");
        search.text("b", "nothing; Encountered fatal fault: unexpected error in raft IO thread");
        search.text("b", "java.lang.InternalError: a fault occurred in a recent unsafe memory access operation in compiled Java code");
        search.machine_text("c", "started by ChaosLab");
        let leaks = search.leaks();
        let told: Vec<_> =
            leaks.iter().map(|l| (l.place.as_str(), l.word.as_str(), l.around.as_str())).collect();
        assert_eq!(
            told,
            [
                ("a", "capped-link", "x capped-link y capped-link"),
                ("c", "chaoslab", "started by chaoslab")
            ]
        );
    }
}
