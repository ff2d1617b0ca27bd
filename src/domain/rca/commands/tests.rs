use super::*;

fn told(line: &str) -> String {
    match judge(line).nature {
        Nature::ReadOnly { tool: Some(tool) } => format!("reads {tool}"),
        Nature::ReadOnly { tool: None } => "reads nothing".to_owned(),
        Nature::Mutating(change) => format!("changes {change:?}"),
        Nature::Unknown => "unknown".to_owned(),
    }
}

#[track_caller]
fn table(rows: &[(&str, &str)]) {
    let wrong: Vec<_> = rows
        .iter()
        .filter(|(line, want)| told(line) != *want)
        .map(|(line, want)| (line, want, told(line)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn kafka_tools_by_what_their_flags_do() {
    table(&[
        (
            "kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --topic orders",
            "reads kafka-topics",
        ),
        (
            "/opt/kafka/bin/kafka-topics.sh --bootstrap-server b:9092 --alter --topic x --partitions 9",
            "changes Topics",
        ),
        (
            "kafka-configs.sh --describe --entity-type brokers --entity-name 2",
            "reads kafka-configs",
        ),
        (
            "kafka-configs.sh --alter --entity-type brokers --entity-name 2 --delete-config follower.replication.throttled.rate",
            "changes Config",
        ),
        ("kafka-consumer-groups.sh --describe --group billing", "reads kafka-consumer-groups"),
        (
            "kafka-consumer-groups.sh --group billing --reset-offsets --to-latest --topic orders",
            "reads kafka-consumer-groups",
        ),
        (
            "kafka-consumer-groups.sh --group billing --reset-offsets --to-latest --topic orders --execute",
            "changes Offsets",
        ),
        ("kafka-reassign-partitions.sh --list", "reads kafka-reassign-partitions"),
        (
            "kafka-reassign-partitions.sh --verify --reassignment-json-file p.json",
            "changes Placement",
        ),
        (
            "kafka-reassign-partitions.sh --verify --preserve-throttles --reassignment-json-file p.json",
            "reads kafka-reassign-partitions",
        ),
        (
            "kafka-leader-election.sh --election-type preferred --all-topic-partitions",
            "changes Placement",
        ),
        ("kafka-acls.sh --list", "reads kafka-acls"),
        (
            "kafka-acls.sh --add --allow-principal User:app --operation Read --group billing",
            "changes Access",
        ),
        ("kafka-transactions.sh list", "reads kafka-transactions"),
        (
            "kafka-transactions.sh abort --topic orders --partition 3 --start-offset 12",
            "changes Transactions",
        ),
        (
            "kafka-console-consumer.sh --topic orders --from-beginning --max-messages 3",
            "reads kafka-console-consumer",
        ),
        ("kafka-console-consumer.sh --topic orders --group billing", "changes Offsets"),
        ("kcat -b kafka-1:9092 -L", "reads kcat"),
        ("kcat -P -b kafka-1:9092 -t orders", "changes Records"),
    ]);
}

#[test]
fn machine_tools_by_what_their_arguments_do() {
    table(&[
        ("tc -s qdisc show dev eth0", "reads tc"),
        ("tc qdisc del dev eth0 root", "changes Network"),
        (
            "tc qdisc replace dev eth0 root tbf rate 1mbit burst 16kb latency 300ms",
            "changes Network",
        ),
        ("iptables -L -n -v", "reads iptables"),
        ("iptables -S", "reads iptables"),
        ("iptables -D OUTPUT 1", "changes Network"),
        ("iptables -t mangle -F", "changes Network"),
        ("ip addr", "reads ip"),
        ("ip link set eth0 mtu 1400", "changes Network"),
        ("ss -ti", "reads ss"),
        ("kill -9 12", "changes Signal"),
        ("kill -3 12", "reads kill"),
        ("sv status kafka", "reads sv"),
        ("sv restart kafka", "changes Restart"),
        ("jcmd 12 GC.class_histogram", "reads jcmd"),
        ("jcmd 12 VM.set_flag MaxHeapFreeRatio 40", "changes Config"),
        ("ls -l /var/lib/kafka", "reads ls"),
        ("df -h", "reads df"),
        ("vi /etc/kafka/server.properties", "changes Files"),
        ("sed -i s/a/b/ /etc/kafka/server.properties", "changes Files"),
        ("rm -rf /data/orders-3", "changes Files"),
        ("cp /etc/kafka/server.properties /tmp/saved", "reads nothing"),
        ("cp /tmp/saved /etc/kafka/server.properties", "changes Files"),
        ("find /data -name '*.log' -size +1M", "reads find"),
        ("find /data -name '*.log' -delete", "changes Files"),
        ("find /data -exec rm {} \\;", "changes Files"),
    ]);
}

#[test]
fn the_labs_own_program() {
    table(&[
        ("chaoslab query 'up == 0'", "reads chaoslab"),
        ("chaoslab service billing show", "reads chaoslab"),
        ("chaoslab service billing set processing.ms=2", "changes Config"),
        ("chaoslab service billing restart", "changes Restart"),
        ("chaoslab node kafka-2 restart", "changes Restart"),
        ("chaoslab exec kafka-2 -- tc qdisc del dev eth0 root", "changes Network"),
        ("chaoslab exec kafka-2 -- tc qdisc show", "reads tc"),
        ("chaoslab history", "reads nothing"),
    ]);
}

#[test]
fn wrappers_pipes_and_sequences() {
    table(&[
        ("sudo -u kafka kafka-topics.sh --list", "reads kafka-topics"),
        ("env LC_ALL=C TZ=UTC tc qdisc", "reads tc"),
        ("BS=kafka-1:9092 kafka-topics.sh --list", "reads kafka-topics"),
        ("timeout 5 tcpdump -ni eth0", "reads tcpdump"),
        ("watch -n 1 'kafka-topics.sh --describe | grep Isr'", "reads kafka-topics"),
        ("bash -c 'tc qdisc del dev eth0 root'", "changes Network"),
        ("bash -lc \"sv restart kafka\"", "changes Restart"),
        ("pgrep java | xargs kill -9", "changes Signal"),
        ("grep -i shrink /var/log/kafka/server.log | tail -n 3", "reads grep"),
        (
            "kafka-topics.sh --describe 2>/dev/null | awk '{print $4}' | sort | uniq -c",
            "reads kafka-topics",
        ),
        ("jstack $(pgrep java) > /tmp/dump.txt", "reads jstack"),
        ("jstack 12 | tee /tmp/dump.txt", "reads jstack"),
        ("kafka-topics.sh --list; kafka-topics.sh --delete --topic x", "changes Topics"),
        (
            "for b in 1 2 3; do kafka-configs.sh --describe --entity-type brokers --entity-name $b; done",
            "reads kafka-configs",
        ),
        ("for b in 1 2 3; do kafka-configs.sh --alter --entity-name $b; done", "changes Config"),
        ("echo x >> /var/log/kafka/server.log", "changes Files"),
        ("kafka-topics.sh --list $(kill -9 12)", "changes Signal"),
        ("cat <<EOF > /etc/kafka/jvm.env\n-Xmx1g\nEOF", "changes Files"),
        ("kafka-topics.sh --list 2>&1 &", "reads kafka-topics"),
        ("cd /var/log/kafka && tail server.log", "reads tail"),
    ]);
}

#[test]
fn what_a_learner_makes_up_shows_no_tool() {
    table(&[
        ("echo 'throttled.rate=100000'", "reads nothing"),
        ("kafka-topics.sh --list; echo 'Isr: 1,3'", "reads kafka-topics"),
        ("kafka-topics.sh --list | sed 's/orders/Isr: 1/'", "reads nothing"),
        ("kafka-topics.sh --list | awk '{print \"Isr: 1\"}'", "reads nothing"),
        ("grep . <<< 'Isr: 1,3'", "reads nothing"),
        ("cat <<EOF\nIsr: 1,3\nEOF", "reads nothing"),
        ("python3 -c 'print(1)'", "unknown"),
        ("./kafka-topics.sh --describe", "unknown"),
        ("/tmp/kafka-topics.sh --describe", "unknown"),
        ("PATH=/tmp:$PATH kafka-topics.sh --describe", "unknown"),
        ("kafka-topics.sh() { echo fake; }", "unknown"),
        ("kafka-topics.sh --describe \"unfinished", "unknown"),
        ("", "reads nothing"),
    ]);
}

#[test]
fn written_files_and_changed_names_are_remembered() {
    let judged = judge("echo 'Isr: 1,3' > /tmp/x; tee -a notes.txt < /tmp/x");
    assert_eq!(judged.writes, ["/tmp/x", "notes.txt", "/tmp/x"]);
    assert!(
        judge("alias tc='echo tbf'").renames
            && judge("export PATH=/tmp:$PATH").renames
            && judge("tc() { :; }").renames
            && judge("history -s 'tc -s qdisc show dev eth0'").renames
    );
    for harmless in [
        "export BS=kafka-1:9092",
        "alias kt=kafka-topics.sh",
        "alias grep='grep --color'",
        "export PATH=$PATH:/opt/kafka/bin",
        "PATH=$PATH:/opt/kafka/bin",
        "kt() { kafka-topics.sh \"$@\"; }",
        "for ((i=0;i<9;i++)); do kafka-consumer-groups.sh --describe --all-groups; done",
    ] {
        assert!(!judge(harmless).renames, "{harmless}");
    }
}

#[test]
fn what_people_look_with_is_no_change() {
    table(&[
        ("date -Iseconds", "reads date"),
        ("date -Is", "reads date"),
        ("date -s 12:00", "changes Config"),
        ("iptables -nvxL", "reads iptables"),
        ("iptables -t nat -vnL OUTPUT --line-numbers", "reads iptables"),
        ("iptables -I OUTPUT -j DROP", "changes Network"),
        ("jinfo -flag MaxHeapSize 38", "reads jinfo"),
        ("jinfo -flag +HeapDumpOnOutOfMemoryError 38", "changes Config"),
        ("swapon --show", "reads swapon"),
        ("swapon /swapfile", "changes Files"),
        ("prlimit --pid 1", "reads prlimit"),
        ("prlimit --pid 1 --nofile", "reads prlimit"),
        ("prlimit --pid 1 --nofile=1024", "changes Config"),
        ("taskset -cp 1", "reads taskset"),
        ("taskset -cp 0 1", "changes Config"),
        ("ionice -p 1", "reads ionice"),
        ("ionice -c 3 -p 1", "changes Config"),
        ("kafka-topics.sh --describe | tee out.log", "reads kafka-topics"),
        ("kafka-topics.sh --describe | tee server.properties", "changes Files"),
        ("tar czf /tmp/k.tgz /var/log/kafka", "reads nothing"),
        ("tar xzf /tmp/k.tgz -C /etc/kafka", "changes Files"),
        ("kafka-leader-election.sh --help", "reads kafka-leader-election"),
        ("systemctl is-active kafka", "reads systemctl"),
        ("sysctl vm.swappiness", "reads sysctl"),
        ("sysctl vm.swappiness=1", "changes Config"),
        (
            "kafka-console-consumer.sh --topic orders --max-messages 1",
            "reads kafka-console-consumer",
        ),
        ("tcpdump -c 20 -w /tmp/x.pcap", "reads tcpdump"),
        ("tcpdump -w /var/lib/kafka/x.pcap", "changes Files"),
        ("jcmd 38 GC.heap_dump /var/lib/kafka/h.hprof", "changes Files"),
        ("jcmd 38 GC.heap_dump /tmp/h.hprof", "reads jcmd"),
    ]);
}

#[test]
fn what_ran_decides_and_not_how_it_was_typed() {
    table(&[
        ("cd /opt/kafka && bin/kafka-topics.sh --describe", "reads kafka-topics"),
        ("bin/kafka-topics.sh --describe", "reads kafka-topics"),
        ("cd /opt/kafka/bin; ./kafka-topics.sh --describe", "reads kafka-topics"),
        ("cd /tmp; ./kafka-topics.sh --describe", "unknown"),
        ("bin/mine --describe", "unknown"),
        (
            "for b in 1 2 3; do echo \"== $b\"; kafka-configs.sh --describe --entity-type brokers --entity-name $b; done",
            "reads kafka-configs",
        ),
        (
            "for ((i=0;i<9;i++)); do kafka-consumer-groups.sh --describe --all-groups; done",
            "reads kafka-consumer-groups",
        ),
        ("for ((i=0;i<$(kill -9 3);i++)); do ss; done", "unknown"),
        (
            "set -o pipefail; kafka-topics.sh --describe | tr -s ' ' | cut -d' ' -f6",
            "reads kafka-topics",
        ),
        ("kafka-topics.sh --describe | awk '{print $2\" \"$6}'", "reads kafka-topics"),
        ("kafka-topics.sh --describe | awk '{print \"Isr \"$6}'", "reads nothing"),
        ("kafka-topics.sh --describe | tr 1 3", "reads nothing"),
        ("curl -s kafka-2:7071/metrics | grep isr", "reads curl"),
        ("curl -s file:///tmp/x", "reads nothing"),
        ("ss -tin; echo done", "reads ss"),
        ("echo 'Isr:' 1,3 | rev", "reads nothing"),
        ("x='Isr: 1,3'; ss; set", "reads nothing"),
    ]);
    assert_eq!(judge("ss -tin; echo done").says.len(), 1);
}

#[test]
fn any_text_is_judged_without_end_or_panic() {
    for text in [
        "$(",
        "`",
        "((((",
        "a $(b $(c $(d)))",
        "<<",
        ">",
        "2>",
        "&>",
        "|",
        ";;;",
        "'",
        "\\",
        "x<<<",
        "bash -c",
        "\u{0}\u{200b}",
    ] {
        judge(text);
    }
    judge(&"$(".repeat(5_000));
    judge(&"bash -c ".repeat(5_000));
}
