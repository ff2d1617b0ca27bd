//! What the members of a group count.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::{
    exposition::{
        Exposition,
        Kind::{Counter, Gauge},
    },
    figures::{Client, Partition},
    service::Service,
};

/// What the members of a group count, one family after the other.
#[derive(Default)]
struct Members {
    records: Vec<([String; 3], f64)>,
    skipped: Vec<([String; 3], f64)>,
    counts: Vec<([String; 1], f64)>,
    sums: Vec<([String; 1], f64)>,
    commits: Vec<([String; 2], f64)>,
    rebalances: Vec<([String; 1], f64)>,
    assigned: Vec<([String; 1], f64)>,
    fetched: Vec<([String; 1], f64)>,
    polled: Vec<([String; 1], f64)>,
}

impl Members {
    fn of(service: &Service) -> Self {
        let now = Instant::now();
        let mut all = Self::default();
        for client in service.figures.clients() {
            all.add(&client, now);
        }
        all
    }

    fn add(&mut self, client: &Client, now: Instant) {
        let consumed = &client.consumed;
        let id = [client.id.clone()];
        let by_partition = |counts: &BTreeMap<Partition, u64>| {
            let labelled = counts.iter().map(|((topic, partition), n)| {
                ([client.id.clone(), topic.clone(), partition.to_string()], *n as f64)
            });
            labelled.collect::<Vec<_>>()
        };
        self.records.extend(by_partition(&consumed.records));
        self.skipped.extend(by_partition(&consumed.skipped));
        self.counts.push((id.clone(), consumed.total() as f64));
        self.sums.push((id.clone(), consumed.processing.as_secs_f64()));
        for outcome in ["ok", "error"] {
            let n = consumed.commits.get(outcome).copied().unwrap_or_default();
            self.commits.push(([client.id.clone(), outcome.to_owned()], n as f64));
        }
        self.rebalances.push((id.clone(), consumed.rebalances as f64));
        self.assigned.push((id.clone(), consumed.assigned.len() as f64));
        let fetched = client.library.fetched(&consumed.assigned, now);
        self.fetched.extend(fetched.map(|n| (id.clone(), n as f64)));
        let ago = consumed.polled.map(|at| now.saturating_duration_since(at));
        self.polled.extend(ago.map(|ago| (id, ago.as_secs_f64())));
    }
}

pub(super) fn series(service: &Service, page: &mut Exposition) {
    let all = Members::of(service);
    let (member, partition) = (["client_id"], ["client_id", "topic", "partition"]);
    page.family(
        Counter,
        "kafka_consumer_records_consumed_total",
        "Records processed.",
        partition,
        all.records,
    );
    page.family(
        Counter,
        "kafka_consumer_records_skipped_total",
        "Records that could not be decoded.",
        partition,
        all.skipped,
    );
    page.family(
        Counter,
        "kafka_consumer_processing_seconds_count",
        "Records processed.",
        member,
        all.counts,
    );
    page.family(
        Counter,
        "kafka_consumer_processing_seconds_sum",
        "Summed processing time.",
        member,
        all.sums,
    );
    page.family(
        Counter,
        "kafka_consumer_commits_total",
        "Offset commits.",
        ["client_id", "outcome"],
        all.commits,
    );
    page.family(
        Counter,
        "kafka_consumer_rebalances_total",
        "Assignments received.",
        member,
        all.rebalances,
    );
    page.family(
        Gauge,
        "kafka_consumer_assigned_partitions",
        "Partitions assigned.",
        member,
        all.assigned,
    );
    page.family(
        Gauge,
        "kafka_consumer_fetch_queue_records",
        "Records fetched and not yet processed.",
        member,
        all.fetched,
    );
    page.family(
        Gauge,
        "kafka_consumer_last_poll_seconds_ago",
        "Time since the member last asked for records.",
        member,
        all.polled,
    );
}
