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

#[test]
fn searching_finds_by_words_of_the_sentence() {
    let found: Vec<_> =
        Vocabulary::Classes.search("throttle replicas").iter().map(|e| e.id).collect();
    assert_eq!(found, ["replication.throttle_left_behind"]);
}
