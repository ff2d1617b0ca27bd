//! The battery: commands a person would look with, run on every machine. A learner's command is
//! compared with its twin in a recording.

use std::time::Duration;

use crate::domain::recording::{Phase, Taken};
use crate::domain::workload::{Machine, Role, machines, properties_path};
use crate::lab::engine::{EngineError, Exec, Lab};

/// On the toolbox: what the cluster says of itself.
const CLUSTER: [&str; 14] = [
    "kafka-topics.sh --describe",
    "kafka-topics.sh --describe --under-replicated-partitions",
    "kafka-configs.sh --describe --entity-type topics",
    "kafka-configs.sh --describe --entity-type brokers",
    "kafka-configs.sh --describe --entity-type clients",
    "kafka-acls.sh --list",
    "kafka-consumer-groups.sh --describe --all-groups",
    "kafka-consumer-groups.sh --describe --all-groups --members --verbose",
    "kafka-consumer-groups.sh --describe --all-groups --state",
    "kafka-transactions.sh list",
    "kafka-reassign-partitions.sh --list",
    "kafka-log-dirs.sh --describe",
    "kafka-metadata-quorum.sh describe --status",
    "kafka-metadata-quorum.sh describe --replication",
];

/// On a machine that runs Kafka: its process, and what the process stands on. No dump forces a
/// collection.
const NODE: [&str; 15] = [
    "jcmd kafka.Kafka Thread.print",
    "jcmd kafka.Kafka GC.class_histogram -all | head -25",
    "jcmd kafka.Kafka GC.heap_info",
    "jcmd kafka.Kafka VM.flags",
    "ss -tin",
    "tc -s qdisc show",
    "iptables -S",
    "df -k",
    "ps axo pid,stat,args",
    "sv status /etc/service/*",
    "free -k",
    "cat /etc/kafka/server.properties",
    "cat /etc/kafka/jvm.env",
    // Control groups of either version.
    "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/memory.max",
    "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/memory/memory.limit_in_bytes",
];

/// On a machine of an application.
const APPLICATION: [&str; 4] =
    ["ss -tin", "ps axo pid,stat,args", "sv status /etc/service/*", "free -k"];

/// A command that waits for a process that stands still is ended.
const PATIENCE: Duration = Duration::from_secs(15);
/// ... and killed when that does not end it.
const ENDED_WITHIN: Duration = Duration::from_secs(1);
/// Of a long output the beginning and the end are kept.
const HEAD: usize = 6_000;
const TAIL: usize = 1_000;

/// Stands between the outputs of one machine: a character no tool prints.
const MARK: char = '\u{1e}';

/// Runs the battery, each machine's commands in one session. A command that fails is an answer,
/// too; only an engine that refuses ends it.
pub async fn take(engine: &impl Exec, lab: &Lab, phase: Phase) -> Result<Vec<Taken>, EngineError> {
    let mut taken = Vec::new();
    for machine in machines(&lab.topology, &lab.services) {
        let lines = lines(&machine);
        // Each command has its own patience; all of them together, all of theirs.
        let within = (PATIENCE + ENDED_WITHIN) * lines.len() as u32;
        let output = engine.run(lab, &machine.name, &["sh", "-c", &script(&lines)], within).await?;
        let outputs = outputs(&output.text).into_iter().zip(lines);
        taken.extend(outputs.map(|((exit, output), line)| Taken {
            phase,
            machine: machine.name.clone(),
            line,
            exit,
            output: shortened(output),
        }));
    }
    Ok(taken)
}

/// The commands of the battery on a machine, as a learner would type them.
fn lines(machine: &Machine) -> Vec<String> {
    let owned = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
    match machine.role {
        Role::Broker(_) | Role::Controller(_) => owned(&NODE),
        Role::Service { .. } => {
            let properties = format!("cat {}", properties_path(&machine.name));
            // What its members are doing, in its log.
            let dump = format!("sv quit {}", machine.name);
            owned(&APPLICATION).into_iter().chain([properties, dump]).collect()
        }
        Role::Toolbox => owned(&CLUSTER),
    }
}

/// Runs commands one after the other, each with its own patience, and marks where each ends and
/// with which exit code.
fn script(lines: &[String]) -> String {
    let (patience, ended) = (PATIENCE.as_secs(), ENDED_WITHIN.as_secs());
    let one = |line: &String| {
        let quoted = line.replace('\'', "'\\''");
        format!("timeout -k {ended} {patience} sh -c '{quoted}' 2>&1; printf '\\036%s\\036' $?\n")
    };
    lines.iter().map(one).collect()
}

/// Exit codes and outputs, from what the script printed.
fn outputs(text: &str) -> Vec<(i64, String)> {
    let mut pieces = text.split(MARK);
    let mut outputs = Vec::new();
    while let (Some(output), Some(exit)) = (pieces.next(), pieces.next()) {
        outputs.push((exit.parse().unwrap_or(-1), output.to_owned()));
    }
    outputs
}

fn shortened(text: String) -> String {
    if text.len() <= HEAD + TAIL {
        return text;
    }
    let (head, tail) = (text.floor_char_boundary(HEAD), text.ceil_char_boundary(text.len() - TAIL));
    format!("{}\n[{} bytes left out]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_told_apart_with_their_exit_codes() {
        let lines = ["printf 'a\nb\n'", "echo \"it's\" >&2; exit 3", "true"].map(str::to_owned);
        let printed = std::process::Command::new("sh")
            .args(["-c", &script(&lines)])
            .output()
            .expect("a shell")
            .stdout;
        let told = outputs(&String::from_utf8_lossy(&printed));
        assert_eq!(told, [(0, "a\nb\n".to_owned()), (3, "it's\n".to_owned()), (0, String::new())]);
    }

    #[test]
    fn a_long_output_keeps_its_beginning_and_its_end() {
        let short = shortened("é".repeat(10_000));
        assert!(
            short.contains(" bytes left out]\n") && short.len() < HEAD + TAIL + 40,
            "{}",
            short.len()
        );
        assert_eq!(shortened("all of it".to_owned()), "all of it");
    }
}
