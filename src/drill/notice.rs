//! What is worth knowing besides a result: the number a command got, a keeper that had died, how
//! far a staging is. A door shows them its own way, or not at all.

use std::time::Duration;

use crate::lab::engine::Swept;
use crate::lab::run::RunError;

/// Something worth knowing.
#[derive(Debug, thiserror::Error)]
pub enum Notice {
    /// A run's folder cannot be read, and another run is meant anyway.
    #[error("note: {0}")]
    Unreadable(RunError),
    /// The keeper of this run had died.
    #[error("the background process of {0} had died; starting it again (the record has a gap)")]
    KeeperDied(String),
    /// A command got a number in the record, for `command:` evidence.
    #[error("[#{0}]")]
    Numbered(u32),
    /// A command changed the lab.
    #[error("[#{number}] changed {}", changed.join("; "))]
    Changed {
        /// Its number.
        number: u32,
        /// What it changed, a line each.
        changed: Vec<String>,
    },
    /// The image is being built.
    #[error("{0}")]
    Image(String),
    /// A run was created, and is being staged.
    #[error("run {run}: staging {family}, about a minute")]
    Staging {
        /// The run.
        run: String,
        /// Its family.
        family: String,
    },
    /// Who starts a run has chosen its cause.
    #[error(
        "a seed or a scenario was given: the cause of this run counts as known, and the commands \
         for authors work on it before it is graded"
    )]
    Known,
    /// A step of the staging is done.
    #[error("{:>5.1} s  {step}", after.as_secs_f64())]
    Step {
        /// So long after it was begun.
        after: Duration,
        /// What was done.
        step: String,
    },
    /// A staging is being taken back.
    #[error("interrupted: taking everything down again")]
    TakingDown,
    /// A run was taken down.
    #[error("run {run}: removed {}", told(removed))]
    Removed {
        /// The run.
        run: String,
        /// What was removed.
        removed: Swept,
    },
    /// What belonged to no run of this home was removed.
    #[error("removed besides: {}", told(.0))]
    RemovedBesides(Swept),
    /// Labs that are in use from other homes were left alone.
    #[error(
        "left standing: {}, in use from another home; `chaoslab stop --everyone` takes down every \
         lab on this engine", .0.join(", ")
    )]
    OthersStay(Vec<String>),
    /// A run that is not graded can be read on.
    #[error("the record stays: `query`, `logs`, `history`, `rca` and `submit` go on working")]
    RecordStays,
    /// A shell is one of a copy, since its machine is down.
    #[error(
        "{node} is down: {reason}. This is a rescue shell with a copy of its disk and the \
         kernel's messages (`dmesg`); nothing runs here, and what you change here changes nothing \
         there"
    )]
    Rescue {
        /// The machine.
        node: String,
        /// Why it is down.
        reason: String,
    },
    /// A rehearsal is begun.
    #[error("\n{0}")]
    RehearsalBegun(String),
    /// A rehearsal came to its end.
    #[error("{name}: {verdict}")]
    RehearsalEnded {
        /// The scenario and its seed.
        name: String,
        /// How it was, in a word.
        verdict: &'static str,
    },
    /// Something of a rehearsal is wrong.
    #[error("  NOT as it should be: {what}: {says}")]
    NotAsItShouldBe {
        /// What was looked at.
        what: String,
        /// What was seen.
        says: String,
    },
    /// The lab of a rehearsal stands, as was asked for.
    #[error("the lab is kept; `chaoslab stop --run {0}` takes it down")]
    LabKept(String),
    /// A step of a rehearsal.
    #[error("  {0}")]
    Rehearsing(String),
}

/// Where they go.
pub trait Notices {
    /// Takes one. A door that shows none drops it.
    fn notify(&self, notice: Notice);
}

/// Drops them.
#[derive(Debug, Clone, Copy)]
pub struct Silence;

impl Notices for Silence {
    fn notify(&self, _: Notice) {}
}

fn told(swept: &Swept) -> String {
    format!(
        "{} containers, {} networks, {} volumes",
        swept.containers, swept.networks, swept.volumes
    )
}

/// What was told, for tests.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) std::cell::RefCell<Vec<String>>);

#[cfg(test)]
impl Notices for Told {
    fn notify(&self, notice: Notice) {
        self.0.borrow_mut().push(notice.to_string());
    }
}
