use std::collections::BTreeSet;

use super::*;

fn dotted(id: &str) -> bool {
    id.split('.').all(|part| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

#[test]
fn every_name_is_dotted_unique_and_said_in_one_sentence() {
    for (word, vocabulary) in Vocabulary::ALL {
        let entries = vocabulary.entries();
        let ids: BTreeSet<_> = entries.iter().map(|e| e.id).collect();
        assert_eq!(ids.len(), entries.len(), "{word}");
        for entry in entries {
            assert!(
                entry.says.ends_with('.') && entry.says.len() < 130,
                "{}: {}",
                entry.id,
                entry.says
            );
            assert!(*vocabulary == Vocabulary::Components || dotted(entry.id), "{}", entry.id);
        }
    }
}

#[test]
fn causes_and_effects_share_no_name() {
    let classes: BTreeSet<_> =
        CLASSES.iter().chain(GROUPS).flat_map(|c| c.also.iter().chain([&c.id])).collect();
    assert!(EVENTS.iter().all(|e| !classes.contains(&e.id)));
}

#[test]
fn every_cause_and_alias_stands_under_groups_that_exist() {
    let groups: BTreeSet<_> = GROUPS.iter().map(|g| g.id).collect();
    for id in CLASSES.iter().chain(GROUPS).flat_map(|c| c.also.iter().chain([&c.id])) {
        let mut above = parent(id);
        while let Some(group) = above {
            assert!(groups.contains(group), "{id} stands under {group}");
            above = parent(group);
        }
    }
    for group in groups {
        assert!(CLASSES.iter().any(|c| c.id.starts_with(&format!("{group}."))), "{group} is empty");
    }
}

#[test]
fn the_whole_catalogue_has_a_class_each() {
    assert!(CLASSES.len() >= 72, "{}", CLASSES.len());
}

#[test]
fn an_alias_names_its_class() {
    assert_eq!(
        class("replication.zombie_leader").map(|c| c.id),
        Ok("network.partition.controller_unreachable")
    );
    assert_eq!(class("broker.memory").map(|c| c.id), Ok("broker.memory"));
}

#[test]
fn a_wrong_name_is_answered_with_what_to_write() {
    insta::assert_snapshot!(class("isr.shrunk").unwrap_err(), @r#"`isr.shrunk` is an effect ("Replicas left the ISR"), not a cause: it belongs into `causal_chain`. The cause is why it happened; `chaoslab vocab classes --search WORD` lists causes"#);
    insta::assert_snapshot!(event("quota.missing").unwrap_err(), @"`quota.missing` is a cause, not an effect: it belongs into `root_cause`. A chain says what it led to; `chaoslab vocab events --search WORD` lists effects");
    insta::assert_snapshot!(class("replication.throttle_left").unwrap_err(), @"unknown class `replication.throttle_left`; did you mean `replication.throttle_left_behind`? (`chaoslab vocab classes --search WORD` lists them)");
    insta::assert_snapshot!(class("link_capped").unwrap_err(), @"unknown class `link_capped`; did you mean `network.capacity.link_capped`? (`chaoslab vocab classes --search WORD` lists them)");
    insta::assert_snapshot!(class("ｑuota.missing").unwrap_err(), @r"unknown class `\u{ff51}uota.missing`: it contains the character `ｑ` (U+FF51); names are made of plain letters, dots and underscores");
    insta::assert_snapshot!(class("quota\u{200b}.missing").unwrap_err(), @r"unknown class `quota\u{200b}.missing`: it contains the invisible character U+200B; names are made of plain letters, dots and underscores");
    insta::assert_snapshot!(prevention("alert.throttle_stale").unwrap_err(), @"unknown prevention `alert.throttle_stale`; did you mean `alert.stale_throttle`? (`chaoslab vocab preventions --search WORD` lists them)");
}

#[test]
fn every_example_of_a_component_reads_as_itself() {
    for kind in components::KINDS {
        let component = Component::parse(kind.example).expect("an example is right");
        assert_eq!((component.kind, component.to_string().as_str()), (kind.kind, kind.example));
    }
}

#[test]
fn a_wrong_component_is_answered_with_how_to_write_it() {
    insta::assert_snapshot!(Component::parse("kafka-2").unwrap_err(), @"`kafka-2` is not a component: write its kind and its name, as `broker:2` or `link:kafka-2`");
    insta::assert_snapshot!(Component::parse("brokr:2").unwrap_err(), @"unknown kind of component `brokr`, expected one of broker, topic, partition, group, service, controller, listener, link, disk, principal, quota, transaction, plugin; did you mean `broker`?");
    insta::assert_snapshot!(Component::parse("broker:kafka-2").unwrap_err(), @"`broker:kafka-2` is not written as a broker is: `broker:2`. A broker, by its id: its process, memory, processor time or configuration.");
    insta::assert_snapshot!(Component::parse("partition:orders").unwrap_err(), @"`partition:orders` is not written as a partition is: `partition:orders-3`. A partition, as topic-number.");
}

/// What people type, and what must be among the first three.
const PLAIN_WORDS: &[(Vocabulary, &[(&str, &str)])] = &[
    (
        Vocabulary::Classes,
        &[
            ("oom", "broker.memory.heap_exhausted"),
            ("OOM-killed", "broker.memory.container_limit"),
            ("out of memory", "broker.memory.heap_exhausted"),
            ("exit code 137", "broker.memory.container_limit"),
            ("firewall", "network.partition.replication_blocked"),
            ("fire wall", "network.partition.client_blocked"),
            ("iptables drop", "network.partition.replication_blocked"),
            ("hot partition", "client.producer.skewed_keys"),
            ("hot-partitions", "client.producer.skewed_keys"),
            ("hotspot", "client.producer.skewed_keys"),
            ("too slow", "client.consumer.slow_processing"),
            ("slow consumers", "client.consumer.slow_processing"),
            ("downstream database slow", "client.consumer.slow_processing"),
            ("paused", "client.consumer.stuck"),
            ("paused", "broker.process.frozen"),
            ("SIGSTOP", "broker.process.frozen"),
            ("hung broker", "broker.process.frozen"),
            ("rollback", "none.self_healed"),
            ("heap too small", "broker.memory.heap_undersized"),
            ("heap size", "broker.memory.heap_undersized"),
            ("long gc pauses", "broker.memory.heap_undersized"),
            ("false alarm", "none.healthy"),
            ("false positives", "none.healthy"),
            ("blip", "none.self_healed"),
            ("recovered by itself", "none.self_healed"),
            ("memory leak", "broker.memory.plugin_leak"),
            ("leaking", "broker.memory.plugin_leak"),
            ("disk full", "storage.disk.full"),
            ("no space left on device", "storage.disk.full"),
            ("slow disks", "storage.disk.slow"),
            ("io wait", "storage.disk.slow"),
            ("iops", "storage.disk.slow"),
            ("disc slow", "storage.disk.slow"),
            ("bandwidth", "network.capacity.link_capped"),
            ("slow network", "network.capacity.link_capped"),
            ("throtle", "replication.throttle_left_behind"),
            ("forgotten throttle", "replication.throttle_left_behind"),
            ("throttle replicas", "replication.throttle_left_behind"),
            ("preferred leader", "leadership.not_preferred"),
            ("after a rolling restart", "leadership.not_preferred"),
            ("unbalanced leaders", "leadership.not_preferred"),
            ("wrong replica order", "leadership.skewed_assignment"),
            ("new broker idle", "leadership.broker_unused"),
            ("poison pill", "client.consumer.poison_record"),
            ("bad message", "client.consumer.poison_record"),
            ("rebalance storm", "client.group.poll_interval_exceeded"),
            ("max.poll.interval.ms", "client.group.poll_interval_exceeded"),
            ("hanging transaction", "client.transaction.left_open"),
            ("read_committed", "client.transaction.left_open"),
            ("client quota", "quota.client_throttled"),
            ("noisy neighbour", "quota.missing"),
            ("noisy neighbor", "broker.cpu.starved"),
            ("cpu limit", "broker.cpu.starved"),
            ("CPU throttling", "client.consumer.cpu_starved"),
            ("acl", "security.authorization.client_denied"),
            ("ClusterAction", "security.authorization.inter_broker_denied"),
            ("permission denied", "security.authorization.client_denied"),
            ("password changed", "security.authentication.credentials_rotated"),
            ("expired certificate", "network.tls.certificate_expired"),
            ("cert", "network.tls.certificate_expired"),
            ("acks=1", "replication.acked_below_min_isr"),
            ("min.insync.replicas", "replication.min_isr_equals_replicas"),
            ("data loss", "replication.unclean_election"),
            ("producer ids", "broker.memory.producer_ids"),
            ("new producer per batch", "broker.memory.producer_ids"),
            ("large messages", "client.producer.record_too_large"),
            ("big requests", "broker.memory.heap_exhausted"),
            ("too many open files", "broker.limits.file_descriptors"),
            ("ulimit", "broker.limits.file_descriptors"),
            ("deadlock", "broker.threads.deadlocked"),
            ("crashed", "broker.process.crashed"),
            ("kill -9", "broker.process.crashed"),
            ("packet loss", "network.quality.packet_loss"),
            ("high latency", "network.quality.latency"),
            ("mtu", "network.quality.mtu_black_hole"),
            ("dns", "network.naming.dns_failure"),
            ("advertised.listeners", "network.naming.advertised_listener"),
            ("split brain", "network.partition.controller_unreachable"),
            ("clock drift", "broker.clock.skewed"),
            ("page cache", "broker.memory.page_cache_evicted"),
            ("scaled to zero", "client.consumer.not_running"),
            ("no consumers running", "client.consumer.not_running"),
            ("consumer starved of cpu", "client.consumer.cpu_starved"),
            ("traffic grew", "client.producer.traffic_grew"),
            ("load spike", "client.producer.traffic_grew"),
            ("client bug", "client.software.defect"),
            ("kafka bug", "broker.software.defect"),
            ("vm.max_map_count", "broker.limits.memory_maps"),
            ("Map failed", "broker.limits.memory_maps"),
            ("direct buffer memory", "broker.memory.direct_buffers"),
            ("num.network.threads", "broker.threads.network_undersized"),
            ("not enough network threads", "broker.threads.network_undersized"),
            ("too many partitions", "broker.limits.partitions"),
            ("down-conversion", "broker.cpu.down_conversion"),
            ("swap", "broker.memory.swapped"),
            ("swapping", "broker.memory.swapped"),
            ("schema change", "client.producer.incompatible_schema"),
            ("offset reset", "client.consumer.offsets_lost"),
            ("debug logs", "broker.cpu.verbose_logging"),
            ("quorum lost", "controller.majority_lost"),
            ("stuck reassignment", "reassignment.stuck"),
            ("conection storm", "client.connections.storm"),
            ("dlq", "connect.records_to_dead_letters"),
        ],
    ),
    (
        Vocabulary::Events,
        &[
            ("under-replicated", "isr.shrunk"),
            ("urp", "isr.shrunk"),
            ("failover", "leader.moved"),
            ("gc", "gc.long_pauses"),
            ("oom killer", "process.killed"),
            ("deploy", "service.deployed"),
            ("rebalances", "group.rebalanced"),
            ("timeouts", "requests.timed_out"),
            ("consumer lag", "lag.grew"),
            ("disk full", "disk.filled"),
        ],
    ),
    (
        Vocabulary::Preventions,
        &[
            ("rollback", "process.change_verification"),
            ("canary", "process.canary_deploy"),
            ("bigger heap", "capacity.heap"),
            ("consumer lag", "alert.freshness"),
            ("rolling restart", "process.graceful_restart"),
            ("runbooks", "process.runbook"),
            ("rate limit", "limit.client_quota"),
        ],
    ),
    (
        Vocabulary::Components,
        &[
            ("network interface", "link:kafka-2"),
            ("volume", "disk:kafka-2"),
            ("application", "service:billing"),
            ("user", "principal:User:app"),
        ],
    ),
];

#[test]
fn plain_words_find_what_was_meant_among_the_first_three() {
    let mut missed = Vec::new();
    for (vocabulary, table) in PLAIN_WORDS {
        for (words, wanted) in *table {
            let found: Vec<_> =
                vocabulary.search(words).iter().take(3).map(|entry| entry.id).collect();
            if !found.contains(wanted) {
                missed.push(format!("`{words}` should find {wanted}, found {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_cause_is_found_by_words_that_are_not_its_name() {
    for class in CLASSES.iter() {
        for phrase in class.found_by.split(", ").take(1) {
            let found: Vec<_> =
                Vocabulary::Classes.search(phrase).iter().map(|entry| entry.id).collect();
            assert!(found.iter().take(8).any(|id| *id == class.id), "{phrase}: {found:?}");
        }
        assert!(class.found_by.split(", ").count() >= 10, "{}", class.id);
    }
}

#[test]
fn what_nothing_is_like_finds_nothing() {
    for words in ["the", "qqq", "xyzzy plugh", "!!", "of the"] {
        assert_eq!(Vocabulary::Classes.search(words), [], "{words}");
    }
    assert_eq!(Vocabulary::Classes.search(" ").len(), CLASSES.len() + GROUPS.len());
}

#[test]
fn a_defect_is_accepted_where_it_shows() {
    let defect = class("client.group.assignment_defect");
    assert_eq!(defect.map(|c| c.id), Ok("client.software.defect"));
}
