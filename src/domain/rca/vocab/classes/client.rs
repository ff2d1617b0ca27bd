//! Applications that produce and consume.

use super::{Class, class, shared};

pub(super) const CLIENT: &[Class] = &[
    class(
        "client.producer.skewed_keys",
        "Most records carry the same few keys, so one partition gets most of the traffic.",
    )
    .found_by(
        "hot partition, hot key, key skew, hotspot, hot spot, skewed keys, few keys, one key, \
         null key, uneven partitions, data skew, one partition gets everything, unbalanced \
         partitions, bad key, celebrity",
    ), // S03
    class(
        "client.producer.partitioner_mismatch",
        "Producers map the same key to different partitions.",
    )
    .found_by(
        "partitioner, different partitioner, murmur2, crc32, order lost, out of order, wrong \
         partition, ordering broken, same key different partition, partition count changed, \
         hash mismatch, keys split",
    ), // S46
    class(
        "client.producer.record_too_large",
        "Records exceed a size limit of the client, the topic or the broker.",
    )
    .found_by(
        "record too large, message too large, RecordTooLargeException, max.message.bytes, \
         max.request.size, message size, big messages, size limit, message rejected, payload \
         too big, large message",
    ), // S42
    class(
        "client.producer.tiny_batches",
        "Clients send about one record a request, or fetch without waiting, and the requests \
         are the load.",
    )
    .found_by(
        "tiny batches, small batches, linger, linger.ms, batch.size, no batching, one record \
         per request, request rate, too many requests, fetch.min.bytes, chatty clients, small \
         requests, request flood, inefficient producer",
    ), // S43
    class(
        "client.producer.wrong_topic",
        "A producer writes to another topic than the one its readers read.",
    )
    .found_by(
        "wrong topic, typo in topic, misspelled topic, auto created topic, auto create, \
         nobody reads it, topic renamed, producing to the wrong topic, messages go elsewhere, \
         wrong destination",
    ), // S50a
    class(
        "client.producer.incompatible_schema",
        "Producers write what consumers of the older schema cannot read.",
    )
    .found_by(
        "schema, incompatible schema, avro, protobuf, json, schema registry, schema change, \
         deserialization, deserialisation, bad deploy, serialization, breaking change, wrong \
         format, rollback, new version of producer",
    ), // S63
    class(
        "client.producer.clock_skewed",
        "A producer's clock is wrong, and so are its records' timestamps.",
    )
    .found_by(
        "producer clock, wrong timestamps, timestamp skew, client clock, ntp, clock skew, app \
         host time wrong, invalid timestamp, time zone, clock drift",
    ), // S64a
    class(
        "client.producer.traffic_grew",
        "More records arrive than what reads and stores them is sized for, and all of them \
         are wanted.",
    )
    .found_by(
        "traffic grew, more traffic, more load, traffic spike, load spike, burst, surge, \
         peak, black friday, growth, higher volume, too much traffic, undersized, not enough \
         capacity, need more consumers, scale out, more messages, increased load, batch \
         import, campaign, traffic increase",
    ),
    class(
        "client.connections.storm",
        "Clients open connections faster or in greater number than the brokers allow or bear.",
    )
    .found_by(
        "connection storm, reconnect storm, too many connections, max.connections, connection \
         leak, thundering herd, connection flood, new connection per request, connection \
         limit, retry storm, connection churn, login storm",
    ), // S44
    class(
        "client.consumer.slow_processing",
        "The consumer needs longer for a record than the producers take between two.",
    )
    .found_by(
        "slow consumer, too slow, consumer too slow, slow processing, slow handler, slow \
         database, slow downstream, downstream slow, cannot keep up, can't keep up, \
         processing time, slow dependency, external api slow, slower release, bad deploy, \
         slow deploy, falls behind, consumer lag",
    ), // S31
    class(
        "client.consumer.stuck",
        "The consumer is alive and in its group but its processing stands still.",
    )
    .found_by(
        "paused, pause, stuck, consumer stuck, hung consumer, consumer hangs, blocked \
         consumer, waiting forever, not polling, deadlocked consumer, frozen consumer, \
         stalled, no progress, lost wakeup, paused partition, member paused, thread stuck, \
         sigstop, one partition not consumed",
    ), // S37
    class(
        "client.consumer.poison_record",
        "One record cannot be processed; the consumer fails on it, restarts and meets it again.",
    )
    .found_by(
        "poison pill, poison message, poison, bad message, bad record, unreadable record, \
         malformed, crash loop, crashloop, deserialization error, consumer crashes, restarts \
         over and over, exception in handler, same offset again, cannot decode, undecodable",
    ), // S32
    class(
        "client.consumer.offsets_lost",
        "Committed offsets were deleted, expired or reset, and the reset policy chose where \
         to go on.",
    )
    .found_by(
        "offset reset, auto.offset.reset, offsets expired, offsets deleted, lost offsets, \
         reprocessing, duplicates, jumped to latest, skipped messages, earliest, latest, \
         offset out of range, offsets.retention.minutes, consumer started over, rewound, \
         replayed",
    ), // S38
    class(
        "client.consumer.not_running",
        "Nobody runs the consumer: it was scaled to zero, stopped, or never started again.",
    )
    .found_by(
        "no consumer, scaled to zero, scale to zero, zero replicas, no members, empty group, \
         consumer down, consumer stopped, consumer not running, not started, deployment \
         deleted, service stopped, application down, nobody consumes, no instances, \
         autoscaler, keda, hpa, forgotten deployment, held deploy, group is empty",
    ),
    class(
        "client.consumer.cpu_starved",
        "The consumer is given too little processor time for the work each record takes.",
    )
    .found_by(
        "consumer cpu, consumer cpu limit, consumer throttled by cpu, starved consumer, cpu \
         throttling, cfs quota, too little cpu, pod cpu limit, consumer out of cpu, \
         application cpu, millicores, container cpu, slow because of cpu",
    ),
    class(
        "client.share.record_archived",
        "A share group gave up a record after too many deliveries.",
    )
    .found_by(
        "share group, archived, too many deliveries, delivery count, dropped record, \
         group.share.delivery.count.limit, queue, kip-932, gave up, skipped record",
    ), // S68a
    class(
        "client.share.locks_held",
        "A share group's member holds records without acknowledging them.",
    )
    .found_by(
        "share group, record lock, acquisition lock, not acknowledged, unacked, \
         group.share.record.lock.duration.ms, queue, held records, missing ack, \
         acknowledgement",
    ), // S68b
    class(
        "client.group.poll_interval_exceeded",
        "Members process for longer than max.poll.interval.ms, leave, and rebalance each \
         other without end.",
    )
    .found_by(
        "max.poll.interval.ms, poll interval, poll timeout, rebalance storm, rebalancing, \
         constant rebalances, endless rebalance, kicked out of group, consumer kicked, \
         max.poll.records, batch too big, left the group, CommitFailedException, rebalance \
         loop",
    ), // S39
    class(
        "client.group.duplicate_instance_id",
        "Two members use one group.instance.id and fence each other.",
    )
    .found_by(
        "group.instance.id, duplicate instance id, static membership, static member, fenced \
         instance, FencedInstanceIdException, same id twice, two consumers one id, cloned \
         config, statefulset",
    ), // S40
    class(
        "client.group.protocol_mismatch",
        "Members and coordinator do not share a rebalance protocol or an assignor.",
    )
    .found_by(
        "inconsistent group protocol, assignor mismatch, partition.assignment.strategy, \
         cooperative sticky, range assignor, rebalance protocol, mixed versions, \
         group.protocol, new consumer protocol, kip-848, eager and cooperative, cannot join \
         group",
    ), // S67
    class(
        "client.transaction.left_open",
        "A transaction stays open, and readers of committed records wait before it.",
    )
    .found_by(
        "open transaction, hanging transaction, hung transaction, transaction stuck, \
         read_committed, lso, last stable offset, uncommitted, never committed, abort, \
         rollback, transaction timeout, transaction.timeout.ms, zombie transaction, exactly \
         once, isolation level",
    ), // S36
    class(
        "client.transaction.fenced",
        "Two producers use one transactional id and fence each other.",
    )
    .found_by(
        "producer fenced, ProducerFencedException, transactional.id, same transactional id, \
         duplicate transactional id, zombie fencing, InvalidProducerEpoch, two producers, \
         epoch bumped, fencing",
    ), // S57
    shared(
        "client.software.defect",
        &["client.group.assignment_defect"],
        "The client library has a defect: it assigns, fetches or commits wrongly where \
         another version does not.",
    )
    .found_by(
        "client bug, bug, library bug, librdkafka bug, sarama, client defect, client version, \
         upgrade client, known issue, consumer bug, partition assigned to nobody, assignor \
         bug, assignment bug, unassigned partition, driver bug, regression, downgrade",
    ),
];
