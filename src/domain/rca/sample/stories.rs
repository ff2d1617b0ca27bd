//! What happens in the sample runs.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::rca::record::{
    Alert, Change, Detection, Inventory, Machine, Objective, Role, Span,
};
use crate::domain::rca::vocab::{Component, Kind};

/// What is known of the runs, before a story adds to it.
pub(super) fn facts() -> Facts {
    let objective = |name: &str, promql: &str, felt| Objective {
        name: name.into(),
        promql: promql.into(),
        felt,
    };
    let change = |number, at, what: &str| Change { number, at: second(at), what: what.into() };
    let machine = |name: &str, role| Machine { name: name.into(), role };
    Facts {
        run: "r-7f3a91".into(),
        family: "isr-shrink".into(),
        recorded: Span { from: second(0) + SCRAPE, to: second(END) + SCRAPE },
        baseline: Span { from: second(2), to: second(32) },
        page: second(PAGED),
        opened: second(OPENED),
        closed: Some(second(END)),
        alert: Alert {
            name: "UnderReplicatedPartitions".into(),
            promql: "sum(kafka_server_replicamanager_underreplicatedpartitions) > 0".into(),
        },
        objectives: vec![
            objective(
                "acknowledged in a second",
                "max(kafka_producer_ack_latency_seconds_max) < 1",
                true,
            ),
            objective(
                "every replica in sync",
                "sum(kafka_topic_partition_under_replicated_partition) == 0",
                false,
            ),
        ],
        commands: vec![
            command(
                1,
                "toolbox",
                "chaoslab status",
                82,
                "UnderReplicatedPartitions firing since T-00:00:14\n",
            ),
            command(
                2,
                "toolbox",
                "kafka-topics.sh --bootstrap-server kafka-1:9092 --describe --under-replicated-partitions",
                95,
                "\tTopic: orders\tPartition: 1\tLeader: 2\tReplicas: 2,3,1\tIsr: 2\tElr: \n\tTopic: orders\tPartition: 4\tLeader: 2\tReplicas: 2,3,1\tIsr: 2\tElr: \n",
            ),
            command(
                3,
                "kafka-2",
                "grep Shrinking /var/log/kafka/server.log | tail -n 2",
                110,
                &format!("{}\n{}\n", shrink(1), shrink(4)),
            ),
            command(
                4,
                "kafka-2",
                "tc -s qdisc show dev eth0",
                130,
                "qdisc tbf 8001: root refcnt 2 rate 2Mbit burst 16Kb lat 300ms\n Sent 22512412 bytes 18771 pkt (dropped 364, overlimits 8487 requeues 0)\n backlog 65Kb 43p requeues 0\n",
            ),
            command(
                5,
                "kafka-1",
                "tc -s qdisc show dev eth0",
                140,
                "qdisc noqueue 0: root refcnt 2\n",
            ),
            command(
                6,
                "kafka-2",
                "ss -tin state established '( sport = :19092 )'",
                150,
                "cubic wscale:7,7 rto:808 rtt:471.2/32.1 unacked:45 retrans:0/12 lost:3\n",
            ),
            command(
                7,
                "toolbox",
                "kafka-configs.sh --bootstrap-server kafka-1:9092 --describe --entity-type brokers --entity-name 2",
                160,
                "Dynamic configs for broker 2 are:\n",
            ),
            command(22, "kafka-2", "tc qdisc del dev eth0 root", HEALED, ""),
            command(23, "toolbox", "chaoslab status", HEALED + 20, "no alert is firing\n"),
        ],
        changes: vec![
            change(1, 15, "orders-service deployed, 1.4.1 to 1.4.2"),
            change(2, 36, "topic payments: retention.ms 604800000 to 259200000"),
            change(3, INJECTED, "network policy of kafka-2 applied"),
            change(4, 44, "billing deployed, 3.8.0 to 3.8.1"),
        ],
        detections: vec![
            detection(1, "isr.shrunk", "partition:orders-1", SHRUNK),
            detection(2, "isr.shrunk", "partition:orders-4", SHRUNK + 1),
        ],
        gaps: vec![],
        inventory: Inventory {
            machines: vec![
                machine("controller", Role::Controller(100)),
                machine("kafka-1", Role::Broker(1)),
                machine("kafka-2", Role::Broker(2)),
                machine("kafka-3", Role::Broker(3)),
                machine("orders-service", Role::Service { group: None }),
                machine("billing", Role::Service { group: Some("billing".into()) }),
                machine("toolbox", Role::Toolbox),
            ],
            topics: BTreeMap::from([("orders".into(), ORDERS), ("payments".into(), 3)]),
            groups: BTreeSet::from(["billing".into()]),
            others: BTreeMap::from([(Kind::Plugin, BTreeSet::new())]),
        },
    }
}

