use std::process::{Child, Command};

use super::*;

/// Names the home in which a test that started itself again takes its part.
const PART_OF: &str = "CHAOSLAB_TEST_HOME";
const RUN: &str = "r-000001";
const TIMES: u32 = 25;

/// What one process does to the run, again and again: `hints` counts all changes of all of them.
fn take_part(run: &Run, part: &str) {
    for _ in 0..TIMES {
        let changed = run.update(|file| {
            file.hints += 1;
            match part {
                "submit" => file.graded = Some(Graded { score: 92_800, passed: true }),
                "stop" => {
                    file.state = RunState::Closed;
                    file.closed_at.get_or_insert(9);
                }
                _ => file.settled_at = Some(file.settled_at.unwrap_or(0) + 1),
            }
        });
        assert_eq!(changed.expect("changed").id, RUN);
    }
}

#[test]
fn what_several_processes_change_at_once_is_all_kept() {
    if let Some(home) = std::env::var_os(PART_OF) {
        let (home, part) = (PathBuf::from(&home), std::env::var("PART").expect("a part"));
        let run = Home::at(&home).open(RUN).expect("there");
        // Two threads of one process exclude each other too.
        std::thread::scope(|scope| {
            scope.spawn(|| take_part(&run, &part));
            scope.spawn(|| take_part(&run, &part));
        });
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let run =
        Home::at(home.path()).create(&RunFile::new(RUN, "isr-shrink", "image", 1)).expect("made");
    let begin = |part: &str| -> Child {
        let this = "lab::run::tests::what_several_processes_change_at_once_is_all_kept";
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", this])
            .env(PART_OF, home.path())
            .env("PART", part)
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts")
    };
    for mut child in ["submit", "stop", "keeper"].map(begin) {
        assert!(child.wait().expect("it ends").success());
    }
    let file = run.read().expect("readable");
    assert_eq!(file.hints, 3 * 2 * TIMES, "each change was made on what the one before it left");
    assert_eq!(file.settled_at, Some(i64::from(2 * TIMES)));
    assert_eq!((file.state, file.closed_at), (RunState::Closed, Some(9)));
    assert_eq!(file.graded, Some(Graded { score: 92_800, passed: true }));
    let mut left: Vec<_> = fs::read_dir(run.folder())
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    left.sort();
    assert_eq!(
        left,
        [".run.spare", "run.json", "run.lock", "sealed"],
        "nothing half-written stays"
    );
}

#[test]
fn a_reader_never_finds_half_a_state() {
    let home = tempfile::tempdir().expect("a folder");
    let run =
        Home::at(home.path()).create(&RunFile::new(RUN, "isr-shrink", "image", 1)).expect("made");
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| take_part(&run, "keeper"));
        while !writing.is_finished() {
            run.read().expect("whole");
        }
    });
    assert_eq!(run.read().expect("readable").hints, TIMES);
}

#[test]
fn a_file_that_is_there_is_not_made_again_and_nothing_half_written_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rca.md");
    create_file(&path, b"mine").expect("made");
    let again = create_file(&path, b"other").expect_err("it is there");
    let RunError::Io { source, .. } = &again else { panic!("{again}") };
    assert_eq!(source.kind(), std::io::ErrorKind::AlreadyExists);
    // A folder cannot be replaced by a file.
    fs::create_dir(folder.path().join("grade.json")).expect("made");
    replace_file(&folder.path().join("grade.json"), b"{}").expect_err("it is a folder");
    assert_eq!(fs::read_to_string(&path).expect("there"), "mine");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
}
