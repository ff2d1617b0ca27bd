//! Quotes of what tools printed, against what the battery printed in other labs.

use super::elsewhere::{compared, recorded};
use super::*;
use crate::domain::rca::sample;
use crate::domain::recording::{Phase, Recording, Taken};

/// What a command of the battery printed on the machine that plays the victim's part elsewhere
/// (`toolbox` for Kafka's tools): where the cause is the same while it was broken and after it was
/// repaired, and where it is another.
struct Battery {
    machine: &'static str,
    line: &'static str,
    own: &'static str,
    repaired: &'static str,
    other: &'static str,
}

impl Battery {
    fn of(&self, recording: &Recording) -> Vec<Taken> {
        let taken = |phase, output: &str| Taken {
            phase,
            machine: self.machine.to_owned(),
            line: self.line.to_owned(),
            exit: 0,
            output: output.to_owned(),
        };
        match recording.head.scenario == "capped-link" {
            true => vec![taken(Phase::Steady, self.own), taken(Phase::Recovered, self.repaired)],
            false => vec![taken(Phase::Steady, self.other), taken(Phase::Recovered, self.other)],
        }
    }

    /// From how many of the three other causes a quote of a learner's command tells the cause, and
    /// why it is worth what it is.
    fn apart(&self, node: &str, line: &str, output: &str, contains: &str) -> (u32, String) {
        let mut with = recorded();
        for recording in with.own.iter_mut().chain(&mut with.look_alikes) {
            recording.head.battery = self.of(recording);
        }
        let run = sample::isr_shrink().with_command(8, node, line, 140, output);
        let quoted = contains.replace('\'', "''");
        let evidence = format!("command: 8, contains: '{quoted}'");
        let grade = compared(&link_capped(&[&evidence]), &run, &capped_link(), &with);
        let piece = &grade.evidence[0];
        assert_eq!(piece.verdict, "true", "{line}: {}", piece.reason);
        (piece.apart, piece.why.clone())
    }
}

const TC: Battery = Battery {
    machine: "kafka-3",
    line: "tc -s qdisc show",
    own: "qdisc noqueue 0: dev lo root refcnt 2\n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)\nqdisc tbf 8002: dev eth0 root refcnt 3 rate 900Kbit burst 16Kb lat 300ms\n Sent 7459873 bytes 6746 pkt (dropped 5808, overlimits 16529 requeues 0)\n",
    repaired: "qdisc noqueue 0: dev eth0 root refcnt 2\n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)\n",
    other: "qdisc noqueue 0: dev eth0 root refcnt 2\n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)\n",
};

/// What the learner's own command printed.
const SHAPED: &str = "qdisc tbf 8001: dev eth0 root refcnt 5 rate 2Mbit burst 16Kb lat 300ms\n Sent 22512412 bytes 18771 pkt (dropped 364, overlimits 8487 requeues 0)\n";

#[test]
fn numbers_that_every_run_has_its_own_of_are_not_the_point() {
    for quote in [
        "qdisc tbf",
        "rate 2Mbit burst 16Kb lat 300ms",
        "dropped 364, overlimits 8487",
        "qdisc tbf 8001: dev eth0 root refcnt 5 rate 2Mbit",
    ] {
        let (apart, why) = TC.apart("kafka-2", "tc -s qdisc show dev eth0", SHAPED, quote);
        assert_eq!(apart, 3, "{quote}: {why}");
    }
    // Nothing dropped is not a number like another.
    let quiet = "qdisc noqueue 0: dev lo root refcnt 2\n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)\n";
    let (apart, why) = TC.apart("kafka-2", "tc -s qdisc", quiet, "dropped 0, overlimits 0");
    assert_eq!(apart, 0, "{why}");
}

#[test]
fn a_command_is_the_same_however_it_is_typed() {
    for line in [
        "tc -s qdisc",
        "sudo tc -s -d qdisc show dev eth0",
        "for d in eth0; do echo \"== $d\"; tc -s qdisc show dev $d; done",
        "cd /tmp; tc -s qdisc show | grep tbf",
        "bash -c 'tc qdisc show'",
    ] {
        let (apart, why) = TC.apart("kafka-2", line, SHAPED, "qdisc tbf");
        assert_eq!(apart, 3, "{line}: {why}");
    }
    let (apart, why) =
        TC.apart("kafka-2", "tc -s qdisc | awk '{print $2\" \"$11}'", "tbf rate\n", "tbf rate");
    assert_eq!(apart, 3, "{why}");
}

