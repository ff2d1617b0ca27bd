//! Groups: members, progress, and how long records wait for them.

use std::collections::{BTreeMap, VecDeque};

use super::clients::standing_still;
use super::counter::{Counter, Memory};
use super::episode::{State, Watched};
use super::recording::{Recording, by_thing, largest, partition, where_value};
use super::{Patience, Rule, Watch};
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::telemetry::series::{Labels, Point, Series, SourceError, UnixMs, is_stale};

/// The rules about groups.
pub const RULES: &[Rule] = &[
    Rule {
        event: "group.rebalanced",
        patience: Patience { hold: 0, quiet: 10_000, together: 0 },
        watch: || rebalanced(),
    },
    Rule {
        event: "member.left",
        patience: Patience { hold: 0, quiet: 0, together: 0 },
        watch: || fewer_members(),
    },
    Rule {
        event: "consumer.stalled",
        patience: Patience { hold: 0, quiet: 0, together: 2_000 },
        watch: || Box::new(not_polling),
    },
    Rule {
        event: "commit.stopped",
        patience: Patience { hold: 15_000, quiet: 0, together: 5_000 },
        watch: || not_committing(),
    },
    Rule {
        event: "stable_offset.stuck",
        patience: Patience { hold: 15_000, quiet: 0, together: 5_000 },
        watch: || stable_offset(),
    },
    Rule {
        event: "lag.grew",
        patience: Patience { hold: 12_000, quiet: 20_000, together: 0 },
        watch: || lag_grew(),
    },
    Rule {
        event: "freshness.breached",
        patience: Patience { hold: 3_000, quiet: 5_000, together: 0 },
        watch: || Box::new(not_in_time),
    },
];

/// A record that waits for longer than this many seconds waits too long, whatever the service.
const FRESH_FOR: f64 = 10.0;
/// A member that asked for nothing for this many seconds has stalled.
const POLLED_WITHIN: f64 = 15.0;
/// Lag grows when all of it in such a window, in milliseconds, is above all of it in the window
/// before, and the least of it by this many records.
const GROWTH_OVER: i64 = 10_000;
const GROWTH: f64 = 100.0;

fn group_of(labels: &Labels) -> Component {
    Component::of(Kind::Group, labels.get("consumergroup"))
}

/// A group that hands its partitions out anew: seen in its state, or, when that was over within a
/// second, by its members.
fn rebalanced() -> Watch {
    let mut counters: Memory<Counter> = Memory::default();
    Box::new(move |recording| {
        let states = recording.series("kafka_consumergroup_state_info")?;
        let in_between = |s: &Series| {
            matches!(
                s.labels.get("state"),
                "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling"
            )
        };
        let by_state =
            states.iter().map(|s| (group_of(&s.labels), where_value(&s.points, |_| in_between(s))));
        let assignments = recording.series("kafka_consumer_rebalances_total")?;
        let by_members = assignments.iter().filter_map(|s| {
            let group = recording.group(s.labels.get("service"))?;
            Some((Component::of(Kind::Group, group), counters.growing(recording, s)))
        });
        Ok(by_thing(by_state.chain(by_members))
            .map(|(group, states)| Watched::alone(group, states))
            .collect())
    })
}

/// A group with fewer members than before, until there are as many again.
fn fewer_members() -> Watch {
    let mut most: Memory<Option<f64>> = Memory::default();
    Box::new(move |recording| {
        let groups = recording.series("kafka_consumergroup_members")?;
        let watched = groups.iter().map(|s| {
            let most = most.of(&s.labels);
            let state = |p: &Point| {
                if is_stale(p.value) {
                    return (p.at, State::Unseen);
                }
                let known = *most.get_or_insert(p.value);
                *most = Some(known.max(p.value));
                (p.at, State::at(p.at, p.value < known))
            };
            let states = s.points.iter().map(state).collect();
            Watched::series(&s.labels, group_of(&s.labels), states)
        });
        Ok(watched.collect())
    })
}

/// A member that does not ask for records any more.
fn not_polling(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let members = recording.series("kafka_consumer_last_poll_seconds_ago")?;
    let watched = members.iter().map(|s| {
        let state = |p: &Point| match p.value {
            v if is_stale(v) => State::Unseen,
            v if v > POLLED_WITHIN => {
                State::Active((p.at - (v * 1000.0) as i64).max(recording.begin))
            }
            _ => State::Calm,
        };
        let states = s.points.iter().map(|p| (p.at, state(p))).collect();
        let on = Component::of(Kind::Service, s.labels.get("service"));
        Watched::series(&s.labels, on, states)
            .noting(format!("{} does not poll", s.labels.get("client_id")))
    });
    Ok(watched.collect())
}

