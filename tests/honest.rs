//! Honest write-ups of people who understood a recorded run, in voices of their own: each passes.
//! What their commands printed is what the battery printed there, as their own commands show it.

mod program;

use std::collections::BTreeMap;
use std::fmt::Write;

use chaoslab::domain::grade::{Comparison, Grade, Terms, grade, has_twin};
use chaoslab::domain::rca::commands::{Nature, judge};
use chaoslab::domain::rca::document::Document;
use chaoslab::domain::rca::record::{Command, Facts, Record};
use chaoslab::domain::recording::{Phase, Recording};
use chaoslab::lab::recording;
use program::root;

/// A command as somebody typed it, and the command of the battery that printed the same.
struct Look {
    /// The machine; `victim` for the broker that was drawn.
    on: &'static str,
    typed: &'static str,
    printed_by: &'static str,
    /// Only lines with this text were shown, as by `grep`.
    only: &'static str,
    /// What is quoted; after `@`, what the line has in it that is quoted up to its ISR.
    quote: &'static str,
}

const fn look(
    on: &'static str,
    typed: &'static str,
    printed_by: &'static str,
    only: &'static str,
    quote: &'static str,
) -> Look {
    Look { on, typed, printed_by, only, quote }
}

/// A write-up that proves a cause by commands alone.
struct WriteUp {
    family: &'static str,
    scenario: &'static str,
    component: &'static str,
    looks: &'static [Look],
    ruled_out: &'static str,
    action: &'static str,
}

const TOPICS: &str = "kafka-topics.sh --describe";
const LACKING: &str = "kafka-topics.sh --describe --under-replicated-partitions";
const CLIENTS: &str = "kafka-configs.sh --describe --entity-type clients";
const BROKERS: &str = "kafka-configs.sh --describe --entity-type brokers";
const PROCESSES: &str = "ps axo pid,stat,args";
const HISTOGRAM: &str = "jcmd kafka.Kafka GC.class_histogram -all | head -25";

