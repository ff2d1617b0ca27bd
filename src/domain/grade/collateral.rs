//! What a learner damaged while fixing: what was there before the break and just before their
//! first change, and is not at the end; and commands that destroy. Each kind costs once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::rca::check::query_command;
use crate::domain::rca::commands::{Destruction, destroys};
use crate::domain::rca::record::Record;
use crate::domain::telemetry::series::{
    Labels, Matcher, NAME, SeriesSource, SourceError, UnixMs, is_stale,
};

/// What each kind costs, in thousandths of a point.
pub(super) const COST: u32 = 5_000;

/// How far back a value that is read every few seconds is looked for, in milliseconds.
const LOOKBACK: i64 = 30_000;

/// For how long something must be missing at the end to be gone, in milliseconds: a broker may just
/// be restarting.
const FOR_GOOD: i64 = 10_000;

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// A topic is gone.
    TopicDeleted,
    /// Records that had been acknowledged are gone.
    RecordsLost,
    /// A group was moved past records it had not processed.
    RecordsSkipped,
    /// A log directory was wiped.
    LogWiped,
    /// A replica outside the ISR may be, or was, elected.
    UncleanElection,
    /// A partition has fewer replicas.
    FewerReplicas,
    /// `min.insync.replicas` is lower.
    LowerMinIsr,
    /// Access control entries are gone.
    AccessOpened,
    /// A quota is gone.
    QuotaRemoved,
    /// A broker is gone.
    BrokerRemoved,
}

/// Something that was damaged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collateral {
    /// The kind of damage.
    pub damage: Damage,
    /// What was damaged, in a sentence.
    pub says: String,
    /// What it costs, in thousandths of a point.
    pub cost: u32,
    /// A command that shows it.
    pub look: String,
}

/// All damage of a run, one entry a kind; what the scenario allows is none.
pub(super) fn found(
    record: &Record<'_>,
    allowed: &[Damage],
) -> Result<Vec<Collateral>, SourceError> {
    let Some(change) = record.facts.first_change() else { return Ok(Vec::new()) };
    let mut damages: BTreeMap<Damage, (String, String)> = BTreeMap::new();
    for (damage, says, look) in gone(record, change.started)? {
        damages.entry(damage).or_insert((says, look));
    }
    for command in record.facts.commands.iter().filter(|c| c.exit.is_none_or(|exit| exit == 0)) {
        for destruction in destroys(&command.line) {
            let says =
                format!("command {} (`{}`) {}", command.number, command.line, said(destruction));
            damages
                .entry(kind(destruction))
                .or_insert((says, format!("chaoslab history {}", command.number)));
        }
    }
    damages.retain(|damage, _| !allowed.contains(damage));
    Ok(damages
        .into_iter()
        .map(|(damage, (says, look))| Collateral { damage, says, cost: COST, look })
        .collect())
}

fn kind(destruction: Destruction) -> Damage {
    match destruction {
        Destruction::DeletesTopic => Damage::TopicDeleted,
        Destruction::DeletesRecords => Damage::RecordsLost,
        Destruction::SkipsRecords => Damage::RecordsSkipped,
        Destruction::WipesLog => Damage::LogWiped,
        Destruction::ElectsUncleanly => Damage::UncleanElection,
        Destruction::OpensAccess => Damage::AccessOpened,
    }
}

fn said(destruction: Destruction) -> &'static str {
    match destruction {
        Destruction::DeletesTopic => "deletes a topic with all its records",
        Destruction::DeletesRecords => "deletes records",
        Destruction::SkipsRecords => "moves a group past records it has not processed",
        Destruction::WipesLog => "wipes a log directory",
        Destruction::ElectsUncleanly => {
            "lets a replica outside the ISR lead: what it lacks is lost"
        }
        Destruction::OpensAccess => "takes access control away",
    }
}

/// A series of the lab that must not end, or whose value must not fall.
struct Kept {
    metric: &'static str,
    only: &'static [(&'static str, &'static str)],
    damage: Damage,
    /// Whether a lower value is damage as well.
    value: bool,
    says: &'static str,
}

