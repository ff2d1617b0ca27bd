//! A record that cannot be written: what is told meanwhile, and what is marked afterwards.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use super::*;
use crate::domain::telemetry::log::LogSource;
use crate::domain::telemetry::series::Labels;
use crate::lab::run::{Home, RunFile, RunState};
use crate::lab::store::Target;

fn second(at: UnixMs) -> Scrape {
    // Names of its own: each second needs room.
    let samples = (0..300).map(|k| (Labels::of(&format!("{}_{at}_{k}", "x".repeat(60)), []), 1.0));
    let target = Target { job: "kafka".to_owned(), node: "kafka-1".to_owned() };
    let samples = samples.chain([(Labels::of("wrong", []), 0.0)]).collect();
    Scrape { at, target, samples: Some(samples) }
}

fn recorder() -> (tempfile::TempDir, Recorder) {
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::open(folder.path(), Clock::at(1_000)).expect("opens");
    (folder, recorder)
}

fn line(at: UnixMs) -> LogLine {
    LogLine { at, node: "kafka-1".to_owned(), line: "INFO".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_a_gap_and_then_everything_goes_on() {
    let (_folder, recorder) = recorder();
    recorder.second(1_000, &[second(1_000)]).expect("writes");
    let start = CommandStart {
        at: 1_500,
        who: None,
        kind: "exec".to_owned(),
        node: "kafka-1".to_owned(),
        text: "df".to_owned(),
        mutating: false,
    };
    let number = recorder.command_started(&start).expect("writes");
    recorder.writer.borrow().room_for(0);
    for at in [2_000, 3_000, 4_000] {
        recorder.second(at, &[second(at)]).expect_err("there is no room");
        recorder.log(&line(at)).expect("it is lost with the rest");
    }
    let outage = Outage { since: 1_000, reason: "the disk is full".to_owned() };
    assert_eq!(recorder.outage(), Some(outage));
    let end = CommandEnd { at: 4_500, head: vec![b'x'; 50_000], ..Default::default() };
    recorder.command_ended(number, end.clone());
    assert_eq!(recorder.reader().expect("opens").gaps().expect("readable"), []);

    recorder.writer.borrow().room_again();
    recorder.second(5_000, &[second(5_000)]).expect("writes");
    recorder.second(6_000, &[second(6_000)]).expect("writes");
    recorder.log(&line(6_500)).expect("writes");
    recorder.finish().expect("commits");
    assert_eq!(recorder.outage(), None);
    let reader = recorder.reader().expect("opens");
    let gap = Gap { from: 1_000, to: 5_000, reason: "the disk is full".to_owned() };
    assert_eq!(reader.gaps().expect("readable"), [gap]);
    assert_eq!(reader.commands().expect("readable")[0].end, Some(end));
    let lines = reader.lines(&|_| true, 0, 9_000).expect("readable");
    assert_eq!(lines, [line(6_500)]);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_second_ends_when_none_can_be_written() {
    let (_folder, recorder) = recorder();
    recorder.second(1_000, &[second(1_000)]).expect("writes");
    recorder.writer.borrow().room_for(0);
    recorder.second(2_000, &[second(2_000)]).expect_err("there is no room");
    let conditions = Conditions::new(["wrong == 0"]).expect("parses");
    let held = hold(&recorder, &conditions, 5_000, 90_000).await;
    let says = "nothing has been recorded for 20 s: the disk is full";
    assert_eq!(held.expect_err("it ends").to_string(), says);
    recorder.writer.borrow().room_again();
    recorder.second(3_000, &[second(3_000)]).expect("writes");
    let waited = recorder.next_second().await.expect_err("nothing observes").to_string();
    assert_eq!(waited, "nothing has been recorded for 20 s: no second was read");
}

#[tokio::test(start_paused = true)]
async fn what_lies_across_a_gap_did_not_hold() {
    let (_folder, recorder) = recorder();
    let conditions = Conditions::new(["wrong == 0"]).expect("parses");
    let observe = async {
        for at in (1_000..30_000).step_by(1_000) {
            tokio::time::advance(Duration::from_secs(1)).await;
            match at {
                4_000 => recorder.writer.borrow().room_for(0),
                7_000 => recorder.writer.borrow().room_again(),
                _ => {}
            }
            // From 4,000 to 6,000 it fails.
            let _ = recorder.second(at, &[second(at)]);
            tokio::task::yield_now().await;
        }
        std::future::pending::<()>().await;
    };
    let held = tokio::select! {
        held = hold(&recorder, &conditions, 5_000, 90_000) => held.expect("it goes on"),
        () = observe => unreachable!("it never ends"),
    };
    assert_eq!(held, Held::Yes { from: 7_000, to: 12_000 });
}

#[tokio::test(start_paused = true)]
async fn seconds_that_are_missing_are_told_and_late_ones_are_not() {
    let (_folder, recorder) = recorder();
    for at in [1_000, 2_000, 5_500, 6_500, 20_000] {
        recorder.second(at, &[]).expect("writes");
    }
    let gaps = recorder.reader().expect("opens").gaps().expect("readable");
    let reason = "the keeper did not get to run".to_owned();
    assert_eq!(gaps, [Gap { from: 6_500, to: 20_000, reason }]);
}

/// A file system of one MiB. Only root may mount one.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path());
        let mounted = mount.stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self { folder })
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = File::create(self.filler()).expect("made");
        for size in [4096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What stays mounted is an empty folder in nobody's way.
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_real_disk_that_is_full_the_state_is_written_and_the_record_goes_on_afterwards() {
    let Some(disk) = SmallDisk::mount() else { return };
    let run = Home::at(disk.folder.path())
        .create(&RunFile::new("r-000001", "test", "image", 0))
        .expect("made");
    let recorder = Recorder::open(run.folder(), Clock::at(1_000)).expect("opens");
    recorder.second(1_000, &[second(1_000)]).expect("writes");
    disk.fill();
    for at in [2_000, 3_000] {
        recorder.second(at, &[second(at)]).expect_err("there is no room");
    }
    assert_eq!(recorder.outage().expect("it is told").reason, "the disk is full");
    for hints in 1..=20 {
        run.update(|file| file.hints = hints).expect("a state takes no new room");
    }
    run.write_text("rca.md", &"x".repeat(10_000)).expect_err("there is no room");
    run.update(|file| file.state = RunState::Closed).expect("nor does it now");
    let left = std::fs::read_dir(run.folder()).expect("a folder");
    let left: Vec<_> = left.map(|e| e.expect("an entry").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("rca.md")), "{left:?}");

    std::fs::remove_file(disk.filler()).expect("removed");
    recorder.second(4_000, &[second(4_000)]).expect("writes");
    let reader = recorder.reader().expect("opens");
    let gap = Gap { from: 1_000, to: 4_000, reason: "the disk is full".to_owned() };
    assert_eq!(reader.gaps().expect("readable"), [gap]);
    assert_eq!(reader.span().expect("readable"), Some((1_000, 4_000)));
    assert_eq!(run.read().expect("readable").state, RunState::Closed);
}
