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
    /// What people type when they look for it, separated by commas; no other names for it.
    pub found_by: &'static str,
}

impl Event {
    const fn found_by(self, found_by: &'static str) -> Self {
        Self { found_by, ..self }
    }
}

const fn event(id: &'static str, on: &'static [Kind], says: &'static str) -> Event {
    Event { id, says, on, found_by: "" }
}

/// Every effect.
pub const EVENTS: &[Event] = &[
    // Machines and processes
    event("process.frozen", &[Broker, Controller, Service], "The process exists and does nothing.")
        .found_by("paused, suspended, hung, hang, stuck, unresponsive, sigstop, not responding"),
    event("process.exited", &[Broker, Controller, Service], "The process ended.")
        .found_by("crashed, crash, died, down, stopped, shutdown, dead"),
    event(
        "process.killed",
        &[Broker, Controller, Service],
        "The kernel or a signal killed the process.",
    )
    .found_by("oom killed, oomkilled, oom killer, kill -9, sigkill, exit 137"),
    event("process.restarted", &[Broker, Controller, Service], "The process started anew.")
        .found_by("restart, reboot, bounce, roll, rolling restart"),
    event("process.crash_loop", &[Broker, Service], "The process ends and starts again and again.")
        .found_by("crashloop, crashing, restart loop, keeps restarting"),
    event("recovery.running", &[Broker], "The broker reads its logs after an unclean stop.")
        .found_by("log recovery, slow startup, loading logs"),
    event("registration.refused", &[Broker], "The controller refuses the broker's registration."),
    event(
        "cpu.throttled",
        &[Broker, Controller, Service],
        "The container is held back by its processor limit.",
    )
    .found_by("cpu limit, cfs quota, starved"),
    event(
        "cpu.saturated",
        &[Broker, Controller, Service],
        "The process uses all the processor time there is.",
    )
    .found_by("cpu full, high cpu, 100% cpu, busy"),
    event("memory.grew", &[Broker, Service], "What is alive in memory grows.")
        .found_by("leak, memory leak, heap grows"),
    event("memory.exhausted", &[Broker, Service], "An allocation failed.")
        .found_by("oom, out of memory, OutOfMemoryError, heap full"),
    event(
        "gc.long_pauses",
        &[Broker, Service],
        "Garbage collection takes a large share of the time.",
    )
    .found_by("gc, garbage collection, full gc, stop the world, gc pause"),
    event("handlers.busy", &[Broker], "The request handlers have no idle time.")
        .found_by("request handlers, io threads, handler idle, overloaded"),
    event("handlers.blocked", &[Broker], "The request handlers wait.")
        .found_by("stuck threads, blocked threads"),
    event("network_threads.busy", &[Broker], "The network threads have no idle time.")
        .found_by("network processor, network threads, num.network.threads"),
    event("requests.queued", &[Broker], "Requests wait for a handler.")
        .found_by("request queue, backlog, queue full"),
    event("fds.exhausted", &[Broker], "No file descriptor is left.")
        .found_by("too many open files, ulimit, file descriptors"),
    event("clock.jumped", &[Broker, Service], "The machine's clock differs from the others'.")
        .found_by("clock skew, ntp, time drift"),
    event("logging.flooded", &[Broker], "The process logs far more than before.")
        .found_by("debug logs, log spam, verbose"),
    // Network
    event("link.capped", &[Link], "The link carries less than before.")
        .found_by("bandwidth, rate limit, shaping, qdisc, tc, slow network"),
    event("link.saturated", &[Link], "Packets wait or are dropped because the link is full.")
        .found_by("bandwidth full, network full, congestion"),
    event("packets.dropped", &[Link, Listener], "Packets do not arrive.")
        .found_by("packet loss, firewall, iptables, blocked"),
    event("packets.retransmitted", &[Link], "Segments are sent again.")
        .found_by("retransmits, tcp retransmission"),
    event("connection.lost", &[Broker, Service, Link], "Established connections break.")
        .found_by("disconnect, disconnected, broken pipe, connection reset"),
    event("connection.refused", &[Broker, Service, Listener], "New connections are not accepted.")
        .found_by("cannot connect, connect refused"),
    event(
        "connections.grew",
        &[Broker, Listener, Service],
        "Connections are opened far faster or in greater number than before.",
    )
    .found_by("connection storm, too many connections, reconnects"),
    event("handshake.failed", &[Broker, Listener, Service], "TLS handshakes fail.")
        .found_by("tls, ssl, certificate"),
    event(
        "address.wrong",
        &[Broker, Listener],
        "A broker is advertised under an address that does not lead to it.",
    )
    .found_by("advertised listeners, dns, unknown host"),
    event("requests.timed_out", &[Broker, Service], "Requests get no answer in time.")
        .found_by("timeout, timeouts, time out, no answer"),
    // Storage
    event("disk.filled", &[Disk, Broker], "The file system has no space left.")
        .found_by("disk full, no space left, enospc"),
    event("disk.slow", &[Disk, Broker], "Flushes or reads take far longer than before.")
        .found_by("slow disk, io wait, fsync, slow flush"),
    event("disk.failed", &[Disk, Broker], "A log directory went offline.")
        .found_by("log dir failed, offline directory, io error, broken disk"),
    event("segment.corrupted", &[Partition, Disk], "A segment holds bytes that cannot be read.")
        .found_by("corruption, crc, bit rot"),
    event("segment.deleted", &[Partition, Topic], "Segments were deleted.")
        .found_by("retention, records deleted"),
    event("log.grew", &[Partition, Topic, Disk], "A log grows past its retention.")
        .found_by("disk grows, retention not working"),
    event("compaction.stopped", &[Partition, Broker], "A partition is no longer compacted.")
        .found_by("cleaner died, log cleaner, not compacting"),
    event("cache.missed", &[Broker, Disk], "Reads come from the disk instead of the page cache.")
        .found_by("page cache, cold reads, disk reads"),
    // Configuration
    event("config.changed", &[Broker, Topic, Service, Controller], "A configuration changed.")
        .found_by("setting, configuration change, alter config, properties"),
    event(
        "service.deployed",
        &[Service],
        "Another version or configuration of an application runs.",
    )
    .found_by("deploy, release, rollout, rollback, new version"),
    event("throttle.active", &[Broker, Topic], "A replication throttle is in force.")
        .found_by("throttled replication, replication quota"),
    event(
        "quota.exceeded",
        &[Quota, Service, Principal],
        "A client exceeds its quota and is delayed.",
    )
    .found_by("throttled, rate limited, client quota"),
    event("acl.removed", &[Principal, Topic, Group], "A permission is gone.")
        .found_by("permission removed, acl change"),
    event(
        "access.denied",
        &[Principal, Service, Broker, Topic, Group],
        "Requests are refused for want of a permission.",
    )
    .found_by("unauthorized, forbidden, permission denied, acl"),
    event(
        "authentication.failed",
        &[Principal, Service, Listener],
        "Clients fail to authenticate.",
    )
    .found_by("login failed, wrong password, sasl"),
    // Replication, leadership, metadata
    event(
        "follower.fell_behind",
        &[Broker, Partition],
        "A follower's log ends before its leader's.",
    )
    .found_by("replica lag, replica behind, slow follower"),
    event("follower.stopped_fetching", &[Broker, Partition], "A follower does not fetch.")
        .found_by("fetcher stopped, no fetch, replica stuck"),
    event("isr.shrunk", &[Partition, Topic, Broker], "Replicas left the ISR.")
        .found_by("under replicated, under-replicated, urp, isr shrink, out of sync"),
    event("isr.below_min", &[Partition, Topic], "The ISR is smaller than min.insync.replicas.")
        .found_by("under min isr, not enough replicas"),
    event(
        "watermark.stuck",
        &[Partition, Topic],
        "The high watermark does not move while the log grows.",
    )
    .found_by("high watermark, hw"),
    event(
        "broker.fenced",
        &[Broker],
        "The controller fenced the broker because its session ended.",
    )
    .found_by("session expired, heartbeat timeout, unregistered"),
    event("broker.flapping", &[Broker], "The broker is fenced and unfenced again and again.")
        .found_by("fenced again and again, up and down"),
    event("heartbeat.late", &[Broker], "The broker's heartbeats come late or not at all.")
        .found_by("missed heartbeat, heartbeat timeout"),
    event("metadata.stale", &[Broker], "The broker does not learn of changes.")
        .found_by("old metadata, metadata lag"),
    event("leader.moved", &[Partition, Topic, Broker], "Leadership moved to another broker.")
        .found_by("leader election, failover, leader change"),
    event("leader.lost", &[Partition, Topic], "A partition has no leader.")
        .found_by("offline partition, leaderless, no leader"),
    event("leader.unclean", &[Partition, Topic], "A replica outside the ISR was elected.")
        .found_by("unclean election, data loss"),
    event("leadership.skewed", &[Broker, Topic], "One broker leads far more than its share.")
        .found_by("leader imbalance, uneven leaders, preferred leader"),
    event("log.truncated", &[Partition, Broker], "Records were cut off a replica's log.")
        .found_by("truncation, data loss"),
    event("quorum.lost", &[Controller], "The quorum has no leader.")
        .found_by("no controller, controller down"),
    event("quorum.elected", &[Controller], "The quorum elected a new leader.")
        .found_by("new controller, controller change"),
    event("replica.added", &[Partition, Topic, Broker], "A reassignment adds a replica.")
        .found_by("reassignment, move"),
    event("replication.saturated", &[Broker, Link], "Replication takes the bandwidth there is.")
        .found_by("replication traffic, catch-up"),
    // Producing
    event("produce.slow", &[Service, Broker, Topic], "Records are acknowledged late.")
        .found_by("produce latency, slow producer, too slow"),
    event("produce.failed", &[Service, Broker, Topic, Partition], "Records are not acknowledged.")
        .found_by("producer errors, send failed, NotEnoughReplicas, timeout"),
    event("records.lost", &[Topic, Partition], "Acknowledged records are gone.")
        .found_by("data loss, missing messages"),
    event("records.rejected", &[Topic, Service, Broker], "The broker refuses records.")
        .found_by("record too large, invalid record, refused"),
    event(
        "records.misplaced",
        &[Topic, Partition, Service],
        "Records go to another topic or partition than intended.",
    )
    .found_by("wrong topic, wrong partition"),
    event("partition.hot", &[Partition], "One partition gets far more than its share.")
        .found_by("hot partition, hot key, hotspot, skew"),
    event("traffic.skewed", &[Broker, Topic], "One broker serves far more traffic than its share.")
        .found_by("uneven traffic, unbalanced load, hot broker"),
    event("traffic.grew", &[Topic, Service, Broker], "More is sent or read than before.")
        .found_by("load spike, burst, surge, more traffic"),
    event("requests.grew", &[Broker, Service], "Far more requests arrive than before.")
        .found_by("request rate, request flood"),
    event("producer_ids.grew", &[Broker, Service], "The broker keeps more and more producer ids.")
        .found_by("producer ids, idempotent producers"),
    // Consuming
    event("consumer.slow", &[Service, Group], "Processing a record takes longer than before.")
        .found_by("slow consumer, too slow, processing time"),
    event("consumer.stalled", &[Service, Group, Partition], "A member processes nothing.")
        .found_by("stuck consumer, paused, hung, no progress"),
    event("consumer.crashed", &[Service, Group, Partition], "A member failed on a record.")
        .found_by("poison pill, exception, consumer died"),
    event(
        "consumption.below_production",
        &[Group, Topic],
        "Fewer records are consumed than produced.",
    )
    .found_by("cannot keep up, falls behind"),
    event("commit.stopped", &[Group, Partition], "Committed offsets do not move.")
        .found_by("offsets do not move, no progress"),
    event("commit.failed", &[Group, Service], "Offset commits fail.")
        .found_by("commit error, CommitFailedException"),
    event(
        "offsets.reset",
        &[Group, Partition],
        "A group went on somewhere else than it had left off.",
    )
    .found_by("auto.offset.reset, rewound, jumped"),
    event("group.rebalanced", &[Group], "The group rebalanced.").found_by("rebalance, rebalancing"),
    event("member.left", &[Group, Service], "A member left the group or was removed.")
        .found_by("kicked out, removed, consumer left"),
    event(
        "member.fenced",
        &[Group, Service, Transaction],
        "A member or producer was fenced by another with the same identity.",
    )
    .found_by("producer fenced, fenced instance, zombie"),
    event(
        "coordinator.unavailable",
        &[Group, Broker, Transaction],
        "The coordinator does not serve.",
    )
    .found_by("no coordinator, group coordinator"),
    event("transaction.open", &[Transaction, Partition, Service], "A transaction stays open.")
        .found_by("hanging transaction, uncommitted"),
    event("stable_offset.stuck", &[Partition, Topic], "The last stable offset does not move.")
        .found_by("lso, read_committed, last stable offset"),
    event("lag.grew", &[Group, Partition, Topic], "A group falls further behind.")
        .found_by("consumer lag, lag, backlog"),
    event(
        "freshness.breached",
        &[Group, Topic, Service],
        "Records wait for longer than promised before they are processed.",
    )
    .found_by("slo, delay, too old, late"),
    event("record.skipped", &[Group, Partition, Topic], "A record was passed over.")
        .found_by("skipped message, jumped over"),
    event("record.unreadable", &[Partition, Topic, Service], "A record cannot be decoded.")
        .found_by("poison pill, deserialization, bad message"),
    event("task.failed", &[Service, Plugin], "A connector's task failed.")
        .found_by("connector failed"),
    event("dead_letters.grew", &[Topic, Service], "Records arrive in the dead letter queue.")
        .found_by("dlq"),
    event("plugin.blocked", &[Plugin, Broker], "A plugin waits for something outside the broker.")
        .found_by("plugin hangs"),
    event("metrics.vanished", &[Broker, Controller, Service], "Series are no longer collected.")
        .found_by("no data, missing metrics, scrape failed"),
    event("alert.fired", &[Topic, Group, Service, Broker], "The alert that paged.")
        .found_by("page, pager, alarm"),
];
