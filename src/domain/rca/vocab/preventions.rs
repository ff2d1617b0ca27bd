//! What keeps a fault from coming back.

/// A measure an analysis may propose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prevention {
    /// Its name: the kind of measure, and what it is about.
    pub id: &'static str,
    /// What is done.
    pub says: &'static str,
}

const fn prevention(id: &'static str, says: &'static str) -> Prevention {
    Prevention { id, says }
}

/// Every measure.
pub const PREVENTIONS: &[Prevention] = &[
    // Alerts: the same fault is noticed sooner.
    prevention(
        "alert.under_replicated",
        "Alert on replicas out of the ISR, by broker and for how long.",
    ),
    prevention(
        "alert.at_min_isr",
        "Alert on partitions at min.insync.replicas, before the next loss stops writes.",
    ),
    prevention("alert.replica_lag", "Alert on a follower's log end offset against its leader's."),
    prevention("alert.stale_throttle", "Alert on a replication throttle without a reassignment."),
    prevention("alert.link_saturated", "Alert on drops, backlog or use of a machine's link."),
    prevention("alert.cpu_throttled", "Alert on containers held back by their processor limit."),
    prevention(
        "alert.heap_after_gc",
        "Alert on what is alive after a collection and on the time spent collecting.",
    ),
    prevention("alert.memory_limit", "Alert on memory near the container's limit."),
    prevention(
        "alert.handlers_idle",
        "Alert on the idle share of request handlers and network threads.",
    ),
    prevention("alert.disk_usage", "Alert on a disk well before it is full."),
    prevention("alert.disk_latency", "Alert on flush and read times of a disk."),
    prevention(
        "alert.log_growth",
        "Alert on logs that outgrow their retention, and on uncleanable partitions.",
    ),
    prevention("alert.fds", "Alert on open file descriptors near their limit."),
    prevention("alert.broker_fenced", "Alert on fencing and on the age of heartbeats."),
    prevention(
        "alert.leader_imbalance",
        "Alert on partitions not led by their preferred replica and on leaders per broker.",
    ),
    prevention("alert.unclean_election", "Alert on any unclean election."),
    prevention("alert.quorum", "Alert on a quorum without a leader and on frequent elections."),
    prevention(
        "alert.freshness",
        "Alert on the age of records not yet processed, instead of on lag in records.",
    ),
    prevention(
        "alert.consumer_progress",
        "Alert on committed offsets that do not move while records arrive.",
    ),
    prevention("alert.rebalances", "Alert on the rate of rebalances."),
    prevention(
        "alert.open_transactions",
        "Alert on transactions open for long and on a last stable offset that stands still.",
    ),
    prevention("alert.quota_throttling", "Alert on clients that are delayed by their quota."),
    prevention(
        "alert.authorization_failures",
        "Alert on denied requests and failed authentications.",
    ),
    prevention("alert.certificate_expiry", "Alert on certificates weeks before their last day."),
    prevention(
        "alert.dead_letters",
        "Alert on the rate of the dead letter queue and on failed tasks.",
    ),
    prevention("alert.missing_series", "Alert on series that should be there and are not."),
    prevention("alert.clock_offset", "Alert on machines whose clocks differ."),
    // Limits: the same fault does less.
    prevention("limit.client_quota", "Give each client a quota, and a default to the rest."),
    prevention("limit.connections", "Limit connections and their rate, by address or listener."),
    prevention("limit.request_memory", "Bound the memory of requests in flight."),
    prevention("limit.record_size", "Agree on one size limit for client, topic and broker."),
    prevention("limit.transaction_timeout", "Lower the longest transaction timeout allowed."),
    prevention("limit.reassignment_throttle", "Reassign with a throttle by default."),
    // Configuration: the same fault cannot arise.
    prevention(
        "config.min_isr_below_replicas",
        "Keep min.insync.replicas below the replication factor.",
    ),
    prevention("config.acks_all", "Produce with acks=all and idempotence."),
    prevention("config.no_unclean_election", "Keep unclean leader election off."),
    prevention(
        "config.auto_leader_rebalance",
        "Let the controller move leaders back, or elect preferred leaders after each restart.",
    ),
    prevention("config.auto_create_off", "Do not create topics on first use."),
    prevention("config.producer_compression", "Let topics keep the producer's compression."),
    prevention("config.batching", "Let producers wait for batches and consumers for data."),
    prevention(
        "config.poll_interval",
        "Fit batch size and max.poll.interval.ms to the time processing takes.",
    ),
    prevention(
        "config.static_membership",
        "Give each instance an id of its own, derived from its place.",
    ),
    prevention(
        "config.cooperative_rebalance",
        "Use the cooperative assignor or the new consumer protocol.",
    ),
    prevention(
        "config.offset_retention",
        "Keep offsets for longer than a group can be away; let a missing offset be an error.",
    ),
    prevention("config.timestamp_bounds", "Bound record timestamps, before and after."),
    prevention(
        "config.partitioner_standard",
        "Prescribe one partitioner for all clients of a topic.",
    ),
    prevention("config.keepalive", "Close idle connections before the network forgets them."),
    prevention(
        "config.tls_client",
        "Prescribe clients' security protocol and check it at their start.",
    ),
    prevention("config.log_levels", "Reset log levels by themselves after a while."),
    // Capacity
    prevention(
        "capacity.bandwidth",
        "Size links for replication and catch-up beside client traffic.",
    ),
    prevention("capacity.cpu", "Reserve the processor time a broker needs."),
    prevention("capacity.heap", "Size the heap by what is alive under load."),
    prevention("capacity.container_memory", "Set memory limits by heap and everything beside it."),
    prevention("capacity.disk", "Size disks and retention for peak traffic."),
    prevention(
        "capacity.consumers",
        "Scale consumers by the age of their backlog; test them at peak rate.",
    ),
    prevention(
        "capacity.partitions",
        "Spread keys and partitions so that no one carries most of the traffic.",
    ),
    prevention(
        "capacity.controllers",
        "Spread enough controllers over failure domains, apart from the brokers.",
    ),
    prevention(
        "capacity.fds",
        "Raise the file descriptor limit by segments and connections expected.",
    ),
    // Process: people and automation do it differently.
    prevention(
        "process.change_verification",
        "Verify each change's effect, and undo it when it does harm.",
    ),
    prevention(
        "process.throttle_cleanup",
        "Let automation verify and remove throttles after each reassignment.",
    ),
    prevention(
        "process.canary_deploy",
        "Deploy to one instance first and compare it with the others.",
    ),
    prevention("process.load_test", "Test a change under production load before it ships."),
    prevention(
        "process.config_review",
        "Review and version cluster, topic, quota and access configuration as code.",
    ),
    prevention(
        "process.plugin_review",
        "Review plugins for blocking calls and unbounded state, with timeouts and load tests.",
    ),
    prevention(
        "process.schema_compatibility",
        "Check schema compatibility before a producer is deployed.",
    ),
    prevention(
        "process.credential_overlap",
        "Rotate credentials with both old and new accepted for a while.",
    ),
    prevention(
        "process.dead_letter_handling",
        "Send records that cannot be processed aside, watch and replay them.",
    ),
    prevention(
        "process.graceful_restart",
        "Restart brokers one by one, gracefully, waiting for a full ISR.",
    ),
    prevention(
        "process.network_change_review",
        "Announce and review changes of firewalls, shaping and MTU.",
    ),
    prevention("process.health_checks", "Let health checks ask for progress, not only for life."),
    prevention(
        "process.assignment_tooling",
        "Let a tool plan assignments and expansions, racks and leaders included.",
    ),
    prevention("process.runbook", "Write down how to recognise and undo this."),
];
