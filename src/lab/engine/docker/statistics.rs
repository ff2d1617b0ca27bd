//! The engine's own figures, and what happens to containers.

use std::collections::HashMap;

use bollard::models::{ContainerBlkioStatEntry, ContainerStatsResponse, EventMessage};
use bollard::query_parameters::{EventsOptionsBuilder, StatsOptionsBuilder};
use futures_util::{StreamExt, future, stream};

use super::{DockerEngine, NODE_LABEL, RUN_LABEL, failed};
use crate::lab::engine::{
    CpuUsage, Event, Events, Lab, Lifecycle, MemoryUsage, Statistics, Throttling, Traffic, Usage,
    Usages,
};

impl Statistics for DockerEngine {
    fn follow_usage(&self, lab: &Lab, machine: &str) -> Usages {
        let options = StatsOptionsBuilder::default().stream(true).build();
        let (docker, container) = (self.streams(), lab.container(machine));
        let operation = format!("follow the statistics of {machine}");
        let readings =
            stream::once(async move { docker.stats(&container, Some(options)) }).flatten();
        Box::pin(readings.filter_map(move |reading| {
            future::ready(match reading {
                Ok(reading) => usage(&reading).map(Ok),
                Err(error) => Some(Err(failed(operation.as_str())(error))),
            })
        }))
    }

    fn follow_events(&self, lab: &Lab) -> Events {
        let kinds = ["start", "die", "oom"].map(str::to_owned).to_vec();
        let filters = HashMap::from([
            ("label".to_owned(), vec![format!("{RUN_LABEL}={}", lab.run)]),
            ("event".to_owned(), kinds),
        ]);
        let options = EventsOptionsBuilder::default().filters(&filters).build();
        let docker = self.streams();
        let events = stream::once(async move { docker.events(Some(options)) }).flatten();
        Box::pin(events.filter_map(|told| {
            future::ready(match told {
                Ok(told) => event(told).map(Ok),
                Err(error) => Some(Err(failed("follow what happens to the machines")(error))),
            })
        }))
    }
}

fn event(told: EventMessage) -> Option<Event> {
    let attributes = told.actor?.attributes?;
    let what = match told.action?.as_str() {
        "start" => Lifecycle::Started,
        "die" => Lifecycle::Ended(attributes.get("exitCode")?.parse().ok()?),
        "oom" => Lifecycle::OutOfMemory,
        _ => return None,
    };
    Some(Event { machine: attributes.get(NODE_LABEL)?.clone(), what })
}

/// A reading; nothing for the empty ones a container that is not running answers with.
fn usage(stats: &ContainerStatsResponse) -> Option<Usage> {
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    let cpu = stats.cpu_stats.as_ref().filter(|c| c.system_cpu_usage.is_some()).map(|cpu| {
        let used = cpu.cpu_usage.as_ref().and_then(|u| u.total_usage).unwrap_or(0);
        let throttling = cpu.throttling_data.as_ref().map(|throttling| Throttling {
            periods: throttling.periods.unwrap_or(0),
            throttled_periods: throttling.throttled_periods.unwrap_or(0),
            throttled_seconds: seconds(throttling.throttled_time.unwrap_or(0)),
        });
        CpuUsage { seconds: seconds(used), throttling }
    });
    let memory = stats.memory_stats.as_ref().and_then(|memory| {
        let used = memory.usage?;
        let details = memory.stats.clone().unwrap_or_default();
        // Version 1 and 2 of control groups name them differently.
        let detail =
            |v1: &str, v2: &str| details.get(v1).or_else(|| details.get(v2)).copied().unwrap_or(0);
        Some(MemoryUsage {
            used,
            inactive_file: detail("total_inactive_file", "inactive_file"),
            rss: detail("total_rss", "anon"),
            cache: detail("total_cache", "file"),
            limit: memory.limit.unwrap_or(0),
        })
    });
    let networks = stats.networks.iter().flatten().map(|(interface, network)| {
        let traffic = Traffic {
            received_bytes: network.rx_bytes.unwrap_or(0),
            sent_bytes: network.tx_bytes.unwrap_or(0),
        };
        (interface.clone(), traffic)
    });
    let networks: std::collections::BTreeMap<_, _> = networks.collect();
    if cpu.is_none() && memory.is_none() && networks.is_empty() {
        return None;
    }
    let block = stats
        .blkio_stats
        .as_ref()
        .and_then(|b| b.io_service_bytes_recursive.as_deref())
        .unwrap_or_default();
    let bytes = |op: &str| block.iter().filter(|e| is_op(e, op)).filter_map(|e| e.value).sum();
    Some(Usage {
        cpu,
        memory,
        networks,
        read_bytes: bytes("read"),
        written_bytes: bytes("write"),
        processes: stats.pids_stats.as_ref().and_then(|p| p.current).unwrap_or(0),
    })
}

