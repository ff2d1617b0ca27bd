use super::*;
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::domain::telemetry::series::{
    MatchOp, Matcher, NAME, Point, Series, SeriesSource, anchored, is_stale,
};

fn target(node: &str) -> Target {
    Target { job: "kafka".to_owned(), node: node.to_owned() }
}

pub(super) fn scrape(at: UnixMs, node: &str, samples: &[(&str, f64)]) -> Scrape {
    let samples =
        samples.iter().map(|(name, value)| (Labels::of(name, [("node", node)]), *value)).collect();
    Scrape { at, target: target(node), samples: Some(samples) }
}

pub(super) fn points(
    reader: &dyn SeriesSource,
    name: &str,
    from: UnixMs,
    to: UnixMs,
) -> Vec<String> {
    let matcher = Matcher { label: NAME.to_owned(), op: MatchOp::Equal(name.to_owned()) };
    let series = reader.select(&[matcher], from, to).expect("readable");
    let show = |p: &Point| {
        if is_stale(p.value) { format!("{}:stale", p.at) } else { format!("{}:{}", p.at, p.value) }
    };
    series.iter().flat_map(|s| s.points.iter().map(show)).collect()
}

#[test]
fn values_that_do_not_change_are_read_again_at_every_scrape() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    for at in [1000, 2000, 3000] {
        writer
            .scrape(&scrape(at, "kafka-1", &[("same", 5.0), ("grows", at as f64)]))
            .expect("writes");
    }
    writer.commit().expect("commits");
    let reader = Reader::open(folder.path()).expect("opens");
    assert_eq!(points(&reader, "same", 0, 9000), ["1000:5", "2000:5", "3000:5"]);
    assert_eq!(points(&reader, "same", 2000, 2500), ["2000:5"]);
    assert_eq!(points(&reader, "grows", 1500, 9000), ["2000:2000", "3000:3000"]);
    let rows = rusqlite::Connection::open(folder.path().join(FILE)).expect("opens").query_row(
        "SELECT count(*) FROM sample",
        [],
        |r| r.get::<_, i64>(0),
    );
    assert_eq!(
        rows.expect("counts"),
        4,
        "one row for the value that stayed, three for the one that grew"
    );
}

#[test]
fn a_series_ends_when_it_leaves_a_scrape_and_when_its_scrape_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    writer.scrape(&scrape(1000, "kafka-1", &[("a", 1.0), ("b", 1.0)])).expect("writes");
    writer.scrape(&scrape(2000, "kafka-1", &[("a", 1.0)])).expect("writes");
    writer.scrape(&Scrape { at: 3000, target: target("kafka-1"), samples: None }).expect("writes");
    writer.scrape(&Scrape { at: 4000, target: target("kafka-1"), samples: None }).expect("writes");
    writer.scrape(&scrape(5000, "kafka-1", &[("a", 1.0), ("b", f64::NAN)])).expect("writes");
    writer.commit().expect("commits");
    let reader = Reader::open(folder.path()).expect("opens");
    assert_eq!(points(&reader, "a", 0, 9000), ["1000:1", "2000:1", "3000:stale", "5000:1"]);
    assert_eq!(points(&reader, "b", 0, 9000), ["1000:1", "2000:stale", "5000:NaN"]);
    assert_eq!(
        points(&reader, "a", 3500, 4500),
        Vec::<String>::new(),
        "nothing is alive while scrapes fail"
    );
}

#[test]
fn a_record_that_was_cut_off_is_continued() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    writer.scrape(&scrape(1000, "kafka-1", &[("a", 1.0), ("b", f64::INFINITY)])).expect("writes");
    writer.commit().expect("commits");
    writer.scrape(&scrape(2000, "kafka-1", &[("a", 7.0)])).expect("writes");
    drop(writer);
    let mut writer = Writer::open(folder.path()).expect("opens again");
    assert_eq!(
        writer.last_scrape().expect("readable"),
        Some(1000),
        "what was not committed is not there"
    );
    writer.scrape(&scrape(9000, "kafka-1", &[("a", 1.0)])).expect("writes");
    writer.commit().expect("commits");
    let reader = Reader::open(folder.path()).expect("opens");
    assert_eq!(points(&reader, "a", 0, 9000), ["1000:1", "9000:1"]);
    assert_eq!(points(&reader, "b", 0, 9000), ["1000:inf", "9000:stale"]);
}

