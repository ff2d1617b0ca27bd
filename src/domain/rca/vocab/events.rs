//! The effects: what happens on the way from a cause to its symptom. A causal chain is made of
//! these; a cause is none of them.

use super::components::Kind::{self, *};

/// An effect a causal chain may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its name: what it happens to, and what happens.
    pub id: &'static str,
    /// What can be seen.
    pub says: &'static str,
    /// The kinds of components it happens on.
    pub on: &'static [Kind],
}

const fn event(id: &'static str, on: &'static [Kind], says: &'static str) -> Event {
    Event { id, says, on }
}

/// Every effect.
pub const EVENTS: &[Event] = &[
    // Machines and processes
    event("process.frozen", &[Broker, Controller, Service], "The process exists and does nothing."),
    event("process.exited", &[Broker, Controller, Service], "The process ended."),
    event(
        "process.killed",
        &[Broker, Controller, Service],
        "The kernel or a signal killed the process.",
    ),
    event("process.restarted", &[Broker, Controller, Service], "The process started anew."),
    event("process.crash_loop", &[Broker, Service], "The process ends and starts again and again."),
    event("recovery.running", &[Broker], "The broker reads its logs after an unclean stop."),
    event("registration.refused", &[Broker], "The controller refuses the broker's registration."),
    event(
        "cpu.throttled",
        &[Broker, Controller, Service],
        "The container is held back by its processor limit.",
    ),
    event(
        "cpu.saturated",
        &[Broker, Controller, Service],
        "The process uses all the processor time there is.",
    ),
    event("memory.grew", &[Broker, Service], "What is alive in memory grows."),
    event("memory.exhausted", &[Broker, Service], "An allocation failed."),
    event(
        "gc.long_pauses",
        &[Broker, Service],
        "Garbage collection takes a large share of the time.",
    ),
    event("handlers.busy", &[Broker], "The request handlers have no idle time."),
    event("handlers.blocked", &[Broker], "The request handlers wait."),
    event("network_threads.busy", &[Broker], "The network threads have no idle time."),
    event("requests.queued", &[Broker], "Requests wait for a handler."),
    event("fds.exhausted", &[Broker], "No file descriptor is left."),
    event("clock.jumped", &[Broker, Service], "The machine's clock differs from the others'."),
    event("logging.flooded", &[Broker], "The process logs far more than before."),
    // Network
    event("link.capped", &[Link], "The link carries less than before."),
    event("link.saturated", &[Link], "Packets wait or are dropped because the link is full."),
    event("packets.dropped", &[Link, Listener], "Packets do not arrive."),
    event("packets.retransmitted", &[Link], "Segments are sent again."),
    event("connection.lost", &[Broker, Service, Link], "Established connections break."),
    event("connection.refused", &[Broker, Service, Listener], "New connections are not accepted."),
    event(
        "connections.grew",
        &[Broker, Listener, Service],
        "Connections are opened far faster or in greater number than before.",
    ),
    event("handshake.failed", &[Broker, Listener, Service], "TLS handshakes fail."),
    event(
        "address.wrong",
        &[Broker, Listener],
        "A broker is advertised under an address that does not lead to it.",
    ),
    event("requests.timed_out", &[Broker, Service], "Requests get no answer in time."),
    // Storage
    event("disk.filled", &[Disk, Broker], "The file system has no space left."),
    event("disk.slow", &[Disk, Broker], "Flushes or reads take far longer than before."),
    event("disk.failed", &[Disk, Broker], "A log directory went offline."),
    event("segment.corrupted", &[Partition, Disk], "A segment holds bytes that cannot be read."),
    event("segment.deleted", &[Partition, Topic], "Segments were deleted."),
    event("log.grew", &[Partition, Topic, Disk], "A log grows past its retention."),
    event("compaction.stopped", &[Partition, Broker], "A partition is no longer compacted."),
    event("cache.missed", &[Broker, Disk], "Reads come from the disk instead of the page cache."),
    // Configuration
    event("config.changed", &[Broker, Topic, Service, Controller], "A configuration changed."),
    event(
        "service.deployed",
        &[Service],
        "Another version or configuration of an application runs.",
    ),
    event("throttle.active", &[Broker, Topic], "A replication throttle is in force."),
    event(
        "quota.exceeded",
        &[Quota, Service, Principal],
        "A client exceeds its quota and is delayed.",
    ),
    event("acl.removed", &[Principal, Topic, Group], "A permission is gone."),
    event(
        "access.denied",
        &[Principal, Service, Broker, Topic, Group],
        "Requests are refused for want of a permission.",
    ),
    event(
        "authentication.failed",
        &[Principal, Service, Listener],
        "Clients fail to authenticate.",
    ),
    // Replication, leadership, metadata
    event(
        "follower.fell_behind",
        &[Broker, Partition],
        "A follower's log ends before its leader's.",
    ),
    event("follower.stopped_fetching", &[Broker, Partition], "A follower does not fetch."),
    event("isr.shrunk", &[Partition, Topic, Broker], "Replicas left the ISR."),
    event("isr.below_min", &[Partition, Topic], "The ISR is smaller than min.insync.replicas."),
    event(
        "watermark.stuck",
        &[Partition, Topic],
        "The high watermark does not move while the log grows.",
    ),
    event(
        "broker.fenced",
        &[Broker],
        "The controller fenced the broker because its session ended.",
    ),
    event("broker.flapping", &[Broker], "The broker is fenced and unfenced again and again."),
    event("heartbeat.late", &[Broker], "The broker's heartbeats come late or not at all."),
    event("metadata.stale", &[Broker], "The broker does not learn of changes."),
    event("leader.moved", &[Partition, Topic, Broker], "Leadership moved to another broker."),
    event("leader.lost", &[Partition, Topic], "A partition has no leader."),
    event("leader.unclean", &[Partition, Topic], "A replica outside the ISR was elected."),
    event("leadership.skewed", &[Broker, Topic], "One broker leads far more than its share."),
    event("log.truncated", &[Partition, Broker], "Records were cut off a replica's log."),
    event("quorum.lost", &[Controller], "The quorum has no leader."),
    event("quorum.elected", &[Controller], "The quorum elected a new leader."),
    event("replica.added", &[Partition, Topic, Broker], "A reassignment adds a replica."),
    event("replication.saturated", &[Broker, Link], "Replication takes the bandwidth there is."),
    // Producing
    event("produce.slow", &[Service, Broker, Topic], "Records are acknowledged late."),
    event("produce.failed", &[Service, Broker, Topic, Partition], "Records are not acknowledged."),
    event("records.lost", &[Topic, Partition], "Acknowledged records are gone."),
    event("records.rejected", &[Topic, Service, Broker], "The broker refuses records."),
    event(
        "records.misplaced",
        &[Topic, Partition, Service],
        "Records go to another topic or partition than intended.",
    ),
    event("partition.hot", &[Partition], "One partition gets far more than its share."),
    event("traffic.skewed", &[Broker, Topic], "One broker serves far more traffic than its share."),
    event("traffic.grew", &[Topic, Service, Broker], "More is sent or read than before."),
    event("requests.grew", &[Broker, Service], "Far more requests arrive than before."),
    event("producer_ids.grew", &[Broker, Service], "The broker keeps more and more producer ids."),
    // Consuming
    event("consumer.slow", &[Service, Group], "Processing a record takes longer than before."),
    event("consumer.stalled", &[Service, Group, Partition], "A member processes nothing."),
    event("consumer.crashed", &[Service, Group, Partition], "A member failed on a record."),
    event(
        "consumption.below_production",
        &[Group, Topic],
        "Fewer records are consumed than produced.",
    ),
    event("commit.stopped", &[Group, Partition], "Committed offsets do not move."),
    event("commit.failed", &[Group, Service], "Offset commits fail."),
    event(
        "offsets.reset",
        &[Group, Partition],
        "A group went on somewhere else than it had left off.",
    ),
    event("group.rebalanced", &[Group], "The group rebalanced."),
    event("member.left", &[Group, Service], "A member left the group or was removed."),
    event(
        "member.fenced",
        &[Group, Service, Transaction],
        "A member or producer was fenced by another with the same identity.",
    ),
    event(
        "coordinator.unavailable",
        &[Group, Broker, Transaction],
        "The coordinator does not serve.",
    ),
    event("transaction.open", &[Transaction, Partition, Service], "A transaction stays open."),
    event("stable_offset.stuck", &[Partition, Topic], "The last stable offset does not move."),
    event("lag.grew", &[Group, Partition, Topic], "A group falls further behind."),
    event(
        "freshness.breached",
        &[Group, Topic, Service],
        "Records wait for longer than promised before they are processed.",
    ),
    event("record.skipped", &[Group, Partition, Topic], "A record was passed over."),
    event("record.unreadable", &[Partition, Topic, Service], "A record cannot be decoded."),
    event("task.failed", &[Service, Plugin], "A connector's task failed."),
    event("dead_letters.grew", &[Topic, Service], "Records arrive in the dead letter queue."),
    event("plugin.blocked", &[Plugin, Broker], "A plugin waits for something outside the broker."),
    event("metrics.vanished", &[Broker, Controller, Service], "Series are no longer collected."),
    event("alert.fired", &[Topic, Group, Service, Broker], "The alert that paged."),
];
