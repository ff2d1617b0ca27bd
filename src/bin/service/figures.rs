//! What the service counts about itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant, SystemTime},
};

use rdkafka::statistics::{Statistics, Window};

use crate::{activity::Activity, ledger::Ledger};

/// Topic and partition.
pub type Partition = (String, i32);

/// Statistics older than this are not shown: librdkafka hands them out when it is polled, and a
/// service that does not poll has none.
const FRESH: Duration = Duration::from_secs(5);

/// Everything that is counted. No two of its locks are held at once.
pub struct Figures {
    /// When the process started.
    pub started: SystemTime,
    ledger: Mutex<Ledger>,
    produced: Mutex<Produced>,
    clients: Vec<Mutex<Client>>,
}

impl Figures {
    /// Nothing counted yet, for clients of these names.
    pub fn of(clients: impl IntoIterator<Item = String>) -> Self {
        let clients =
            clients.into_iter().map(|id| Mutex::new(Client { id, ..Client::default() })).collect();
        Self {
            started: SystemTime::now(),
            ledger: Mutex::default(),
            produced: Mutex::default(),
            clients,
        }
    }

    /// Offsets acknowledged or processed.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("a panic ends the process")
    }

    /// What the producer counts, over all its clients.
    pub fn produced(&self) -> MutexGuard<'_, Produced> {
        self.produced.lock().expect("a panic ends the process")
    }

    /// What one member counts; members are numbered from 1.
    pub fn client(&self, member: u32) -> MutexGuard<'_, Client> {
        self.clients[member as usize - 1].lock().expect("a panic ends the process")
    }

    /// All members' figures in turn.
    pub fn clients(&self) -> impl Iterator<Item = MutexGuard<'_, Client>> {
        self.clients.iter().map(|client| client.lock().expect("a panic ends the process"))
    }
}

/// What a producer counts.
#[derive(Debug, Default)]
pub struct Produced {
    /// Records handed to the client.
    pub accepted: u64,
    /// Records given up, by topic and error.
    pub failed: BTreeMap<(String, String), u64>,
    /// Records acknowledged.
    pub acknowledged: u64,
    /// Summed time from handing a record over to its acknowledgement.
    pub latency: Duration,
    /// The slowest of late.
    pub slowest: Peak,
    /// Transactions by how they ended.
    pub transactions: BTreeMap<&'static str, u64>,
}

impl Produced {
    /// Notes a record's acknowledgement.
    pub fn acknowledge(&mut self, latency: Duration, since_start: Duration) {
        self.acknowledged += 1;
        self.latency += latency;
        self.slowest.note(since_start.as_secs(), latency);
    }

    /// Notes a record that is given up.
    pub fn fail(&mut self, topic: &str, error: String) {
        *self.failed.entry((topic.to_owned(), error)).or_default() += 1;
    }
}

/// The largest value of this second and of the one before.
#[derive(Debug, Default)]
pub struct Peak {
    second: u64,
    now: Option<Duration>,
    before: Option<Duration>,
}

impl Peak {
    fn note(&mut self, second: u64, value: Duration) {
        self.turn(second);
        self.now = self.now.max(Some(value));
    }

    /// The largest, nothing when there was none.
    pub fn of_last_second(&mut self, second: u64) -> Option<Duration> {
        self.turn(second);
        self.now.max(self.before)
    }

    fn turn(&mut self, second: u64) {
        if second != self.second {
            self.before = self.now.take().filter(|_| second == self.second + 1);
            self.second = second;
        }
    }
}

/// What one client counts, and what librdkafka last told of it.
#[derive(Debug, Default)]
pub struct Client {
    /// `client.id`.
    pub id: String,
    /// What its member is doing.
    pub activity: Activity,
    /// Its part as a consumer.
    pub consumed: Consumed,
    /// librdkafka's statistics.
    pub library: Library,
}

/// What a member of a group counts.
#[derive(Debug, Default)]
pub struct Consumed {
    /// Records processed.
    pub records: BTreeMap<Partition, u64>,
    /// Records passed over because they could not be decoded.
    pub skipped: BTreeMap<Partition, u64>,
    /// Summed processing time.
    pub processing: Duration,
    /// Offset commits, by outcome.
    pub commits: BTreeMap<&'static str, u64>,
    /// Assignments received.
    pub rebalances: u64,
    /// Partitions assigned now.
    pub assigned: BTreeSet<Partition>,
    /// When the member last asked for records.
    pub polled: Option<Instant>,
    /// How old the record processed last was then, in milliseconds.
    pub behind_ms: Option<i64>,
}

impl Consumed {
    /// Records processed, over all partitions.
    pub fn total(&self) -> u64 {
        self.records.values().sum()
    }
}

/// The part of librdkafka's statistics that is shown.
#[derive(Debug, Default)]
pub struct Library {
    at: Option<Instant>,
    queued: u64,
    fetched: BTreeMap<Partition, i64>,
    /// By broker id; the coordinators' own connections by librdkafka's name for them.
    pub brokers: BTreeMap<String, Broker>,
}

/// A connection to a broker, since the client was made.
#[derive(Debug, Default)]
pub struct Broker {
    /// Responses and their summed round-trip time, in seconds.
    pub round_trips: (f64, f64),
    /// Throttled responses and the summed delay, in seconds.
    pub throttled: (f64, f64),
    /// Requests that timed out.
    pub timeouts: u64,
}

