//! Processes and what their machines give them.

use super::counter::{Counter, Memory, Rate};
use super::episode::{State, Watched};
use super::recording::{Recording, by_thing, where_value};
use super::{Patience, Rule, Watch};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::series::{Point, Series, SourceError, UnixMs, is_stale};

/// The rules about processes.
pub const RULES: &[Rule] = &[
    Rule {
        event: "process.exited",
        patience: Patience { hold: 3_000, quiet: 0, together: 0 },
        watch: || Box::new(exited),
    },
    Rule {
        event: "process.restarted",
        patience: Patience { hold: 0, quiet: 0, together: 0 },
        watch: || restarted(),
    },
    Rule {
        event: "process.killed",
        patience: Patience { hold: 0, quiet: 5_000, together: 0 },
        watch: || killed(),
    },
    Rule {
        event: "metrics.vanished",
        patience: Patience { hold: 3_000, quiet: 5_000, together: 0 },
        watch: || Box::new(silent),
    },
    Rule {
        event: "connection.refused",
        patience: Patience { hold: 10_000, quiet: 2_000, together: 0 },
        watch: || Box::new(refusing),
    },
    Rule {
        event: "requests.timed_out",
        patience: Patience { hold: 2_000, quiet: 10_000, together: 0 },
        watch: || unanswered(),
    },
    Rule {
        event: "gc.long_pauses",
        patience: Patience { hold: 3_000, quiet: 10_000, together: 0 },
        watch: || collecting(),
    },
    Rule {
        event: "disk.failed",
        patience: Patience { hold: 0, quiet: 0, together: 0 },
        watch: || Box::new(offline_directories),
    },
];

/// A read that failed within this many seconds was refused: nothing listens. One that found a
/// listener fails by its deadline.
const REFUSED_WITHIN: f64 = 0.3;
/// The share of time in collections that is long, over a window of this many milliseconds.
const COLLECTING: f64 = 0.2;
const COLLECTING_OVER: i64 = 15_000;

/// How a read that did not succeed failed.
#[derive(Clone, Copy, PartialEq)]
enum Failed {
    /// At once: nothing listens.
    Refused,
    /// At its deadline, or in the middle of an answer.
    Unanswered,
}

/// Active where a read failed in this way. Both series come from the same read.
fn failures(success: &Series, durations: &[Series], how: Failed) -> Vec<(UnixMs, State)> {
    let same =
        |d: &&Series| d.labels.clone().without_name() == success.labels.clone().without_name();
    let took: &[Point] = durations.iter().find(same).map_or(&[], |d| &d.points);
    let failed = |at: UnixMs| {
        let took =
            took.binary_search_by_key(&at, |p| p.at).map_or(f64::INFINITY, |k| took[k].value);
        if took <= REFUSED_WITHIN { Failed::Refused } else { Failed::Unanswered }
    };
    let state = |p: &Point| match p.value {
        v if is_stale(v) => State::Unseen,
        v => State::at(p.at, v == 0.0 && failed(p.at) == how),
    };
    success.points.iter().map(|p| (p.at, state(p))).collect()
}

/// The monitoring of a Kafka node or a service, where it failed in this way.
fn scrapes(recording: &Recording<'_>, how: Failed) -> Result<Vec<Watched>, SourceError> {
    let (up, took) = (recording.series("up")?, recording.series("scrape_duration_seconds")?);
    let watched =
        up.iter().filter(|s| matches!(s.labels.get("job"), "kafka" | "service")).filter_map(|s| {
            let on = recording.process(s.labels.get("node"))?;
            Some(Watched::series(&s.labels, on, failures(s, &took, how)))
        });
    Ok(watched.collect())
}

/// A process whose own endpoint refuses connections: it is gone, and nothing is in its place.
fn exited(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    scrapes(recording, Failed::Refused)
}

/// A process that is there and does not tell its figures in time.
fn silent(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    Ok(scrapes(recording, Failed::Unanswered)?
        .into_iter()
        .map(|w| w.noting("its endpoint does not answer in time"))
        .collect())
}

