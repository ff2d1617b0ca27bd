//! Replicas, leaders, the metadata quorum and moving replicas.

use super::{Class, class, shared};

pub(super) const CLUSTER: &[Class] = &[
    class(
        "replication.throttle_left_behind",
        "A replication throttle that outlived its purpose keeps replicas from catching up.",
    )
    .found_by(
        "throttle, replication throttle, throttle left, forgotten throttle, throttled \
         replication, follower.replication.throttled.rate, leader.replication.throttled.rate, \
         leftover throttle, throttle not removed, slow catch up, replication rate limit, \
         replica quota",
    ), // S06
    class(
        "replication.acked_below_min_isr",
        "With acks=1 records are acknowledged under min ISR, where the high watermark does \
         not move.",
    )
    .found_by(
        "acks=1, acks 1, acks one, high watermark stuck, under min isr but writes succeed, \
         consumers see nothing new, frozen high watermark, kip-966, below min isr, watermark",
    ), // S09
    class(
        "replication.min_isr_equals_replicas",
        "min.insync.replicas equals the replication factor, so one lost replica stops \
         acks=all writes.",
    )
    .found_by(
        "min.insync.replicas too high, min isr too high, not enough replicas, \
         NotEnoughReplicas, min isr equals replication factor, no tolerance, writes rejected, \
         one broker down stops writes, cannot lose a broker, under min isr",
    ), // S10
    class(
        "replication.internal_topic_min_isr",
        "An internal topic is under min ISR, so coordinators cannot record commits.",
    )
    .found_by(
        "__consumer_offsets, __transaction_state, internal topic, offsets topic, coordinator \
         not available, cannot commit, commit fails, internal topic under min isr, group \
         coordinator, offsets.topic.replication.factor",
    ), // S41
    class("replication.last_replica_lost", "All replicas that may lead a partition are down.")
        .found_by(
            "no leader, offline partition, leaderless, all replicas down, last replica, \
             unavailable partition, partition offline, replication factor 1, no replica left, \
             single replica",
        ), // S11
    class(
        "replication.unclean_election",
        "A replica that lacked records was elected, and they are cut off.",
    )
    .found_by(
        "unclean leader election, unclean election, data loss, lost records, truncation, \
         truncated, log truncated, out of sync leader, unclean.leader.election.enable, out of \
         sync replica elected",
    ), // S12
    class(
        "replication.acks_one_loss",
        "A leader died with records acknowledged by it alone, and a clean election lost them.",
    )
    .found_by(
        "acks=1, acks one, data loss, lost acknowledged records, lost messages, leader died \
         before replication, acks=1 loss, missing records after failover, not replicated yet, \
         weak acks",
    ), // S70
    class(
        "leadership.not_preferred",
        "Leaders left their preferred brokers in a restart or outage and were not moved back.",
    )
    .found_by(
        "preferred leader, preferred replica, leader imbalance, unbalanced leaders, leaders \
         not moved back, after rolling restart, unfinished roll, rebalance leaders, \
         auto.leader.rebalance.enable, leader election not run, broker restarted, all leaders \
         on one broker, leader skew, uneven leaders",
    ), // S01
    class(
        "leadership.skewed_assignment",
        "The replica assignment itself prefers one broker as the leader.",
    )
    .found_by(
        "skewed assignment, bad assignment, uneven assignment, replica list, replica order, \
         reassignment made it uneven, first replica, all partitions prefer one broker, leader \
         skew, unbalanced cluster, wrong placement, uneven leaders, rack",
    ), // S02
    class(
        "leadership.broker_unused",
        "A broker joined the cluster, and nobody moved partitions or leaders to it.",
    )
    .found_by(
        "new broker, idle broker, empty broker, unused broker, added broker, expansion, \
         scaled out but no leaders, nobody moved leaders, no partitions on it, broker without \
         leaders, new node does nothing, not rebalanced after expansion",
    ),
    class(
        "controller.majority_lost",
        "Most of the quorum's voters are down: data flows, metadata stands still.",
    )
    .found_by(
        "quorum lost, no quorum, majority lost, no controller, controllers down, controller \
         down, kraft quorum, voters down, cannot create topics, metadata frozen, no active \
         controller, lost majority",
    ), // S15
    class(
        "controller.election_storm",
        "The quorum elects leader after leader because fetches among voters come too late.",
    )
    .found_by(
        "election storm, controller flapping, frequent elections, controller keeps changing, \
         leader epoch climbs, quorum timeouts, unstable controller, controller reelection, \
         fetch timeout of quorum, quorum flapping",
    ), // S16
    class("reassignment.stuck", "A reassignment waits for a replica that cannot catch up.")
        .found_by(
            "reassignment stuck, stuck reassignment, never finishes, reassignment hangs, \
             partition move stuck, adding replicas, pending reassignment, migration stuck, \
             cannot complete, cruise control stuck",
        ), // S59
    shared(
        "reassignment.unthrottled",
        &["network.capacity.reassignment_traffic"],
        "A reassignment without a throttle takes the bandwidth that replication and clients \
         need.",
    )
    .found_by(
        "unthrottled reassignment, reassignment traffic, moving data, data migration, moving \
         partitions, replication storm, bootstrapping a broker, rebalancing the cluster, \
         reassignment too fast, cruise control, catch-up traffic, no throttle, bandwidth used \
         by reassignment",
    ), // S60
];
