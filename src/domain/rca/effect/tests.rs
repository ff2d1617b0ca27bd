use super::*;

const MACHINE: [Part; 11] = [
    Part::Queueing,
    Part::Packets,
    Part::Network,
    Part::Kernel,
    Part::Mounts,
    Part::Supervised,
    Part::Process,
    Part::Limits,
    Part::Files,
    Part::Data,
    Part::Written,
];
const CLUSTER: [Part; 8] = [
    Part::Topics,
    Part::Replicas,
    Part::Leaders,
    Part::TopicConfig,
    Part::BrokerConfig,
    Part::LogLevel,
    Part::Quota,
    Part::Access,
];
/// When every command of these tests began.
const STARTED: UnixMs = 1_000_000;

fn all() -> BTreeSet<Part> {
    MACHINE.into_iter().chain(CLUSTER).collect()
}

fn differs(part: Part, what: &str, before: Option<&str>, after: Option<&str>) -> Difference {
    Difference {
        place: if CLUSTER.contains(&part) { "" } else { "kafka-2" }.to_owned(),
        part,
        what: what.to_owned(),
        before: before.map(Found::value),
        after: after.map(Found::value),
    }
}

fn told(line: &str, exit: i64, differences: &[Difference], seen: &BTreeSet<Part>) -> String {
    restless(line, exit, differences, seen, false)
}

fn restless(
    line: &str,
    exit: i64,
    differences: &[Difference],
    seen: &BTreeSet<Part>,
    is_restless: bool,
) -> String {
    let compared = Compared {
        line,
        started: STARTED,
        exit: (exit >= 0).then_some(exit),
        differences,
        seen,
        is_restless,
        processes: &BTreeSet::from([38]),
    };
    match compared.changed() {
        Some(changed) if changed.is_empty() => "a look".to_owned(),
        Some(changed) => changed.join("; "),
        None => "its words decide".to_owned(),
    }
}

