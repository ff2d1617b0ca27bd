//! Made-up runs for tests: three brokers and a controller, two topics, a producer and a consumer,
//! sampled every second for ten minutes. Healthy for half a minute, then something happens that the
//! caller says.

mod stories;

use stories::facts;
pub use stories::{isr_shrink, self_healed, slow_consumer, slow_disk, throttled};

use super::record::{Command, Facts, Machine, Record, Role};
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::series::{Labels, Point, Series, UnixMs};

/// 2026-11-22T12:00:00Z, the first second of every sample run.
pub const START: UnixMs = 1_795_348_800_000;
/// Seconds after the start.
pub const INJECTED: i64 = 40;
pub const SHRUNK: i64 = 56;
pub const PAGED: i64 = 70;
pub const OPENED: i64 = 75;
pub const HEALED: i64 = 400;
pub const END: i64 = 600;

/// A scrape's distance from the full second.
const SCRAPE: i64 = 137;

pub const ORDERS: u32 = 6;

/// A run in memory.
#[derive(Debug, Clone)]
pub struct Sample {
    pub series: Vec<Series>,
    pub logs: Vec<LogLine>,
    pub facts: Facts,
}

/// The instant this many seconds after the start.
pub fn second(s: i64) -> UnixMs {
    START + s * 1000
}

/// The machines of a lab of three brokers with these services.
pub fn machines(services: &[&str]) -> Vec<Machine> {
    let machine = |name: &str, role| Machine { name: name.to_owned(), role };
    let brokers = (1..=3).map(|id| machine(&format!("kafka-{id}"), Role::Broker(id)));
    let of_group = |name: &&str| machine(name, Role::Service { group: Some((*name).to_owned()) });
    [machine("controller", Role::Controller(100)), machine("toolbox", Role::Toolbox)]
        .into_iter()
        .chain(brokers)
        .chain(services.iter().map(of_group))
        .collect()
}

/// What differs from a healthy run. Seconds are counted from the start.
struct Story<'a> {
    /// Whether a broker's replica of an `orders` partition is in sync.
    in_sync: &'a dyn Fn(u32, u32, i64) -> bool,
    /// Records by which a follower's log is shorter than its leader's.
    behind: &'a dyn Fn(u32, u32, i64) -> f64,
    /// Packets a broker's shaper has dropped; none where there is no shaper.
    drops: &'a dyn Fn(u32, i64) -> Option<f64>,
    /// Seconds a broker takes to answer.
    probe: &'a dyn Fn(u32, i64) -> f64,
    /// Bytes a second a broker sends.
    sends: &'a dyn Fn(u32, i64) -> f64,
    /// Lag of `billing` on a partition.
    lag: &'a dyn Fn(u32, i64) -> f64,
    /// Seconds `billing` takes for a record.
    processing: &'a dyn Fn(i64) -> f64,
    /// The version of `billing`.
    version: &'a dyn Fn(i64) -> &'static str,
    /// Seconds the slowest acknowledgement takes.
    acks: &'a dyn Fn(i64) -> f64,
    /// Milliseconds a broker's flushes take.
    flush: &'a dyn Fn(u32, i64) -> f64,
    /// Whether a broker's followers are throttled.
    throttle: &'a dyn Fn(u32, i64) -> bool,
}

const HEALTHY: Story<'static> = Story {
    in_sync: &|_, _, _| true,
    behind: &|_, _, _| 0.0,
    drops: &|_, _| None,
    probe: &|broker, s| 0.006 + 0.004 * wobble(broker, s),
    sends: &|broker, s| 2_000_000.0 + 100_000.0 * wobble(broker, s),
    lag: &|partition, s| (4.0 + 5.0 * wobble(partition, s)).floor(),
    processing: &|s| 0.002 + 0.0005 * wobble(9, s),
    version: &|_| "3.8.1",
    acks: &|s| 0.03 + 0.02 * wobble(5, s),
    flush: &|broker, s| 5.0 + wobble(broker, s),
    throttle: &|_, _| false,
};