fn detection(number: u32, event: &str, on: &str, at: i64) -> Detection {
    let on = vec![Component::parse(on).expect("it is right")];
    Detection {
        number,
        event: event.into(),
        on,
        span: Span { from: second(at), to: second(HEALED + 2) },
        ongoing: false,
        told: String::new(),
    }
}

fn shrink(partition: u32) -> String {
    format!(
        "[2026-11-22 12:00:56,420] INFO [Partition orders-{partition} broker=2] Shrinking ISR from 2,3,1 to 2. Leader: (highWatermark: 11650, endOffset: 12240). Out of sync replicas: (brokerId: 3, endOffset: 11650, lastCaughtUpTimeMs: 1795348845000) (brokerId: 1, endOffset: 11652, lastCaughtUpTimeMs: 1795348845100). (kafka.cluster.Partition)"
    )
}

/// The link of kafka-2 is capped: followers of what it leads fall behind and leave the ISR. The
/// learner lifts the cap in the end.
pub fn isr_shrink() -> Sample {
    let capped = |s: i64| (INJECTED..HEALED).contains(&s);
    let led_by_2 = |partition: u32| leader(partition) == 2;
    let mut run = staged(&Story {
        in_sync: &|partition, broker, s| {
            !(led_by_2(partition) && broker != 2 && (SHRUNK..HEALED + 2).contains(&s))
        },
        behind: &|partition, broker, s| {
            let starved = led_by_2(partition) && broker != 2 && capped(s) && s > INJECTED;
            if starved { 32.0 * (s - INJECTED) as f64 } else { 0.0 }
        },
        drops: &|broker, s| (broker == 2 && capped(s)).then(|| (9 * (s - INJECTED)) as f64),
        probe: &|broker, s| {
            if broker == 2 && capped(s) {
                0.45 + 0.04 * wobble(2, s)
            } else {
                (HEALTHY.probe)(broker, s)
            }
        },
        sends: &|broker, s| {
            if broker == 2 && capped(s) { 248_000.0 } else { (HEALTHY.sends)(broker, s) }
        },
        ..HEALTHY
    });
    for (partition, at) in [(1, SHRUNK), (4, SHRUNK + 1)] {
        run = run.with_line("kafka-2", at, &shrink(partition));
    }
    run.with_line(
        "kafka-2",
        HEALED + 2,
        "[2026-11-22] INFO [Partition orders-1 broker=2] ISR updated to 2,3,1  and version updated to 5 (kafka.cluster.Partition)",
    )
}

/// The same symptom as [`isr_shrink`], from another cause: what kafka-2 gives its followers is
/// throttled by its configuration.
pub fn throttled() -> Sample {
    let throttled = |s: i64| (INJECTED..HEALED).contains(&s);
    shrunk_by_2(Story { throttle: &|broker, s| broker == 2 && throttled(s), ..HEALTHY })
}

