//! What a command shows: which question about the lab it answers, however it was typed. Two
//! commands that answer the same question are twins.

use crate::domain::rca::commands::Ran;
use crate::domain::workload::properties_path;

/// Tools that show what stands in a file.
const READERS: &[&str] = &[
    "awk", "cat", "cut", "egrep", "fgrep", "grep", "head", "less", "more", "nl", "sed", "sort",
    "tac", "tail", "view", "zcat", "zgrep", "zless",
];

/// Where machines keep their logs.
const LOGS: &str = "/var/log/";

/// A question about the lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// Topics with their partitions, or those in this state only.
    Topics(Partitions),
    /// Configurations of entities of a kind.
    Configs(String),
    /// Access control lists.
    Acls,
    /// Consumer groups, seen from this side.
    Groups(Side),
    /// Something Kafka's tool of this name says, by its subcommand.
    Cluster(&'static str, String),
    /// What `jcmd` says of the JVM, by its command.
    Jvm(String),
    /// Processes with their arguments.
    Processes,
    /// Sockets.
    Sockets,
    /// Queueing disciplines.
    Queues,
    /// Packet filter rules.
    Filter,
    /// Space on file systems.
    Space,
    /// Memory of the machine.
    Memory,
    /// Supervised processes.
    Supervised,
    /// A file, or the files of a folder.
    File(String),
    /// The log of a machine.
    Log,
}

/// Which partitions are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Partitions {
    /// All of them.
    All,
    /// Those that lack a replica.
    UnderReplicated,
    /// Those in another state that all of them are searched for.
    Other,
}

/// What of a consumer group is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Offsets and lag.
    Offsets,
    /// Members and their partitions.
    Members,
    /// State and coordinator.
    State,
}

/// What one program of a command line shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// The question.
    pub(super) subject: Subject,
    /// The machine it is about, when that is another than the one it ran on.
    pub(super) machine: Option<String>,
    /// The topic it is about alone.
    pub(super) topic: Option<String>,
}

/// How far a battery's output answers a learner's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// Whether what is not in it was not there.
    pub(super) whole: bool,
    /// Whether its columns are others: words of one line may stand in another order.
    pub(super) other_columns: bool,
}

impl View {
    /// What a program shows; none when that is unknown, or is no answer about the lab.
    pub(super) fn of(ran: &Ran) -> Vec<Self> {
        let Some((head, arguments)) = ran.words.split_first() else { return Vec::new() };
        let tool = head.rsplit('/').next().unwrap_or(head).trim_end_matches(".sh");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if tool == "chaoslab" {
            return of_lab(&arguments).into_iter().collect();
        }
        let subject = |subject| Self { subject, machine: None, topic: None };
        if READERS.contains(&tool) {
            let files = arguments.iter().filter_map(|word| path(word, ran.folder.as_deref()));
            let one = |file: String| match file.starts_with(LOGS) {
                true => subject(Subject::Log),
                false => subject(Subject::File(file)),
            };
            return files.map(one).collect();
        }
        let topic = (tool == "kafka-topics").then(|| value_of(&arguments, &["--topic"])).flatten();
        let known = subject_of(tool, &arguments);
        known.map(|known| Self { topic, ..subject(known) }).into_iter().collect()
    }

    /// Whether it is about the whole cluster, whichever machine it runs on.
    pub(super) fn is_of_cluster(&self) -> bool {
        match self.subject {
            Subject::Topics(_)
            | Subject::Configs(_)
            | Subject::Acls
            | Subject::Groups(_)
            | Subject::Cluster(..) => true,
            Subject::Jvm(_)
            | Subject::Processes
            | Subject::Sockets
            | Subject::Queues
            | Subject::Filter
            | Subject::Space
            | Subject::Memory
            | Subject::Supervised
            | Subject::File(_)
            | Subject::Log => false,
        }
    }

    /// How a battery's output of `other` answers this question, if it does.
    pub(super) fn answered_by(&self, other: &Subject) -> Option<Answer> {
        let answer = |whole, other_columns| Some(Answer { whole, other_columns });
        match (&self.subject, other) {
            (Subject::Topics(Partitions::Other), Subject::Topics(Partitions::All)) => {
                answer(true, false)
            }
            // A process's arguments stand in the list of processes, too.
            (Subject::Jvm(asked), Subject::Processes) if asked == "VM.command_line" => {
                answer(false, true)
            }
            (Subject::File(folder), Subject::File(file)) => {
                let is_within = file
                    .strip_prefix(folder.trim_end_matches('/'))
                    .is_some_and(|rest| rest.starts_with('/'));
                if folder == file {
                    answer(true, false)
                } else {
                    is_within.then_some(()).and(answer(false, false))
                }
            }
            (Subject::Configs(asked), Subject::Configs(other)) if asked == other => {
                answer(true, false)
            }
            // These print other columns with every set of flags.
            (
                Subject::Processes
                | Subject::Sockets
                | Subject::Filter
                | Subject::Space
                | Subject::Memory,
                other,
            ) if self.subject == *other => answer(true, true),
            (asked, other) if asked == other => answer(true, false),
            _ => None,
        }
    }
}

