//! `server.properties` and `jvm.env` of a node: the lean recipe that boots a cluster in seconds on
//! two cores.

use std::collections::BTreeMap;

use super::{
    CONTROLLER_PORT, EXTERNAL_PORT, HOST_PORT, INTERNAL_PORT, Node, Placement, Role, Topology,
    Volume, log_dir,
};

/// How a node's JVM and Kafka are started: the lab's own way, or as Kafka's scripts do, to measure
/// the one against the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Startup {
    /// SerialGC, C1 only, a small heap, class data from the archives of the image.
    Lean,
    /// Kafka's own start flags and defaults.
    Stock,
}

/// The content of `/etc/kafka/server.properties`. Keys in order, so that two labs of one draw
/// differ in addresses and ports only.
pub fn server_properties(
    node: &Node,
    topology: &Topology,
    placement: &Placement,
    startup: Startup,
) -> String {
    let mut p: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |key: &str, value: String| {
        p.insert(key.to_owned(), value);
    };
    let voters: Vec<_> =
        topology.controllers().map(|c| format!("{}@{}:{CONTROLLER_PORT}", c.id, c.name)).collect();
    set("process.roles", node.role.to_string());
    set("node.id", node.id.to_string());
    set("controller.quorum.voters", voters.join(","));
    set("controller.listener.names", "CONTROLLER".to_owned());
    let protocol = |listener| {
        if listener == "INTERNAL" && topology.replication_user.is_some() {
            "SASL_PLAINTEXT"
        } else {
            "PLAINTEXT"
        }
    };
    let protocols =
        ["CONTROLLER", "INTERNAL", "EXTERNAL", "HOST"].map(|l| format!("{l}:{}", protocol(l)));
    set("listener.security.protocol.map", protocols.join(","));
    let volumes =
        topology.storage.volumes.iter().filter(|_| node.role == Role::Broker).map(Volume::path);
    set("log.dirs", std::iter::once(log_dir("data")).chain(volumes).collect::<Vec<_>>().join(","));
    if let Some(user) = &topology.replication_user {
        set(
            "authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
        );
        set("super.users", "User:ANONYMOUS".to_owned());
        if node.role == Role::Broker {
            set("sasl.mechanism.inter.broker.protocol", "PLAIN".to_owned());
            set("listener.name.internal.sasl.enabled.mechanisms", "PLAIN".to_owned());
            let login = "org.apache.kafka.common.security.plain.PlainLoginModule required";
            let jaas =
                format!("{login} username=\"{user}\" password=\"{user}\" user_{user}=\"{user}\";");
            set("listener.name.internal.plain.sasl.jaas.config", jaas);
        }
    }
    let host_port = placement.host_ports.get(&node.name);
    match node.role {
        Role::Controller => set("listeners", format!("CONTROLLER://:{CONTROLLER_PORT}")),
        Role::Broker => {
            set(
                "listeners",
                format!(
                    "INTERNAL://:{INTERNAL_PORT},EXTERNAL://:{EXTERNAL_PORT},HOST://:{HOST_PORT}"
                ),
            );
            let host =
                host_port.map(|port| format!(",HOST://127.0.0.1:{port}")).unwrap_or_default();
            let name = &node.name;
            set(
                "advertised.listeners",
                format!(
                    "INTERNAL://{name}:{INTERNAL_PORT},EXTERNAL://{name}:{EXTERNAL_PORT}{host}"
                ),
            );
            set("inter.broker.listener.name", "INTERNAL".to_owned());
        }
    }
    for (key, value) in SMALL_CLUSTER {
        set(key, (*value).to_owned());
    }
    if startup == Startup::Lean {
        for (key, value) in LEAN {
            set(key, (*value).to_owned());
        }
        if !topology.production_timings {
            for (key, value) in SHORT_TIMINGS {
                set(key, (*value).to_owned());
            }
        }
    }
    p.extend(topology.server_properties.clone());
    p.iter().map(|(k, v)| format!("{k}={v}\n")).collect()
}

/// The content of `/etc/kafka/jvm.env`, read by the node's Kafka service.
pub fn jvm_env(role: Role, topology: &Topology, startup: Startup) -> String {
    match startup {
        // The image's defaults are the lean recipe; only the heap is stated, since that is what
        // people look for.
        Startup::Lean => {
            let (heap, more) = match role {
                Role::Broker => ("-Xms32m -Xmx192m", topology.jvm_env.clone()),
                Role::Controller => ("-Xms32m -Xmx128m", BTreeMap::new()),
            };
            let mut env = BTreeMap::from([("KAFKA_HEAP_OPTS".to_owned(), heap.to_owned())]);
            env.extend(more);
            env.iter().map(|(key, value)| format!("{key}=\"{value}\"\n")).collect()
        }
        // kafka-server-start.sh and kafka-run-class.sh of Kafka 4.3.
        Startup::Stock => "KAFKA_HEAP_OPTS=\"-Xmx1G -Xms1G\"\nKAFKA_JVM_PERFORMANCE_OPTS=\"-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
             -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true\"\n\
             KAFKA_JMX_OPTS=\"-Dcom.sun.management.jmxremote=true -Dcom.sun.management.jmxremote.authenticate=false \
             -Dcom.sun.management.jmxremote.ssl=false\"\n"
            .to_owned(),
    }
}

