//! What keeps a fault from coming back.

/// A measure an analysis may propose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prevention {
    /// Its name: the kind of measure, and what it is about.
    pub id: &'static str,
    /// What is done.
    pub says: &'static str,
    /// What people type when they look for it, separated by commas; no other names for it.
    pub found_by: &'static str,
}

impl Prevention {
    const fn found_by(self, found_by: &'static str) -> Self {
        Self { found_by, ..self }
    }
}

const fn prevention(id: &'static str, says: &'static str) -> Prevention {
    Prevention { id, says, found_by: "" }
}

/// Every measure.
pub const PREVENTIONS: &[Prevention] = &[
    // Alerts: the same fault is noticed sooner.
    prevention(
        "alert.under_replicated",
        "Alert on replicas out of the ISR, by broker and for how long.",
    )
    .found_by("under replicated, urp, isr"),
    prevention(
        "alert.at_min_isr",
        "Alert on partitions at min.insync.replicas, before the next loss stops writes.",
    )
    .found_by("min isr"),
    prevention("alert.replica_lag", "Alert on a follower's log end offset against its leader's.")
        .found_by("follower lag, slow replica"),
    prevention("alert.stale_throttle", "Alert on a replication throttle without a reassignment.")
        .found_by("forgotten throttle"),
    prevention("alert.link_saturated", "Alert on drops, backlog or use of a machine's link.")
        .found_by("bandwidth, network"),
    prevention("alert.cpu_throttled", "Alert on containers held back by their processor limit.")
        .found_by("cpu limit, cfs"),
    prevention(
        "alert.heap_after_gc",
        "Alert on what is alive after a collection and on the time spent collecting.",
    )
    .found_by("gc, heap, memory leak"),
    prevention("alert.memory_limit", "Alert on memory near the container's limit.")
        .found_by("oom, oom killer, container memory"),
    prevention(
        "alert.handlers_idle",
        "Alert on the idle share of request handlers and network threads.",
    )
    .found_by("request handlers, threads"),
    prevention("alert.disk_usage", "Alert on a disk well before it is full.")
        .found_by("disk full, no space"),
    prevention("alert.disk_latency", "Alert on flush and read times of a disk.")
        .found_by("slow disk, io wait"),
    prevention(
        "alert.log_growth",
        "Alert on logs that outgrow their retention, and on uncleanable partitions.",
    )
    .found_by("retention, compaction"),
    prevention("alert.fds", "Alert on open file descriptors near their limit.")
        .found_by("open files, file descriptors"),
    prevention("alert.broker_fenced", "Alert on fencing and on the age of heartbeats.")
        .found_by("broker down, heartbeat"),
    prevention(
        "alert.leader_imbalance",
        "Alert on partitions not led by their preferred replica and on leaders per broker.",
    )
    .found_by("preferred leader, leader skew"),
    prevention("alert.unclean_election", "Alert on any unclean election.").found_by("data loss"),
    prevention("alert.quorum", "Alert on a quorum without a leader and on frequent elections.")
        .found_by("controller"),
    prevention(
        "alert.freshness",
        "Alert on the age of records not yet processed, instead of on lag in records.",
    )
    .found_by("consumer lag, slo, lag in time"),
    prevention(
        "alert.consumer_progress",
        "Alert on committed offsets that do not move while records arrive.",
    )
    .found_by("stuck consumer, no progress"),
    prevention("alert.rebalances", "Alert on the rate of rebalances.").found_by("rebalance storm"),
    prevention(
        "alert.open_transactions",
        "Alert on transactions open for long and on a last stable offset that stands still.",
    )
    .found_by("hanging transaction, lso"),
    prevention("alert.quota_throttling", "Alert on clients that are delayed by their quota.")
        .found_by("throttled client"),
    prevention(
        "alert.authorization_failures",
        "Alert on denied requests and failed authentications.",
    )
    .found_by("acl, denied, login failed"),
    prevention("alert.certificate_expiry", "Alert on certificates weeks before their last day.")
        .found_by("cert expired, tls"),
    prevention(
        "alert.dead_letters",
        "Alert on the rate of the dead letter queue and on failed tasks.",
    )
    .found_by("dlq"),
    prevention("alert.missing_series", "Alert on series that should be there and are not.")
        .found_by("no data, exporter down"),
    prevention("alert.clock_offset", "Alert on machines whose clocks differ.")
        .found_by("ntp, clock skew"),
    // Limits: the same fault does less.
    prevention("limit.client_quota", "Give each client a quota, and a default to the rest.")
        .found_by("rate limit, noisy neighbour, quota"),
    prevention("limit.connections", "Limit connections and their rate, by address or listener.")
        .found_by("connection storm, max.connections"),
    prevention("limit.request_memory", "Bound the memory of requests in flight.")
        .found_by("queued.max.request.bytes, oom"),
    prevention("limit.record_size", "Agree on one size limit for client, topic and broker.")
        .found_by("max.message.bytes, large messages"),
    prevention("limit.transaction_timeout", "Lower the longest transaction timeout allowed.")
        .found_by("hanging transaction"),
    prevention("limit.reassignment_throttle", "Reassign with a throttle by default.")
        .found_by("reassignment bandwidth"),
    // Configuration: the same fault cannot arise.
    prevention(
        "config.min_isr_below_replicas",
        "Keep min.insync.replicas below the replication factor.",
    )
    .found_by("min isr too high"),
    prevention("config.acks_all", "Produce with acks=all and idempotence.")
        .found_by("acks, durability, data loss"),
    prevention("config.no_unclean_election", "Keep unclean leader election off.")
        .found_by("data loss"),
    prevention(
        "config.auto_leader_rebalance",
        "Let the controller move leaders back, or elect preferred leaders after each restart.",
    )
    .found_by("preferred leaders, leader imbalance"),
    prevention("config.auto_create_off", "Do not create topics on first use.")
        .found_by("auto create topics, typo"),
    prevention("config.producer_compression", "Let topics keep the producer's compression.")
        .found_by("recompression"),
    prevention("config.batching", "Let producers wait for batches and consumers for data.")
        .found_by("linger, batch size"),
    prevention(
        "config.poll_interval",
        "Fit batch size and max.poll.interval.ms to the time processing takes.",
    )
    .found_by("max.poll.interval.ms, max.poll.records"),
    prevention(
        "config.static_membership",
        "Give each instance an id of its own, derived from its place.",
    )
    .found_by("group.instance.id"),
    prevention(
        "config.cooperative_rebalance",
        "Use the cooperative assignor or the new consumer protocol.",
    )
    .found_by("sticky assignor, rebalance"),
    prevention(
        "config.offset_retention",
        "Keep offsets for longer than a group can be away; let a missing offset be an error.",
    )
    .found_by("offsets expired, auto.offset.reset"),
    prevention("config.timestamp_bounds", "Bound record timestamps, before and after.")
        .found_by("future timestamps"),
    prevention(
        "config.partitioner_standard",
        "Prescribe one partitioner for all clients of a topic.",
    )
    .found_by("murmur2, partitioner"),
    prevention("config.keepalive", "Close idle connections before the network forgets them.")
        .found_by("idle connections, nat timeout"),
    prevention(
        "config.tls_client",
        "Prescribe clients' security protocol and check it at their start.",
    )
    .found_by("security.protocol, ssl"),
    prevention("config.log_levels", "Reset log levels by themselves after a while.")
        .found_by("debug logging"),
    // Capacity
    prevention(
        "capacity.bandwidth",
        "Size links for replication and catch-up beside client traffic.",
    )
    .found_by("more network, bigger link"),
    prevention("capacity.cpu", "Reserve the processor time a broker needs.").found_by("more cpu"),
    prevention("capacity.heap", "Size the heap by what is alive under load.")
        .found_by("bigger heap, xmx"),
    prevention("capacity.container_memory", "Set memory limits by heap and everything beside it.")
        .found_by("memory limit, oom killer"),
    prevention("capacity.disk", "Size disks and retention for peak traffic.")
        .found_by("bigger disk, more space"),
    prevention(
        "capacity.consumers",
        "Scale consumers by the age of their backlog; test them at peak rate.",
    )
    .found_by("scale out, more consumers, autoscaling"),
    prevention(
        "capacity.partitions",
        "Spread keys and partitions so that no one carries most of the traffic.",
    )
    .found_by("hot partition, more partitions, key"),
    prevention(
        "capacity.controllers",
        "Spread enough controllers over failure domains, apart from the brokers.",
    )
    .found_by("quorum, more controllers"),
    prevention(
        "capacity.fds",
        "Raise the file descriptor limit by segments and connections expected.",
    )
    .found_by("ulimit, open files"),
    // Process: people and automation do it differently.
    prevention(
        "process.change_verification",
        "Verify each change's effect, and undo it when it does harm.",
    )
    .found_by("rollback, undo, revert, check after change"),
    prevention(
        "process.throttle_cleanup",
        "Let automation verify and remove throttles after each reassignment.",
    )
    .found_by("forgotten throttle"),
    prevention(
        "process.canary_deploy",
        "Deploy to one instance first and compare it with the others.",
    )
    .found_by("canary, staged rollout, rollback, blue green"),
    prevention("process.load_test", "Test a change under production load before it ships.")
        .found_by("performance test, stress test"),
    prevention(
        "process.config_review",
        "Review and version cluster, topic, quota and access configuration as code.",
    )
    .found_by("gitops, infrastructure as code, peer review"),
    prevention(
        "process.plugin_review",
        "Review plugins for blocking calls and unbounded state, with timeouts and load tests.",
    )
    .found_by("code review, plugin"),
    prevention(
        "process.schema_compatibility",
        "Check schema compatibility before a producer is deployed.",
    )
    .found_by("schema registry, avro"),
    prevention(
        "process.credential_overlap",
        "Rotate credentials with both old and new accepted for a while.",
    )
    .found_by("rotation, password change"),
    prevention(
        "process.dead_letter_handling",
        "Send records that cannot be processed aside, watch and replay them.",
    )
    .found_by("poison pill, dlq, skip"),
    prevention(
        "process.graceful_restart",
        "Restart brokers one by one, gracefully, waiting for a full ISR.",
    )
    .found_by("rolling restart, controlled shutdown"),
    prevention(
        "process.network_change_review",
        "Announce and review changes of firewalls, shaping and MTU.",
    )
    .found_by("firewall, iptables, change window"),
    prevention("process.health_checks", "Let health checks ask for progress, not only for life.")
        .found_by("liveness, readiness, probe"),
    prevention(
        "process.assignment_tooling",
        "Let a tool plan assignments and expansions, racks and leaders included.",
    )
    .found_by("cruise control, rebalance, rack"),
    prevention("process.runbook", "Write down how to recognise and undo this.")
        .found_by("documentation, playbook, training"),
];