fn of_lab(arguments: &[&str]) -> Option<View> {
    match arguments {
        ["service", name, "show", ..] => Some(View {
            subject: Subject::File(properties_path(name)),
            machine: Some((*name).to_owned()),
            topic: None,
        }),
        ["logs", name, ..] => {
            Some(View { subject: Subject::Log, machine: Some((*name).to_owned()), topic: None })
        }
        _ => None,
    }
}

fn subject_of(tool: &str, arguments: &[&str]) -> Option<Subject> {
    let has = |flag: &str| arguments.contains(&flag);
    let subject = match tool {
        "kafka-topics" if has("--under-replicated-partitions") => {
            Subject::Topics(Partitions::UnderReplicated)
        }
        "kafka-topics" if !has("--describe") => return None,
        "kafka-topics" => {
            let filtered = [
                "--unavailable-partitions",
                "--under-min-isr-partitions",
                "--at-min-isr-partitions",
                "--topics-with-overrides",
            ];
            let is_filtered = filtered.iter().any(|flag| has(flag));
            Subject::Topics(if is_filtered { Partitions::Other } else { Partitions::All })
        }
        "kafka-configs" if has("--describe") && !has("--all") => {
            Subject::Configs(entity_type(arguments)?)
        }
        "kafka-acls" if has("--list") => Subject::Acls,
        "kafka-consumer-groups" if !has("--describe") => return None,
        "kafka-consumer-groups" => Subject::Groups(match () {
            () if has("--members") => Side::Members,
            () if has("--state") => Side::State,
            () => Side::Offsets,
        }),
        "kafka-transactions" => Subject::Cluster(
            "kafka-transactions",
            verb(arguments, &["list", "describe", "describe-producers", "find-hanging"])?,
        ),
        "kafka-metadata-quorum" => Subject::Cluster(
            "kafka-metadata-quorum",
            verb(arguments, &["--status", "--replication", "-re"])?,
        ),
        "kafka-reassign-partitions" if has("--list") => {
            Subject::Cluster("kafka-reassign-partitions", "list".to_owned())
        }
        "kafka-log-dirs" => Subject::Cluster("kafka-log-dirs", String::new()),
        "kafka-get-offsets" => Subject::Cluster("kafka-get-offsets", String::new()),
        "jcmd" => Subject::Jvm((*arguments.iter().find(is_diagnostic)?).to_owned()),
        "jstack" => Subject::Jvm("Thread.print".to_owned()),
        "jinfo" => Subject::Jvm("VM.flags".to_owned()),
        "jmap" if arguments.iter().any(|word| word.starts_with("-histo")) => {
            Subject::Jvm("GC.class_histogram".to_owned())
        }
        "ps" | "pgrep" | "top" | "htop" | "pidof" => Subject::Processes,
        "ss" | "netstat" => Subject::Sockets,
        "tc" => match arguments.iter().find(|word| !word.starts_with('-'))? {
            object if "qdisc".starts_with(object) => Subject::Queues,
            _ => return None,
        },
        "iptables" | "iptables-save" => Subject::Filter,
        "df" => Subject::Space,
        "free" => Subject::Memory,
        "sv" => Subject::Supervised,
        _ => return None,
    };
    Some(subject)
}

/// Whether a word is a diagnostic command of the JVM, as `GC.heap_info`.
fn is_diagnostic(word: &&&str) -> bool {
    let groups = ["Compiler.", "GC.", "JFR.", "System.", "Thread.", "VM."];
    groups.iter().any(|group| word.starts_with(group))
}

/// The first of these words that stands among the arguments, dashes left out.
fn verb(arguments: &[&str], known: &[&str]) -> Option<String> {
    let verb = arguments.iter().find(|word| known.contains(word))?;
    let verb = if *verb == "-re" { "--replication" } else { verb };
    Some(verb.trim_start_matches('-').to_owned())
}

/// The kind of entity whose configurations are described, as `topics`: by `--entity-type`, or by
/// the flag that names one.
fn entity_type(arguments: &[&str]) -> Option<String> {
    if let Some(kind) = value_of(arguments, &["--entity-type"]) {
        return Some(format!("{}s", kind.trim_end_matches('s')));
    }
    let kinds = ["topic", "broker", "client", "user", "group", "broker-logger"];
    kinds.iter().find_map(|kind| {
        let flags = [format!("--{kind}"), format!("--{kind}-defaults"), format!("--{kind}s")];
        arguments
            .iter()
            .any(|word| flags.iter().any(|flag| flag == word))
            .then(|| format!("{kind}s"))
    })
}

