//! The causes: a tree of dotted names, domain first. Leaves are mechanisms; what stands above them
//! is for an analysis that got only so far.

/// A cause an analysis may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// Its dotted name.
    pub id: &'static str,
    /// The mechanism, in one sentence.
    pub says: &'static str,
    /// The other places of the tree where the same mechanism belongs; each is accepted for the
    /// name.
    pub also: &'static [&'static str],
}

const fn class(id: &'static str, says: &'static str) -> Class {
    Class { id, says, also: &[] }
}

const fn shared(id: &'static str, also: &'static [&'static str], says: &'static str) -> Class {
    Class { id, says, also }
}

/// Domains and groups: what stands above the leaves.
pub const GROUPS: &[Class] = &[
    class("none", "Nothing has to be repaired."),
    class("broker", "A broker's process or what its machine gives it."),
    class("broker.process", "A broker's process does not run as it should."),
    class("broker.cpu", "A broker has too little processor time for what it does."),
    class("broker.memory", "A broker's memory is short, full or leaking."),
    class("broker.threads", "A broker's threads wait instead of working."),
    class("broker.limits", "An operating system limit stops a broker."),
    class("broker.clock", "A broker's clock is wrong."),
    class("network", "Packets between machines."),
    class("network.capacity", "A link carries less than is sent over it."),
    class(
        "network.partition",
        "Two machines cannot talk, wholly or in one direction or for one kind of request.",
    ),
    class("network.quality", "A connection exists but loses, delays or drops what it carries."),
    class("network.naming", "Clients are sent to the wrong address."),
    class("network.tls", "A TLS handshake cannot succeed."),
    class("storage", "What is kept on disk."),
    class("storage.disk", "A disk or a directory on it is full, gone, slow or wrong."),
    class("storage.retention", "Records are kept for longer or shorter than intended."),
    class("storage.compaction", "Compaction does not do its work."),
    class("replication", "Copies of a partition and what it takes to acknowledge a record."),
    class("leadership", "Which broker leads which partition."),
    class("controller", "The metadata quorum."),
    class("reassignment", "Moving replicas between brokers."),
    class("client", "Applications that produce and consume."),
    class("client.producer", "What a producer sends, and how."),
    class("client.consumer", "How a consumer works through its records."),
    class("client.group", "How a group's members share their partitions."),
    class("client.share", "How a share group delivers its records."),
    class("client.transaction", "A producer's transactions."),
    class("client.connections", "How clients open and keep connections."),
    class("quota", "Limits set for clients, or missing."),
    class("security", "Who may connect and do what."),
    class("security.authentication", "Proving an identity fails."),
    class("security.authorization", "An identity is not allowed what it does."),
    class("connect", "Kafka Connect and its dead letter queues."),
    class("observability", "What is watched, and what is not."),
];

/// The leaves: every mechanism an analysis can name.
pub const CLASSES: &[Class] = &[
    class(
        "none.healthy",
        "Nothing is broken: the alert fired on something that is normal or harmless.",
    ), // control
    class(
        "none.self_healed",
        "Something was disturbed for a short while and came back without anyone's action.",
    ), // control
    // A broker's process
    class(
        "broker.process.frozen",
        "The broker's process exists but gets no time to run at all: stopped, suspended or stalled as a whole.",
    ), // S07
    class(
        "broker.process.crashed",
        "The broker's process ended, by a signal or by itself, without any resource running out.",
    ), // P1.2
    class(
        "broker.process.unclean_recovery",
        "After an unclean stop the broker reads through its logs before it serves again.",
    ), // S08
    class(
        "broker.process.wrong_identity",
        "The broker runs with another's node id, another's volume or another cluster's id.",
    ), // S56
    class(
        "broker.cpu.starved",
        "The broker is given too little processor time to keep its session with the controller.",
    ), // S05
    class(
        "broker.cpu.recompression",
        "The topic's compression differs from the producer's, so the broker compresses every batch anew.",
    ), // S24
    shared(
        "broker.cpu.acl_evaluation",
        &["security.authorization.acl_evaluation"],
        "So many access rules exist that evaluating them for each request uses up the request handlers.",
    ), // S25
    shared(
        "broker.cpu.verbose_logging",
        &["observability.verbose_logging"],
        "Debug or trace logging left on takes processor time and disk.",
    ), // S66
    class(
        "broker.memory.heap_undersized",
        "The heap is hardly larger than what is always alive in it, so the JVM collects without end.",
    ), // S22
    class(
        "broker.memory.plugin_leak",
        "A plugin in the broker keeps references to what it has seen, and the heap fills with time.",
    ), // S27
    shared(
        "broker.memory.producer_ids",
        &["client.producer.id_explosion"],
        "Clients create producers without end, and the state the broker keeps for each producer id fills its heap.",
    ), // S34
    class(
        "broker.memory.heap_exhausted",
        "Large requests in flight together need more heap than there is, since nothing bounds their sum.",
    ), // S35
    shared(
        "broker.memory.oversized_frame",
        &["network.tls.tls_on_plaintext_port"],
        "Bytes of another protocol are read as a request's length, and the broker reserves that much memory.",
    ), // S30
    class(
        "broker.memory.container_limit",
        "The kernel kills the JVM because its container's memory limit is below what the JVM needs.",
    ), // S23
    shared(
        "broker.memory.page_cache_evicted",
        &["broker.threads.network_thread_blocked"],
        "Reading old data pushes recent data out of the page cache, and network threads wait for the disk.",
    ), // S29
    class(
        "broker.threads.blocked_by_plugin",
        "A plugin makes the request handlers wait for something that does not answer.",
    ), // S26a
    class(
        "broker.threads.deadlocked",
        "Two threads of the broker each hold the lock the other one needs.",
    ), // S26b
    class(
        "broker.limits.file_descriptors",
        "The broker has used up the file descriptors it may open.",
    ), // S65
    class(
        "broker.clock.skewed",
        "One broker's clock differs from the others', so it refuses or deletes honest records.",
    ), // S64b
    // The network
    class(
        "network.capacity.link_capped",
        "A machine's link carries less than the traffic it needs, in one direction or in both.",
    ), // S04
    shared(
        "network.partition.controller_unreachable",
        &["replication.zombie_leader"],
        "A broker cannot reach the controllers: it is fenced, knows nothing of it and goes on serving as leader.",
    ), // S13
    class(
        "network.partition.replication_blocked",
        "Fetches between brokers are blocked while heartbeats and clients pass.",
    ), // S14
    class(
        "network.partition.client_blocked",
        "Clients cannot reach a broker that the other brokers reach.",
    ), // N2.3
    class("network.quality.packet_loss", "A share of the packets is lost, whatever their size."), // S55
    class(
        "network.quality.mtu_black_hole",
        "Packets above a certain size vanish, smaller ones pass.",
    ), // S55b
    class(
        "network.quality.idle_connections_dropped",
        "A device on the way forgets idle connections without telling either end.",
    ), // S47
    shared(
        "network.quality.slow_reader",
        &["client.consumer.slow_reader"],
        "A client asks for much and takes it off the wire slowly.",
    ), // S69
    class(
        "network.naming.advertised_listener",
        "A broker advertises an address that clients cannot resolve or reach.",
    ), // S45
    shared(
        "network.tls.certificate_expired",
        &["security.authentication.certificate_expired"],
        "A certificate is past its last day.",
    ), // S53a
    shared(
        "network.tls.name_mismatch",
        &["security.authentication.name_mismatch"],
        "A certificate does not carry the name under which its machine is reached.",
    ), // S53b
    class(
        "network.tls.plaintext_client",
        "A client without TLS talks to a TLS port and reads the alert as a response's length.",
    ), // S53c
    // Storage
    class("storage.disk.full", "A log directory's file system has no space left."), // S18
    class(
        "storage.disk.directory_offline",
        "One of several log directories failed, and its replicas with it.",
    ), // S19
    class(
        "storage.disk.slow",
        "Flushing to the disk takes so long that appends and fetches wait for it.",
    ), // S17
    class("storage.disk.corrupted", "Bytes of a segment changed on one replica's disk."), // S33
    class(
        "storage.retention.old_timestamps",
        "Records carry timestamps of the past, so time retention deletes them early.",
    ), // S20
    class(
        "storage.retention.future_timestamps",
        "A record with a timestamp of the future keeps its segment, and all after it, from deletion.",
    ), // S21
    class(
        "storage.compaction.uncleanable",
        "The cleaner met a segment it cannot read and leaves its partition alone.",
    ), // S28
    // Replication, leadership, quorum, reassignment
    class(
        "replication.throttle_left_behind",
        "A replication throttle that outlived its purpose keeps replicas from catching up.",
    ), // S06
    class(
        "replication.acked_below_min_isr",
        "With acks=1 records are acknowledged under min ISR, where the high watermark does not move.",
    ), // S09
    class(
        "replication.min_isr_equals_replicas",
        "min.insync.replicas equals the replication factor, so one lost replica stops acks=all writes.",
    ), // S10
    class(
        "replication.internal_topic_min_isr",
        "An internal topic is under min ISR, so coordinators cannot record commits.",
    ), // S41
    class("replication.last_replica_lost", "All replicas that may lead a partition are down."), // S11
    class(
        "replication.unclean_election",
        "A replica that lacked records was elected, and they are cut off.",
    ), // S12
    class(
        "replication.acks_one_loss",
        "A leader died with records acknowledged by it alone, and a clean election lost them.",
    ), // S70
    class(
        "leadership.not_preferred",
        "Leaders left their preferred brokers in a restart or outage and were not moved back.",
    ), // S01
    class(
        "leadership.skewed_assignment",
        "The replica assignment itself prefers one broker as the leader.",
    ), // S02
    class(
        "controller.majority_lost",
        "Most of the quorum's voters are down: data flows, metadata stands still.",
    ), // S15
    class(
        "controller.election_storm",
        "The quorum elects leader after leader because fetches among voters come too late.",
    ), // S16
    class("reassignment.stuck", "A reassignment waits for a replica that cannot catch up."), // S59
    shared(
        "reassignment.unthrottled",
        &["network.capacity.reassignment_traffic"],
        "A reassignment without a throttle takes the bandwidth that replication and clients need.",
    ), // S60
    // Clients
    class(
        "client.producer.skewed_keys",
        "Most records carry the same few keys, so one partition gets most of the traffic.",
    ), // S03
    class(
        "client.producer.partitioner_mismatch",
        "Producers map the same key to different partitions.",
    ), // S46
    class(
        "client.producer.record_too_large",
        "Records exceed a size limit of the client, the topic or the broker.",
    ), // S42
    class(
        "client.producer.tiny_batches",
        "Clients send about one record a request, or fetch without waiting, and the requests are the load.",
    ), // S43
    class(
        "client.producer.wrong_topic",
        "A producer writes to another topic than the one its readers read.",
    ), // S50a
    class(
        "client.producer.incompatible_schema",
        "Producers write what consumers of the older schema cannot read.",
    ), // S63
    class(
        "client.producer.clock_skewed",
        "A producer's clock is wrong, and so are its records' timestamps.",
    ), // S64a
    class(
        "client.connections.storm",
        "Clients open connections faster or in greater number than the brokers allow or bear.",
    ), // S44
    class(
        "client.consumer.slow_processing",
        "The consumer needs longer for a record than the producers take between two.",
    ), // S31
    class(
        "client.consumer.stuck",
        "The consumer is alive and in its group but its processing stands still.",
    ), // S37
    class(
        "client.consumer.poison_record",
        "One record cannot be processed; the consumer fails on it, restarts and meets it again.",
    ), // S32
    class(
        "client.consumer.offsets_lost",
        "Committed offsets were deleted, expired or reset, and the reset policy chose where to go on.",
    ), // S38
    class(
        "client.share.record_archived",
        "A share group gave up a record after too many deliveries.",
    ), // S68a
    class(
        "client.share.locks_held",
        "A share group's member holds records without acknowledging them.",
    ), // S68b
    class(
        "client.group.poll_interval_exceeded",
        "Members process for longer than max.poll.interval.ms, leave, and rebalance each other without end.",
    ), // S39
    class(
        "client.group.duplicate_instance_id",
        "Two members use one group.instance.id and fence each other.",
    ), // S40
    class(
        "client.group.protocol_mismatch",
        "Members and coordinator do not share a rebalance protocol or an assignor.",
    ), // S67
    class(
        "client.transaction.left_open",
        "A transaction stays open, and readers of committed records wait before it.",
    ), // S36
    class(
        "client.transaction.fenced",
        "Two producers use one transactional id and fence each other.",
    ), // S57
    // Quotas and security
    class("quota.client_throttled", "A client's own quota is below what it needs."), // S48
    class("quota.missing", "A client without a quota takes what its neighbours need."), // S49
    class(
        "quota.controller_mutations",
        "Creating and deleting topics exceeds the quota for controller mutations.",
    ), // S50b
    class(
        "security.authentication.credentials_rotated",
        "Credentials changed on one side only, and clients fail to authenticate.",
    ), // S54
    class("security.authorization.client_denied", "A client lacks a permission it needs."), // S51a
    class(
        "security.authorization.first_rule_locks_out",
        "The first access rule on a resource denied everyone it does not name.",
    ), // S51b
    class(
        "security.authorization.inter_broker_denied",
        "The brokers' principal lacks ClusterAction, so followers may not fetch.",
    ), // S52
    // Connect and observability
    class(
        "connect.task_failed",
        "A connector's task died on a record, while the connector counts as running.",
    ), // S61
    class(
        "connect.records_to_dead_letters",
        "Every record fails conversion and goes to the dead letter queue without a word.",
    ), // S62
    class("observability.metrics_missing", "What would show the trouble is not collected."), // S58
];