fn probes(recording: &Recording<'_>, how: Failed, note: &str) -> Result<Vec<Watched>, SourceError> {
    let (answered, took) = (
        recording.series("kafka_probe_success")?,
        recording.series("kafka_probe_duration_seconds")?,
    );
    let looks =
        answered.iter().map(|s| (s.labels.get("broker").to_owned(), failures(s, &took, how)));
    Ok(by_thing(looks)
        .map(|(id, states)| Watched::alone(Component::of(Kind::Broker, id), states).noting(note))
        .collect())
}

/// A broker whose listener refuses connections, for longer than a restart takes.
fn refusing(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    probes(recording, Failed::Refused, "nothing listens on its port")
}

/// A broker that does not answer plain requests in time, as seen from beside it; and a client whose
/// requests time out.
fn unanswered() -> Watch {
    let mut timeouts: Memory<Counter> = Memory::default();
    Box::new(move |recording| {
        let note = "probes get no answer within 600 ms";
        let mut watched = probes(recording, Failed::Unanswered, note)?;
        let counters = recording.series("rdkafka_broker_request_timeouts_total")?;
        watched.extend(counters.iter().map(|s| {
            let broker = s.labels.get("broker");
            let to = if broker.parse::<u32>().is_ok() {
                format!("to broker {broker}")
            } else {
                format!("to the {broker}")
            };
            let on = Component::of(Kind::Service, s.labels.get("service"));
            Watched::series(&s.labels, on, timeouts.growing(recording, s)).noting(to)
        }));
        Ok(watched)
    })
}

/// A process with another start time than before.
fn restarted() -> Watch {
    let mut starts: Memory<Option<Point>> = Memory::default();
    Box::new(move |recording| {
        let started = recording.series("process_start_time_seconds")?;
        let watched = started.iter().filter_map(|s| {
            let on = recording.process(s.labels.get("node"))?;
            Some(Watched::series(&s.labels, on, restarts(starts.of(&s.labels), &s.points)))
        });
        Ok(watched.collect())
    })
}

fn restarts(before: &mut Option<Point>, points: &[Point]) -> Vec<(UnixMs, State)> {
    let mut states = Vec::new();
    for point in points.iter().filter(|p| !is_stale(p.value)) {
        let began = (point.value * 1000.0) as UnixMs;
        match before {
            // It happens at one instant: when it says it began, as far as that can be, for clocks
            // differ.
            Some(last) if (point.value - last.value).abs() > 0.5 => {
                let began = began.clamp(last.at, point.at);
                states.extend([(point.at, State::Active(began)), (began, State::Calm)]);
            }
            Some(_) | None => states.push((point.at, State::Calm)),
        }
        *before = Some(*point);
    }
    states
}

/// A container in which the kernel killed a process for want of memory.
fn killed() -> Watch {
    let mut counters: Memory<Counter> = Memory::default();
    Box::new(move |recording| {
        let kills = recording.series("container_oom_events_total")?;
        let watched = kills.iter().filter_map(|s| {
            let on = recording.process(s.labels.get("node"))?;
            let states = counters.growing(recording, s);
            Some(Watched::series(&s.labels, on, states).noting("by the kernel, out of memory"))
        });
        Ok(watched.collect())
    })
}

/// A broker whose JVM spends a large share of the time in collections.
fn collecting() -> Watch {
    let mut shares: Memory<Rate> = Memory::default();
    Box::new(move |recording| {
        let collections = recording.series("jvm_gc_collection_seconds_sum")?;
        let mut looks = Vec::new();
        for series in collections.iter() {
            let on = recording.process(series.labels.get("node"));
            let Some(on) = on.filter(|c| c.kind != Kind::Controller) else { continue };
            let rates = shares.rates(recording, series, COLLECTING_OVER);
            let states =
                rates.into_iter().map(|(at, share)| (at, State::at(at, share > COLLECTING)));
            looks.push((on, states.collect()));
        }
        Ok(by_thing(looks).map(|(on, states)| Watched::alone(on, states)).collect())
    })
}

/// A broker with a log directory that failed.
fn offline_directories(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let offline = recording.series("kafka_log_logmanager_offlinelogdirectorycount")?;
    let watched = offline.iter().map(|s| {
        let on = Component::of(Kind::Broker, s.labels.get("broker"));
        let states = where_value(&s.points, |directories| directories > 0.0);
        Watched::series(&s.labels, on, states).noting("a log directory is offline")
    });
    Ok(watched.collect())
}
