//! Why something could not be done. One type for every door: each keeps what it came from, and a
//! door decides how it is shown and which code it becomes.

use std::path::{Path, PathBuf};

use crate::domain::grade::review::Dispute;
use crate::domain::report::ReportError;
use crate::domain::telemetry::query_error::QueryError;
use crate::domain::telemetry::series::SourceError;
use crate::domain::yaml::Problem;
use crate::lab::casefile::CasefileError;
pub use crate::lab::engine::EngineError;
pub use crate::lab::image::ImageError;
pub use crate::lab::keeper::KeeperError;
use crate::lab::library::LIBRARY_VARIABLE;
pub use crate::lab::library::LibraryError;
use crate::lab::recording::RecordingError;
use crate::lab::rehearsal::LookError;
pub use crate::lab::run::RunError;
use crate::lab::run::RunState;
use crate::lab::store::StoreError;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// Something is wrong with how it was asked.
    #[error(transparent)]
    Mistake(#[from] Mistake),
    /// It is refused in this state.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The run is invalid: baseline or symptom was not witnessed.
    #[error(transparent)]
    NotWitnessed(#[from] Unwitnessed),
    /// The record, the truth or a commitment does not hold.
    #[error(transparent)]
    Void(#[from] Void),
    /// A document has problems, each with its place.
    #[error("{}", located(path, problems).join("\n"))]
    Document {
        /// The document.
        path: PathBuf,
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A write-up of the library asks for what cannot be, as a sentence with its place.
    #[error("{0}")]
    Content(String),
    /// No lab can stand on the engine that answers.
    #[error("{found}. {advice}")]
    NoEngine {
        /// What is there.
        found: String,
        /// What to do.
        advice: String,
    },
    /// Findings are disputed, and nobody has answered yet.
    #[error("{}", review_needed(run, open, answers))]
    NeedsReview {
        /// The run.
        run: String,
        /// The disputes without an answer.
        open: Vec<Dispute>,
        /// The file a reviewer answers in.
        answers: PathBuf,
    },
    /// Whoever asked wanted it ended; everything was undone.
    #[error("interrupted: everything was undone")]
    Interrupted,
    /// An engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The library could not give something.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A run's folder could not be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The record could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Samples or lines of the record could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A condition of the run itself could not be asked.
    #[error(transparent)]
    Condition(QueryError),
    /// The keeper failed.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// A report could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A recording could not be made or read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A rehearsal could not look.
    #[error(transparent)]
    Look(#[from] LookError),
    /// A casefile could not be made.
    #[error(transparent)]
    Casefile(#[from] CasefileError),
    /// The keeper did not take a command.
    #[error("could not talk to the background process of the run: {0}")]
    Talk(std::io::Error),
    /// The system refused something.
    #[error("could not {operation}: {source}")]
    Io {
        /// What was tried, and on what.
        operation: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl DrillError {
    /// Names the operation an error of the system came from.
    pub fn io(operation: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let operation = operation.into();
        move |source| Self::Io { operation, source }
    }
}

/// What is wrong with how something was asked.
#[derive(Debug, thiserror::Error)]
pub enum Mistake {
    /// More than one run is meant.
    #[error("several runs are live: {}. Say which with --run", .0.join(", "))]
    SeveralLive(Vec<String>),
    /// The query cannot be answered.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// It is no time.
    #[error("{0}")]
    Time(String),
    /// It is no regular expression.
    #[error("--grep: {0}")]
    Pattern(#[from] regex::Error),
    /// The lab has no such machine, service or node.
    #[error("the lab has no {kind} `{name}`; {}It has {}", did_you_mean(near), all.join(", "))]
    NotInLab {
        /// What was asked for: a machine, a service, a node.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The nearest name there is.
        near: Option<String>,
        /// All there are.
        all: Vec<String>,
    },
    /// There is no such playbook.
    #[error("there is no playbook `{symptom}`{}; there are {}", near.as_ref().map(|n| format!(", did you mean `{n}`?")).unwrap_or_default(), all.join(", "))]
    NoPlaybook {
        /// The symptom it was asked for.
        symptom: String,
        /// The nearest there is.
        near: Option<String>,
        /// All there are.
        all: Vec<String>,
    },
    /// No metric is called or means this.
    #[error("no metric matches `{pattern}`{} (`chaoslab metrics` lists all)", any_of(near))]
    NoMetric {
        /// What was searched.
        pattern: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// No entry of a vocabulary matches.
    #[error(
        "none of the {vocabulary} matches `{wanted}`{} (`chaoslab vocab {vocabulary}` lists all)",
        any_of(near)
    )]
    NoEntry {
        /// The vocabulary.
        vocabulary: &'static str,
        /// What was searched.
        wanted: String,
        /// An entry like it.
        near: Vec<String>,
    },
    /// The record has no such command.
    #[error("there is no command {0}; `chaoslab history` lists them")]
    NoCommand(u32),
    /// There is no write-up.
    #[error("there is no write-up at {}; `chaoslab rca new` begins one", .0.display())]
    NoWriteUp(PathBuf),
    /// The write-up is no text.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// The family has no such scenario.
    #[error("the family {family} has no scenario `{scenario}`; it has {}", all.join(", "))]
    NoScenario {
        /// The family.
        family: String,
        /// What was asked for.
        scenario: String,
        /// All there are.
        all: Vec<String>,
    },
    /// The scenario has no such write-up.
    #[error("the scenario has no {0}")]
    NoPaper(String),
    /// No folder of a scenario is called so.
    #[error("`{0}` is no name for a folder of a scenario: use small letters, digits and `-`")]
    NotASlug(String),
    /// Several labs cannot be kept at once.
    #[error("only one lab can be kept: name FAMILY/SCENARIO")]
    KeepsOneLab,
    /// Content is written into a checkout.
    #[error("{} is no checkout: run this in one, or name it in {LIBRARY_VARIABLE}", .0.display())]
    NoCheckout(PathBuf),
    /// It sets no property.
    #[error("`{0}` is not KEY=VALUE")]
    NotAProperty(String),
    /// The grade has no such finding.
    #[error("{0}")]
    NoFinding(String),
    /// A dispute without a reason.
    #[error("a dispute needs a reason: why is {0} wrong?")]
    NoReason(String),
}

/// Why something is refused in this state.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no run at all.
    #[error(
        "there is no run yet: `chaoslab start FAMILY` begins one, `chaoslab list` shows the families"
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
    #[error("the run {run} never opened{}. `chaoslab start {family}` begins another", why.as_ref().map(|w| format!(": {w}")).unwrap_or_default())]
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
        "the run {0} was stopped: its record can be read (`query`, `logs`, `history`), its machines are gone"
    )]
    Stopped(String),
    /// The run was stopped while it was followed.
    #[error("the run {0} was stopped")]
    StoppedMeanwhile(String),
    /// The time limit is over.
    #[error(
        "the time of {run} is over: it was limited to {minutes} min. Its record can be read; `chaoslab submit --give-up` opens the truth, unscored, and `chaoslab stop` takes the lab down"
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
         `chaoslab logs {node}`; what was measured on it: `chaoslab query 'up{{node=\"{node}\"}}'`; \
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
    /// There is no hint more.
    #[error("{} {run}; `{playbook}` says how this symptom is investigated", if *taken == 0 { "there are no hints for" } else { "all hints were taken in" })]
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

/// Why a run is invalid.
#[derive(Debug, thiserror::Error)]
pub enum Unwitnessed {
    /// Something was not seen that must be.
    #[error("the run {run} is invalid (while {during}): {reason}")]
    Invalid {
        /// The run.
        run: String,
        /// How far it was.
        during: RunState,
        /// What was not seen.
        reason: String,
    },
    /// Its keeper ended before it opened.
    #[error(
        "the background process of {0} ended while staging; `chaoslab stop --run {0}` removes what it left"
    )]
    KeeperGone(String),
}

/// What of a run does not hold, so that it cannot be graded.
#[derive(Debug, thiserror::Error)]
pub enum Void {
    /// Something sealed is not there.
    #[error("the {what} of {run} is missing: {so}")]
    Missing {
        /// What.
        what: &'static str,
        /// The run.
        run: String,
        /// What follows.
        so: &'static str,
    },
    /// Something sealed cannot be read.
    #[error(transparent)]
    Sealed(RunError),
    /// Something is not what the run was opened with.
    #[error("{what} of {run} is not the one it opened with: the run is void")]
    Changed {
        /// What.
        what: &'static str,
        /// The run.
        run: String,
    },
    /// The commitment, or the grade, has no canonical form.
    #[error("could not bring it into canonical form: {0}")]
    Canonical(serde_json::Error),
    /// The grade cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Grade {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The grade is of another format.
    #[error("{} is of format {found}; this program reads format {expected}", path.display())]
    GradeFormat {
        /// Its file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format this program reads.
        expected: u32,
    },
}

/// Problems with their place in the file, as editors understand it.
pub fn located(path: &Path, problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|p| format!("{}:{p}", path.display())).collect()
}

fn did_you_mean(near: &Option<String>) -> String {
    near.as_ref().map(|n| format!("did you mean {n}? ")).unwrap_or_default()
}

fn any_of(near: &[String]) -> String {
    let quoted: Vec<_> = near.iter().map(|n| format!("`{n}`")).collect();
    if quoted.is_empty() {
        return String::new();
    }
    format!("; did you mean {}?", quoted.join(", "))
}

fn review_needed(run: &str, open: &[Dispute], answers: &Path) -> String {
    let told: Vec<_> =
        open.iter().map(|dispute| format!("\n  {}: {}", dispute.finding, dispute.reason)).collect();
    let first = open.first().map_or("", |dispute| dispute.finding.as_str());
    let example = format!("- {{finding: {first}, struck: true, by: NAME, reason: WHY}}");
    format!(
        "a person's review of {run} is needed:{}\nThe reviewer answers each in {}, \
         `struck: true` gives the points back:\n  {example}",
        told.concat(),
        answers.display()
    )
}