/// A number in [0, 1) that looks like noise and is the same every time.
fn wobble(seed: u32, s: i64) -> f64 {
    (s.wrapping_mul(2_654_435_761).wrapping_add(i64::from(seed) * 40_503).rem_euclid(1009)) as f64
        / 1009.0
}

pub fn leader(partition: u32) -> u32 {
    partition % 3 + 1
}

impl Sample {
    /// The run as a record.
    pub fn record(&self) -> Record<'_> {
        Record { series: &self.series, logs: &self.logs, facts: &self.facts }
    }

    /// One command more.
    pub fn with_command(
        mut self,
        number: u32,
        node: &str,
        line: &str,
        at: i64,
        output: &str,
    ) -> Self {
        self.facts.commands.push(command(number, node, line, at, output));
        self.facts.commands.sort_by_key(|c| (c.started, c.number));
        self
    }

    /// Without what the learner did.
    pub fn without_commands(mut self) -> Self {
        self.facts.commands.clear();
        self
    }

    /// The same run in another lab: names in labels, lines, commands and the inventory replaced,
    /// whole words only.
    pub fn renamed(mut self, names: &[(&str, &str)]) -> Self {
        let rename = |text: &str| {
            let is_part = |c: char| c.is_alphanumeric() || "_-".contains(c);
            let mut renamed = String::new();
            let mut rest = text;
            while !rest.is_empty() {
                let gap = rest.find(is_part).unwrap_or(rest.len());
                renamed.push_str(&rest[..gap]);
                rest = &rest[gap..];
                let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
                let whole =
                    names.iter().find(|(name, _)| *name == word).map(|(_, to)| (*to).to_owned());
                let numbered = || {
                    let (name, number) = word.rsplit_once('-')?;
                    let (_, to) = names.iter().find(|(from, _)| *from == name)?;
                    number.parse::<u32>().ok().map(|number| format!("{to}-{number}"))
                };
                renamed.push_str(&whole.or_else(numbered).unwrap_or_else(|| word.to_owned()));
                rest = after;
            }
            renamed
        };
        for series in &mut self.series {
            series
                .labels
                .0
                .iter_mut()
                .filter(|(label, _)| *label != "__name__")
                .for_each(|(_, value)| *value = rename(value));
        }
        for line in &mut self.logs {
            (line.node, line.line) = (rename(&line.node), rename(&line.line));
        }
        let facts = &mut self.facts;
        for command in &mut facts.commands {
            (command.node, command.line, command.output) =
                (rename(&command.node), rename(&command.line), rename(&command.output));
        }
        let inventory = &mut facts.inventory;
        for machine in &mut inventory.machines {
            machine.name = rename(&machine.name);
            if let super::record::Role::Service { group: Some(group) } = &mut machine.role {
                *group = rename(group);
            }
        }
        inventory.topics =
            inventory.topics.iter().map(|(name, count)| (rename(name), *count)).collect();
        inventory.groups = inventory.groups.iter().map(|name| rename(name)).collect();
        self
    }

    /// One log line more.
    pub fn with_line(mut self, node: &str, at: i64, line: &str) -> Self {
        self.logs.push(logged(node, at, line));
        self.logs.sort_by_key(|l| l.at);
        self
    }

    fn add(&mut self, name: &str, pairs: &[(&str, &str)], value: impl Fn(i64) -> Option<f64>) {
        self.add_every(1, name, pairs, value);
    }

    fn add_every(
        &mut self,
        every: i64,
        name: &str,
        pairs: &[(&str, &str)],
        value: impl Fn(i64) -> Option<f64>,
    ) {
        let mut points: Vec<Point> = Vec::new();
        for s in (0..=END).step_by(every as usize) {
            let at = second(s) + SCRAPE;
            match value(s) {
                Some(value) => points.push(Point { at, value }),
                None if points
                    .last()
                    .is_some_and(|p| !crate::domain::telemetry::series::is_stale(p.value)) =>
                {
                    points.push(Point { at, value: crate::domain::telemetry::series::stale() });
                }
                None => {}
            }
        }
        if !points.is_empty() {
            self.series.push(Series { labels: Labels::of(name, pairs.iter().copied()), points });
        }
    }
}

