//! Domains and groups: what stands above the leaves.

use super::{Class, class};

/// Every domain and group.
pub const GROUPS: &[Class] = &[
    class("none", "Nothing has to be repaired.")
        .found_by("nothing broken, no fault, healthy, fine"),
    class("broker", "A broker's process or what its machine gives it.")
        .found_by("server, node, kafka server"),
    class("broker.process", "A broker's process does not run as it should.")
        .found_by("process, jvm, daemon"),
    class("broker.cpu", "A broker has too little processor time for what it does.")
        .found_by("cpu, processor"),
    class("broker.memory", "A broker's memory is short, full or leaking.")
        .found_by("memory, ram, heap, gc"),
    class("broker.threads", "A broker's threads wait instead of working.")
        .found_by("threads, thread pool"),
    class("broker.limits", "An operating system limit stops a broker.")
        .found_by("ulimit, limits, os limit"),
    class("broker.clock", "A broker's clock is wrong.").found_by("clock, time"),
    class(
        "broker.software",
        "A broker's software misbehaves, whatever its machine and configuration.",
    )
    .found_by("kafka, release, bug"),
    class("network", "Packets between machines.").found_by("network, net, wire, connectivity"),
    class("network.capacity", "A link carries less than is sent over it.")
        .found_by("bandwidth, throughput"),
    class(
        "network.partition",
        "Two machines cannot talk, wholly or in one direction or for one kind of request.",
    )
    .found_by("network partition, split, unreachable, firewall"),
    class("network.quality", "A connection exists but loses, delays or drops what it carries.")
        .found_by("flaky network, bad network"),
    class("network.naming", "Clients are sent to the wrong address.")
        .found_by("dns, names, address"),
    class("network.tls", "A TLS handshake cannot succeed.").found_by("tls, ssl, certificate"),
    class("storage", "What is kept on disk.").found_by("disk, storage, volume"),
    class("storage.disk", "A disk or a directory on it is full, gone, slow or wrong.")
        .found_by("disk, drive, volume, filesystem"),
    class("storage.retention", "Records are kept for longer or shorter than intended.")
        .found_by("retention"),
    class("storage.compaction", "Compaction does not do its work.").found_by("compaction"),
    class("replication", "Copies of a partition and what it takes to acknowledge a record.")
        .found_by("replicas, isr, copies"),
    class("leadership", "Which broker leads which partition.").found_by("leaders, leader"),
    class("controller", "The metadata quorum.")
        .found_by("controller, quorum, kraft, metadata, zookeeper"),
    class("reassignment", "Moving replicas between brokers.")
        .found_by("reassignment, partition move, rebalance of data"),
    class("client", "Applications that produce and consume.").found_by("client, application, app"),
    class("client.software", "A client's software misbehaves, whatever its configuration.")
        .found_by("client library, driver, bug"),
    class("client.producer", "What a producer sends, and how.")
        .found_by("producer, publisher, sender"),
    class("client.consumer", "How a consumer works through its records.")
        .found_by("consumer, reader, subscriber"),
    class("client.group", "How a group's members share their partitions.")
        .found_by("group, consumer group, rebalance"),
    class("client.share", "How a share group delivers its records.").found_by("share group, queue"),
    class("client.transaction", "A producer's transactions.")
        .found_by("transaction, eos, exactly once"),
    class("client.connections", "How clients open and keep connections.").found_by("connections"),
    class("quota", "Limits set for clients, or missing.").found_by("quota, rate limit"),
    class("security", "Who may connect and do what.").found_by("security, access, permission"),
    class("security.authentication", "Proving an identity fails.")
        .found_by("login, authentication"),
    class("security.authorization", "An identity is not allowed what it does.")
        .found_by("acl, permission"),
    class("connect", "Kafka Connect and its dead letter queues.")
        .found_by("connect, kafka connect, connector"),
    class("observability", "What is watched, and what is not.").found_by("monitoring, metrics"),
];
