//! Killed at any moment, then stopped: nothing is left. On a real engine.

mod program;

use std::fs;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use chaoslab::lab::run::Home;
use program::{NOTHING, Program, processes_of, standing, until};
use rustix::process::{Pid, Signal, kill_process};

/// A moment of a staging, as it can be seen from outside.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The run's folder is there.
    Begun,
    /// So many of its containers are there.
    Containers(usize),
    /// So many steps were told.
    Steps(usize),
    /// The run is in this state.
    State(&'static str),
}

const MOMENTS: [Moment; 10] = [
    Moment::Begun,
    Moment::State("booting"),
    Moment::Steps(1),
    Moment::Containers(1),
    Moment::Containers(4),
    Moment::Containers(7),
    Moment::Steps(2),
    Moment::Steps(3),
    Moment::State("settling"),
    Moment::State("breaking"),
];

impl Moment {
    fn has_come(self, program: &Program, run: &str) -> bool {
        let folder = program.run_folder(run);
        match self {
            Self::Begun => true,
            Self::Containers(n) => standing(run)
                .split(' ')
                .next()
                .and_then(|c| c.parse().ok())
                .is_some_and(|c: usize| c >= n),
            Self::Steps(n) => {
                fs::read_to_string(folder.join("progress")).is_ok_and(|t| t.lines().count() >= n)
            }
            Self::State(state) => fs::read_to_string(folder.join("run.json"))
                .is_ok_and(|t| t.contains(&format!("\"state\": \"{state}\""))),
        }
    }
}

/// Labs that must come to their page have the machine to themselves: beside others that boot, a
/// slow machine of two cores shows no healthy baseline in time.
static MACHINE: RwLock<()> = RwLock::new(());

fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

/// Labs that are ended while they are staged may stand beside each other.
fn beside_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