/// The `run` of Kafka's service on a machine nothing was prepared on: no class is loaded
/// beforehand, and the directory is formatted when it starts, with a cluster id all machines have.
/// What Kafka's own `kafka-run-class.sh` does is done here: it looks at the name of every jar with
/// a `grep` of its own, each time; every program gets the flags of a server, JMX included, and a
/// heap of 256 MiB where none is asked for; and the server's start (`-loggc`) asks Java for its
/// version first.
pub const STOCK_RUN: &str = r#"#!/bin/sh
exec 2>&1
look_at_jars() {
    for jar in /opt/kafka/libs/*; do
        [ -z "$(echo "$jar" | grep -E '(-(test|test-sources|src|scaladoc|javadoc)\.jar|jar.asc|connect-file.*\.jar)$')" ] || echo "$jar left out"
    done
}
rm -rf /opt/kafka/cds /var/lib/kafka/data
set -a
. /etc/kafka/jvm.env
look_at_jars
KAFKA_HEAP_OPTS=-Xmx256M kafka-storage.sh format --cluster-id MkU3OEVBNTcwNTJENDM2Qg --config /etc/kafka/server.properties
chown -R kafka:kafka /var/lib/kafka/data
cd /var/log/kafka || exit
look_at_jars
java -version 2>&1 | sed -E -n 's/.* version "([0-9]*).*$/Java \1/p'
exec chpst -u kafka:kafka kafka-server-start.sh /etc/kafka/server.properties
"#;

/// What a cluster of three brokers needs besides Kafka's defaults.
const SMALL_CLUSTER: &[(&str, &str)] = &[
    ("auto.create.topics.enable", "false"),
    ("auto.leader.rebalance.enable", "false"),
    ("default.replication.factor", "3"),
    ("min.insync.replicas", "2"),
    ("offsets.topic.replication.factor", "3"),
    ("share.coordinator.state.topic.min.isr", "2"),
    ("share.coordinator.state.topic.replication.factor", "3"),
    ("transaction.state.log.min.isr", "2"),
    ("transaction.state.log.replication.factor", "3"),
];

/// What makes a broker small: buffers, threads, internal topics.
const LEAN: &[(&str, &str)] = &[
    ("background.threads", "2"),
    // 128 MiB by default, allocated on the heap at boot (SkimpyOffsetMap).
    ("log.cleaner.dedupe.buffer.size", "2097152"),
    ("log.index.size.max.bytes", "1048576"),
    ("log.segment.bytes", "67108864"),
    ("num.io.threads", "2"),
    ("num.network.threads", "2"),
    ("offsets.topic.num.partitions", "3"),
    ("share.coordinator.state.topic.num.partitions", "3"),
    ("transaction.state.log.num.partitions", "3"),
];

/// What makes things happen within a drill instead of within a quarter of an hour.
const SHORT_TIMINGS: &[(&str, &str)] = &[
    ("broker.heartbeat.interval.ms", "500"),
    ("broker.session.timeout.ms", "6000"),
    ("controller.quorum.election.backoff.max.ms", "300"),
    ("controller.quorum.election.timeout.ms", "300"),
    ("controller.quorum.fetch.timeout.ms", "800"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("replica.lag.time.max.ms", "10000"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::Topic;

    fn small() -> (Topology, Placement) {
        let node = |name: &str, id, role| Node { name: name.to_owned(), id, role };
        let topology = Topology {
            nodes: vec![
                node("kafka-1", 1, Role::Broker),
                node("kafka-2", 2, Role::Broker),
                node("controller", 100, Role::Controller),
            ],
            topics: vec![Topic::spread("orders", 6, 2, &[1, 2])],
            server_properties: [("min.insync.replicas".to_owned(), "1".to_owned())].into(),
            production_timings: false,
            ..Topology::default()
        };
        let placement = Placement {
            subnet: "172.30.0.16/28".to_owned(),
            addresses: BTreeMap::new(),
            host_ports: [("kafka-1".to_owned(), 40001), ("kafka-2".to_owned(), 40002)].into(),
        };
        (topology, placement)
    }

    #[test]
    fn a_broker_advertises_itself_inside_and_on_the_loopback() {
        let (topology, placement) = small();
        insta::assert_snapshot!(server_properties(&topology.nodes[1], &topology, &placement, Startup::Lean), @r"
        advertised.listeners=INTERNAL://kafka-2:19092,EXTERNAL://kafka-2:9092,HOST://127.0.0.1:40002
        auto.create.topics.enable=false
        auto.leader.rebalance.enable=false
        background.threads=2
        broker.heartbeat.interval.ms=500
        broker.session.timeout.ms=6000
        controller.listener.names=CONTROLLER
        controller.quorum.election.backoff.max.ms=300
        controller.quorum.election.timeout.ms=300
        controller.quorum.fetch.timeout.ms=800
        controller.quorum.voters=100@controller:9093
        default.replication.factor=3
        group.initial.rebalance.delay.ms=0
        inter.broker.listener.name=INTERNAL
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,HOST:PLAINTEXT
        listeners=INTERNAL://:19092,EXTERNAL://:9092,HOST://:29092
        log.cleaner.dedupe.buffer.size=2097152
        log.dirs=/var/lib/kafka/data
        log.index.size.max.bytes=1048576
        log.segment.bytes=67108864
        min.insync.replicas=1
        node.id=2
        num.io.threads=2
        num.network.threads=2
        offsets.topic.num.partitions=3
        offsets.topic.replication.factor=3
        process.roles=broker
        replica.lag.time.max.ms=10000
        share.coordinator.state.topic.min.isr=2
        share.coordinator.state.topic.num.partitions=3
        share.coordinator.state.topic.replication.factor=3
        transaction.state.log.min.isr=2
        transaction.state.log.num.partitions=3
        transaction.state.log.replication.factor=3
        ");
    }

    #[test]
    fn a_controller_listens_to_the_quorum_only() {
        let (topology, placement) = small();
        let text = server_properties(&topology.nodes[2], &topology, &placement, Startup::Stock);
        insta::assert_snapshot!(text, @r"
        auto.create.topics.enable=false
        auto.leader.rebalance.enable=false
        controller.listener.names=CONTROLLER
        controller.quorum.voters=100@controller:9093
        default.replication.factor=3
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,HOST:PLAINTEXT
        listeners=CONTROLLER://:9093
        log.dirs=/var/lib/kafka/data
        min.insync.replicas=1
        node.id=100
        offsets.topic.replication.factor=3
        process.roles=controller
        share.coordinator.state.topic.min.isr=2
        share.coordinator.state.topic.replication.factor=3
        transaction.state.log.min.isr=2
        transaction.state.log.replication.factor=3
        ");
    }

    #[test]
    fn a_family_may_give_its_brokers_another_heap_and_a_class_path() {
        let (mut topology, _) = small();
        let own =
            [("KAFKA_HEAP_OPTS", "-Xmx56m"), ("CLASSPATH", "/opt/kafka/plugins/acme-audit.jar")];
        topology.jvm_env = own.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        insta::assert_snapshot!(jvm_env(Role::Broker, &topology, Startup::Lean), @r#"
        CLASSPATH="/opt/kafka/plugins/acme-audit.jar"
        KAFKA_HEAP_OPTS="-Xmx56m"
        "#);
        insta::assert_snapshot!(jvm_env(Role::Controller, &topology, Startup::Lean), @r#"KAFKA_HEAP_OPTS="-Xms32m -Xmx128m""#);
    }

    #[test]
    fn brokers_may_have_volumes_and_prove_who_they_are() {
        let (mut topology, placement) = small();
        topology.storage.volumes = vec![Volume { name: "volume-2".to_owned(), mebibytes: 64 }];
        topology.replication_user = Some("broker".to_owned());
        let differs = |node: usize| {
            let plain =
                server_properties(&topology.nodes[node], &small().0, &placement, Startup::Lean);
            let text =
                server_properties(&topology.nodes[node], &topology, &placement, Startup::Lean);
            text.lines()
                .filter(|l| !plain.lines().any(|p| p == *l))
                .map(|l| format!("{l}\n"))
                .collect::<String>()
        };
        insta::assert_snapshot!(differs(1), @r#"
        authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
        listener.name.internal.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="broker" user_broker="broker";
        listener.name.internal.sasl.enabled.mechanisms=PLAIN
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:SASL_PLAINTEXT,EXTERNAL:PLAINTEXT,HOST:PLAINTEXT
        log.dirs=/var/lib/kafka/data,/var/lib/kafka/volume-2
        sasl.mechanism.inter.broker.protocol=PLAIN
        super.users=User:ANONYMOUS
        "#);
        insta::assert_snapshot!(differs(2), @r"
        authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,INTERNAL:SASL_PLAINTEXT,EXTERNAL:PLAINTEXT,HOST:PLAINTEXT
        super.users=User:ANONYMOUS
        ");
    }

    #[test]
    fn a_family_may_ask_for_production_timings() {
        let (mut topology, placement) = small();
        topology.production_timings = true;
        let text = server_properties(&topology.nodes[0], &topology, &placement, Startup::Lean);
        assert!(!text.contains("replica.lag.time.max.ms"), "{text}");
    }
}
