//! What a write that fails leaves: nothing of its second, and a writer that knows what the record
//! says.

use super::tests::{points, scrape};
use super::*;
use crate::domain::telemetry::log::{LogLine, LogSource};

/// A second of many series, with new names: it needs new pages, so that a full disk is met.
fn wide(at: UnixMs, value: f64) -> Scrape {
    let names: Vec<_> = (0..400).map(|k| format!("{}_{at}_{k}", "x".repeat(60))).collect();
    let fixed = [("a", value), ("b", value)];
    let named = names.iter().map(|name| (name.as_str(), value));
    scrape(at, "kafka-1", &fixed.into_iter().chain(named).collect::<Vec<_>>())
}

fn same(writer: &Writer) {
    let [known, recorded] = writer.known_and_recorded();
    assert_eq!(known, recorded, "what is known is what the record says");
}

#[test]
fn a_second_that_does_not_fit_on_the_disk_was_never_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    writer.scrape(&scrape(1000, "kafka-1", &[("a", 1.0), ("b", 1.0)])).expect("writes");
    writer.commit().expect("commits");
    for pages in 0..12 {
        writer.room_for(pages);
        let at = 2000 + pages * 1000;
        // Something that fits comes first: it goes with the rest.
        let line = LogLine { at, node: "kafka-1".to_owned(), line: "a".to_owned() };
        let written = writer
            .log(&line)
            .and_then(|()| writer.scrape(&scrape(at, "kafka-2", &[("a", 1.0)])))
            .and_then(|()| writer.scrape(&wide(at, 2.0)))
            .and_then(|()| writer.commit());
        assert_eq!(written.expect_err("it does not fit").cause(), "the disk is full");
        writer.room_again();
        let reader = Reader::open(folder.path()).expect("opens");
        assert_eq!(points(&reader, "a", 0, 99_000), ["1000:1"]);
        assert_eq!(reader.lines(&|_| true, 0, 99_000).expect("readable"), []);
    }
    writer.scrape(&scrape(50_000, "kafka-1", &[("a", 1.0), ("b", 2.0)])).expect("writes");
    same(&writer);
    writer.commit().expect("commits");
    let reader = Reader::open(folder.path()).expect("opens");
    assert_eq!(points(&reader, "a", 0, 99_000), ["1000:1", "50000:1"]);
    assert_eq!(points(&reader, "b", 0, 99_000), ["1000:1", "50000:2"]);
    assert_eq!(reader.span().expect("readable"), Some((1000, 50_000)));
}

#[test]
fn a_record_that_another_program_holds_is_written_again_when_it_is_free() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    let other = rusqlite::Connection::open(folder.path().join(FILE)).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("takes it");
    let refused = writer.scrape(&wide(1000, 1.0)).expect_err("it is taken");
    assert_eq!(refused.cause(), "another program holds the record");
    other.execute_batch("ROLLBACK").expect("gives it back");
    writer.scrape(&wide(2000, 1.0)).expect("writes");
    same(&writer);
    writer.commit().expect("commits");
    let reader = Reader::open(folder.path()).expect("opens");
    assert_eq!(points(&reader, "a", 0, 9000), ["2000:1"]);
}