/// The value of the first of these options, after it or after `=`.
fn value_of(arguments: &[&str], options: &[&str]) -> Option<String> {
    arguments.iter().enumerate().find_map(|(at, word)| {
        let option = options.iter().find(|option| word.starts_with(**option))?;
        match word[option.len()..].strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None if word == option => arguments.get(at + 1).map(|value| (*value).to_owned()),
            None => None,
        }
    })
}

/// The file a word of a reader's arguments names, in its folder.
fn path(word: &str, folder: Option<&str>) -> Option<String> {
    if word.starts_with('/') {
        return Some(word.to_owned());
    }
    let is_name = !word.starts_with('-') && word.contains('.') && !word.contains([' ', '$', '(']);
    folder.filter(|_| is_name).map(|folder| format!("{}/{word}", folder.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rca::commands::ran;

    /// How a battery's command answers a learner's, if it does.
    fn answer(learners: &str, battery: &str) -> Option<Answer> {
        let views: Vec<View> = ran(learners).iter().flat_map(View::of).collect();
        let other = ran(battery).iter().flat_map(View::of).next()?;
        views.iter().find_map(|view| view.answered_by(&other.subject))
    }

    #[test]
    fn the_same_question_is_known_however_it_is_typed() {
        for (learners, battery) in [
            (
                "kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --topic orders",
                "kafka-topics.sh --describe",
            ),
            (
                "kafka-topics --describe --under-replicated-partitions",
                "kafka-topics.sh --describe --under-replicated-partitions",
            ),
            ("kafka-topics.sh --describe --under-min-isr-partitions", "kafka-topics.sh --describe"),
            ("cd /opt/kafka && bin/kafka-topics.sh --describe", "kafka-topics.sh --describe"),
            (
                "for b in 1 2 3; do echo \"== $b\"; kafka-configs.sh --describe --entity-type brokers --entity-name $b; done",
                "kafka-configs.sh --describe --entity-type brokers",
            ),
            (
                "kafka-configs.sh --topic orders --describe",
                "kafka-configs.sh --describe --entity-type topics",
            ),
            (
                "kafka-consumer-groups.sh --group billing --describe",
                "kafka-consumer-groups.sh --describe --all-groups",
            ),
            (
                "kafka-consumer-groups.sh --describe --group billing --members",
                "kafka-consumer-groups.sh --describe --all-groups --members --verbose",
            ),
            ("sudo tc -s qdisc show dev eth0 | grep tbf", "tc -s qdisc show"),
            ("tc qdisc", "tc -s qdisc show"),
            ("jstack $(pgrep java)", "jcmd kafka.Kafka Thread.print"),
            (
                "jcmd $(pgrep -x java) GC.class_histogram",
                "jcmd kafka.Kafka GC.class_histogram -all | head -25",
            ),
            ("jcmd 38 VM.flags", "jcmd kafka.Kafka VM.flags"),
            ("pgrep java | xargs -I{} jcmd {} Thread.print", "jcmd kafka.Kafka Thread.print"),
            ("jinfo -flag MaxHeapSize 38", "jcmd kafka.Kafka VM.flags"),
            ("jcmd 38 VM.command_line", "ps axo pid,stat,args"),
            ("iptables -vnL OUTPUT", "iptables -S"),
            ("iptables -nvxL", "iptables -S"),
            ("df -h", "df -k"),
            ("ps -o pid,stat,comm", "ps axo pid,stat,args"),
            ("ss -tno 'dport = :19092'", "ss -tin"),
            ("free -m", "free -k"),
            ("grep -n throttle /etc/kafka/server.properties", "cat /etc/kafka/server.properties"),
            ("cd /etc/kafka; grep throttle server.properties", "cat /etc/kafka/server.properties"),
            ("chaoslab service billing show", "cat /etc/billing/billing.properties"),
            ("watch -n 1 'kafka-transactions.sh list'", "kafka-transactions.sh list"),
        ] {
            assert!(answer(learners, battery).is_some(), "{learners} / {battery}");
        }
    }

    #[test]
    fn another_question_is_another() {
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
                "kafka-configs.sh --describe --all --entity-type brokers",
                "kafka-configs.sh --describe --entity-type brokers",
            ),
            (
                "kafka-consumer-groups.sh --describe --group billing",
                "kafka-consumer-groups.sh --describe --members --all-groups",
            ),
            ("jcmd 41 VM.flags", "jcmd 41 Thread.print"),
            ("tc filter show", "tc -s qdisc show"),
            ("cat /etc/kafka/jvm.env", "cat /etc/kafka/server.properties"),
            ("df -h", "ss -tin"),
            ("uptime", "free -k"),
        ] {
            assert_eq!(answer(learners, battery), None, "{learners} / {battery}");
        }
    }
}
