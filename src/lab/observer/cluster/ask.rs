//! What a broker is asked for in a second, for itself and for the whole cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::Offsets;
use crate::domain::telemetry::series::Labels;
use crate::domain::topology::NodeId;
use crate::lab::kafka::groups::{self, Group, Protocol};
use crate::lab::kafka::partitions::{self, Latest, PartitionState, TopicPartition};
use crate::lab::observer::link::Link;
use crate::lab::observer::senses::Samples;
use crate::lab::wait::pause;

/// For what every broker is asked.
const PROBE_DEADLINE: Duration = Duration::from_millis(600);
/// For all that is asked in a second.
const DEADLINE: Duration = Duration::from_millis(850);
/// How long a broker has the word alone before the next one is asked for the whole cluster too.
const ALONE: Duration = Duration::from_millis(200);
/// What one broker is asked.
#[derive(Debug, Default)]
pub(super) struct Questions {
    pub(super) leads: Vec<TopicPartition>,
    pub(super) coordinates: Vec<(String, Protocol)>,
    pub(super) lists_groups: bool,
}

/// What one broker answered.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) probes: Samples,
    pub(super) answered: bool,
    pub(super) high_watermarks: Offsets,
    pub(super) last_stable: Offsets,
    /// A group it coordinates, or nothing when it does not (any more), or did not say.
    pub(super) groups: Vec<(String, Option<(Group, Offsets)>)>,
    pub(super) listed: Vec<(String, Protocol)>,
}

/// What one broker tells of the whole cluster.
pub(super) struct Whole {
    pub(super) brokers: BTreeSet<NodeId>,
    pub(super) partitions: Vec<PartitionState>,
    pub(super) fenced: BTreeMap<NodeId, bool>,
    pub(super) reassigning: Vec<TopicPartition>,
    pub(super) coordinators: BTreeMap<String, NodeId>,
}

/// Asks one broker all it is to be asked.
pub(super) async fn ask_one(link: &mut Link, questions: &Questions) -> Answers {
    let begun = Instant::now();
    let mut answers = Answers::default();
    let id = link.broker.id.to_string();
    let probed = |api: &str, answered: bool, took: Duration| {
        let labels = |name| Labels::of(name, [("broker", id.as_str()), ("api", api)]);
        [
            (labels("kafka_probe_success"), f64::from(u8::from(answered))),
            (labels("kafka_probe_duration_seconds"), took.as_secs_f64()),
        ]
    };
    let metadata =
        link.ask(PROBE_DEADLINE, async |c| partitions::metadata(c, PROBE_DEADLINE).await).await;
    answers.answered = metadata.answer.is_some();
    answers.probes.extend(probed("Metadata", answers.answered, metadata.took));
    // A broker that does not even tell its metadata is not asked further: the second is over.
    if !answers.answered {
        answers.groups = questions.coordinates.iter().map(|(g, _)| (g.clone(), None)).collect();
        return answers;
    }
    if !questions.leads.is_empty() {
        let leads: Vec<_> = questions.leads.iter().collect();
        let left = PROBE_DEADLINE.saturating_sub(metadata.took);
        let asked = link.ask(left, async |c| {
            let high = partitions::latest_offsets(c, &leads, Latest::HighWatermark, left).await?;
            Ok((high, partitions::latest_offsets(c, &leads, Latest::LastStable, left).await?))
        });
        let asked = asked.await;
        answers.probes.extend(probed("ListOffsets", asked.answer.is_some(), asked.took));
        (answers.high_watermarks, answers.last_stable) = asked.answer.unwrap_or_default();
    }
    for (name, protocol) in &questions.coordinates {
        let left = DEADLINE.saturating_sub(begun.elapsed());
        let asked = link.ask(left, async |c| {
            let described = groups::describe(c, name, *protocol, left).await?;
            Ok(described.zip(groups::committed(c, name, left).await?))
        });
        answers.groups.push((name.clone(), asked.await.answer.flatten()));
    }
    if questions.lists_groups {
        let left = DEADLINE.saturating_sub(begun.elapsed());
        let listed = link.ask(left, async |c| groups::list(c, left).await).await;
        answers.listed = listed.answer.unwrap_or_default();
    }
    answers
}

/// What concerns the cluster as a whole, from the first broker that answers. The next one is asked
/// as well when one does not answer soon.
pub(super) async fn first_to_tell(speakers: &mut [Link], lost_groups: &[String]) -> Option<Whole> {
    let asked = speakers.iter_mut().enumerate().map(|(place, link)| async move {
        let head_start = ALONE * u32::try_from(place).unwrap_or(u32::MAX);
        pause(head_start).await;
        let left = DEADLINE.saturating_sub(head_start);
        let told = link.ask(left, async |c| {
            let metadata = partitions::metadata(c, left).await?;
            Ok(Whole {
                brokers: metadata.brokers,
                partitions: partitions::partitions(c, &metadata.topics, left).await?,
                fenced: partitions::fenced(c, left).await?,
                reassigning: partitions::reassigning(c, left).await?,
                coordinators: match lost_groups {
                    [] => BTreeMap::new(),
                    lost => groups::coordinators(c, lost, left).await?,
                },
            })
        });
        Some((place, told.await.answer?))
    });
    let mut asked: FuturesUnordered<_> = asked.collect();
    let mut first = None;
    while let Some(told) = asked.next().await {
        if told.is_some() {
            first = told;
            break;
        }
    }
    drop(asked);
    let (place, whole) = first?;
    speakers[..=place].rotate_right(1);
    Some(whole)
}