const KEPT: &[Kept] = &[
    Kept {
        metric: "kafka_topic_partitions",
        only: &[],
        damage: Damage::TopicDeleted,
        value: false,
        says: "the topic is gone",
    },
    Kept {
        metric: "kafka_topic_partition_replicas",
        only: &[],
        damage: Damage::FewerReplicas,
        value: true,
        says: "it has fewer replicas",
    },
    Kept {
        metric: "kafka_acl_info",
        only: &[],
        damage: Damage::AccessOpened,
        value: false,
        says: "the entry is gone",
    },
    Kept {
        metric: "kafka_client_quota",
        only: &[],
        damage: Damage::QuotaRemoved,
        value: false,
        says: "the quota is gone",
    },
    Kept {
        metric: "up",
        only: &[("job", "kafka")],
        damage: Damage::BrokerRemoved,
        value: true,
        says: "the broker does not answer any more",
    },
];

/// What held before the break and still just before the first change, and does not at the end.
fn gone(
    record: &Record<'_>,
    changed: UnixMs,
) -> Result<Vec<(Damage, String, String)>, SourceError> {
    let (facts, end) = (record.facts, record.facts.recorded.to);
    let mut damages = Vec::new();
    for kept in KEPT {
        let only = kept.only.iter().map(|(label, value)| Matcher::equal(label, value));
        let matchers: Vec<Matcher> = only.chain([Matcher::equal(NAME, kept.metric)]).collect();
        let at = |time| values(record.series, &matchers, time);
        let (healthy, before) = (at(facts.baseline.to)?, at(changed)?);
        let after = [at(end - FOR_GOOD)?, at(end)?];
        for (labels, value) in &healthy {
            let is_kept_until = before.get(labels).is_some_and(|now| now >= value || !kept.value);
            let is_damaged = |after: &BTreeMap<Labels, f64>| match after.get(labels) {
                Some(now) => kept.value && now < value,
                // A partition of a topic that is gone is told with its topic.
                None => kept.metric != "kafka_topic_partition_replicas",
            };
            if is_kept_until && after.iter().all(is_damaged) {
                damages.push((
                    kept.damage,
                    format!("{labels}: {}", kept.says),
                    query_command(&labels.to_string(), end, facts.page),
                ));
            }
        }
    }
    damages.extend(lower_min_isr(record, changed)?);
    damages.extend(lost(record, changed)?);
    damages.extend(skipped(record, changed)?);
    Ok(damages)
}

/// Topics whose `min.insync.replicas` was lowered.
fn lower_min_isr(
    record: &Record<'_>,
    changed: UnixMs,
) -> Result<Option<(Damage, String, String)>, SourceError> {
    let matchers = [
        Matcher::equal(NAME, "kafka_topic_config_info"),
        Matcher::equal("key", "min.insync.replicas"),
    ];
    let at = |time| -> Result<BTreeMap<String, u32>, SourceError> {
        let values = values(record.series, &matchers, time)?;
        Ok(values
            .keys()
            .filter_map(|labels| {
                Some((labels.get("topic").to_owned(), labels.get("value").parse().ok()?))
            })
            .collect())
    };
    let (healthy, before, after) =
        (at(record.facts.baseline.to)?, at(changed)?, at(record.facts.recorded.to)?);
    let topics = values(
        record.series,
        &[Matcher::equal(NAME, "kafka_topic_partitions")],
        record.facts.recorded.to,
    )?;
    let is_there = |topic: &str| topics.keys().any(|labels| labels.get("topic") == topic);
    let lowered = healthy.iter().find(|(topic, value)| {
        let now = after.get(*topic).copied().unwrap_or(1);
        before.get(*topic) >= Some(value) && now < **value && is_there(topic)
    });
    Ok(lowered.map(|(topic, value)| {
        let now = after.get(topic).copied().unwrap_or(1);
        let promql =
            format!("kafka_topic_config_info{{topic=\"{topic}\",key=\"min.insync.replicas\"}}");
        let look = query_command(&promql, record.facts.recorded.to, record.facts.page);
        (
            Damage::LowerMinIsr,
            format!("min.insync.replicas of {topic} is {now} and was {value}"),
            look,
        )
    }))
}

