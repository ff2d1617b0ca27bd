//! The engine's own figures: one streaming `stats` per container, whose newest reading each second
//! takes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::task::JoinHandle;

use super::senses::{Pace, Samples, Sense, Source};
use crate::domain::telemetry::series::{Labels, UnixMs};
use crate::lab::engine::{Events, Lab, Lifecycle, Statistics, Usage, Usages};
use crate::lab::wait::pause;

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
    pub fn follow(engine: &(impl Statistics + Clone + 'static), lab: &Lab) -> Self {
        let seen = Rc::new(RefCell::new(Seen::default()));
        let machines: Vec<_> = lab.machines().map(str::to_owned).collect();
        let mut tasks: Vec<_> = machines
            .iter()
            .map(|machine| {
                let (engine, lab, name) = (engine.clone(), lab.clone(), machine.clone());
                let open = move || engine.follow_usage(&lab, &name);
                tokio::task::spawn_local(follow_usage(open, machine.clone(), seen.clone()))
            })
            .collect();
        let (engine, lab) = (engine.clone(), lab.clone());
        let open = move || engine.follow_events(&lab);
        tasks.push(tokio::task::spawn_local(follow_kills(open, seen.clone())));
        Self { machines, seen, tasks }
    }

    /// The newest reading of each container; `None` for one without a fresh reading.
    fn newest(&self) -> Vec<Option<Samples>> {
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
        self.machines.iter().map(reading).collect()
    }
}

impl Sense for Containers {
    // The readings come by themselves, so looking at the newest takes no time.
    const PACE: Pace = Pace { timed: false, ..Pace::SECOND };

    fn sources(&self) -> Vec<Source> {
        self.machines.iter().map(|machine| Source::of("container", machine)).collect()
    }

    async fn read(&mut self, _: UnixMs) -> Vec<Option<Samples>> {
        self.newest()
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn follow_usage(open: impl Fn() -> Usages, machine: String, seen: Rc<RefCell<Seen>>) {
    loop {
        let mut usages = open();
        while let Some(Ok(usage)) = usages.next().await {
            let reading = (Instant::now(), samples(&machine, &usage));
            seen.borrow_mut().newest.insert(machine.clone(), reading);
        }
        pause(REOPEN_AFTER).await;
    }
}

async fn follow_kills(open: impl Fn() -> Events, seen: Rc<RefCell<Seen>>) {
    loop {
        let mut events = open();
        while let Some(Ok(event)) = events.next().await {
            match event.what {
                Lifecycle::OutOfMemory => {
                    *seen.borrow_mut().oom_kills.entry(event.machine).or_default() += 1;
                }
                Lifecycle::Started | Lifecycle::Ended(_) => {}
            }
        }
        pause(REOPEN_AFTER).await;
    }
}

/// A reading under cAdvisor's names.
fn samples(machine: &str, usage: &Usage) -> Samples {
    let of = |name: &str| Labels::of(name, [("node", machine)]);
    let mut samples = Samples::new();
    if let Some(cpu) = &usage.cpu {
        samples.push((of("container_cpu_usage_seconds_total"), cpu.seconds));
        if let Some(throttling) = &cpu.throttling {
            samples.push((of("container_cpu_cfs_periods_total"), throttling.periods as f64));
            samples.push((
                of("container_cpu_cfs_throttled_periods_total"),
                throttling.throttled_periods as f64,
            ));
            samples.push((
                of("container_cpu_cfs_throttled_seconds_total"),
                throttling.throttled_seconds,
            ));
        }
    }
    if let Some(memory) = &usage.memory {
        let working_set = memory.used.saturating_sub(memory.inactive_file);
        samples.push((of("container_memory_usage_bytes"), memory.used as f64));
        samples.push((of("container_memory_working_set_bytes"), working_set as f64));
        samples.push((of("container_memory_rss"), memory.rss as f64));
        samples.push((of("container_memory_cache"), memory.cache as f64));
        samples.push((of("container_spec_memory_limit_bytes"), memory.limit as f64));
    }
    for (interface, traffic) in &usage.networks {
        let of =
            |name: &str| Labels::of(name, [("node", machine), ("interface", interface.as_str())]);
        let (received, sent) = (traffic.received_bytes as f64, traffic.sent_bytes as f64);
        samples.push((of("container_network_receive_bytes_total"), received));
        samples.push((of("container_network_transmit_bytes_total"), sent));
    }
    samples.push((of("container_fs_reads_bytes_total"), usage.read_bytes as f64));
    samples.push((of("container_fs_writes_bytes_total"), usage.written_bytes as f64));
    samples.push((of("container_processes"), usage.processes as f64));
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::engine::{CpuUsage, MemoryUsage, Throttling, Traffic};

    #[test]
    fn a_reading_has_the_names_of_cadvisor() {
        let throttling = Throttling { periods: 10, throttled_periods: 4, throttled_seconds: 0.5 };
        let usage = Usage {
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
        let shown: Vec<_> =
            samples("kafka-1", &usage).iter().map(|(l, v)| format!("{l} {v}")).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
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
}
