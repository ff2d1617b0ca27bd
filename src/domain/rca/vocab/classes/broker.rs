//! A broker's process and what its machine gives it.

use super::{Class, class, shared};

pub(super) const BROKER: &[Class] = &[
    class(
        "broker.process.frozen",
        "The broker's process exists but gets no time to run at all: stopped, suspended or \
         stalled as a whole.",
    )
    .found_by(
        "frozen, paused, suspended, hung, hang, stuck broker, sigstop, kill -stop, not \
         responding, unresponsive, zombie, alive but dead, long pause, stop the world, vm \
         paused, vmotion, live migration, stalled jvm, gray failure, grey failure",
    ), // S07
    class(
        "broker.process.crashed",
        "The broker's process ended, by a signal or by itself, without any resource running \
         out.",
    )
    .found_by(
        "crashed, crash, died, dead broker, broker down, node down, killed, kill -9, sigkill, \
         sigterm, segfault, core dump, jvm exit, process gone, stopped, offline broker, host \
         died, reboot, restart, power loss, lost a broker, someone stopped it",
    ), // P1.2
    class(
        "broker.process.unclean_recovery",
        "After an unclean stop the broker reads through its logs before it serves again.",
    )
    .found_by(
        "log recovery, recovering logs, slow start, slow startup, slow restart, long restart, \
         unclean shutdown, hard shutdown, dirty shutdown, not shut down cleanly, recovery \
         after crash, starting up, still booting",
    ), // S08
    class(
        "broker.process.wrong_identity",
        "The broker runs with another's node id, another's volume or another cluster's id.",
    )
    .found_by(
        "wrong node id, wrong broker id, duplicate broker id, cluster id mismatch, \
         inconsistent cluster id, meta.properties, wrong volume, swapped volume, wrong disk \
         mounted, identity",
    ), // S56
    class(
        "broker.cpu.starved",
        "The broker is given too little processor time to keep its session with the controller.",
    )
    .found_by(
        "cpu starved, no cpu, cpu limit, cpu throttling, throttled cpu, cfs quota, cgroup \
         cpu, steal time, cpu steal, noisy neighbour, noisy neighbor, overloaded host, too \
         little cpu, cpu shares, out of cpu, millicores, session timeout, fenced again and \
         again",
    ), // S05
    class(
        "broker.cpu.recompression",
        "The topic's compression differs from the producer's, so the broker compresses every \
         batch anew.",
    )
    .found_by(
        "recompression, recompress, compression mismatch, compression.type, gzip, zstd, lz4, \
         snappy, codec, broker compresses",
    ), // S24
    shared(
        "broker.cpu.acl_evaluation",
        &["security.authorization.acl_evaluation"],
        "So many access rules exist that evaluating them for each request uses up the request \
         handlers.",
    )
    .found_by(
        "too many acls, many acls, acl evaluation, slow authorizer, authorization slow, \
         thousands of acls, acl explosion, permission checks, expensive authorization, acl \
         cache",
    ), // S25
    shared(
        "broker.cpu.verbose_logging",
        &["observability.verbose_logging"],
        "Debug or trace logging left on takes processor time and disk.",
    )
    .found_by(
        "debug logging, trace logging, log level, debug left on, log4j, too much logging, log \
         flood, chatty logs, verbose, logging",
    ), // S66
    class(
        "broker.cpu.down_conversion",
        "The broker rewrites batches into an older format for clients that cannot read the \
         stored one.",
    )
    .found_by(
        "down conversion, downconversion, message format, old clients, old consumer, legacy \
         client, message.format.version, format conversion, fetch conversion, incompatible \
         fetch version, ancient client",
    ),
    class(
        "broker.memory.heap_undersized",
        "The heap is hardly larger than what is always alive in it, so the JVM collects \
         without end.",
    )
    .found_by(
        "heap too small, small heap, xmx, xmx too low, gc pressure, gc thrashing, full gc, \
         long gc, garbage collection, gc overhead, gc pauses, constant gc, low heap, heap \
         size, not enough heap, jvm memory too low, KAFKA_HEAP_OPTS, always collecting",
    ), // S22
    class(
        "broker.memory.plugin_leak",
        "A plugin in the broker keeps references to what it has seen, and the heap fills with \
         time.",
    )
    .found_by(
        "memory leak, leak, leaking plugin, heap grows, growing heap, interceptor leak, \
         metrics reporter leak, bad plugin, hoarding, retains objects, oom after hours, slow \
         leak, heap dump",
    ), // S27
    shared(
        "broker.memory.producer_ids",
        &["client.producer.id_explosion"],
        "Clients create producers without end, and the state the broker keeps for each \
         producer id fills its heap.",
    )
    .found_by(
        "producer ids, producer id explosion, idempotent producers, new producer per message, \
         producer per batch, producer state, too many producers, initproducerid, pid \
         explosion, producer snapshot, producer.id.expiration.ms",
    ), // S34
    class(
        "broker.memory.heap_exhausted",
        "Large requests in flight together need more heap than there is, since nothing bounds \
         their sum.",
    )
    .found_by(
        "oom, out of memory, OutOfMemoryError, java heap space, heap exhausted, heap full, \
         large requests, big requests, too many requests in flight, huge fetch, big fetches, \
         oversized batches, queued.max.request.bytes, memory spike",
    ), // S35
    shared(
        "broker.memory.oversized_frame",
        &["network.tls.tls_on_plaintext_port"],
        "Bytes of another protocol are read as a request's length, and the broker reserves \
         that much memory.",
    )
    .found_by(
        "wrong protocol, http on kafka port, port scan, security scanner, tls on plaintext \
         port, ssl client on plaintext, garbage bytes, invalid receive, \
         socket.request.max.bytes, huge allocation, oversized frame",
    ), // S30
    class(
        "broker.memory.container_limit",
        "The kernel kills the JVM because its container's memory limit is below what the JVM \
         needs.",
    )
    .found_by(
        "oom killer, oom killed, oomkilled, oom, out of memory, exit 137, killed by kernel, \
         memory limit, container limit, cgroup memory, docker memory, pod memory limit, \
         kubernetes limit, heap above limit, limit too low, kernel killed the jvm",
    ), // S23
    shared(
        "broker.memory.page_cache_evicted",
        &["broker.threads.network_thread_blocked"],
        "Reading old data pushes recent data out of the page cache, and network threads wait \
         for the disk.",
    )
    .found_by(
        "page cache, cold reads, old data read, historical reads, backfill, catch-up read, \
         replay from beginning, cache thrashing, cache miss, disk reads, batch job reads \
         everything, sequential scan, reading from the start",
    ), // S29
    class(
        "broker.memory.direct_buffers",
        "Buffers outside the heap use up the direct memory the JVM may reserve.",
    )
    .found_by(
        "direct buffer, direct buffer memory, direct memory, off heap, offheap, \
         MaxDirectMemorySize, native memory, nio buffer, bytebuffer, cannot reserve direct, \
         OutOfMemoryError direct buffer memory",
    ),
    class(
        "broker.memory.swapped",
        "The machine moved parts of the broker's memory to its swap space, and each access \
         waits for the disk.",
    )
    .found_by(
        "swap, swapping, swapped out, paging, paged out, swappiness, vm.swappiness, heap in \
         swap, thrashing, memory overcommit",
    ),
    class(
        "broker.threads.blocked_by_plugin",
        "A plugin makes the request handlers wait for something that does not answer.",
    )
    .found_by(
        "blocked threads, plugin hangs, slow plugin, authorizer hangs, blocking call, \
         external call, waiting on ldap, callback blocks, request handlers stuck, stuck \
         threads, interceptor blocks, policy plugin, thread dump shows waiting",
    ), // S26a
    class(
        "broker.threads.deadlocked",
        "Two threads of the broker each hold the lock the other one needs.",
    )
    .found_by(
        "deadlock, dead lock, lock inversion, mutual lock, jstack deadlock, threads wait for \
         each other, locked up, circular wait, lock order, threads blocked forever",
    ), // S26b
    class(
        "broker.threads.network_undersized",
        "There are too few network threads for the connections and bytes they serve, though \
         processor time is left.",
    )
    .found_by(
        "network threads, num.network.threads, too few network threads, few network threads, \
         networkprocessor idle, network processor, undersized network threads, network thread \
         pool, acceptor, response queue, processors busy, selector busy, tls overhead",
    ),
    class(
        "broker.threads.handlers_undersized",
        "There are too few request handlers for the requests that arrive, though processor \
         and disk have time left.",
    )
    .found_by(
        "io threads, num.io.threads, too few io threads, request handlers, handler threads, \
         few handlers, request queue full, queued.max.requests, handler idle, request handler \
         pool, undersized thread pool",
    ),
    class(
        "broker.limits.file_descriptors",
        "The broker has used up the file descriptors it may open.",
    )
    .found_by(
        "fd, fds, file descriptors, too many open files, ulimit, nofile, EMFILE, open files, \
         fd leak, ran out of fds, descriptor limit, socket limit",
    ), // S65
    class(
        "broker.limits.memory_maps",
        "The broker's segments need more memory maps than vm.max_map_count allows.",
    )
    .found_by(
        "map failed, vm.max_map_count, max_map_count, mmap, memory maps, memory map limit, \
         cannot map index, OutOfMemoryError map failed, sysctl, kernel map limit",
    ),
    class(
        "broker.limits.partitions",
        "The broker carries more partitions than its memory, files or restarts can bear.",
    )
    .found_by(
        "too many partitions, partition limit, partition count, partition explosion, many \
         partitions, too many topics, topic explosion, partitions per broker, thousands of \
         partitions, too many replicas, more partitions than it can carry, too many segments",
    ),
    class(
        "broker.clock.skewed",
        "One broker's clock differs from the others', so it refuses or deletes honest records.",
    )
    .found_by(
        "clock skew, clock drift, ntp, chrony, time sync, wrong time, wrong clock, time jump, \
         time zone, broker clock off, system time, invalid timestamp",
    ), // S64b
    class(
        "broker.software.defect",
        "Kafka itself has a defect: this release misbehaves where another, configured alike, \
         does not.",
    )
    .found_by(
        "kafka bug, bug, broker bug, jira, known issue, kafka defect, isr flapping, \
         regression, upgrade, version bug, software defect, KAFKA- ticket, fixed in a later \
         version, downgrade, patch",
    ),
];