/// Partitions that held every acknowledged record just before the first change and do not at the
/// end.
fn lost(
    record: &Record<'_>,
    changed: UnixMs,
) -> Result<Option<(Damage, String, String)>, SourceError> {
    let offsets = |name: &str, at| -> Result<BTreeMap<(String, String), f64>, SourceError> {
        let mut offsets: BTreeMap<(String, String), f64> = BTreeMap::new();
        for (labels, value) in values(record.series, &[Matcher::equal(NAME, name)], at)? {
            let most = offsets
                .entry((labels.get("topic").to_owned(), labels.get("partition").to_owned()))
                .or_insert(value);
            *most = most.max(value);
        }
        Ok(offsets)
    };
    let acked = offsets("kafka_producer_last_acked_offset", changed)?;
    let before = offsets("kafka_topic_partition_current_offset", changed)?;
    let after = offsets("kafka_topic_partition_current_offset", record.facts.recorded.to)?;
    let lost = acked.iter().find(|(partition, acked)| {
        let holds = |offsets: &BTreeMap<(String, String), f64>| {
            offsets.get(*partition).is_none_or(|end| *end > **acked)
        };
        holds(&before) && !holds(&after)
    });
    Ok(lost.map(|((topic, partition), acked)| {
        let promql = format!(
            "kafka_topic_partition_current_offset{{topic=\"{topic}\",partition=\"{partition}\"}}"
        );
        let look = query_command(&promql, record.facts.recorded.to, record.facts.page);
        (
            Damage::RecordsLost,
            format!("{topic}-{partition} had acknowledged offset {acked} and ends before it"),
            look,
        )
    }))
}

/// A group's committed offset that went forward while the group had no member: nobody can have
/// processed what lies between.
fn skipped(
    record: &Record<'_>,
    changed: UnixMs,
) -> Result<Option<(Damage, String, String)>, SourceError> {
    let end = record.facts.recorded.to;
    let select =
        |name: &str| record.series.select(&[Matcher::equal(NAME, name)], changed - LOOKBACK, end);
    let members = select("kafka_consumergroup_members")?;
    let is_empty = |group: &str, at: UnixMs| {
        let of_group = members.iter().find(|series| series.labels.get("consumergroup") == group);
        of_group
            .and_then(|series| series.points.iter().rev().find(|p| p.at <= at))
            .is_some_and(|p| p.value == 0.0)
    };
    for series in select("kafka_consumergroup_current_offset")? {
        let group = series.labels.get("consumergroup");
        let jump = series.points.windows(2).find(|pair| {
            let [before, after] = pair else { return false };
            before.at >= changed
                && after.value > before.value
                && is_empty(group, before.at)
                && is_empty(group, after.at)
        });
        if let Some([before, after]) = jump {
            let says = format!(
                "{group} was moved from {} to {} of {}-{} while it had no member",
                before.value,
                after.value,
                series.labels.get("topic"),
                series.labels.get("partition")
            );
            return Ok(Some((
                Damage::RecordsSkipped,
                says,
                query_command(&series.labels.to_string(), after.at, record.facts.page),
            )));
        }
    }
    Ok(None)
}

/// The newest values at an instant, of series that had not ended then.
fn values(
    source: &dyn SeriesSource,
    matchers: &[Matcher],
    at: UnixMs,
) -> Result<BTreeMap<Labels, f64>, SourceError> {
    let series = source.newest(matchers, at - LOOKBACK, at)?;
    let newest =
        series.into_iter().filter_map(|series| Some((series.labels, series.points.last()?.value)));
    Ok(newest.filter(|(_, value)| !is_stale(*value)).collect())
}