#[test]
fn a_number_that_the_fault_changed_is_the_point() {
    let heap =
        |line, own, repaired, other| Battery { machine: "kafka-3", line, own, repaired, other };
    let args = heap(
        "ps axo pid,stat,args",
        "  173 Sl   java -Xms32m -Xmx48m kafka.Kafka\n",
        "  478 Sl   java -Xms32m -Xmx64m kafka.Kafka\n",
        "  173 Sl   java -Xms32m -Xmx192m kafka.Kafka\n",
    );
    let printed = "root 90 2.0 4.1 java -Xms32m -Xmx40m kafka.Kafka\n";
    for (line, quote) in
        [("ps aux | grep java", "-Xmx40m"), ("ps -ef", "java -Xms32m -Xmx40m kafka.Kafka")]
    {
        let (apart, why) = args.apart("kafka-2", line, printed, quote);
        assert_eq!(apart, 3, "{line}: {why}");
    }
    // What was there before and after, and is there elsewhere.
    let (apart, why) = args.apart("kafka-2", "ps aux", printed, "-Xms32m");
    assert_eq!(apart, 0, "{why}");
    // An id of a process is nobody's point.
    let (apart, why) =
        args.apart("kafka-2", "sv status kafka", "run: kafka: (pid 90) 54s\n", "(pid 90)");
    assert!(apart == 0 && why.contains("is open"), "{why}");
}

#[test]
fn columns_may_be_others() {
    let rules = Battery {
        machine: "kafka-3",
        line: "iptables -S",
        own: "-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 19092 -j DROP\n",
        repaired: "-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n",
        other: "-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n",
    };
    let listed = "Chain OUTPUT (policy ACCEPT 12 packets, 900 bytes)\n pkts bytes target prot opt in out source destination\n  123  7380 DROP       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:19092\n";
    for quote in [
        "DROP",
        "0.0.0.0/0            tcp dpt:19092",
        "123  7380 DROP       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:19092",
    ] {
        let (apart, why) = rules.apart("kafka-2", "iptables -vnL OUTPUT", listed, quote);
        assert_eq!(apart, 3, "{quote}: {why}");
    }
    let (apart, why) =
        rules.apart("kafka-2", "iptables -nvxL", listed, "Chain OUTPUT (policy ACCEPT");
    assert_eq!(apart, 0, "{why}");
    let disk = Battery {
        machine: "kafka-3",
        line: "df -k",
        own: "tmpfs             196608   196608         0 100% /var/lib/kafka/volume-2\n",
        repaired: "tmpfs             196608   101708     94900  52% /var/lib/kafka/volume-2\n",
        other: "tmpfs             196608    41716    154892  22% /var/lib/kafka/volume-2\n",
    };
    let printed = "tmpfs           192M  192M     0 100% /var/lib/kafka/volume-2\n";
    for quote in ["100% /var/lib/kafka/volume-2", "192M  192M     0 100% /var/lib/kafka/volume-2"] {
        let (apart, why) = disk.apart("kafka-2", "df -h", printed, quote);
        assert_eq!(apart, 3, "{quote}: {why}");
    }
}

#[test]
fn names_are_mapped_in_every_form() {
    let topics = Battery {
        machine: "toolbox",
        line: "kafka-topics.sh --describe",
        own: "\tTopic: bookings\tPartition: 1\tLeader: 3\tReplicas: 3,2,1\tIsr: 3\tElr: \n\tTopic: payments\tPartition: 1\tLeader: 3\tReplicas: 3,2,1\tIsr: 3,2,1\tElr: \n",
        repaired: "\tTopic: bookings\tPartition: 1\tLeader: 3\tReplicas: 3,2,1\tIsr: 3,2,1\tElr: \n",
        other: "\tTopic: bookings\tPartition: 1\tLeader: 3\tReplicas: 3,2,1\tIsr: 3,2,1\tElr: \n\tTopic: payments\tPartition: 1\tLeader: 3\tReplicas: 3,2,1\tIsr: 3\tElr: \n",
    };
    let printed = "\tTopic: orders\tPartition: 1\tLeader: 2\tReplicas: 2,3,1\tIsr: 2\tElr: \n";
    let line = "kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --topic orders";
    for quote in [
        "Partition: 1\tLeader: 2\tReplicas: 2,3,1\tIsr: 2",
        "Topic: orders\tPartition: 1",
        "Isr: 2\tElr",
    ] {
        let (apart, why) = topics.apart("toolbox", line, printed, quote);
        let wanted = if quote.contains("Isr") { 3 } else { 0 };
        assert_eq!(apart, wanted, "{quote}: {why}");
    }
}

#[test]
fn what_was_not_printed_to_its_end_is_unknown() {
    let mut with = recorded();
    for recording in with.own.iter_mut().chain(&mut with.look_alikes) {
        recording.head.battery = TC.of(recording);
        if recording.class() == "storage.disk.slow" {
            recording.head.battery.iter_mut().for_each(|taken| taken.exit = 124);
        }
    }
    let evidence = "command: 4, contains: 'qdisc tbf'";
    let run = sample::isr_shrink();
    let grade = compared(&link_capped(&[evidence]), &run, &capped_link(), &with);
    assert_eq!(grade.evidence[0].apart, 2, "{}", grade.evidence[0].why);
    // And so is what nothing in a recording answers: it never "fits this run only".
    let run = run.with_command(8, "kafka-2", "uptime", 140, " 10:01 up 3 min, load 0.4\n");
    let grade =
        compared(&link_capped(&["command: 8, contains: 'load 0.4'"]), &run, &capped_link(), &with);
    let why = &grade.evidence[0].why;
    assert!(grade.evidence[0].worth == 400 && why.contains("is open"), "{why}");
}