const BY_COMMANDS: &[WriteUp] = &[
    WriteUp {
        family: "isr-shrink",
        scenario: "capped-link",
        component: "link:kafka-{victim}",
        looks: &[
            look("victim", "tc -s qdisc show dev eth0", "tc -s qdisc show", "", "qdisc tbf"),
            look(
                "victim",
                "for i in eth0; do echo \"== $i\"; tc qdisc show dev $i; done",
                "tc -s qdisc show",
                "qdisc",
                "burst 16Kb lat 300ms",
            ),
            look(
                "toolbox",
                "kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --under-replicated-partitions --topic {topic}",
                LACKING,
                "Topic: {topic}",
                "Isr: {victim}\tElr",
            ),
        ],
        ruled_out: "broker.process.frozen",
        action: "removed the token bucket from eth0 of kafka-{victim}",
    },
    WriteUp {
        family: "isr-shrink",
        scenario: "blocked-fetches",
        component: "link:kafka-{victim}",
        looks: &[
            look("victim", "iptables -S OUTPUT", "iptables -S", "", "--dport 19092"),
            look("victim", "sudo iptables-save | grep DROP", "iptables -S", "DROP", "DROP"),
            look(
                "toolbox",
                "kafka-topics.sh --describe --under-replicated-partitions",
                LACKING,
                "",
                "@Leader: {bystander}",
            ),
        ],
        ruled_out: "network.capacity.link_capped",
        action: "deleted the rule on kafka-{victim}",
    },
    WriteUp {
        family: "isr-shrink",
        scenario: "full-disk",
        component: "disk:kafka-{victim}",
        looks: &[
            look("victim", "df -h", "df -k", "", "100% /var/lib/kafka/volume-2"),
            look(
                "victim",
                "df -k | awk '{print $5\" \"$6}'",
                "df -k",
                "volume-2",
                "100% /var/lib/kafka/volume-2",
            ),
        ],
        ruled_out: "broker.process.frozen",
        action: "freed space on kafka-{victim}",
    },
    WriteUp {
        family: "isr-shrink",
        scenario: "throttle-left-behind",
        component: "topic:{topic}",
        looks: &[
            look(
                "toolbox",
                "for b in 1 2 3; do echo \"--- $b\"; kafka-configs.sh --describe --entity-type brokers --entity-name $b; done",
                BROKERS,
                "",
                "follower.replication.throttled.rate=",
            ),
            look(
                "toolbox",
                "kafka-configs.sh --describe --entity-type brokers | grep throttled",
                BROKERS,
                "throttled",
                "leader.replication.throttled.rate={throttle}",
            ),
            look(
                "toolbox",
                "kafka-configs.sh --topic {topic} --describe",
                "kafka-configs.sh --describe --entity-type topics",
                "",
                "leader.replication.throttled.replicas=",
            ),
        ],
        ruled_out: "network.capacity.link_capped",
        action: "removed the throttle from {topic} and the brokers",
    },
    WriteUp {
        family: "consumer-lag",
        scenario: "client-quota",
        component: "group:{group}",
        looks: &[
            look(
                "toolbox",
                "kafka-configs.sh --bootstrap-server kafka-2:9092 --describe --entity-type clients",
                CLIENTS,
                "",
                "consumer_byte_rate={byte_rate}.0",
            ),
            look(
                "toolbox",
                "kafka-configs.sh --describe --entity-type clients | tr -s ' ' | cut -d' ' -f5,7",
                CLIENTS,
                "",
                "consumer_byte_rate={byte_rate}.0",
            ),
        ],
        ruled_out: "client.consumer.slow_processing",
        action: "removed the quota of {group}",
    },
    WriteUp {
        family: "memory-pressure",
        scenario: "undersized-heap",
        component: "broker:{victim}",
        looks: &[
            look(
                "victim",
                "grep HEAP /etc/kafka/jvm.env",
                "cat /etc/kafka/jvm.env",
                "HEAP",
                "-Xmx{heap_mib}m",
            ),
            look("victim", "ps aux | grep java", PROCESSES, "java", "-Xmx{heap_mib}m"),
            look(
                "victim",
                "jcmd $(pgrep -x java) VM.flags",
                "jcmd kafka.Kafka VM.flags",
                "",
                "-XX:MaxHeapSize=",
            ),
        ],
        ruled_out: "broker.memory.plugin_leak",
        action: "gave kafka-{victim} a heap of 192 MiB again",
    },
    WriteUp {
        family: "memory-pressure",
        scenario: "hoarding-plugin",
        component: "plugin:com.acme.audit.MetricsAudit",
        looks: &[
            look(
                "victim",
                "jcmd 38 GC.class_histogram | head",
                HISTOGRAM,
                "",
                "com.acme.audit.MetricsAudit$TrailEntry",
            ),
            look(
                "victim",
                "jmap -histo $(pgrep -x java) | grep acme",
                HISTOGRAM,
                "acme",
                "MetricsAudit$TrailEntry",
            ),
        ],
        ruled_out: "broker.memory.heap_undersized",
        action: "took back the setting of com.acme.audit.MetricsAudit",
    },
    WriteUp {
        family: "memory-pressure",
        scenario: "producer-per-batch",
        component: "service:{archive}-export",
        looks: &[
            look(
                "victim",
                "jmap -histo $(pgrep java) | head -20",
                HISTOGRAM,
                "",
                "org.apache.kafka.storage.internals.log.ProducerStateEntry",
            ),
            look(
                "victim",
                "jcmd $(pgrep -x java) GC.class_histogram | grep -i producer",
                HISTOGRAM,
                "Producer",
                "ProducerStateEntry",
            ),
        ],
        ruled_out: "broker.memory.plugin_leak",
        action: "rolled {archive}-export back",
    },
    WriteUp {
        family: "leader-skew",
        scenario: "unfinished-roll",
        component: "broker:{victim}",
        looks: &[
            look(
                "toolbox",
                "kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --topic {topic}",
                TOPICS,
                "Topic: {topic}",
                "@Replicas: {victim},",
            ),
            look(
                "toolbox",
                "cd /opt/kafka && bin/kafka-topics.sh --describe | grep {topic}",
                TOPICS,
                "Topic: {topic}",
                "@Replicas: {victim},",
            ),
        ],
        ruled_out: "leadership.skewed_assignment",
        action: "ran a preferred leader election; broker {victim} leads again",
    },
];

