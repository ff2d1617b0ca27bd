//! Who leads, who may, and what the controller says of it.

use std::collections::BTreeMap;

use super::counter::{Counter, Memory};
use super::episode::{State, Timeline, Watched};
use super::recording::{Known, Recording, named, partition, partition_key, where_value};
use super::{Patience, Rule, Watch};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::series::{Series, SourceError, UnixMs, is_stale};

/// The rules about leaders and the controller.
pub const RULES: &[Rule] = &[
    Rule {
        event: "leader.moved",
        patience: Patience { hold: 0, quiet: 0, together: 2_000 },
        watch: || away_from_preferred(),
    },
    Rule {
        event: "leader.lost",
        patience: Patience { hold: 0, quiet: 2_000, together: 2_000 },
        watch: || Box::new(without_leader),
    },
    Rule {
        event: "leader.unclean",
        patience: Patience { hold: 0, quiet: 10_000, together: 0 },
        watch: || unclean(),
    },
    Rule {
        event: "leadership.skewed",
        patience: Patience { hold: 10_000, quiet: 5_000, together: 0 },
        watch: || skewed(),
    },
    Rule {
        event: "broker.fenced",
        patience: Patience { hold: 0, quiet: 0, together: 0 },
        watch: || Box::new(fenced),
    },
    Rule {
        event: "quorum.lost",
        patience: Patience { hold: 2_000, quiet: 2_000, together: 2_000 },
        watch: || Box::new(quorum_lost),
    },
    Rule {
        event: "quorum.elected",
        patience: Patience { hold: 0, quiet: 5_000, together: 2_000 },
        watch: || quorum_elected(),
    },
];

/// This many times its share of the leaders is far more than a broker's share; what is left of
/// three brokers leads 1.5 times its share each.
const SKEWED: f64 = 1.8;

/// What is remembered of a partition's leader.
#[derive(Default)]
struct Leader {
    last: Option<f64>,
    /// The last move away from home, from one broker to another; nothing when it is at home, or
    /// never moved.
    away: Option<(f64, f64)>,
    /// Every such move there was.
    moves: Vec<(f64, f64)>,
}

/// A partition whose leader moved to a broker that is not its preferred one, until the leader moves
/// again.
fn away_from_preferred() -> Watch {
    let mut homes: Known<f64> = Known::default();
    let mut leaders: Memory<Leader> = Memory::default();
    Box::new(move |recording| {
        let preferred = recording.series("kafka_topic_partition_preferred_leader")?;
        let homes = homes.of_partitions(&preferred, |broker| broker);
        let mut watched = Vec::new();
        for series in recording.series("kafka_topic_partition_leader")?.iter() {
            let home = homes.get(&partition_key(&series.labels));
            watched.extend(moves(series, home, leaders.of(&series.labels)));
        }
        Ok(watched)
    })
}

/// Each kind of move as a thing of its own.
fn moves(series: &Series, home: Option<&Timeline<f64>>, leader: &mut Leader) -> Vec<Watched> {
    // The last move, as of each second.
    let mut away: Vec<(UnixMs, Option<(f64, f64)>)> = Vec::new();
    for point in series.points.iter().filter(|p| !is_stale(p.value) && p.value >= 0.0) {
        let now = point.value;
        if let Some(before) = leader.last.filter(|before| *before != now) {
            let is_home = home.and_then(|home| home.at(point.at)).is_some_and(|h| *h == now);
            leader.away = (!is_home).then_some((before, now));
            leader.moves.extend(leader.away.filter(|kind| !leader.moves.contains(kind)));
        }
        leader.last = Some(now);
        away.push((point.at, leader.away));
    }
    let of_kind = |kind: &(f64, f64)| {
        let states = away.iter().map(|(at, away)| (*at, State::at(*at, *away == Some(*kind))));
        let on = partition(&series.labels);
        let thing = Watched::series(&series.labels, on, states.collect());
        Watched {
            thing: format!("{} from {} to {}", thing.thing, kind.0, kind.1),
            company: Timeline::always(format!("from broker {}", kind.0)),
            note: format!("to broker {}", kind.1),
            ..thing
        }
    };
    leader.moves.iter().map(of_kind).collect()
}

