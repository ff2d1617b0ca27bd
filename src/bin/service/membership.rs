//! A member's place in its group: which partitions it has, which offsets it has processed and not
//! yet committed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance},
    error::{KafkaError, KafkaResult},
    topic_partition_list::Offset,
};

use crate::{
    client::{Reports, describe, report_to},
    figures::Partition,
    service::Service,
    settings::Consumption,
};

/// What librdkafka's callbacks and the member's own loop share. Callbacks run on the member's
/// thread, inside of its polls.
pub struct Membership {
    reports: Reports,
    pausing: bool,
    auto_commit: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The next offset of each partition with records processed and not committed.
    processed: BTreeMap<Partition, i64>,
    /// Partitions taken away since the loop last asked.
    revoked: BTreeSet<Partition>,
}

impl Membership {
    /// Of this member.
    pub fn of(service: &Arc<Service>, consumption: &Consumption, member: u32) -> Self {
        Self {
            reports: Reports::of(service, member),
            pausing: service.behaviour.pausing_member == Some(member),
            auto_commit: consumption.auto_commit,
            state: Mutex::default(),
        }
    }

    /// The member's name in the log.
    pub fn client(&self) -> &str {
        &self.reports.client
    }

    /// Notes a record that is processed.
    pub fn processed(&self, partition: Partition, offset: i64) {
        self.state().processed.insert(partition, offset + 1);
    }

    /// Partitions taken away since this was last asked: what was polled of them before is another
    /// member's now.
    pub fn take_revoked(&self) -> BTreeSet<Partition> {
        std::mem::take(&mut self.state().revoked)
    }

    /// Commits what is processed and waits for the answer. What cannot be committed is tried again
    /// next time, unless the partition is gone by then.
    pub fn commit(&self, consumer: &BaseConsumer<Self>) {
        let offsets = self.state().processed.clone();
        if offsets.is_empty() || self.auto_commit {
            return;
        }
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for ((topic, partition), offset) in &offsets {
            if let Err(error) =
                list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
            {
                self.log().error(format_args!(
                    "cannot commit topic={topic} partition={partition} offset={offset} {}",
                    describe(&error)
                ));
            }
        }
        let result = consumer.commit(&list, CommitMode::Sync);
        if result.is_ok() {
            self.state().processed.clear();
        }
        self.count(&result);
    }

    fn count(&self, result: &Result<(), KafkaError>) {
        let outcome = if result.is_ok() { "ok" } else { "error" };
        *self
            .reports
            .service
            .figures
            .client(self.reports.member)
            .consumed
            .commits
            .entry(outcome)
            .or_default() += 1;
        if let Err(error) = result {
            self.log().warn(format_args!(
                "commit failed member={} {}",
                self.client(),
                describe(error)
            ));
        }
    }

    fn log(&self) -> &crate::log::Log {
        &self.reports.service.log
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a panic ends the process")
    }

    fn show(&self, what: &str, partitions: &BTreeSet<Partition>) {
        let list: Vec<String> =
            partitions.iter().map(|(topic, partition)| format!("{topic}-{partition}")).collect();
        self.log().info(format_args!(
            "partitions {what} member={} count={} partitions=[{}]",
            self.client(),
            list.len(),
            list.join(",")
        ));
    }
}

report_to!(Membership, reports);

impl ConsumerContext for Membership {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(list) = rebalance else { return };
        let partitions = partitions(list);
        let lost = consumer.assignment_lost();
        if !lost {
            self.commit(consumer);
        }
        self.show(if lost { "lost" } else { "revoked" }, &partitions);
        let mut client = self.reports.service.figures.client(self.reports.member);
        client.consumed.assigned.retain(|p| !partitions.contains(p));
        client.activity.paused.retain(|p, _| !partitions.contains(p));
        drop(client);
        let mut state = self.state();
        state.processed.retain(|p, _| !partitions.contains(p));
        state.revoked.extend(partitions);
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let partitions = partitions(list);
                self.show("assigned", &partitions);
                let mut paused = BTreeMap::new();
                if self.pausing {
                    match consumer.pause(list) {
                        Ok(()) => {
                            let now = Instant::now();
                            paused.extend(partitions.iter().map(|p| (p.clone(), now)));
                        }
                        Err(error) => self.log().error(format_args!(
                            "cannot pause member={} {}",
                            self.client(),
                            describe(&error)
                        )),
                    }
                }
                let mut client = self.reports.service.figures.client(self.reports.member);
                client.activity.paused.extend(paused);
                client.consumed.rebalances += 1;
                client.consumed.assigned.extend(partitions);
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => self.log().error(format_args!(
                "rebalance failed member={} {}",
                self.client(),
                describe(error)
            )),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if self.auto_commit {
            self.count(&result);
        }
    }
}

fn partitions(list: &TopicPartitionList) -> BTreeSet<Partition> {
    list.elements()
        .iter()
        .map(|element| (element.topic().to_owned(), element.partition()))
        .collect()
}