fn logged(node: &str, at: i64, line: &str) -> LogLine {
    LogLine { at: second(at) + 420, node: node.into(), line: line.into() }
}

fn command(number: u32, node: &str, line: &str, at: i64, output: &str) -> Command {
    let (started, ended) = (second(at), Some(second(at) + 900));
    Command {
        number,
        node: node.into(),
        line: line.into(),
        started,
        ended,
        exit: Some(0),
        output: output.into(),
        shortened: false,
        changed: None,
    }
}

/// Running sums of a rate, for counters.
fn summed(rate: impl Fn(i64) -> f64) -> impl Fn(i64) -> Option<f64> {
    let mut sums = vec![5_000.0];
    for s in 0..END {
        sums.push(sums[s as usize] + rate(s));
    }
    move |s| Some(sums[s as usize])
}

fn staged(story: &Story<'_>) -> Sample {
    let mut run = Sample { series: Vec::new(), logs: Vec::new(), facts: facts() };
    for (job, node) in [
        ("kafka", "kafka-1"),
        ("kafka", "kafka-2"),
        ("kafka", "kafka-3"),
        ("cluster", "controller"),
        ("service", "billing"),
    ] {
        run.add("up", &[("job", job), ("node", node)], |_| Some(1.0));
    }
    for broker in 1..=3u32 {
        let (id, node) = (broker.to_string(), format!("kafka-{broker}"));
        let own = [("broker", id.as_str()), ("node", node.as_str())];
        let leads = |partition: &u32| leader(*partition) == broker;
        let missing = |partition: u32, s: i64| {
            (1..=3).filter(|b| !(story.in_sync)(partition, *b, s)).count() as f64
        };
        let under =
            |s: i64| (0..ORDERS).filter(leads).filter(|p| missing(*p, s) > 0.0).count() as f64;
        run.add("kafka_server_replicamanager_underreplicatedpartitions", &own, |s| Some(under(s)));
        run.add("kafka_server_replicamanager_isrshrinks_total", &own, |s| {
            Some((0..=s).map(under).fold(0.0, f64::max))
        });
        run.add("kafka_server_replicamanager_leadercount", &own, |_| Some(3.0));
        run.add(
            "kafka_server_brokertopicmetrics_bytesin_total",
            &own,
            summed(|s| 500_000.0 + 9_000.0 * wobble(broker, s)),
        );
        run.add("kafka_server_kafkaserver_brokerstate", &own, |_| Some(3.0));
        run.add(
            "kafka_log_logflushstats_logflushrateandtimems",
            &[own[0], own[1], ("quantile", "0.99")],
            |s| Some((story.flush)(broker, s)),
        );
        run.add("kafka_broker_fenced", &own[..1], |_| Some(0.0));
        run.add("kafka_probe_duration_seconds", &[own[0], ("api", "Metadata")], |s| {
            Some((story.probe)(broker, s))
        });
        run.add("process_open_fds", &own, |s| Some((130.0 + 4.0 * wobble(broker, s)).floor()));
        let nic = [("node", node.as_str()), ("device", "eth0")];
        run.add("node_network_transmit_bytes_total", &nic, summed(|s| (story.sends)(broker, s)));
        run.add("node_qdisc_drops_total", &[nic[0], nic[1], ("kind", "noqueue")], |_| Some(0.0));
        run.add("node_qdisc_drops_total", &[nic[0], nic[1], ("kind", "tbf")], |s| {
            (story.drops)(broker, s)
        });
        run.add("container_cpu_cfs_throttled_periods_total", &own[1..], |_| Some(0.0));
        run.add("container_memory_rss", &own[1..], |s| Some(140e6 + 1e6 * wobble(broker, s)));
        run.add_every(
            5,
            "kafka_broker_config_info",
            &[
                own[0],
                ("key", "num.io.threads"),
                ("value", "2"),
                ("source", "STATIC_BROKER_CONFIG"),
            ],
            |_| Some(1.0),
        );
        let throttled = ("key", "leader.replication.throttled.rate");
        run.add_every(
            5,
            "kafka_broker_config_info",
            &[own[0], throttled, ("value", "200000"), ("source", "DYNAMIC_BROKER_CONFIG")],
            |s| (story.throttle)(broker, s).then_some(1.0),
        );
        for partition in 0..ORDERS {
            let number = partition.to_string();
            let replica = [("topic", "orders"), ("partition", number.as_str()), own[0]];
            run.add("kafka_topic_partition_replica_in_sync", &replica, |s| {
                Some(f64::from((story.in_sync)(partition, broker, s) as u8))
            });
            let end = |s: i64| 10_000.0 + 40.0 * s as f64 - (story.behind)(partition, broker, s);
            run.add("kafka_log_log_logendoffset", &[own[0], own[1], replica[0], replica[1]], |s| {
                Some(end(s))
            });
        }
    }
    run.add(
        "kafka_controller_kafkacontroller_fencedbrokercount",
        &[("node", "controller")],
        |_| Some(0.0),
    );
    run.add(
        "kafka_controller_kafkacontroller_activecontrollercount",
        &[("node", "controller")],
        |_| Some(1.0),
    );
    for partition in 0..ORDERS {
        let number = partition.to_string();
        let labels = [("topic", "orders"), ("partition", number.as_str())];
        let in_sync = |s: i64| (1..=3).filter(|b| (story.in_sync)(partition, *b, s)).count() as f64;
        run.add("kafka_topic_partition_leader", &labels, |_| Some(f64::from(leader(partition))));
        run.add("kafka_topic_partition_replicas", &labels, |_| Some(3.0));
        run.add("kafka_topic_partition_in_sync_replica", &labels, |s| Some(in_sync(s)));
        run.add("kafka_topic_partition_under_replicated_partition", &labels, |s| {
            Some(f64::from((in_sync(s) < 3.0) as u8))
        });
        run.add("kafka_topic_partition_current_offset", &labels, |s| {
            Some(10_000.0 + 40.0 * s as f64)
        });
        let group = [("consumergroup", "billing"), labels[0], labels[1]];
        run.add("kafka_consumergroup_lag", &group, |s| Some((story.lag)(partition, s)));
        run.add("kafka_consumergroup_current_offset", &group, |s| {
            Some(10_000.0 + 40.0 * s as f64 - (story.lag)(partition, s))
        });
        run.add("kafka_consumergroup_oldest_uncommitted_age_seconds", &group, |s| {
            Some((story.lag)(partition, s) / 40.0)
        });
    }
    run.add("kafka_consumergroup_members", &[("consumergroup", "billing")], |_| Some(3.0));
    let billing = [("service", "billing"), ("node", "billing"), ("client_id", "billing-1")];
    run.add("kafka_consumer_processing_seconds_count", &billing, summed(|_| 100.0));
    run.add(
        "kafka_consumer_processing_seconds_sum",
        &billing,
        summed(|s| 100.0 * (story.processing)(s)),
    );
    for version in ["3.8.1", "3.9.0"] {
        let labels = [
            ("service", "billing"),
            ("node", "billing"),
            ("version", version),
            ("role", "consumer"),
        ];
        run.add("service_info", &labels, |s| ((story.version)(s) == version).then_some(1.0));
    }
    run.add(
        "kafka_producer_ack_latency_seconds_max",
        &[("service", "orders-service"), ("node", "orders-service")],
        |s| Some((story.acks)(s)),
    );
    for s in (0..=END).step_by(5) {
        run.logs.push(logged(
            "orders-service",
            s,
            &format!("INFO sent 1200 records, {} in all", 240 * s),
        ));
        run.logs.push(logged(
            "billing",
            s,
            &format!("INFO processed batch of 500 records up to offset {}", 10_000 + 40 * s),
        ));
    }
    for s in (3..=END).step_by(20) {
        for broker in 1..=3 {
            let line = format!(
                "[2026-11-22] INFO [LocalLog partition=orders-{}, dir=/data] Rolled new log segment at offset {s}",
                s % 6
            );
            run.logs.push(logged(&format!("kafka-{broker}"), s, &line));
        }
    }
    run.logs.sort_by_key(|l| l.at);
    run
}
