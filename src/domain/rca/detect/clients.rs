//! What clients meet: failed, slow, refused.

use std::collections::BTreeMap;

use super::counter::{Counter, Memory, Rate};
use super::episode::{State, Watched};
use super::recording::{partition, where_value};
use super::{Patience, Rule, Watch};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::series::{Labels, Series, UnixMs};

/// The rules about clients. Errors come in bursts: what follows within ten seconds is the same.
pub const RULES: &[Rule] = &[
    Rule { event: "produce.failed", patience: ERRORS, watch: || produce_failed() },
    Rule {
        event: "produce.slow",
        patience: Patience { hold: 3_000, quiet: 10_000, together: 0 },
        watch: || produce_slow(),
    },
    Rule { event: "commit.failed", patience: ERRORS, watch: || commit_failed() },
    Rule { event: "records.rejected", patience: ERRORS, watch: || rejected() },
    Rule { event: "authentication.failed", patience: ERRORS, watch: || unauthenticated() },
    Rule { event: "record.skipped", patience: ERRORS, watch: || skipped() },
];

const ERRORS: Patience = Patience { hold: 0, quiet: 10_000, together: 2_000 };
/// A mean acknowledgement above this many seconds, over a window of this many milliseconds, is
/// late.
const SLOW: f64 = 0.5;
const SLOW_OVER: i64 = 5_000;

/// Counters of one name that grow where their labels are of interest, each told on a component with
/// a word on it.
fn counted(name: &'static str, told: fn(&Labels) -> Option<(Component, String)>) -> Watch {
    let mut counters: Memory<Counter> = Memory::default();
    Box::new(move |recording| {
        let series = recording.series(name)?;
        let watched = series.iter().filter_map(|s| {
            let (on, note) = told(&s.labels)?;
            let states = counters.growing(recording, s);
            Some(Watched::series(&s.labels, on, states).noting(note))
        });
        Ok(watched.collect())
    })
}

fn service(labels: &Labels) -> Component {
    Component::of(Kind::Service, labels.get("service"))
}

/// A producer that gave records up.
fn produce_failed() -> Watch {
    counted("kafka_producer_record_error_total", |l| {
        Some((service(l), format!("{} to {}", l.get("error"), l.get("topic"))))
    })
}

/// A producer whose records are acknowledged late.
fn produce_slow() -> Watch {
    let mut counters: Memory<Rate> = Memory::default();
    Box::new(move |recording| {
        let (counts, sums) = (
            recording.series("kafka_producer_ack_latency_seconds_count")?,
            recording.series("kafka_producer_ack_latency_seconds_sum")?,
        );
        let mut of_services: BTreeMap<&str, BTreeMap<UnixMs, f64>> = BTreeMap::new();
        for count in counts.iter() {
            let of_service = of_services.entry(count.labels.get("service"));
            of_service.or_insert_with(|| counters.rates(recording, count, SLOW_OVER));
        }
        let watched = sums.iter().filter_map(|s| {
            let records = of_services.get(s.labels.get("service"))?;
            let seconds = counters.rates(recording, s, SLOW_OVER);
            let late = |seconds: f64, records: f64| records > 0.0 && seconds / records > SLOW;
            let state = |(at, seconds): (UnixMs, f64)| {
                Some((at, State::at(at, late(seconds, *records.get(&at)?))))
            };
            let states = seconds.into_iter().filter_map(state).collect();
            let watched = Watched::series(&s.labels, service(&s.labels), states);
            Some(watched.noting("acknowledged after more than 500 ms on average"))
        });
        Ok(watched.collect())
    })
}

/// A consumer whose commits fail.
fn commit_failed() -> Watch {
    counted("kafka_consumer_commits_total", |l| {
        (l.get("outcome") == "error").then(|| (service(l), String::new()))
    })
}

/// A topic whose broker refuses what is produced, for another reason than that it does not lead.
fn rejected() -> Watch {
    counted("kafka_server_brokertopicmetrics_failedproducerequests_total", |l| {
        let topic = Some(l.get("topic")).filter(|t| !t.is_empty())?;
        Some((Component::of(Kind::Topic, topic), format!("by broker {}", l.get("broker"))))
    })
}

/// A listener on which somebody could not say who they are.
fn unauthenticated() -> Watch {
    counted("kafka_server_socket_server_metrics_failed_authentication_total", |l| {
        Some((
            Component::of(Kind::Listener, format!("{}/{}", l.get("node"), l.get("listener"))),
            String::new(),
        ))
    })
}

/// A consumer that passed records over.
fn skipped() -> Watch {
    counted("kafka_consumer_records_skipped_total", |l| {
        Some((partition(l), format!("by {}", l.get("client_id"))))
    })
}

/// A partition's offset that stands still while there is something to move it for. `before` is
/// what it was last.
pub fn standing_still(
    series: &Series,
    before: &mut Option<f64>,
    has_more: impl Fn(UnixMs, f64) -> bool,
) -> Vec<(UnixMs, State)> {
    let mut states = where_value(&series.points, |_| false);
    for (point, (at, state)) in series.points.iter().zip(&mut states) {
        if *state == State::Calm {
            *state = State::at(*at, *before == Some(point.value) && has_more(*at, point.value));
            *before = Some(point.value);
        }
    }
    states
}