/// The text with the values that were drawn put in.
fn filled(text: &str, drawn: &BTreeMap<String, String>) -> String {
    drawn
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn all() -> Vec<Recording> {
    recording::all(&root().join(recording::FOLDER), None).expect("every recording can be read")
}

/// The facts of a recorded run in which somebody looked in this way.
fn looked(recording: &Recording, looks: &[Look]) -> (Facts, Vec<(u32, String)>) {
    let (head, drawn) = (&recording.head, &recording.head.drawn);
    let mut facts = head.facts.clone();
    let mut quotes = Vec::new();
    for (number, look) in (1u32..).zip(looks) {
        let victim = format!("kafka-{}", drawn.get("victim").map_or("1", String::as_str));
        let node = if look.on == "victim" { victim } else { filled(look.on, drawn) };
        let (line, only) = (filled(look.printed_by, drawn), filled(look.only, drawn));
        let taken = head
            .battery
            .iter()
            .find(|t| t.phase == Phase::Steady && t.machine == node && t.line == line)
            .unwrap_or_else(|| panic!("{}: no `{line}` on {node}", recording.name()));
        let shown: Vec<&str> = taken.output.lines().filter(|l| l.contains(&only)).collect();
        let started = head.phases.steady.from + i64::from(number) * 1_000;
        facts.commands.push(Command {
            number,
            node,
            line: filled(look.typed, drawn),
            started,
            ended: Some(started + 500),
            exit: Some(0),
            output: shown.join("\n"),
            shortened: false,
            changed: None,
        });
        quotes.push((number, quoted(&filled(look.quote, drawn), &shown)));
    }
    (facts, quotes)
}

/// The words quoted of what was shown.
fn quoted(quote: &str, shown: &[&str]) -> String {
    let Some(has) = quote.strip_prefix('@') else { return quote.to_owned() };
    let line = shown.iter().find(|line| line.contains(has)).expect("such a line is shown");
    let from = line.find("Partition:").expect("a partition's line");
    line[from..].split("\tIsr").next().expect("there is a first part").to_owned()
}

/// The document, terse: a class, a place, what commands printed.
fn document(recording: &Recording, of: &WriteUp, quotes: &[(u32, String)]) -> String {
    let head = &recording.head;
    let onset = head.truth.onset.map_or(0, |onset| (head.facts.page - onset.to) / 1000);
    let mut text = format!(
        "---\nrca: 1\nform: short\nrun: {}\nauthor: alice\ntimeline:\n  onset: T-00:{:02}:{:02}\nroot_cause:\n  - class: {}\n    component: [\"{}\"]\nevidence:\n",
        head.facts.run,
        onset / 60,
        onset % 60,
        recording.class(),
        filled(of.component, &head.drawn),
    );
    for (number, quote) in quotes {
        let quote = quote.replace('\t', "\\t");
        let _ = writeln!(text, "  - {{id: E{number}, command: {number}, contains: \"{quote}\"}}");
    }
    let _ = write!(
        text,
        "hypotheses:\n  - {{id: H1, class: {}, verdict: ruled_out, by: [E1]}}\nmitigation:\n  - {{action: \"{}\", commands: []}}\n---\n\n## Root cause and mechanism\nE1 shows it.\n",
        of.ruled_out,
        filled(of.action, &head.drawn),
    );
    text
}

fn graded(recording: &Recording, of: &WriteUp, others: &[Recording]) -> Grade {
    let (facts, quotes) = looked(recording, of.looks);
    let text = document(recording, of, &quotes);
    let read = Document::read(text.as_bytes()).unwrap_or_else(|p| panic!("{p:?}\n{text}"));
    let head = &recording.head;
    // The run itself is not among what it is compared with: a learner's run never is.
    let others =
        others.iter().filter(|r| r.head.family == head.family && r.name() != recording.name());
    let with = Comparison::of(
        head.roles.clone(),
        head.drawn.clone(),
        &head.scenario,
        &head.truth,
        others.cloned().collect(),
    );
    let record = Record { series: &recording.telemetry, logs: &recording.telemetry, facts: &facts };
    grade(&read, &record, &head.truth, &with, &Terms::default())
        .unwrap_or_else(|error| panic!("{}: {error}\n{text}", recording.name()))
}

/// Commands that a playbook only begins: which kind of entity they are about stands beside them.
const BEGUN: &[&str] = &["kafka-configs.sh --describe"];

#[test]
fn every_command_of_a_playbook_has_a_twin() {
    let recordings = all();
    let battery: std::collections::BTreeSet<&str> =
        recordings.iter().flat_map(|r| &r.head.battery).map(|taken| taken.line.as_str()).collect();
    let mut without = Vec::new();
    let folder = std::fs::read_dir(root().join("playbooks")).expect("there are playbooks");
    for entry in folder {
        let path = entry.expect("readable").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        for code in text.split('`').skip(1).step_by(2).filter(|code| is_a_look(code)) {
            if !BEGUN.contains(&code) && !has_twin(code, battery.iter().copied()) {
                without.push(format!("{}: {code}", path.display()));
            }
        }
    }
    assert_eq!(without, Vec::<String>::new(), "nothing in a recording answers these");
}

/// Whether a piece of code is a command that looks at the lab with a tool that the battery has.
fn is_a_look(code: &str) -> bool {
    let tools = ["jcmd", "jmap", "jstack", "tc", "iptables", "ss", "df", "ps", "sv", "free"];
    let head = code.split_whitespace().next().unwrap_or("");
    let is_tool = tools.contains(&head) || head.starts_with("kafka-") && head.ends_with(".sh");
    let reads = matches!(judge(code).nature, Nature::ReadOnly { .. });
    is_tool && reads && code.contains(' ')
}

#[test]
fn a_proof_by_commands_alone_passes() {
    let recordings = all();
    let (mut passed, mut count, mut told) = (0, 0, String::new());
    for of in BY_COMMANDS {
        let own = |r: &&Recording| r.head.family == of.family && r.head.scenario == of.scenario;
        for recording in recordings.iter().filter(own) {
            let grade = graded(recording, of, &recordings);
            count += 1;
            passed += usize::from(grade.passed);
            let _ = writeln!(
                told,
                "{}: {} {}",
                recording.name(),
                grade.total / 1000,
                if grade.passed { "passed" } else { "FAILED" }
            );
            for piece in &grade.evidence {
                let _ = writeln!(
                    told,
                    "    {} {} {}: {} {}",
                    piece.id, piece.verdict, piece.worth, piece.why, piece.reason
                );
            }
            for gate in grade.gates.iter().filter(|gate| !gate.passed) {
                let _ = writeln!(told, "    {}: {}", gate.gate, gate.why);
            }
        }
    }
    println!("{passed} of {count}\n{told}");
    assert_eq!(passed, count, "{told}");
}