#[test]
fn commands_are_numbered_and_seen_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    let start = CommandStart {
        at: 5,
        who: None,
        kind: "exec".to_owned(),
        node: "toolbox".to_owned(),
        text: "kafka-topics.sh --list".to_owned(),
        mutating: false,
    };
    let first = writer.command_started(&start).expect("writes");
    let second = writer.command_started(&start).expect("writes");
    let end = CommandEnd { at: 9, exit: Some(0), head: b"orders\n".to_vec(), ..Default::default() };
    writer.command_ended(first, &end).expect("writes");
    let commands = Reader::open(folder.path()).expect("opens").commands().expect("readable");
    assert_eq!((first, second), (1, 2));
    assert_eq!(
        commands[0],
        Command { number: 1, start: start.clone(), end: Some(end), changed: None }
    );
    assert_eq!(commands[1], Command { number: 2, start, end: None, changed: None });
}

#[test]
fn logs_of_several_nodes_come_in_the_order_of_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    for (at, node, line) in
        [(1, "kafka-1", "a"), (3, "kafka-1", "c"), (2, "kafka-2", "b"), (2, "billing", "no")]
    {
        writer.log(&LogLine { at, node: node.to_owned(), line: line.to_owned() }).expect("writes");
    }
    writer.commit().expect("commits");
    let reader = Reader::open(folder.path()).expect("opens");
    let lines = reader.lines(&|node| node.starts_with("kafka"), 0, 9).expect("readable");
    assert_eq!(lines.iter().map(|l| l.line.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn a_record_of_another_format_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Writer::open(folder.path()).expect("opens"));
    let path = folder.path().join(FILE);
    rusqlite::Connection::open(&path)
        .expect("opens")
        .execute("UPDATE meta SET value = '3' WHERE key = 'format'", [])
        .expect("writes");
    let error = Reader::open(folder.path()).expect_err("refused").to_string();
    assert_eq!(
        error,
        format!(
            "{} is a record of format 3; this program reads formats 1 and 2. It was left untouched: \
             use the version that wrote it",
            path.display()
        )
    );
    assert!(Writer::open(folder.path()).is_err());
    std::fs::write(&path, "not a database, only some text that is long enough").expect("writes");
    assert!(Reader::open(folder.path()).expect_err("refused").to_string().contains("telemetry.db"));
}

#[test]
fn the_whole_record_in_memory_answers_as_the_file_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    writer.scrape(&scrape(1000, "kafka-1", &[("same", 5.0), ("grows", 1.0)])).expect("writes");
    writer.scrape(&scrape(2000, "kafka-1", &[("same", 5.0), ("grows", 2.5)])).expect("writes");
    writer.scrape(&Scrape { at: 3000, target: target("kafka-1"), samples: None }).expect("writes");
    writer.scrape(&scrape(4000, "kafka-1", &[("same", 5.0), ("grows", f64::NAN)])).expect("writes");
    writer.scrape(&scrape(5000, "kafka-1", &[("same", 5.0)])).expect("writes");
    writer
        .log(&LogLine { at: 4500, node: "kafka-1".to_owned(), line: "a".to_owned() })
        .expect("writes");
    writer.commit().expect("commits");
    let reader = Reader::open(folder.path()).expect("opens");
    let whole = reader.whole(9000).expect("readable");
    for (from, to) in
        [(0, 9000), (1500, 2500), (2000, 2000), (2500, 3500), (3500, 3900), (4500, 5000)]
    {
        for name in ["same", "grows"] {
            assert_eq!(
                points(&whole, name, from, to),
                points(&reader, name, from, to),
                "{name} from {from} to {to}"
            );
        }
    }
    assert_eq!(whole.lines(&|_| true, 0, 9000), reader.lines(&|_| true, 0, 9000));
    assert_eq!(reader.span().expect("readable"), Some((1000, 5000)));
    for (from, to) in
        [(0, 9000), (0, 2999), (0, 3500), (3000, 3500), (3500, 3999), (4500, 4900), (0, 900)]
    {
        let every = anchored(".*").expect("a pattern");
        let every = [Matcher { label: NAME.to_owned(), op: MatchOp::Matches(every) }];
        let (ours, theirs) = (reader.newest(&every, from, to), whole.newest(&every, from, to));
        // As text, in which NaN is like NaN.
        let shown = |newest: Result<Vec<Series>, _>| {
            let mut newest = newest.expect("readable");
            newest.sort_by(|a, b| a.labels.cmp(&b.labels));
            let stale: Vec<_> = newest.iter().map(|s| is_stale(s.points[0].value)).collect();
            format!("{newest:?} {stale:?}")
        };
        assert_eq!(shown(ours), shown(theirs), "the newest from {from} to {to}");
    }
    let early = reader.whole(2500).expect("readable");
    assert_eq!(
        (points(&early, "grows", 0, 9000), early.lines.len()),
        (vec!["1000:1".to_owned(), "2000:2.5".to_owned()], 0)
    );
}
