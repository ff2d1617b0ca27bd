//! Looking for words that give the cause away, wherever a learner can look: on every machine, on
//! the engine, in the run's folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::lab::engine::{EngineError, Exec, Lab, MachineEvent, SHELL, Survey};
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
    /// happened to them since it was made.
    pub async fn engine(
        &mut self,
        engine: &impl Survey,
        lab: &Lab,
        staged: Staged,
    ) -> Result<(), EngineError> {
        let disclosed = engine.disclosed(lab, staged.created).await?;
        for told in &disclosed {
            self.text(&told.place, &told.text);
        }
        let machines: Vec<_> = lab.machines().collect();
        let events: Vec<_> = disclosed.into_iter().filter_map(|told| told.event).collect();
        self.leaks.extend(unlike(&machines, &events, staged));
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

/// What an engine tells of a machine whose memory was used up: a symptom, and nothing that was done
/// to it.
const KILLED_BY_THE_KERNEL: &str = "oom";

/// How long a look at all machines of a lab takes at most, in seconds.
const LOOK_SECONDS: i64 = 5;

/// When a lab was staged, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Staged {
    /// When its making began.
    pub created: i64,
    /// When it was healthy and was about to be broken.
    pub settled: i64,
    /// When it opened. From then on what runs in it is a learner's.
    pub opened: i64,
}

/// What the engine's events tell before a lab opens by their words, and after it was healthy by
/// their number: every machine must have been treated as every other.
fn unlike(machines: &[&str], events: &[MachineEvent], staged: Staged) -> Vec<Leak> {
    const BEGUN: &str = "exec_create: ";
    let leak = |word: &str, around: String| Leak {
        place: "events of the engine".to_owned(),
        word: word.to_owned(),
        around,
    };
    let before = events.iter().filter(|event| event.at < staged.opened);
    let mut leaks = Vec::new();
    for MachineEvent { at, machine, what } in before {
        if let Some(command) = what.strip_prefix(BEGUN).filter(|command| command.trim() != SHELL) {
            leaks.push(leak(command, format!("{what} on {machine}")));
        }
        let is_done_to_it = !what.starts_with("exec_") && what != KILLED_BY_THE_KERNEL;
        if *at >= staged.settled && is_done_to_it {
            leaks.push(leak(what, format!("on {machine} alone, while the lab was broken")));
        }
    }
    let counts = |from: i64, until: i64| {
        let mut counts: BTreeMap<&str, usize> = machines.iter().map(|name| (*name, 0)).collect();
        let begun = events.iter().filter(|e| (from..until).contains(&e.at));
        for event in begun.filter(|event| event.what.starts_with(BEGUN)) {
            *counts.entry(&event.machine).or_default() += 1;
        }
        counts
    };
    // An engine remembers its last events only (Docker 256). Of the second of the oldest one a part
    // may be forgotten: what is counted begins after it, and before the lab was broken, or a part
    // of an action would be counted.
    let oldest = events.iter().map(|event| event.at).min();
    let remembered = oldest.map(|oldest| oldest + 1).filter(|from| *from <= staged.settled);
    // A look at all machines may be under way at either end: then a count is cut through it.
    let edge = |middle: i64| middle - LOOK_SECONDS..=middle;
    let alike = |remembered: i64| {
        edge(staged.settled).filter(|from| *from >= remembered).any(|from| {
            edge(staged.opened).any(|until| {
                let counts = counts(from, until);
                counts.values().min() == counts.values().max()
            })
        })
    };
    if remembered.is_some_and(|remembered| !alike(remembered)) {
        let counts = counts(staged.settled, staged.opened);
        leaks.push(leak("exec_create", format!("not on every machine as often: {counts:?}")));
    }
    leaks
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
    fn machines_that_were_treated_in_another_way_are_told() {
        let staged = Staged { created: 0, settled: 10, opened: 30 };
        let machines = ["kafka-1", "kafka-2"];
        let told = |events: &[(i64, &str, &str)]| {
            let event = |(at, machine, what): &(i64, &str, &str)| MachineEvent {
                at: *at,
                machine: (*machine).to_owned(),
                what: (*what).to_owned(),
            };
            let events: Vec<_> = events.iter().map(event).collect();
            let leaks = unlike(&machines, &events, staged);
            leaks.into_iter().map(|l| format!("{}: {}", l.word, l.around)).collect::<Vec<_>>()
        };
        let alike = [
            // While it is made each is given its files and looked at until it is up.
            (3, "kafka-1", "extract-to-dir"),
            (4, "kafka-1", "exec_create: sh"),
            // One of these looks is cut where the lab was healthy, and one where it opened.
            (9, "kafka-1", "exec_create: sh"),
            (10, "kafka-2", "exec_create: sh"),
            (12, "kafka-2", "exec_create: sh"),
            (12, "kafka-1", "exec_create: sh"),
            (13, "kafka-1", "exec_die"),
            (29, "kafka-2", "exec_create: sh"),
            (30, "kafka-1", "exec_create: sh"),
            // A learner's own.
            (31, "kafka-2", "exec_create: tc -s qdisc show"),
        ];
        assert!(told(&alike).is_empty(), "{:?}", told(&alike));
        let worded = [&alike[..], &[(3, "kafka-2", "exec_create: tc qdisc add")]].concat();
        assert_eq!(told(&worded), ["tc qdisc add: exec_create: tc qdisc add on kafka-2"]);
        let counted = [&alike[..], &[(14, "kafka-2", "exec_create: sh")]].concat();
        let counts = r#"{"kafka-1": 1, "kafka-2": 4}"#;
        let expected = format!("exec_create: not on every machine as often: {counts}");
        assert_eq!(told(&counted), [expected]);
        // What the engine has forgotten cannot be counted.
        assert!(told(&counted[4..]).is_empty(), "{:?}", told(&counted[4..]));
        // Nor can what it has forgotten a part of.
        let cut = [&[(10, "kafka-2", "exec_create: sh")], &counted[4..]].concat();
        assert!(told(&cut).is_empty(), "{:?}", told(&cut));
        let killed = [&alike[..], &[(14, "kafka-2", "oom")]].concat();
        assert!(told(&killed).is_empty(), "{:?}", told(&killed));
        let other = [&alike[..], &[(14, "kafka-2", "update")]].concat();
        assert_eq!(told(&other), ["update: on kafka-2 alone, while the lab was broken"]);
    }

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
