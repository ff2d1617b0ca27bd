//! What happens to replicas: out of the ISR, under min ISR.

use std::collections::BTreeMap;

use super::episode::{State, Timeline, Watched};
use super::recording::{Known, Recording, partition, partition_key, where_value};
use super::{Patience, Rule, Watch};
use crate::domain::telemetry::series::{SourceError, UnixMs, is_stale};

/// The rules about replicas. One that is back in the ISR and out again within ten seconds was not
/// really back.
pub const RULES: &[Rule] = &[
    Rule {
        event: "isr.shrunk",
        patience: Patience { hold: 0, quiet: 10_000, together: 2_000 },
        watch: || out_of_isr(),
    },
    Rule {
        event: "isr.below_min",
        patience: Patience { hold: 0, quiet: 10_000, together: 2_000 },
        watch: || below_min(),
    },
];

/// A replica that is not in its partition's ISR. All that leave the ISRs of one leader together are
/// one detection. Of a partition without a leader the ISR says nothing: nobody keeps it, and that
/// is told by itself.
fn out_of_isr() -> Watch {
    let mut known: Known<i64> = Known::default();
    Box::new(move |recording| {
        let leaders = known.leaders(recording)?;
        let replicas = recording.series("kafka_topic_partition_replica_in_sync")?;
        let watched = replicas.iter().map(|replica| {
            let leader = leaders.get(&partition_key(&replica.labels));
            let out = where_value(&replica.points, |in_sync| in_sync == 0.0);
            let on = partition(&replica.labels);
            Watched {
                company: leader
                    .map(|l| l.map(|id| format!("led by broker {id}, out of sync")))
                    .unwrap_or_default(),
                note: format!("broker {}", replica.labels.get("broker")),
                ..Watched::series(&replica.labels, on, while_led(out, leader))
            }
        });
        Ok(watched.collect())
    })
}

/// What was seen while somebody led.
fn while_led(states: Vec<(UnixMs, State)>, leader: Option<&Timeline<i64>>) -> Vec<(UnixMs, State)> {
    let is_led = |at: UnixMs| leader.and_then(|l| l.at(at)).is_none_or(|id| *id >= 0);
    states
        .into_iter()
        .map(|(at, state)| (at, if is_led(at) { state } else { State::Unseen }))
        .collect()
}

/// A partition with fewer in-sync replicas than its topic, or else its brokers, ask for.
fn below_min() -> Watch {
    let mut known: Known<i64> = Known::default();
    let mut topics: BTreeMap<String, Settings> = BTreeMap::new();
    let mut brokers: BTreeMap<String, Settings> = BTreeMap::new();
    Box::new(move |recording| {
        smallest_isr(recording, "kafka_topic_config_info", &mut topics)?;
        smallest_isr(recording, "kafka_broker_config_info", &mut brokers)?;
        let of_brokers: Settings =
            brokers.values().flatten().map(|(at, least)| (*at, *least)).collect();
        let leaders = known.leaders(recording)?;
        let isrs = recording.series("kafka_topic_partition_in_sync_replica")?;
        let watched = isrs.iter().map(|isr| {
            let of_topic = topics.get(isr.labels.get("topic"));
            let least = |at: UnixMs| {
                let known = |settings: &Settings| {
                    settings.range(..=at).next_back().map(|(_, least)| *least)
                };
                of_topic.and_then(known).or_else(|| known(&of_brokers)).unwrap_or(1.0)
            };
            let state = |at: UnixMs, replicas: f64| {
                if is_stale(replicas) { State::Unseen } else { State::at(at, replicas < least(at)) }
            };
            let states = isr.points.iter().map(|p| (p.at, state(p.at, p.value))).collect();
            let states = while_led(states, leaders.get(&partition_key(&isr.labels)));
            Watched {
                company: Watched::all_of("fewer in sync than min.insync.replicas"),
                ..Watched::series(&isr.labels, partition(&isr.labels), states)
            }
        });
        Ok(watched.collect())
    })
}

/// What `min.insync.replicas` was, at the times it was read.
type Settings = BTreeMap<UnixMs, f64>;

/// Adds what `min.insync.replicas` was set to in these seconds, by topic or broker, to what it was
/// before them.
fn smallest_isr(
    recording: &Recording<'_>,
    name: &'static str,
    settings: &mut BTreeMap<String, Settings>,
) -> Result<(), SourceError> {
    for of_one in settings.values_mut() {
        let last = of_one.pop_last();
        *of_one = last.into_iter().collect();
    }
    for series in
        recording.series(name)?.iter().filter(|s| s.labels.get("key") == "min.insync.replicas")
    {
        let whose = [series.labels.get("topic"), series.labels.get("broker")].concat();
        if let Ok(least) = series.labels.get("value").parse() {
            let seen = series.points.iter().filter(|p| !is_stale(p.value)).map(|p| (p.at, least));
            settings.entry(whose).or_default().extend(seen);
        }
    }
    Ok(())
}
