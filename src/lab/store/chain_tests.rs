//! The chain: what it holds, what it finds, and that no moment of death breaks it.

use std::path::PathBuf;
use std::time::Duration;

use super::tests::scrape;
use super::*;
use crate::lab::wait;

const COMMITMENT: &str = "c0ffee";

fn start(at: UnixMs, who: Option<&str>) -> CommandStart {
    CommandStart {
        at,
        who: who.map(str::to_owned),
        kind: "exec".to_owned(),
        node: "kafka-2".to_owned(),
        text: "tc -s qdisc show dev eth0".to_owned(),
        mutating: false,
    }
}

fn end(at: UnixMs) -> CommandEnd {
    CommandEnd { at, exit: Some(0), head: b"qdisc tbf".to_vec(), ..Default::default() }
}

fn detected(number: u32) -> Detected {
    Detected {
        number,
        at: 9,
        event: "replication.isr_shrunk".to_owned(),
        on: "[\"broker:2\"]".to_owned(),
        since: 7,
        told: "orders-0".to_owned(),
    }
}

/// A record with two changes before the run opened, and after it three commands, the second one
/// still running, a change and a detection.
fn record() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    writer.change(1, "retention raised", "governance").expect("writes");
    writer.change(2, "profile applied", "network").expect("writes");
    writer.begin_chain(COMMITMENT).expect("begins");
    let first = writer.command_started(&start(3, None)).expect("writes");
    writer.command_started(&start(4, Some("alice"))).expect("writes");
    writer.detected(&detected(1)).expect("writes");
    writer.command_ended(first, &end(5)).expect("writes");
    writer.change(6, "segments shortened", "governance").expect("writes");
    let third = writer.command_started(&start(7, Some("bob"))).expect("writes");
    writer.command_ended(third, &end(8)).expect("writes");
    folder
}

fn verify(folder: &Path) -> Result<Chain, String> {
    let reader = Reader::open(folder).expect("opens");
    reader.verify_chain(COMMITMENT).map_err(|error| error.to_string())
}

#[test]
fn an_untouched_record_holds_and_says_where_it_stands() {
    let folder = record();
    let chain = verify(folder.path()).expect("it holds");
    // The opening, three changes, three beginnings, two ends, a detection.
    assert_eq!(chain.links, 10);
    let reader = Reader::open(folder.path()).expect("opens");
    let other = reader.verify_chain("decaf").expect_err("it opened with another").to_string();
    assert_eq!(other, "the opening of the run is not as it was recorded");
    drop(reader);
    let mut writer = Writer::open(folder.path()).expect("opens again");
    writer.command_ended(2, &end(9)).expect("writes");
    let grown = verify(folder.path()).expect("it holds");
    assert_eq!(grown.links, 11);
    assert_ne!(grown.head, chain.head);
}