impl Library {
    /// Takes in one second's statistics. Windows are of that second alone, so they are summed up.
    pub fn absorb(&mut self, statistics: &Statistics, now: Instant) {
        self.at = Some(now);
        self.queued = statistics.msg_cnt;
        self.fetched = (statistics.topics.values())
            .flat_map(|topic| {
                topic
                    .partitions
                    .values()
                    .map(|p| ((topic.topic.clone(), p.partition), p.fetchq_cnt))
            })
            .filter(|((_, partition), _)| *partition >= 0)
            .collect();
        for broker in statistics.brokers.values() {
            let name = match (broker.source.as_str(), broker.nodeid) {
                ("logical", _) => broker.name.clone(),
                (_, id @ 0..) => id.to_string(),
                _ => continue,
            };
            let figures = self.brokers.entry(name).or_default();
            add(&mut figures.round_trips, broker.rtt.as_ref(), 1e6);
            add(&mut figures.throttled, broker.throttle.as_ref(), 1e3);
            figures.timeouts = broker.req_timeouts;
        }
    }

    /// Records waiting to be sent or acknowledged.
    pub fn queued(&self, now: Instant) -> Option<u64> {
        self.is_fresh(now).then_some(self.queued)
    }

    /// Records fetched and not yet taken, over all these partitions: they share one queue, and
    /// librdkafka tells its length for each.
    pub fn fetched(&self, assigned: &BTreeSet<Partition>, now: Instant) -> Option<i64> {
        let lengths = self
            .fetched
            .iter()
            .filter(|(partition, _)| assigned.contains(*partition))
            .map(|(_, length)| *length);
        lengths.max().filter(|_| self.is_fresh(now))
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| now.duration_since(at) < FRESH)
    }
}

fn add(to: &mut (f64, f64), window: Option<&Window>, per_second: f64) {
    if let Some(window) = window {
        to.0 += window.cnt as f64;
        to.1 += window.sum as f64 / per_second;
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics;

    use super::*;

    #[test]
    fn the_peak_is_of_the_last_second() {
        let ms = Duration::from_millis;
        let mut peak = Peak::default();
        assert_eq!(peak.of_last_second(0), None);
        peak.note(3, ms(10));
        peak.note(3, ms(30));
        peak.note(3, ms(20));
        assert_eq!(peak.of_last_second(3), Some(ms(30)));
        peak.note(4, ms(5));
        assert_eq!(peak.of_last_second(4), Some(ms(30)));
        assert_eq!(peak.of_last_second(5), Some(ms(5)));
        assert_eq!(peak.of_last_second(6), None);
        peak.note(7, ms(1));
        assert_eq!(peak.of_last_second(9), None);
    }

    fn broker(name: &str, nodeid: i32, source: &str, throttled_ms: i64) -> statistics::Broker {
        let window = |cnt, sum| Some(Window { cnt, sum, ..Window::default() });
        statistics::Broker {
            name: name.into(),
            nodeid,
            source: source.into(),
            rtt: window(4, 2_000_000),
            throttle: window(1, throttled_ms),
            req_timeouts: 3,
            ..statistics::Broker::default()
        }
    }

    #[test]
    fn windows_are_summed_and_old_gauges_end() {
        let brokers = [
            broker("kafka-1:9092/1", 1, "configured", 500),
            broker("GroupCoordinator", 1, "logical", 0),
            broker("kafka-2:9092/bootstrap", -1, "configured", 0),
        ];
        let statistics = Statistics {
            msg_cnt: 7,
            brokers: brokers.into_iter().map(|b| (b.name.clone(), b)).collect(),
            ..Statistics::default()
        };
        let mut library = Library::default();
        let start = Instant::now();
        library.absorb(&statistics, start);
        library.absorb(&statistics, start + Duration::from_secs(1));
        assert_eq!(library.brokers.keys().collect::<Vec<_>>(), ["1", "GroupCoordinator"]);
        assert_eq!(library.brokers["1"].round_trips, (8.0, 4.0));
        assert_eq!(library.brokers["1"].throttled, (2.0, 1.0));
        assert_eq!(library.brokers["1"].timeouts, 3);
        assert_eq!(library.queued(start + Duration::from_secs(5)), Some(7));
        assert_eq!(library.queued(start + Duration::from_secs(7)), None);
    }

    #[test]
    fn partitions_share_one_queue_and_those_taken_away_are_left_out() {
        let partition = |n, fetchq_cnt| {
            (
                n,
                statistics::Partition {
                    partition: n,
                    fetchq_cnt,
                    ..statistics::Partition::default()
                },
            )
        };
        let partitions = [partition(0, 40), partition(1, 40), partition(2, 900)].into();
        let topic = statistics::Topic {
            topic: "orders".into(),
            partitions,
            ..statistics::Topic::default()
        };
        let statistics =
            Statistics { topics: [("orders".to_owned(), topic)].into(), ..Statistics::default() };
        let (mut library, now) = (Library::default(), Instant::now());
        library.absorb(&statistics, now);
        let of = |numbers: &[i32]| {
            numbers.iter().map(|n| ("orders".to_owned(), *n)).collect::<BTreeSet<_>>()
        };
        assert_eq!(library.fetched(&of(&[0, 1]), now), Some(40));
        assert_eq!(library.fetched(&of(&[]), now), None);
        assert_eq!(library.fetched(&of(&[0]), now + Duration::from_secs(6)), None);
    }
}
