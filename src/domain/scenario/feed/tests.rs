use super::*;

const KINDS: [&str; 3] = ["maintenance", "network", "release"];

fn action() -> Action {
    Action::StopService { service: "billing".to_owned() }
}

fn work(name: &str, k: usize) -> Work {
    let actions = if k.is_multiple_of(10) { vec![action()] } else { Vec::new() };
    Work { say: format!("{name} {k}"), by: "somebody".to_owned(), actions }
}

fn stock() -> Stock {
    let kind = |name: &str| Kind {
        say: (0..4).map(|k| format!("{name} {k}")).collect(),
        by: vec!["a".to_owned(), "b".to_owned()],
        actions: vec![action()],
    };
    let works = |name, count| (0..count).map(|k| work(name, k)).collect();
    Stock {
        kinds: KINDS.iter().map(|name| ((*name).to_owned(), kind(name))).collect(),
        others: works("other", 40),
        decoys: works("decoy", 4),
        misleading: works("misleading", 4),
        disturbances: vec![Disturbance { is: "it".to_owned(), actions: vec![action()] }],
    }
}

fn at(level: Level, seed: Seed) -> Drawing {
    Drawing { level, ..Drawing::of(seed) }
}

/// What a reader sees of it.
fn told(feed: &[Entry]) -> Vec<(&str, &str, i64)> {
    feed.iter().map(|e| (e.what.as_str(), e.by.as_str(), e.before_page_ms)).collect()
}

#[test]
fn above_level_1_a_feed_is_the_same_whatever_started_it() {
    let stock = stock();
    for level in [Level::Practice, Level::Misled, Level::Production] {
        for seed in 0..200 {
            let feeds = KINDS.map(|kind| stock.feed(kind, &at(level, seed)));
            for feed in &feeds {
                assert_eq!(told(feed), told(&feeds[0]), "level {level}, seed {seed}");
            }
        }
    }
}

#[test]
fn what_started_it_is_listed_when_its_kind_is_and_does_nothing_besides() {
    let stock = stock();
    let mut listed = 0;
    for seed in 0..600 {
        let feed = stock.feed("network", &at(Level::Practice, seed));
        for entry in &feed {
            assert_eq!(entry.started_it, entry.what.starts_with("network"), "{entry:?}");
            assert!(!entry.started_it || entry.actions.is_empty(), "{entry:?}");
        }
        listed += feed.iter().filter(|entry| entry.started_it).count();
    }
    assert!((160..240).contains(&listed), "{listed} of 600");
}

#[test]
fn at_level_1_what_started_it_is_listed_among_few_others() {
    for seed in 0..100 {
        let feed = stock().feed("release", &at(Level::Guided, seed));
        assert_eq!(feed.iter().filter(|entry| entry.started_it).count(), 1, "{feed:?}");
        assert!((1..=3).contains(&feed.len()), "{feed:?}");
    }
}

#[test]
fn feeds_have_none_to_seven_entries_in_the_order_of_their_times_and_no_text_twice() {
    for level in [Level::Practice, Level::Misled, Level::Production] {
        let mut counts = BTreeSet::new();
        for seed in 0..300 {
            let feed = stock().feed("release", &at(level, seed));
            assert!(feed.is_sorted_by_key(|entry| -entry.before_page_ms), "{feed:?}");
            let texts: BTreeSet<_> = feed.iter().map(|entry| &entry.what).collect();
            assert_eq!(texts.len(), feed.len(), "{feed:?}");
            counts.insert(feed.len());
            let extra = if level == Level::Practice { 0 } else { 1 };
            for name in ["decoy", "misleading"] {
                let there = feed.iter().filter(|entry| entry.what.starts_with(name)).count();
                assert_eq!(there, extra, "{feed:?}");
            }
        }
        let least = if level == Level::Practice { 0 } else { 2 };
        assert_eq!(counts, (least..=MOST).collect());
    }
}

#[test]
fn work_that_takes_effect_began_as_long_ago_whether_it_started_it_or_not() {
    let spans = |started_it: bool| {
        let stock = stock();
        let feeds = (0..600).flat_map(|seed| stock.feed("network", &at(Level::Practice, seed)));
        let began = feeds
            .filter(|entry| entry.started_it == started_it)
            .filter(|entry| entry.started_it || !entry.actions.is_empty());
        began.map(|entry| entry.before_page_ms).collect::<Vec<_>>()
    };
    let mean = |spans: &[i64]| spans.iter().sum::<i64>() / spans.len() as i64;
    let (own, others) = (spans(true), spans(false));
    for spans in [&own, &others] {
        assert!(spans.iter().all(|ms| (EFFECTIVE.0..=EFFECTIVE.1).contains(ms)), "{spans:?}");
    }
    assert!((mean(&own) - mean(&others)).abs() < 30_000, "{} {}", mean(&own), mean(&others));
}

#[test]
fn others_are_nearer_to_the_page_than_what_started_it_in_many_feeds() {
    let stock = stock();
    let feeds = (0..300).map(|seed| stock.feed("network", &at(Level::Practice, seed)));
    let with: Vec<_> = feeds.filter(|feed| feed.iter().any(|entry| entry.started_it)).collect();
    let nearest = with.iter().filter(|f| f.last().is_some_and(|last| last.started_it)).count();
    assert!(nearest * 3 < with.len(), "the nearest in {nearest} of {}", with.len());
}

#[test]
fn no_text_is_told_again_within_three_drills() {
    let stock = stock();
    let mut lately: Vec<BTreeSet<String>> = Vec::new();
    for seed in 0..100 {
        let avoid = lately.iter().rev().take(3).flatten().cloned().collect();
        let feed = stock.feed("network", &Drawing { seed, level: Level::Misled, avoid });
        let texts: BTreeSet<_> = feed.into_iter().map(|entry| entry.text).collect();
        let read: BTreeSet<_> = lately.iter().rev().take(3).flatten().collect();
        assert!(texts.iter().all(|text| !read.contains(text)), "{texts:?} after {read:?}");
        lately.push(texts);
    }
}

#[test]
fn something_else_goes_on_at_level_4_only() {
    let disturbed = |level| stock().disturbance(&at(level, 1)).is_some();
    assert_eq!(Level::ALL.map(disturbed), [false, false, false, true]);
}