fn kill(pid: i32) {
    // It may have ended in this very moment.
    let _ = kill_process(Pid::from_raw(pid).expect("a process id"), Signal::KILL);
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn only_run(program: &Program) -> Option<String> {
    let mut runs = fs::read_dir(program.home().join("runs")).ok()?;
    runs.next().map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
}

/// Stops twice in a row and looks at what is left.
fn stop_and_look(program: &Program, run: &str, when: &str) {
    for _ in 0..2 {
        let outcome = program.run(&["stop", "--run", run]);
        assert_eq!(outcome.code, 0, "{when}: {}", outcome.err);
    }
    assert_eq!(standing(run), NOTHING, "{when}");
}

#[test]
fn a_start_killed_at_any_moment_leaves_nothing_after_stop() {
    let _beside_others = beside_others();
    for moment in MOMENTS {
        let program = Program::new();
        let mut start = program
            .command(&["start", "consumer-lag", "--scenario", "held-deploy"])
            .spawn()
            .expect("starts");
        let run = until("a run", Duration::from_secs(60), || only_run(&program));
        until(&format!("{moment:?}"), Duration::from_secs(90), || {
            moment.has_come(&program, &run).then_some(())
        });
        start.kill().expect("killed");
        start.wait().expect("it has ended");
        stop_and_look(&program, &run, &format!("start killed at {moment:?}"));
    }
}

#[test]
fn a_keeper_killed_at_any_moment_leaves_nothing_after_stop() {
    let _beside_others = beside_others();
    for moment in MOMENTS {
        let program = Program::new();
        let mut start = program
            .command(&["start", "consumer-lag", "--scenario", "held-deploy"])
            .spawn()
            .expect("starts");
        let run = until("a run", Duration::from_secs(60), || only_run(&program));
        until(&format!("{moment:?}"), Duration::from_secs(90), || {
            moment.has_come(&program, &run).then_some(())
        });
        let keepers = until("a keeper", Duration::from_secs(10), || {
            Some(processes_of(&run)).filter(|p| !p.is_empty())
        });
        keepers.into_iter().for_each(kill);
        // Whoever waits for the page is told, and not kept waiting.
        let status = start.wait().expect("it ends by itself");
        assert_eq!(status.code(), Some(6), "keeper killed at {moment:?}");
        stop_and_look(&program, &run, &format!("keeper killed at {moment:?}"));
    }
}

#[test]
fn an_interrupted_start_undoes_everything_by_itself() {
    let _beside_others = beside_others();
    for moment in [Moment::Containers(2), Moment::State("settling")] {
        let program = Program::new();
        let mut start = program
            .command(&["start", "consumer-lag", "--scenario", "held-deploy"])
            .spawn()
            .expect("starts");
        let run = until("a run", Duration::from_secs(60), || only_run(&program));
        until(&format!("{moment:?}"), Duration::from_secs(90), || {
            moment.has_come(&program, &run).then_some(())
        });
        kill_process(Pid::from_child(&start), Signal::INT).expect("interrupted");
        assert_eq!(start.wait().expect("it ends").code(), Some(130), "{moment:?}");
        assert_eq!(standing(&run), NOTHING, "{moment:?}");
    }
}

#[test]
fn an_open_run_survives_its_keeper_and_says_so() {
    let _alone = alone();
    let program = Program::new();
    program.ok(&["start", "consumer-lag", "--scenario", "slow-processing", "--seed", "7"]);
    let run = only_run(&program).expect("it was started");
    processes_of(&run).into_iter().for_each(kill);
    // A dying process has no command line any more before it lets go of its lock: the lock is what
    // tells that it is gone.
    let folder = Home::at(program.home()).open(&run).expect("it is there");
    until("the keeper to be gone", Duration::from_secs(5), || {
        (!folder.is_kept().expect("readable")).then_some(())
    });
    let outcome = program.run(&["status"]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    assert!(outcome.err.contains("had died; starting it again"), "{}", outcome.err);
    assert_eq!(processes_of(&run).len(), 1);
    until("observation to go on", Duration::from_secs(20), || {
        let before = program.json(&["status"])["observed_at"].clone();
        (program.json(&["status"])["observed_at"] != before).then_some(())
    });
    let gaps =
        rusqlite::Connection::open(program.run_folder(&run).join("telemetry.db")).expect("opens");
    let gaps: i64 = gaps
        .query_row("SELECT count(*) FROM gap WHERE to_at > from_at", [], |r| r.get(0))
        .expect("counts");
    assert_eq!(gaps, 1, "the time without observation is marked");
    program.ok(&["stop"]);
    assert_eq!(standing(&run), NOTHING);
    assert!(program.ok(&["query", "count(up)"]).contains("{}"), "the record stays readable");
}

#[test]
fn two_labs_stand_side_by_side_and_commands_ask_which_is_meant() {
    let _alone = alone();
    let program = Program::new();
    let start = |family: &'static str| {
        let run = program.ok(&["start", family, "--detach"]);
        run.trim().to_owned()
    };
    let (one, other) = (start("consumer-lag"), start("isr-shrink"));
    for run in [&one, &other] {
        until("the page", Duration::from_secs(240), || {
            let state =
                program.json(&["status", "--run", run])["state"].as_str().map(str::to_owned);
            assert_ne!(
                state.as_deref(),
                Some("invalid"),
                "{:?}",
                program.run(&["status", "--run", run])
            );
            (state.as_deref() == Some("open")).then_some(())
        });
    }
    let outcome = program.run(&["status"]);
    assert_eq!(outcome.code, 2);
    assert!(
        outcome.err.contains(&one) && outcome.err.contains(&other) && outcome.err.contains("--run"),
        "{}",
        outcome.err
    );
    program.ok(&["stop", "--run", &one]);
    assert_eq!(standing(&one), NOTHING);
    assert!(standing(&other).starts_with("8 containers, 1 networks"), "{}", standing(&other));
    program.ok(&["status"]);
    program.ok(&["stop"]);
    assert_eq!(standing(&other), NOTHING);
}

#[test]
fn a_run_whose_folder_is_removed_takes_itself_down() {
    let _beside_others = beside_others();
    let program = Program::new();
    let run = program
        .ok(&["start", "consumer-lag", "--scenario", "held-deploy", "--detach"])
        .trim()
        .to_owned();
    until("machines", Duration::from_secs(90), || {
        Moment::Containers(7).has_come(&program, &run).then_some(())
    });
    fs::remove_dir_all(program.run_folder(&run)).expect("removed");
    until("nothing to be left", Duration::from_secs(90), || {
        (standing(&run) == NOTHING).then_some(())
    });
}

#[test]
fn labs_of_other_homes_stay_and_what_nobody_keeps_goes() {
    let _alone = alone();
    let program = Program::new();
    // A keeper of another home is told by its arguments; so this is one.
    let mut keeper = Command::new("sh")
        .args(["-c", "sleep 120; :", "keep", "r-aaaaa1"])
        .spawn()
        .expect("a process");
    let network = |run: &str| {
        docker(&["network", "create", "--label", &format!("chaoslab.run={run}"), run]);
    };
    ["r-aaaaa1", "r-aaaaa2"].into_iter().for_each(network);
    let outcome = program.run(&["stop", "--all"]);
    let asked = program.run(&["stop", "--everyone"]);
    let left = docker(&["network", "ls", "--quiet", "--filter", "name=r-aaaaa"]);
    docker(&["network", "rm", "r-aaaaa1"]);
    kill(keeper.id() as i32);
    keeper.wait().expect("it ended");
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    // Labs that really are in use here may be named beside it.
    let told = outcome.err.lines().find(|line| line.contains("left standing: "));
    let told = told.unwrap_or_else(|| panic!("{}", outcome.err));
    assert!(told.contains("r-aaaaa1") && !told.contains("r-aaaaa2"), "{told}");
    assert_eq!(left.lines().count(), 1, "{left}");
    // Nobody can be asked here.
    assert_eq!(asked.code, 2, "{}", asked.err);
    let told = asked.err.lines().find(|line| line.contains("in use from another home: "));
    assert!(told.is_some_and(|line| line.contains("r-aaaaa1")), "{}", asked.err);
}
