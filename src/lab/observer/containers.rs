//! The engine's own figures: one streaming `stats` per container, whose newest reading each second
//! takes.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::{ContainerBlkioStatEntry, ContainerStatsResponse};
use bollard::query_parameters::{EventsOptionsBuilder, StatsOptionsBuilder};
use futures_util::StreamExt;
use tokio::task::JoinHandle;

use crate::domain::telemetry::series::Labels;
use crate::lab::engine::Lab;
use crate::lab::engine::docker::{NODE_LABEL, RUN_LABEL};
use crate::lab::wait::pause;

type Samples = Vec<(Labels, f64)>;

/// A reading older than this says nothing about now.
const FRESH_FOR: Duration = Duration::from_secs(3);
/// Before a stream that ended is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Seen {
    newest: BTreeMap<String, (Instant, Samples)>,
    oom_kills: BTreeMap<String, u64>,
}

/// Follows the statistics of all containers of a lab.
#[derive(Debug)]
pub struct Containers {
    machines: Vec<String>,
    seen: Rc<RefCell<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Containers {
    /// Begins to follow. Must be called within a `LocalSet`.
    pub fn follow(docker: &Docker, lab: &Lab) -> Self {
        let seen = Rc::new(RefCell::new(Seen::default()));
        let machines: Vec<_> = lab.machines().map(str::to_owned).collect();
        let mut tasks: Vec<_> = machines
            .iter()
            .map(|machine| {
                tokio::task::spawn_local(follow_stats(
                    docker.clone(),
                    lab.container(machine),
                    machine.clone(),
                    seen.clone(),
                ))
            })
            .collect();
        tasks.push(tokio::task::spawn_local(follow_kills(
            docker.clone(),
            lab.run.clone(),
            seen.clone(),
        )));
        Self { machines, seen, tasks }
    }

    /// The newest reading of each container; `None` for one without a fresh reading.
    pub fn read(&self) -> Vec<(String, Option<Samples>)> {
        let seen = self.seen.borrow();
        let reading = |machine: &String| {
            let (_, samples) =
                seen.newest.get(machine).filter(|(at, _)| at.elapsed() < FRESH_FOR)?;
            let kills = seen.oom_kills.get(machine).copied().unwrap_or(0) as f64;
            let mut samples = samples.clone();
            samples.push((
                Labels::of("container_oom_events_total", [("node", machine.as_str())]),
                kills,
            ));
            Some(samples)
        };
        self.machines.iter().map(|machine| (machine.clone(), reading(machine))).collect()
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn follow_stats(docker: Docker, container: String, machine: String, seen: Rc<RefCell<Seen>>) {
    loop {
        let options = StatsOptionsBuilder::default().stream(true).build();
        let mut stats = docker.stats(&container, Some(options));
        while let Some(Ok(reading)) = stats.next().await {
            let samples = samples(&machine, &reading);
            // A container that is not running answers with empty readings.
            if !samples.is_empty() {
                seen.borrow_mut().newest.insert(machine.clone(), (Instant::now(), samples));
            }
        }
        pause(REOPEN_AFTER).await;
    }
}

async fn follow_kills(docker: Docker, run: String, seen: Rc<RefCell<Seen>>) {
    loop {
        let filters = HashMap::from([
            ("label".to_owned(), vec![format!("{RUN_LABEL}={run}")]),
            ("event".to_owned(), vec!["oom".to_owned()]),
        ]);
        let mut events =
            docker.events(Some(EventsOptionsBuilder::default().filters(&filters).build()));
        while let Some(Ok(event)) = events.next().await {
            let attributes = event.actor.and_then(|a| a.attributes).unwrap_or_default();
            if let Some(machine) = attributes.get(NODE_LABEL) {
                *seen.borrow_mut().oom_kills.entry(machine.clone()).or_default() += 1;
            }
        }
        pause(REOPEN_AFTER).await;
    }
}

fn samples(machine: &str, stats: &ContainerStatsResponse) -> Samples {
    let of = |name: &str| Labels::of(name, [("node", machine)]);
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    let mut samples = Samples::new();
    if let Some(cpu) = stats.cpu_stats.as_ref().filter(|c| c.system_cpu_usage.is_some()) {
        let used = cpu.cpu_usage.as_ref().and_then(|u| u.total_usage).unwrap_or(0);
        samples.push((of("container_cpu_usage_seconds_total"), seconds(used)));
        if let Some(throttling) = &cpu.throttling_data {
            samples.push((
                of("container_cpu_cfs_periods_total"),
                throttling.periods.unwrap_or(0) as f64,
            ));
            samples.push((
                of("container_cpu_cfs_throttled_periods_total"),
                throttling.throttled_periods.unwrap_or(0) as f64,
            ));
            samples.push((
                of("container_cpu_cfs_throttled_seconds_total"),
                seconds(throttling.throttled_time.unwrap_or(0)),
            ));
        }
    }
    if let Some((memory, usage)) = stats.memory_stats.as_ref().and_then(|m| Some((m, m.usage?))) {
        let details = memory.stats.clone().unwrap_or_default();
        // cgroup v1 and v2 name them differently; cAdvisor shows both under these names.
        let detail =
            |v1: &str, v2: &str| details.get(v1).or_else(|| details.get(v2)).copied().unwrap_or(0);
        let inactive = detail("total_inactive_file", "inactive_file");
        samples.push((of("container_memory_usage_bytes"), usage as f64));
        samples.push((
            of("container_memory_working_set_bytes"),
            usage.saturating_sub(inactive) as f64,
        ));
        samples.push((of("container_memory_rss"), detail("total_rss", "anon") as f64));
        samples.push((of("container_memory_cache"), detail("total_cache", "file") as f64));
        samples.push((of("container_spec_memory_limit_bytes"), memory.limit.unwrap_or(0) as f64));
    }
    for (interface, network) in stats.networks.iter().flatten() {
        let of =
            |name: &str| Labels::of(name, [("node", machine), ("interface", interface.as_str())]);
        samples.push((
            of("container_network_receive_bytes_total"),
            network.rx_bytes.unwrap_or(0) as f64,
        ));
        samples.push((
            of("container_network_transmit_bytes_total"),
            network.tx_bytes.unwrap_or(0) as f64,
        ));
    }
    if samples.is_empty() {
        return samples;
    }
    let block = stats
        .blkio_stats
        .as_ref()
        .and_then(|b| b.io_service_bytes_recursive.as_deref())
        .unwrap_or_default();
    let bytes = |op: &str| {
        block.iter().filter(|e| is_op(e, op)).filter_map(|e| e.value).sum::<u64>() as f64
    };
    samples.push((of("container_fs_reads_bytes_total"), bytes("read")));
    samples.push((of("container_fs_writes_bytes_total"), bytes("write")));
    let processes = stats.pids_stats.as_ref().and_then(|p| p.current).unwrap_or(0);
    samples.push((of("container_processes"), processes as f64));
    samples
}

fn is_op(entry: &ContainerBlkioStatEntry, op: &str) -> bool {
    entry.op.as_deref().is_some_and(|o| o.eq_ignore_ascii_case(op))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> Vec<String> {
        let stats: ContainerStatsResponse = serde_json::from_str(json).expect("a reading");
        samples("kafka-1", &stats).iter().map(|(l, v)| format!("{l} {v}")).collect()
    }

    #[test]
    fn a_reading_of_cgroup_v1_and_of_v2_have_the_same_names() {
        let of = |memory: &str| {
            shown(&format!(
                r#"{{"cpu_stats":{{"cpu_usage":{{"total_usage":2500000000}},"system_cpu_usage":9,"throttling_data":{{"periods":10,"throttled_periods":4,"throttled_time":500000000}}}},
                "memory_stats":{{"usage":300,"limit":1000,"stats":{memory}}},"networks":{{"eth0":{{"rx_bytes":5,"tx_bytes":6}}}},
                "blkio_stats":{{"io_service_bytes_recursive":[{{"op":"Write","value":7}},{{"op":"read","value":8}}]}},"pids_stats":{{"current":63}}}}"#
            ))
        };
        let v1 = of(r#"{"total_rss":100,"total_cache":150,"total_inactive_file":50}"#);
        let v2 = of(r#"{"anon":100,"file":150,"inactive_file":50}"#);
        assert_eq!(v1, v2);
        insta::assert_snapshot!(v1.join("\n"), @r#"
        container_cpu_usage_seconds_total{node="kafka-1"} 2.5
        container_cpu_cfs_periods_total{node="kafka-1"} 10
        container_cpu_cfs_throttled_periods_total{node="kafka-1"} 4
        container_cpu_cfs_throttled_seconds_total{node="kafka-1"} 0.5
        container_memory_usage_bytes{node="kafka-1"} 300
        container_memory_working_set_bytes{node="kafka-1"} 250
        container_memory_rss{node="kafka-1"} 100
        container_memory_cache{node="kafka-1"} 150
        container_spec_memory_limit_bytes{node="kafka-1"} 1000
        container_network_receive_bytes_total{interface="eth0", node="kafka-1"} 5
        container_network_transmit_bytes_total{interface="eth0", node="kafka-1"} 6
        container_fs_reads_bytes_total{node="kafka-1"} 8
        container_fs_writes_bytes_total{node="kafka-1"} 7
        container_processes{node="kafka-1"} 63
        "#);
    }

    #[test]
    fn a_container_that_is_not_running_has_no_samples() {
        assert_eq!(
            shown(
                r#"{"cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{},"pids_stats":{}}"#
            ),
            Vec::<String>::new()
        );
    }
}