/// The same symptom as [`isr_shrink`], from another cause: the disk of kafka-2 takes long for what
/// it is given.
pub fn slow_disk() -> Sample {
    let slow = |s: i64| (INJECTED..HEALED).contains(&s);
    let run = shrunk_by_2(Story {
        flush: &|broker, s| {
            if broker == 2 && slow(s) {
                900.0 + 50.0 * wobble(2, s)
            } else {
                (HEALTHY.flush)(broker, s)
            }
        },
        probe: &|broker, s| {
            if broker == 2 && slow(s) {
                0.5 + 0.04 * wobble(2, s)
            } else {
                (HEALTHY.probe)(broker, s)
            }
        },
        ..HEALTHY
    });
    run.with_line(
        "kafka-2",
        SHRUNK,
        "[2026-11-22] WARN flush of the log took 912 ms (kafka.log.UnifiedLog)",
    )
}

/// Followers of what kafka-2 leads fall behind and leave the ISR, for whatever reason the story
/// has.
fn shrunk_by_2(story: Story<'_>) -> Sample {
    let led_by_2 = |partition: u32| leader(partition) == 2;
    let run = staged(&Story {
        in_sync: &|partition, broker, s| {
            !(led_by_2(partition) && broker != 2 && (SHRUNK..HEALED + 2).contains(&s))
        },
        behind: &|partition, broker, s| {
            let starved = led_by_2(partition) && broker != 2 && (INJECTED + 1..HEALED).contains(&s);
            if starved { 32.0 * (s - INJECTED) as f64 } else { 0.0 }
        },
        ..story
    });
    run.with_line("kafka-2", SHRUNK, &shrink(1)).with_line("kafka-2", SHRUNK + 1, &shrink(4))
}

/// A deploy of `billing` makes processing slow: lag grows evenly on every partition.
pub fn slow_consumer() -> Sample {
    let slow = |s: i64| (INJECTED..HEALED).contains(&s);
    let mut run = staged(&Story {
        lag: &|partition, s| {
            let backlog = if slow(s) {
                25 * (s - INJECTED)
            } else if s >= HEALED {
                (25 * (HEALED - INJECTED) - 300 * (s - HEALED)).max(0)
            } else {
                0
            };
            (HEALTHY.lag)(partition, s) + backlog as f64
        },
        processing: &|s| {
            if slow(s) { 0.02 + 0.001 * wobble(9, s) } else { (HEALTHY.processing)(s) }
        },
        version: &|s| if slow(s) { "3.9.0" } else { "3.8.1" },
        ..HEALTHY
    });
    run.facts.family = "consumer-lag".into();
    run.facts.alert = Alert {
        name: "ConsumerFreshness".into(),
        promql: "max(kafka_consumergroup_oldest_uncommitted_age_seconds) > 15".into(),
    };
    run.facts.objectives = vec![Objective {
        name: "processed within fifteen seconds".into(),
        promql: "max(kafka_consumergroup_oldest_uncommitted_age_seconds) < 15".into(),
        felt: true,
    }];
    run.facts.changes[2].what = "billing deployed, 3.8.1 to 3.9.0".into();
    run.facts.detections = vec![detection(1, "lag.grew", "group:billing", INJECTED + 10)];
    run.facts.commands = vec![
        command(
            2,
            "toolbox",
            "kafka-consumer-groups.sh --bootstrap-server kafka-1:9092 --describe --group billing",
            90,
            "GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG\nbilling orders 0 12350 13600 1250\n",
        ),
        command(
            3,
            "billing",
            "chaoslab service billing show",
            100,
            "version=3.9.0\nprocessing.validate=full\n",
        ),
        command(
            22,
            "toolbox",
            "chaoslab service billing set processing.validate=fast",
            HEALED,
            "billing restarted\n",
        ),
    ];
    run
}

/// Packets of kafka-2 were held up for a short while; everything was back before the learner came.
pub fn self_healed() -> Sample {
    let ended = PAGED + 2;
    let capped = move |s: i64| (INJECTED..ended).contains(&s);
    let mut run = staged(&Story {
        in_sync: &|partition, broker, s| {
            !(leader(partition) == 2 && broker != 2 && (SHRUNK..ended).contains(&s))
        },
        probe: &move |broker, s| {
            if broker == 2 && capped(s) { 0.45 } else { (HEALTHY.probe)(broker, s) }
        },
        ..HEALTHY
    });
    run.facts.commands.retain(|c| c.number < 8);
    run
}