/// A partition nobody leads.
fn without_leader(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let leaders = recording.series("kafka_topic_partition_leader")?;
    let watched = leaders.iter().map(|s| {
        let states = where_value(&s.points, |leader| leader < 0.0);
        Watched {
            company: Watched::all_of("without a leader"),
            ..Watched::series(&s.labels, partition(&s.labels), states)
        }
    });
    Ok(watched.collect())
}

/// Unclean elections, which the controller counts for the cluster as a whole: told of the topics
/// that lost records with them nobody knows.
fn unclean() -> Watch {
    let mut counters: Memory<Counter> = Memory::default();
    Box::new(move |recording| {
        let elections =
            recording.series("kafka_controller_controllerstats_uncleanleaderelections_total")?;
        let topics: Vec<_> =
            recording.inventory.topics.keys().map(|t| Component::of(Kind::Topic, t)).collect();
        let watched = elections.iter().map(|s| Watched {
            thing: s.labels.to_string(),
            on: topics.clone(),
            company: Watched::all_of("counted by the controller, on some of these topics"),
            note: String::new(),
            states: counters.growing(recording, s),
        });
        Ok(watched.collect())
    })
}

/// A broker that leads far more partitions than its share, the share of brokers that are fenced
/// among them.
fn skewed() -> Watch {
    // Since when each broker is known.
    let mut brokers: BTreeMap<String, UnixMs> = BTreeMap::new();
    Box::new(move |recording| {
        for series in recording.series("kafka_broker_fenced")?.iter() {
            if let Some(first) = series.points.first() {
                brokers.entry(series.labels.get("broker").to_owned()).or_insert(first.at);
            }
        }
        let mut led: BTreeMap<UnixMs, BTreeMap<String, usize>> = BTreeMap::new();
        let leaders = recording.series("kafka_topic_partition_leader")?;
        for point in leaders.iter().flat_map(|s| &s.points) {
            if !is_stale(point.value) && point.value >= 0.0 {
                let led = led.entry(point.at).or_default();
                *led.entry(point.value.to_string()).or_default() += 1;
            }
        }
        let of_broker = |broker: &String| {
            let states = led.iter().map(|(at, counts)| {
                let known = brokers.values().filter(|since| *since <= at).count();
                let share = counts.values().sum::<usize>() as f64 / known as f64;
                let own = counts.get(broker).copied().unwrap_or(0) as f64;
                (*at, State::at(*at, own > SKEWED * share && own >= share + 2.0))
            });
            Watched::alone(Component::of(Kind::Broker, broker), states.collect())
        };
        Ok(brokers.keys().map(of_broker).collect())
    })
}

/// A broker the controller holds fenced.
fn fenced(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let brokers = recording.series("kafka_broker_fenced")?;
    let watched = brokers.iter().map(|s| {
        let on = named(Kind::Broker, &s.labels, "broker");
        Watched::series(&s.labels, on, where_value(&s.points, |v| v == 1.0))
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
fn quorum_elected() -> Watch {
    let mut epochs: Memory<Counter> = Memory::default();
    Box::new(move |recording| {
        of_controllers(recording, "kafka_server_raft_metrics_current_epoch", |s| {
            epochs.growing(recording, s)
        })
    })
}

fn of_controllers(
    recording: &Recording<'_>,
    name: &'static str,
    mut states: impl FnMut(&Series) -> Vec<(UnixMs, State)>,
) -> Result<Vec<Watched>, SourceError> {
    let series = recording.series(name)?;
    let watched = series.iter().filter_map(|s| {
        let on = recording.process(s.labels.get("node")).filter(|c| c.kind == Kind::Controller)?;
        Some(Watched {
            company: Watched::all_of("the metadata quorum"),
            ..Watched::series(&s.labels, on, states(s))
        })
    });
    Ok(watched.collect())
}