/// What a command is when nothing was found otherwise after it.
#[track_caller]
fn unchanged(rows: &[(&str, i64, &str)]) {
    let is = |(line, exit, want): &&(&str, i64, &str)| told(line, *exit, &[], &all()) != *want;
    let wrong: Vec<_> = rows.iter().filter(is).map(|r| (r, told(r.0, r.1, &[], &all()))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn words_of_a_change_that_changed_nothing_are_a_look() {
    unchanged(&[
        ("vim /etc/kafka/server.properties", 0, "a look"),
        ("vim /etc/kafka/server.properties", 127, "a look"),
        ("kafka-leader-election.sh --election-type preferred --all-topic-partitions", 0, "a look"),
        ("systemctl restart kafka", 127, "a look"),
        ("kafka-configs.sh --alter --entity-type topics --add-config retention.ms=1", 0, "a look"),
        ("kafka-configs.sh --alter --entity-type topics --add-config retention.ms=x", 1, "a look"),
        ("tc qdisc del dev eth0 root", 2, "a look"),
        ("sysctl vm.swappiness=60", 0, "a look"),
        ("sysctl vm.swappiness=1", 255, "a look"),
        ("sv status nothing", 1, "a look"),
        ("touch /etc/kafka/server.properties", 0, "a look"),
        ("kill -9 4711", 0, "a look"),
        ("kill %1", 0, "a look"),
        ("sh", 0, "a look"),
        ("python3 look.py", 0, "a look"),
        ("./mine.sh | tee out.log", 0, "a look"),
    ]);
}

#[test]
fn a_logger_that_came_to_be_is_no_change_and_one_that_is_set_is() {
    let level = |before| {
        let logger = "2, org.apache.kafka.common.requests.OffsetFetchRequest";
        [differs(Part::LogLevel, logger, before, Some("DEBUG"))]
    };
    assert_eq!(told("sv restart nothing", 1, &level(None), &all()), "a look");
    let line = "kafka-configs.sh --alter --entity-type broker-loggers --entity-name 2";
    assert_ne!(told(line, 0, &level(Some("INFO")), &all()), "a look");
}

#[test]
fn words_decide_where_nothing_could_be_found() {
    unchanged(&[
        // It takes its time to end.
        ("kill 38", 0, "its words decide"),
        ("pkill -TERM java", 0, "its words decide"),
        ("jcmd 38 VM.set_flag MaxHeapFreeRatio 40", 0, "its words decide"),
        ("kafka-console-producer.sh --topic orders", 130, "its words decide"),
        ("kafka-consumer-groups.sh --group b --reset-offsets --execute", 0, "its words decide"),
        ("kafka-transactions.sh abort --topic orders", 0, "its words decide"),
    ]);
    let none = BTreeSet::new();
    assert_eq!(told("sv restart kafka", 0, &[], &none), "its words decide");
    assert_eq!(told("sv restart kafka", 1, &[], &none), "a look", "it failed");
    assert_eq!(told("sh", 0, &[], &none), "its words decide");
    // One broker did not answer.
    let seen: BTreeSet<_> = all().into_iter().filter(|part| *part != Part::BrokerConfig).collect();
    let alter = "kafka-configs.sh --alter --entity-type brokers --entity-name 2 --add-config a=b";
    assert_eq!(told(alter, 0, &[], &seen), "its words decide");
}

#[test]
fn what_changed_is_a_change_whatever_was_typed() {
    let shaped = "qdisc tbf 21: dev eth0 root refcnt 2 rate 1Mbit burst 16Kb lat 300ms";
    let gone = [differs(Part::Queueing, shaped, Some(""), None)];
    for line in ["sh", "python3 repair.py", "bash --norc", "./mine", "tc qdisc del dev eth0 root"] {
        assert_eq!(
            told(line, 0, &gone, &all()),
            format!("kafka-2: queueing removed: {shaped}"),
            "{line}"
        );
    }
    // A line may fail after it has changed something.
    assert_ne!(told("sh", 1, &gone, &all()), "a look");
    let value = [differs(Part::Kernel, "vm.swappiness", Some("60"), Some("1"))];
    assert_eq!(
        told("sysctl vm.swappiness=1", 0, &value, &all()),
        "kafka-2: kernel value vm.swappiness: 60 -> 1"
    );
    let retention = [differs(Part::TopicConfig, "orders, retention.ms", None, Some("1000"))];
    assert_eq!(
        told("python3 x.py", 0, &retention, &all()),
        "config of topic orders, retention.ms: none -> 1000"
    );
    let file = [differs(Part::Data, "/var/lib/kafka/h.hprof", None, Some(""))];
    assert_eq!(
        told("jcmd 38 GC.heap_dump /var/lib/kafka/h.hprof", 0, &file, &all()),
        "kafka-2: /var/lib/kafka/h.hprof created"
    );
}

#[test]
fn the_labs_own_movement_is_nobodys_change() {
    let leaders = [differs(Part::Leaders, "orders-1", Some("2"), Some("3"))];
    let log = [differs(Part::Written, "/var/log/kafka/server.log", Some("10"), Some("20"))];
    let replicas = [differs(Part::Replicas, "orders-1", Some("[1, 2, 3]"), Some("[1, 2]"))];
    for moved in [&leaders, &log, &replicas] {
        assert_eq!(told("python3 look.py", 0, moved, &all()), "a look");
        assert_eq!(told("kafka-configs.sh --alter --add-config a=b", 0, moved, &all()), "a look");
    }
    let elect = "kafka-leader-election.sh --election-type preferred --all-topic-partitions";
    assert_eq!(told(elect, 0, &leaders, &all()), "leader of orders-1: 2 -> 3");
    for line in [
        "rm /var/log/kafka/server.log",
        "rm -rf '/var/log/kafka'/*.log",
        "cd /var/log/kafka; truncate -s 0 server.log",
        "bash -c 'echo x > /var/log/kafka/server.log'",
    ] {
        let changed = "kafka-2: /var/log/kafka/server.log changed";
        assert_eq!(told(line, 0, &log, &all()), changed, "{line}");
    }
    assert_eq!(told("touch /var/lib/kafka/ballast", 0, &log, &all()), "a look");
}

#[test]
fn a_process_that_restarts_by_itself_counts_for_those_who_restart_it() {
    let restarted = |since| {
        let mut process = differs(Part::Process, "kafka", Some("running as 38"), None);
        process.after = Some(Found { value: "running as 99".to_owned(), since: Some(since) });
        // One that is gone for a moment has no limits either.
        let limit = differs(Part::Limits, "kafka: Max open files", Some("1048576"), None);
        [process, limit]
    };
    let during = restarted(STARTED + 500);
    assert_eq!(told("./mine.sh", 0, &during, &all()), "kafka-2: process kafka restarted");
    assert_eq!(restless("./mine.sh", 0, &during, &all(), true), "a look");
    for line in ["sv restart kafka", "kill -9 38"] {
        let changed = restless(line, 0, &during, &all(), true);
        assert_eq!(changed, "kafka-2: process kafka restarted", "{line}");
    }
    // The kernel knows that it was before.
    assert_eq!(told("./mine.sh", 0, &restarted(STARTED - 60_000), &all()), "a look");
}

#[test]
fn a_process_that_is_stopped_has_run_for_long() {
    let of = |value: &str, since| Some(Found { value: value.to_owned(), since: Some(since) });
    let mut process = differs(Part::Process, "kafka", None, None);
    // The kernel's clock is read to some milliseconds.
    process.before = of("running as 38", STARTED - 60_000);
    process.after = of("stopped as 38", STARTED - 59_997);
    let line = "kill -STOP $(pgrep -x java)";
    assert_eq!(told(line, 0, &[process.clone()], &all()), "kafka-2: process kafka stopped");
    std::mem::swap(&mut process.before, &mut process.after);
    let line = "kill -CONT 38";
    assert_eq!(told(line, 0, &[process], &all()), "kafka-2: process kafka continued");
}

#[test]
fn only_what_is_not_plainly_a_readers_is_compared() {
    for line in [
        "date -Iseconds",
        "iptables -nvxL",
        "jinfo -flag MaxHeapSize 38",
        "kafka-topics.sh --describe | tee /tmp/out.log",
        "tar czf /tmp/k.tgz /var/log/kafka",
        "kafka-leader-election.sh --help",
        "kafka-console-consumer.sh --topic orders --max-messages 1",
        "for b in 1 2 3; do kafka-configs.sh --describe --entity-name $b; done",
    ] {
        assert!(!is_suspicious(line), "{line}");
    }
    // In the folder of a service `run` is what it runs.
    for line in ["sh", "vim run", "sysctl a=b", "alias ss='sv restart kafka'", "sv restart kafka"] {
        assert!(is_suspicious(line), "{line}");
    }
}

#[test]
fn many_differences_are_counted() {
    let many: Vec<_> = (0..20)
        .map(|n| differs(Part::Files, &format!("/etc/kafka/{n}"), Some("1"), Some("2")))
        .collect();
    let told = told("sh", 0, &many, &all());
    assert!(told.starts_with("kafka-2: /etc/kafka/0 changed; "), "{told}");
    assert!(told.ends_with("and 8 more"), "{told}");
}
