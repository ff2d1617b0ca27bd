//! What can be wrong with how something was asked.

use std::path::PathBuf;

use crate::domain::rca::moment::MomentError;
use crate::domain::telemetry::QueryError;
use crate::lab::library::LIBRARY_VARIABLE;

/// What is wrong with how something was asked.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRequest {
    /// More than one run is meant.
    #[error("several runs are live: {}. Say which with --run", .0.join(", "))]
    SeveralLive(Vec<String>),
    /// The query cannot be answered.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// It is no time.
    #[error("{0}")]
    Time(#[from] MomentError),
    /// It is not a valid regular expression.
    #[error("--grep: {0}")]
    Pattern(#[from] regex::Error),
    /// The lab has no such machine, service or node.
    #[error("no {kind} `{name}`; {}: {}", there_are(near), all.join(", "))]
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
    /// A service has no such release.
    #[error("{service} has no version `{version}`; {}There are {}", did_you_mean(near), all.join(", "))]
    NoRelease {
        /// The service.
        service: String,
        /// What was asked for.
        version: String,
        /// The nearest version there is.
        near: Option<String>,
        /// All there are.
        all: Vec<String>,
    },
    /// A service has run one version only.
    #[error(
        "there is nothing to roll {service} back to: it has run no other version than {version} \
         since the lab was started"
    )]
    NothingBefore {
        /// The service.
        service: String,
        /// The version that runs.
        version: String,
    },
    /// There is no such playbook.
    #[error("there is no playbook `{symptom}`{}; there are {}", or_near(near), all.join(", "))]
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
    /// It does not say which line of a command's output proves something.
    #[error("{}", which_line(*number, lines, *all))]
    WhichLine {
        /// The command.
        number: u32,
        /// The beginning of its output, without blank lines.
        lines: Vec<String>,
        /// How many lines there are.
        all: usize,
    },
    /// An answer of a write-up that there is not.
    #[error("{0}")]
    NoField(String),
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
    /// Who chooses the seed of an exam may know its cause.
    #[error("an exam draws its cause itself: leave out --seed, or practise with --profile drill")]
    SeedOfAnExam,
    /// The scenario has no such write-up.
    #[error("the scenario has no {0}")]
    NoPaper(String),
    /// No folder of a scenario is called so.
    #[error("`{0}` is not a valid name of a scenario folder: use small letters, digits and `-`")]
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

fn did_you_mean(near: &Option<String>) -> String {
    near.as_ref().map(|n| format!("did you mean {n}? ")).unwrap_or_default()
}

fn there_are(near: &Option<String>) -> String {
    match near {
        Some(near) => format!("did you mean {near}? There are"),
        None => "there are".to_owned(),
    }
}

fn or_near(near: &Option<String>) -> String {
    near.as_ref().map(|n| format!(", did you mean `{n}`?")).unwrap_or_default()
}

fn any_of(near: &[String]) -> String {
    let quoted: Vec<_> = near.iter().map(|n| format!("`{n}`")).collect();
    if quoted.is_empty() {
        return String::new();
    }
    format!("; did you mean {}?", quoted.join(", "))
}

fn which_line(number: u32, lines: &[String], all: usize) -> String {
    if lines.is_empty() {
        return format!("command {number} printed nothing that could be quoted");
    }
    let shown = lines.iter().enumerate().map(|(n, line)| format!("\n{:>4}  {line}", n + 1));
    format!(
        "command {number} printed {all} lines; choose one with --line NUMBER, or quote with \
         --contains TEXT:{}",
        shown.collect::<String>()
    )
}