fn is_op(entry: &ContainerBlkioStatEntry, op: &str) -> bool {
    entry.op.as_deref().is_some_and(|o| o.eq_ignore_ascii_case(op))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Usage> {
        usage(&serde_json::from_str(json).expect("a reading"))
    }

    #[test]
    fn a_reading_of_cgroup_v1_and_of_v2_say_the_same() {
        let of = |memory: &str| {
            read(&format!(
                r#"{{"cpu_stats":{{"cpu_usage":{{"total_usage":2500000000}},"system_cpu_usage":9,"throttling_data":{{"periods":10,"throttled_periods":4,"throttled_time":500000000}}}},
                "memory_stats":{{"usage":300,"limit":1000,"stats":{memory}}},"networks":{{"eth0":{{"rx_bytes":5,"tx_bytes":6}}}},
                "blkio_stats":{{"io_service_bytes_recursive":[{{"op":"Write","value":7}},{{"op":"read","value":8}}]}},"pids_stats":{{"current":63}}}}"#
            ))
        };
        let v1 = of(r#"{"total_rss":100,"total_cache":150,"total_inactive_file":50}"#);
        let v2 = of(r#"{"anon":100,"file":150,"inactive_file":50}"#);
        let throttling = Throttling { periods: 10, throttled_periods: 4, throttled_seconds: 0.5 };
        let expected = Usage {
            cpu: Some(CpuUsage { seconds: 2.5, throttling: Some(throttling) }),
            memory: Some(MemoryUsage {
                used: 300,
                inactive_file: 50,
                rss: 100,
                cache: 150,
                limit: 1000,
            }),
            networks: [("eth0".to_owned(), Traffic { received_bytes: 5, sent_bytes: 6 })].into(),
            read_bytes: 8,
            written_bytes: 7,
            processes: 63,
        };
        assert_eq!((v1.as_ref(), v2.as_ref()), (Some(&expected), Some(&expected)));
    }

    #[test]
    fn a_container_that_is_not_running_has_no_reading() {
        let empty =
            r#"{"cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{},"pids_stats":{}}"#;
        assert_eq!(read(empty), None);
    }

    #[test]
    fn what_happened_to_a_machine_is_told_by_its_name() {
        let of = |action: &str| {
            event(
                serde_json::from_str(&format!(
                    r#"{{"Action":"{action}","Actor":{{"Attributes":{{"exitCode":"137","{NODE_LABEL}":"kafka-1"}}}}}}"#
                ))
                .expect("an event"),
            )
        };
        let happened = |what| Some(Event { machine: "kafka-1".to_owned(), what });
        assert_eq!(of("oom"), happened(Lifecycle::OutOfMemory));
        assert_eq!(of("die"), happened(Lifecycle::Ended(137)));
        assert_eq!(of("start"), happened(Lifecycle::Started));
        assert_eq!(of("exec_create: sh"), None);
    }
}