#[test]
fn a_link_can_be_checked_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::open(folder.path()).expect("opens");
    writer.begin_chain(COMMITMENT).expect("begins");
    writer.command_started(&start(3, Some("alice"))).expect("writes");
    let sum = std::process::Command::new("sh")
        .args(["-c", r#"printf '%s%s' c0ffee '{"command-began":{"at":3,"kind":"exec","mutating":false,"node":"kafka-2","number":1,"text":"tc -s qdisc show dev eth0","who":"alice"}}' | sha256sum | cut -d" " -f1"#])
        .output()
        .expect("it runs");
    let by_hand = String::from_utf8(sum.stdout).expect("text");
    assert_eq!(verify(folder.path()).expect("it holds").head, by_hand.trim());
}

#[test]
fn whatever_is_edited_removed_or_added_with_sql_is_found_by_its_place() {
    let edits = [
        ("UPDATE command SET text = 'ls' WHERE number = 1", "command 1 is not as it was recorded"),
        ("UPDATE command SET who = 'bob' WHERE number = 2", "command 2 is not as it was recorded"),
        ("UPDATE command SET who = NULL WHERE number = 3", "command 3 is not as it was recorded"),
        ("UPDATE command SET started = 1 WHERE number = 3", "command 3 is not as it was recorded"),
        (
            "UPDATE command SET head = CAST('qdisc netem' AS BLOB) WHERE number = 1",
            "the end of command 1 is not as it was recorded",
        ),
        (
            "UPDATE command SET exit = NULL WHERE number = 3",
            "the end of command 3 is not as it was recorded",
        ),
        (
            "UPDATE command SET ended = NULL WHERE number = 1",
            "the end of command 1 was removed from the record",
        ),
        (
            "UPDATE command SET ended = 9, head = x'', tail = x'', dropped = 0 WHERE number = 2",
            "the end of command 2 was added to the record",
        ),
        ("DELETE FROM command WHERE number = 3", "command 3 was removed from the record"),
        (
            "INSERT INTO command SELECT 4, kind, node, text, mutating, started, NULL, NULL, NULL, NULL, NULL, who FROM command WHERE number = 1",
            "command 4 was added to the record",
        ),
        ("UPDATE change SET who = 'me' WHERE number = 1", "change C1 is not as it was recorded"),
        ("DELETE FROM change WHERE number = 2", "change C2 was removed from the record"),
        (
            "INSERT INTO change VALUES (4, 9, 'cpu limit lowered', 'platform')",
            "change C4 was added to the record",
        ),
        ("UPDATE detection SET since = 1", "detection V1 is not as it was recorded"),
        ("DELETE FROM detection", "detection V1 was removed from the record"),
        ("UPDATE link SET chain = 'f00' WHERE number = 2", "change C2 is not as it was recorded"),
        (
            "UPDATE link SET kind = 'note' WHERE number = 3",
            "link 3 of the chain was changed or removed",
        ),
        ("DELETE FROM link WHERE number = 4", "link 4 of the chain was changed or removed"),
        (
            "UPDATE link SET chain = 'decaf' WHERE number = 0",
            "the opening of the run is not as it was recorded",
        ),
        (
            "DELETE FROM link",
            "the record has no chain: it is of an older format, or the run never opened",
        ),
    ];
    for (edit, says) in edits {
        let folder = record();
        let connection = rusqlite::Connection::open(folder.path().join(FILE)).expect("opens");
        connection.execute_batch(edit).expect("edits");
        assert_eq!(verify(folder.path()).expect_err("it is found"), says, "{edit}");
    }
}

/// Names the folder in which a test that started itself again writes until it is killed.
const FOLDER: &str = "CHAOSLAB_TEST_RECORD";

#[test]
fn a_keeper_that_is_killed_at_any_moment_leaves_a_chain_that_holds() {
    if let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) {
        let mut writer = Writer::open(&folder).expect("opens");
        for at in 1.. {
            let number = writer.command_started(&start(at, None)).expect("writes");
            writer.scrape(&scrape(at, "kafka-1", &[("a", at as f64)])).expect("writes");
            writer.change(at, "profile applied", "network").expect("writes");
            writer.command_ended(number, &end(at)).expect("writes");
            writer.detected(&Detected { at, ..detected(number) }).expect("writes");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    Writer::open(folder.path()).expect("opens").begin_chain(COMMITMENT).expect("begins");
    let links = || verify(folder.path()).expect("it holds").links;
    for killed in 1..=8 {
        let before = links();
        let this = "lab::store::chain_tests::a_keeper_that_is_killed_at_any_moment_leaves_a_chain_that_holds";
        let mut child = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", this])
            .env(FOLDER, folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        // Each time after a few more links than the time before, at whatever statement that is.
        let written = wait::blocking(Duration::from_secs(30), Duration::from_millis(1), || {
            Ok::<_, ()>((links() > before + killed).then_some(()))
        });
        child.kill().expect("it is killed");
        child.wait().expect("it is gone");
        assert_eq!(written, Ok(Some(())), "it wrote");
        assert!(links() > before + killed);
    }
}
