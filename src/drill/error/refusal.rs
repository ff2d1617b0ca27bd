//! Why something may be refused in the state a run, or this machine, is in.

use std::path::PathBuf;

use crate::lab::run::RunState;

/// Why something is refused in this state.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no run at all.
    #[error(
        "there is no run yet: `chaoslab start FAMILY` begins one, `chaoslab list` shows the \
         families"
    )]
    NoRun,
    /// The run is being staged.
    #[error("the run {run} is not open yet ({state}): `chaoslab status` tells when it is")]
    NotOpenYet {
        /// The run.
        run: String,
        /// How far it is.
        state: RunState,
    },
    /// The run never opened.
    #[error("the run {run} never opened{}. `chaoslab start {family}` begins another", because(why))]
    NeverOpened {
        /// The run.
        run: String,
        /// Its family.
        family: String,
        /// Why, where that is known.
        why: Option<String>,
    },
    /// The run was stopped: its machines are gone.
    #[error(
        "the run {0} was stopped: its record can be read (`query`, `logs`, `history`), its \
         machines are gone"
    )]
    Stopped(String),
    /// The run was stopped while it was followed.
    #[error("the run {0} was stopped")]
    StoppedMeanwhile(String),
    /// The time limit is over.
    #[error(
        "the time of {run} is over: it was limited to {minutes} min. Its record can be read; \
         `chaoslab submit --give-up` opens the truth, unscored, and `chaoslab stop` takes the lab \
         down"
    )]
    TimeOver {
        /// The run.
        run: String,
        /// How long it was.
        minutes: i64,
    },
    /// The family has no scenario.
    #[error("the family {0} has nothing to stage yet")]
    NothingToStage(String),
    /// The engine does not let a lab do what it needs.
    #[error("it cannot be staged here: {0}")]
    NotStageable(String),
    /// This machine has too little of something.
    #[error("too little {what}: {found}. {advice}")]
    TooLittle {
        /// Of what.
        what: &'static str,
        /// What is there, and what is needed.
        found: String,
        /// What to do.
        advice: String,
    },
    /// There is no machine to open a shell on.
    #[error(
        "could not open a shell on {node}: the machine is not running ({reason}). What it logged: \
         `chaoslab logs {node}`; what was measured on it: \
         `chaoslab query 'up{{node=\"{node}\"}}'`; \
         which machines are up: `chaoslab status`"
    )]
    MachineAway {
        /// The machine.
        node: String,
        /// What the engine says about it.
        reason: String,
    },
    /// The machine of a shell went down.
    #[error("the machine {node} went down ({reason}), and the shell on it")]
    MachineWentDown {
        /// The machine.
        node: String,
        /// What the engine says about it.
        reason: String,
    },
    /// The run of a shell was stopped.
    #[error("the run {0} was stopped, and its shells with it")]
    ShellStopped(String),
    /// The keeper lives and does not answer.
    #[error("the background process of {0} does not answer; `chaoslab stop` ends it")]
    KeeperSilent(String),
    /// The keeper cannot be ended.
    #[error(
        "the background process of {0} does not end; end it by hand and repeat `chaoslab stop`"
    )]
    KeeperStays(String),
    /// The truth is open, so a hint is of no use.
    #[error("the truth of {0} is open: `chaoslab report` tells more than a hint could")]
    HintAfterTruth(String),
    /// It would open what a drill is about.
    #[error(
        "could not run `{what}`: it would give away what {run} is about, and {run} is not graded. \
         Hand it in (`chaoslab submit --run {run}`), or give it up \
         (`chaoslab submit --give-up --run {run}`)"
    )]
    WouldSpoil {
        /// What was asked for.
        what: &'static str,
        /// The run.
        run: String,
    },
    /// There is no hint more.
    #[error("{} {run}; `{playbook}` says how this symptom is investigated", no_hint(*taken))]
    NoHint {
        /// The run.
        run: String,
        /// How many were taken.
        taken: u32,
        /// The command that shows the playbook.
        playbook: String,
    },
    /// A scenario is somebody's work, too.
    #[error("{} is there already", .0.display())]
    ScenarioThere(PathBuf),
    /// A write-up is somebody's work: it is never overwritten.
    #[error("{} is there already: go on with it, or name another file", .0.display())]
    WriteUpThere(PathBuf),
    /// It was graded, or given up.
    #[error("the truth of {0} has been opened already; `chaoslab report` shows it")]
    TruthOpen(String),
    /// It is not graded.
    #[error("the run {0} is not graded: `chaoslab submit` does that")]
    NotGraded(String),
    /// No run of this home is graded.
    #[error("no run is graded yet: `chaoslab submit` grades one")]
    NothingGraded,
    /// A reviewer has answered already.
    #[error("{0} is answered already; `chaoslab report` shows how")]
    Answered(String),
}

fn because(why: &Option<String>) -> String {
    why.as_ref().map(|why| format!(": {why}")).unwrap_or_default()
}

fn no_hint(taken: u32) -> &'static str {
    if taken == 0 { "there are no hints for" } else { "all hints were taken in" }
}
