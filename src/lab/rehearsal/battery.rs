//! The battery: commands a person would look with, run on every machine. A learner's command is compared with its twin in a recording.

use std::time::Duration;

use crate::domain::recording::{Phase, Taken};
use crate::domain::topology::Role;
use crate::domain::workload::properties_path;
use crate::lab::engine::docker::DockerEngine;
use crate::lab::engine::{EngineError, Lab, TOOLBOX};

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

/// On a machine that runs Kafka: its process, and what the process stands on. No dump forces a collection.
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
const APPLICATION: [&str; 4] = ["ss -tin", "ps axo pid,stat,args", "sv status /etc/service/*", "free -k"];

/// A command that waits for a process that stands still is ended.
const PATIENCE: Duration = Duration::from_secs(15);
/// Of a long output the beginning and the end are kept.
const HEAD: usize = 6_000;
const TAIL: usize = 1_000;

/// Runs the battery. A command that fails is an answer, too; only an engine that refuses ends it.
pub async fn take(engine: &DockerEngine, lab: &Lab, phase: Phase) -> Result<Vec<Taken>, EngineError> {
    let mut taken = Vec::new();
    for (machine, line) in lines(lab) {
        let patience = PATIENCE.as_secs().to_string();
        let output = engine.run(lab, &machine, &["timeout", "-k", "1", &patience, "sh", "-c", &line]).await?;
        taken.push(Taken { phase, machine, line, exit: output.exit, output: shortened(output.text) });
    }
    Ok(taken)
}

/// Every command of the battery with its machine, as a learner would type it.
fn lines(lab: &Lab) -> Vec<(String, String)> {
    let on = |machine: &str, lines: &[&str]| lines.iter().map(|l| (machine.to_owned(), (*l).to_owned())).collect::<Vec<_>>();
    let mut all = Vec::new();
    for node in &lab.topology.nodes {
        match node.role {
            Role::Broker | Role::Controller => all.extend(on(&node.name, &NODE)),
        }
    }
    for service in &lab.services {
        all.extend(on(&service.name, &APPLICATION));
        all.push((service.name.clone(), format!("cat {}", properties_path(&service.name))));
    }
    all.extend(on(TOOLBOX, &CLUSTER));
    all
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
    fn a_long_output_keeps_its_beginning_and_its_end() {
        let short = shortened("é".repeat(10_000));
        assert!(short.contains(" bytes left out]\n") && short.len() < HEAD + TAIL + 40, "{}", short.len());
        assert_eq!(shortened("all of it".to_owned()), "all of it");
    }
}
