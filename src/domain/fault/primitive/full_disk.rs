//! A file fills one volume of a broker, and the log directory on it goes offline (S18).

use serde::{Deserialize, Serialize};

use super::{effect, must_be_broker, names, topics};
use crate::domain::fault::truth::{Account, Place};
use crate::domain::fault::{Action, Primitive, Step, Target};
use crate::domain::rca::vocab::{Component, Kind};

/// A file that takes all of a volume. The broker lives on with its other log directory; a directory
/// that failed comes back at a start only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullDisk {
    /// The broker's machine.
    pub node: String,
    /// The volume of the lab's topology.
    pub volume: String,
    /// The file, by its name on the volume.
    pub file: String,
}

impl FullDisk {
    fn mount(&self, on: Target<'_>) -> Option<String> {
        on.topology.storage.volumes.iter().find(|v| v.name == self.volume).map(|v| v.path())
    }
}

impl Primitive for FullDisk {
    fn check(&self, on: Target<'_>) -> Vec<String> {
        let mut problems = must_be_broker(&self.node, on);
        if self.mount(on).is_none() {
            problems.push(format!("`{}` is not a volume of this lab's brokers", self.volume));
        }
        problems
    }

    fn inject(&self, on: Target<'_>) -> Vec<Step> {
        let path = format!("{}/{}", self.mount(on).unwrap_or_default(), self.file);
        vec![Step::Do(Action::FillDisk { node: self.node.clone(), path, leave_kib: 0 })]
    }

    fn truth(&self, on: Target<'_>) -> Account {
        let node = &self.node;
        let id = on.topology.node(node).map_or(-1, |n| n.id);
        let broker = Component::of(Kind::Broker, id);
        let disk = Component::of(Kind::Disk, node);
        let volume = Component::of(Kind::Disk, format!("{node}/{}", self.volume));
        let mount = self.mount(on).unwrap_or_default();
        let moved = "kafka_topic_partition_leader_is_preferred == 0 and on (topic, partition) kafka_topic_partition_preferred_leader";
        let chain = vec![
            effect(
                "disk.filled",
                [volume.clone(), disk.clone(), broker.clone()],
                &[],
                format!(
                    "node_filesystem_avail_bytes{{node=\"{node}\", mountpoint=\"{mount}\"}} < 1000000"
                ),
            ),
            effect(
                "disk.failed",
                [volume.clone(), disk.clone(), broker.clone()],
                &[0],
                format!("kafka_log_logmanager_offlinelogdirectorycount{{node=\"{node}\"}} > 0"),
            ),
            effect(
                "isr.shrunk",
                topics(on).chain([broker.clone()]),
                &[1],
                format!("kafka_topic_partition_replica_in_sync{{broker=\"{id}\"}} == 0"),
            ),
            effect(
                "leader.moved",
                topics(on).chain([broker.clone()]),
                &[1],
                format!("{moved} == {id}"),
            ),
        ];
        Account {
            class: "storage.disk.full".to_owned(),
            equivalent: Vec::new(),
            place: Place {
                must: [(volume, vec![disk, broker])].into(),
                near: Vec::new(),
                victims: topics(on).collect(),
            },
            chain,
            cured_by_restart: false,
            preventions: names([
                "alert.disk_usage",
                "capacity.disk",
                "process.change_verification",
                "process.runbook",
            ]),
        }
    }
}
