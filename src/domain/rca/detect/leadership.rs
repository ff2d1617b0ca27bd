//! Who leads, who may, and what the controller says of it.

use std::collections::{BTreeMap, BTreeSet};

use super::episode::{State, Timeline, Watched};
use super::recording::{Recording, named, partition_key, where_value};
use super::{Patience, Rule};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::series::{Series, SourceError, UnixMs, is_stale};

/// The rules about leaders and the controller.
pub const RULES: &[Rule] = &[
    Rule {
        event: "leader.moved",
        patience: Patience { hold: 0, quiet: 0, together: 2_000 },
        watch: away_from_preferred,
    },
    Rule {
        event: "leader.lost",
        patience: Patience { hold: 0, quiet: 2_000, together: 2_000 },
        watch: without_leader,
    },
    Rule {
        event: "leader.unclean",
        patience: Patience { hold: 0, quiet: 10_000, together: 0 },
        watch: unclean,
    },
    Rule {
        event: "leadership.skewed",
        patience: Patience { hold: 10_000, quiet: 5_000, together: 0 },
        watch: skewed,
    },
    Rule {
        event: "broker.fenced",
        patience: Patience { hold: 0, quiet: 0, together: 0 },
        watch: fenced,
    },
    Rule {
        event: "quorum.lost",
        patience: Patience { hold: 2_000, quiet: 2_000, together: 2_000 },
        watch: quorum_lost,
    },
    Rule {
        event: "quorum.elected",
        patience: Patience { hold: 0, quiet: 5_000, together: 2_000 },
        watch: quorum_elected,
    },
];

/// This many times its share of the leaders is far more than a broker's share; what is left of
/// three brokers leads 1.5 times its share each.
const SKEWED: f64 = 1.8;

/// A partition whose leader moved to a broker that is not its preferred one, until the leader moves
/// again.
fn away_from_preferred(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let preferred: BTreeMap<_, _> = recording
        .series("kafka_topic_partition_preferred_leader")?
        .iter()
        .map(|s| (partition_key(&s.labels), steps(s)))
        .collect();
    let mut watched = Vec::new();
    for series in recording.series("kafka_topic_partition_leader")?.iter() {
        let key = partition_key(&series.labels);
        let seen: Vec<_> = series
            .points
            .iter()
            .filter(|p| !is_stale(p.value) && p.value >= 0.0)
            .map(|p| (p.at, p.value))
            .collect();
        // The last move, as of each second.
        let mut moves: Vec<(UnixMs, Option<(f64, f64)>)> = Vec::new();
        let mut last = None;
        for (k, (at, leader)) in seen.iter().enumerate() {
            if let Some((_, before)) =
                k.checked_sub(1).and_then(|k| seen.get(k)).filter(|(_, before)| before != leader)
            {
                let home = preferred.get(&key).and_then(|p| p.at(*at)).is_some_and(|p| p == leader);
                last = (!home).then_some((*before, *leader));
            }
            moves.push((*at, last));
        }
        let kinds: Vec<(f64, f64)> =
            moves.iter().filter_map(|(_, m)| *m).fold(Vec::new(), |mut kinds, m| {
                if !kinds.contains(&m) {
                    kinds.push(m);
                }
                kinds
            });
        watched.extend(kinds.into_iter().map(|kind| Watched {
            on: vec![Component::of(Kind::Partition, format!("{}-{}", key.0, key.1))],
            company: Timeline::always(format!("from broker {}", kind.0)),
            note: format!("to broker {}", kind.1),
            states:
                moves.iter().map(|(at, last)| (*at, State::at(*at, *last == Some(kind)))).collect(),
        }));
    }
    Ok(watched)
}

fn steps(series: &Series) -> Timeline<f64> {
    Timeline::of(series.points.iter().filter(|p| !is_stale(p.value)).map(|p| (p.at, p.value)))
}

/// A partition nobody leads.
fn without_leader(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let leaders = recording.series("kafka_topic_partition_leader")?;
    let watched = leaders.iter().map(|s| {
        let states = where_value(&s.points, |leader| leader < 0.0);
        Watched {
            company: Watched::all_of("without a leader"),
            ..Watched::alone(super::recording::partition(&s.labels), states)
        }
    });
    Ok(watched.collect())
}

/// Unclean elections, which the controller counts for the cluster as a whole: told of the topics
/// that lost records with them nobody knows.
fn unclean(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let elections =
        recording.series("kafka_controller_controllerstats_uncleanleaderelections_total")?;
    let topics: Vec<_> =
        recording.inventory.topics.keys().map(|t| Component::of(Kind::Topic, t)).collect();
    let watched = elections.iter().map(|s| Watched {
        on: topics.clone(),
        company: Watched::all_of("counted by the controller, on some of these topics"),
        note: String::new(),
        states: recording.growing(&s.points),
    });
    Ok(watched.collect())
}

/// A broker that leads far more partitions than its share, the share of brokers that are fenced
/// among them.
fn skewed(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let brokers: BTreeSet<String> = recording
        .series("kafka_broker_fenced")?
        .iter()
        .map(|s| s.labels.get("broker").to_owned())
        .collect();
    let mut led: BTreeMap<UnixMs, BTreeMap<String, usize>> = BTreeMap::new();
    for point in recording.series("kafka_topic_partition_leader")?.iter().flat_map(|s| &s.points) {
        if !is_stale(point.value) && point.value >= 0.0 {
            *led.entry(point.at).or_default().entry(point.value.to_string()).or_default() += 1;
        }
    }
    let of_broker = |broker: &String| {
        let states = led.iter().map(|(at, counts)| {
            let share = counts.values().sum::<usize>() as f64 / brokers.len() as f64;
            let own = counts.get(broker).copied().unwrap_or(0) as f64;
            (*at, State::at(*at, own > SKEWED * share && own >= share + 2.0))
        });
        Watched::alone(Component::of(Kind::Broker, broker), states.collect())
    };
    Ok(brokers.iter().map(of_broker).collect())
}

/// A broker the controller holds fenced.
fn fenced(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let brokers = recording.series("kafka_broker_fenced")?;
    let watched = brokers.iter().map(|s| {
        Watched::alone(
            named(Kind::Broker, &s.labels, "broker"),
            where_value(&s.points, |v| v == 1.0),
        )
    });
    Ok(watched.collect())
}

/// A controller that knows no leader of the quorum.
fn quorum_lost(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    of_controllers(recording, "kafka_server_raft_metrics_current_leader", |s| {
        where_value(&s.points, |leader| leader < 0.0)
    })
}

/// A controller whose epoch grew: somebody was elected.
fn quorum_elected(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    of_controllers(recording, "kafka_server_raft_metrics_current_epoch", |s| {
        recording.growing(&s.points)
    })
}

fn of_controllers(
    recording: &Recording<'_>,
    name: &'static str,
    states: impl Fn(&Series) -> Vec<(UnixMs, State)>,
) -> Result<Vec<Watched>, SourceError> {
    let series = recording.series(name)?;
    let watched = series.iter().filter_map(|s| {
        let on = recording.process(s.labels.get("node")).filter(|c| c.kind == Kind::Controller)?;
        Some(Watched {
            company: Watched::all_of("the metadata quorum"),
            ..Watched::alone(on, states(s))
        })
    });
    Ok(watched.collect())
}