/// A partition with records to commit and a committed offset that stands still.
fn not_committing() -> Watch {
    let mut before: Memory<Option<f64>> = Memory::default();
    Box::new(move |recording| {
        let lags = by_labels(&recording.series("kafka_consumergroup_lag")?);
        let committed = recording.series("kafka_consumergroup_current_offset")?;
        let watched = committed.iter().map(|s| {
            let lag = lags.get(&s.labels.clone().without_name());
            let has_more = |at, _| lag.and_then(|l| l.get(&at)).is_some_and(|lag| *lag > 0.0);
            let states = standing_still(s, before.of(&s.labels), has_more);
            let company = Watched::all_of(&format!(
                "committed offsets of {} stand still",
                s.labels.get("consumergroup")
            ));
            Watched {
                company,
                on: vec![group_of(&s.labels), partition(&s.labels)],
                ..Watched::series(&s.labels, partition(&s.labels), states)
            }
        });
        Ok(watched.collect())
    })
}

/// A partition whose last stable offset stands still before its latest one.
fn stable_offset() -> Watch {
    let mut before: Memory<Option<f64>> = Memory::default();
    Box::new(move |recording| {
        let latest = by_labels(&recording.series("kafka_topic_partition_current_offset")?);
        let stable = recording.series("kafka_topic_partition_last_stable_offset")?;
        let watched = stable.iter().map(|s| {
            let latest = latest.get(&s.labels.clone().without_name());
            let has_more =
                |at, stable| latest.and_then(|l| l.get(&at)).is_some_and(|latest| *latest > stable);
            let states = standing_still(s, before.of(&s.labels), has_more);
            Watched {
                company: Watched::all_of("behind the latest offset"),
                ..Watched::series(&s.labels, partition(&s.labels), states)
            }
        });
        Ok(watched.collect())
    })
}

fn by_labels(series: &[Series]) -> BTreeMap<Labels, BTreeMap<UnixMs, f64>> {
    let values = |s: &Series| {
        s.points.iter().filter(|p| !is_stale(p.value)).map(|p| (p.at, p.value)).collect()
    };
    series.iter().map(|s| (s.labels.clone().without_name(), values(s))).collect()
}

/// A group whose lag on a topic only grows.
fn lag_grew() -> Watch {
    let mut lags: Memory<Lag> = Memory::default();
    Box::new(move |recording| {
        let sums = recording.series("kafka_consumergroup_lag_sum")?;
        let watched = sums.iter().map(|s| {
            let lag = lags.of(&s.labels);
            let seen = s.points.iter().filter(|p| !is_stale(p.value));
            let states = seen.map(|p| (p.at, lag.growth(*p))).collect();
            let topic = Component::of(Kind::Topic, s.labels.get("topic"));
            Watched {
                on: vec![group_of(&s.labels), topic],
                ..Watched::series(&s.labels, group_of(&s.labels), states)
            }
        });
        Ok(watched.collect())
    })
}

/// The lag of a group on a topic, as far back as growth is looked for.
#[derive(Default)]
struct Lag {
    first: Option<UnixMs>,
    points: VecDeque<Point>,
}

impl Lag {
    /// Whether it grew, with this sample.
    fn growth(&mut self, now: Point) -> State {
        let first = *self.first.get_or_insert(now.at);
        self.points.push_back(now);
        while self.points.front().is_some_and(|p| p.at <= now.at - 2 * GROWTH_OVER) {
            self.points.pop_front();
        }
        let recent = self.points.partition_point(|p| p.at <= now.at - GROWTH_OVER);
        if now.at - first < 2 * GROWTH_OVER || recent == 0 {
            return State::Calm;
        }
        let values = |from, to| self.points.range(from..to).map(|p| p.value);
        let lowest = values(recent, self.points.len()).fold(f64::INFINITY, f64::min);
        let least = values(0, recent).fold(f64::INFINITY, f64::min);
        let most = values(0, recent).fold(0.0, f64::max);
        if lowest > most && lowest >= least + GROWTH {
            State::Active(now.at - GROWTH_OVER)
        } else {
            State::Calm
        }
    }
}

/// A group that lets records of a topic wait for too long.
fn not_in_time(recording: &Recording<'_>) -> Result<Vec<Watched>, SourceError> {
    let ages = recording.series("kafka_consumergroup_oldest_uncommitted_age_seconds")?;
    let mut topics: BTreeMap<(&str, &str), Vec<&Series>> = BTreeMap::new();
    for series in ages.iter() {
        topics
            .entry((series.labels.get("consumergroup"), series.labels.get("topic")))
            .or_default()
            .push(series);
    }
    let watched = topics.into_iter().map(|((group, topic), partitions)| Watched {
        thing: format!("{group} {topic}"),
        on: vec![Component::of(Kind::Group, group), Component::of(Kind::Topic, topic)],
        ..Watched::alone(
            Component::of(Kind::Group, group),
            where_value(&largest(partitions), |age| age > FRESH_FOR),
        )
        .noting("the oldest record waits for more than 10 s")
    });
    Ok(watched.collect())
}
