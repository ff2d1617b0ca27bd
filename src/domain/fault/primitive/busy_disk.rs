//! A job beside the broker takes what its disk can write, and the broker's flushes wait behind it
//! (S17).

use serde::{Deserialize, Serialize};

use super::{effect, must_be_broker, names, topics};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A supervised job that writes past the page cache from many sides. The machine's disk carries
/// only so much, so each flush of the broker waits until what was queued before it is written.
/// Appends wait for the flush of a flushed topic, and followers' fetches for the appends: those of
/// the partitions it leads starve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusyDisk {
    /// The broker's machine.
    pub node: String,
    /// The name of the job's service.
    pub job: String,
    /// How many streams it writes side by side.
    pub streams: u32,
    /// What each stream writes at once, in MiB: with the number of streams, the queue ahead of
    /// every flush.
    pub block_mebibytes: u32,
}

impl BusyDisk {
    /// Each stream overwrites a file of its own, block by block and without end. When the job is
    /// stopped each ends with its block.
    fn script(&self) -> String {
        format!(
            "folder=/var/lib/{job}\nmkdir -p \"$folder\"\nstreams=\nfor stream in $(seq {streams}); do\n    \
             while :; do dd if=/dev/zero of=\"$folder/$stream.part\" bs={block}M count=1 oflag=direct conv=notrunc status=none; done &\n    \
             streams=\"$streams $!\"\ndone\ntrap 'kill $streams; exit 0' TERM\nwait",
            job = self.job,
            streams = self.streams,
            block = self.block_mebibytes
        )
    }
}

impl Primitive for BusyDisk {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_broker(&self.node, on);
        if on.topology.storage.write_kib_per_second.is_none() {
            problems.push("the machines of this lab have no limit of what they may write, so a job cannot use it up".to_owned());
        }
        problems
    }

    fn inject(&self, _: Target<'_>) -> Vec<Step> {
        vec![Step::Do(Action::StartJob {
            node: self.node.clone(),
            job: self.job.clone(),
            script: self.script(),
        })]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let id = on.topology.node(node).map_or(-1, |n| n.id);
        let broker = Component::of(Kind::Broker, id);
        let disk = Component::of(Kind::Disk, node);
        let others: Vec<_> = on
            .topology
            .brokers()
            .filter(|b| b.name != *node)
            .map(|b| Component::of(Kind::Broker, b.id))
            .collect();
        let led_by_it = format!("on (topic, partition) (kafka_topic_partition_leader == {id})");
        let limit = on.topology.storage.write_kib_per_second.unwrap_or_default();
        let chain = vec![
            effect(
                "disk.slow",
                [disk.clone(), broker.clone()],
                &[],
                format!(
                    "rate(container_fs_writes_bytes_total{{node=\"{node}\"}}[10s]) > {}",
                    u64::from(limit) * 1024 * 6 / 10
                ),
            ),
            effect(
                "follower.fell_behind",
                others.clone(),
                &[0],
                format!(
                    "max by (topic, partition) (kafka_producer_last_acked_offset) - on (topic, partition) \
                     min by (topic, partition) (kafka_log_log_logendoffset{{broker!=\"{id}\"}}) > 200 and {led_by_it}"
                ),
            ),
            effect(
                "isr.shrunk",
                topics(on).chain([broker.clone()]),
                &[1],
                format!(
                    "kafka_topic_partition_replica_in_sync{{broker!=\"{id}\"}} == 0 and {led_by_it}"
                ),
            ),
        ];
        Account {
            class: "storage.disk.slow".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(disk, vec![broker])].into(),
                near: Vec::new(),
                victims: others.into_iter().chain(topics(on)).collect(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "alert.disk_latency",
                "capacity.disk",
                "process.change_verification",
                "alert.under_replicated",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_job_ends_all_its_streams_when_it_is_stopped() {
        let fault = BusyDisk {
            node: "kafka-2".to_owned(),
            job: "archive".to_owned(),
            streams: 3,
            block_mebibytes: 8,
        };
        insta::assert_snapshot!(fault.script(), @r#"
        folder=/var/lib/archive
        mkdir -p "$folder"
        streams=
        for stream in $(seq 3); do
            while :; do dd if=/dev/zero of="$folder/$stream.part" bs=8M count=1 oflag=direct conv=notrunc status=none; done &
            streams="$streams $!"
        done
        trap 'kill $streams; exit 0' TERM
        wait
        "#);
    }
}
