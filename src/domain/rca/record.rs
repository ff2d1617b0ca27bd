//! What the record of a run holds besides samples and log lines, as claims are checked against it.
//! Whoever keeps records fills it in: a run's database, a casefile, a test.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::commands::{Judged, Nature, judge};
use super::effect::has_failed;
use super::vocab::{Component, Kind};
use crate::domain::telemetry::log::LogSource;
use crate::domain::telemetry::series::{SeriesSource, UnixMs};
use crate::domain::topology::Topology;
pub use crate::domain::workload::{Machine, Role};
use crate::domain::workload::{Service, machines};

/// A run's record: its telemetry and the facts about it. Nothing in it knows what was injected.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// The samples.
    pub series: &'a dyn SeriesSource,
    /// The log lines.
    pub logs: &'a dyn LogSource,
    /// All else.
    pub facts: &'a Facts,
}

/// From one instant to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first instant.
    pub from: UnixMs,
    /// The last one.
    pub to: UnixMs,
}

impl Span {
    /// Whether the instant lies in it.
    pub fn contains(&self, at: UnixMs) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// What both spans have in common.
    pub fn overlap(&self, other: Self) -> Option<Self> {
        let common = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (common.from <= common.to).then_some(common)
    }

    /// Its length in milliseconds.
    pub fn length(&self) -> i64 {
        self.to.saturating_sub(self.from)
    }
}

/// What is known of a run besides its samples and lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The run's id.
    pub run: String,
    /// The symptom the run trains, by its family's name.
    pub family: String,
    /// From the first sample to the last.
    pub recorded: Span,
    /// The window in which everything was healthy.
    pub baseline: Span,
    /// When the alert reached the learner.
    pub page: UnixMs,
    /// When the learner could begin.
    pub opened: UnixMs,
    /// When the run was closed, if it is.
    pub closed: Option<UnixMs>,
    /// The alert that paged.
    pub alert: Alert,
    /// What must hold again.
    pub objectives: Vec<Objective>,
    /// The learner's commands, by their numbers.
    pub commands: Vec<Command>,
    /// The change feed, by its numbers.
    pub changes: Vec<Change>,
    /// Detections over the record, by their numbers.
    pub detections: Vec<Detection>,
    /// Where an observer saw nothing.
    pub gaps: Vec<Gap>,
    /// What the lab is made of.
    pub inventory: Inventory,
}

/// The alert that paged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// The PromQL that fires it.
    pub promql: String,
}

/// A service level objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// Its name.
    pub name: String,
    /// The PromQL that holds while it is met.
    pub promql: String,
    /// Whether users feel it when it is not met; otherwise it is about redundancy and backlog.
    pub felt: bool,
}

/// One recorded command of the learner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Its number.
    pub number: u32,
    /// The machine it ran on, `toolbox` and services among them.
    pub node: String,
    /// The line as typed.
    pub line: String,
    /// When it began.
    pub started: UnixMs,
    /// When it ended, if it did.
    pub ended: Option<UnixMs>,
    /// Its exit code, if it ended.
    pub exit: Option<i32>,
    /// What it printed; its beginning and end when that was long.
    pub output: String,
    /// Whether something in the middle of the output was left out.
    pub shortened: bool,
    /// What was found changed after it, a line each; nothing when the lab was found as before. `None`
    /// when no comparison was made or could tell: then its words decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Vec<String>>,
}

impl Command {
    /// What it did, told from its line.
    pub fn judged(&self) -> Judged {
        judge(&self.line)
    }

    /// Whether it changed the lab: what was found by comparison decides, and only without one its
    /// words. A command that failed changed nothing by itself.
    pub fn is_change(&self) -> bool {
        match &self.changed {
            Some(changed) => !changed.is_empty(),
            None => {
                !has_failed(&self.line, self.exit.map(i64::from))
                    && matches!(self.judged().nature, Nature::Mutating(_))
            }
        }
    }

    /// Its end; its beginning while it runs.
    pub fn over(&self) -> UnixMs {
        self.ended.unwrap_or(self.started)
    }
}

/// An entry of the change feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its number: 4 for `C4`.
    pub number: u32,
    /// When it was made.
    pub at: UnixMs,
    /// What it was, in words.
    pub what: String,
}

/// An entry of `chaoslab events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// Its number: 7 for `V7`.
    pub number: u32,
    /// The event of the vocabulary it is.
    pub event: String,
    /// The components it happened on.
    pub on: Vec<Component>,
    /// When it began and ended; to the end of the record while it goes on.
    pub span: Span,
    /// Whether it goes on.
    #[serde(default)]
    pub ongoing: bool,
    /// What can be said of it in a few words.
    #[serde(default)]
    pub told: String,
}

/// A time in which an observer saw nothing: not a sample that says so, but no sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The job that was not read, as `docs/metrics.md` names jobs, or `logs`; none when nothing was
    /// recorded at all.
    pub job: Option<String>,
    /// From the last sample before it to the first one after it, neither of which is missing.
    pub span: Span,
}

impl Gap {
    /// Whether something of this stretch was missed by one of these observers.
    pub fn hides(&self, stretch: Span, jobs: &[&str]) -> bool {
        let concerned = self.job.as_deref().is_none_or(|job| jobs.contains(&job));
        concerned && stretch.from < self.span.to && self.span.from < stretch.to
    }
}

/// What a lab is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Its machines.
    pub machines: Vec<Machine>,
    /// Its topics, with how many partitions each has.
    pub topics: BTreeMap<String, u32>,
    /// Its groups.
    pub groups: BTreeSet<String>,
    /// Components of the other kinds, by name. A kind that is not listed is not checked.
    pub others: BTreeMap<Kind, BTreeSet<String>>,
}

impl Inventory {
    /// What a lab of this cluster and these services is made of.
    pub fn of(topology: &Topology, services: &[Service]) -> Self {
        let partitions =
            topology.topics.iter().map(|t| (t.name.clone(), t.assignment.len() as u32));
        Self {
            machines: machines(topology, services),
            topics: partitions.collect(),
            groups: services.iter().filter_map(Service::group).map(str::to_owned).collect(),
            others: BTreeMap::new(),
        }
    }

    /// The machine with tools for the learner, on which a command runs that names no machine.
    pub fn toolbox(&self) -> Option<&str> {
        let toolbox = self.machines.iter().find(|m| m.role == Role::Toolbox)?;
        Some(&toolbox.name)
    }

    /// The names of the components of this kind; none when the record does not list them.
    pub fn names(&self, kind: Kind) -> Option<BTreeSet<String>> {
        let machines = |wanted: &dyn Fn(&Machine) -> Option<String>| {
            Some(self.machines.iter().filter_map(wanted).collect())
        };
        match kind {
            Kind::Broker => machines(&|m| match m.role {
                Role::Broker(id) => Some(id.to_string()),
                _ => None,
            }),
            Kind::Controller => machines(&|m| match m.role {
                Role::Controller(id) => Some(id.to_string()),
                _ => None,
            }),
            Kind::Service => {
                machines(&|m| matches!(m.role, Role::Service { .. }).then(|| m.name.clone()))
            }
            Kind::Link => machines(&|m| (m.role != Role::Toolbox).then(|| m.name.clone())),
            Kind::Topic => Some(self.topics.keys().cloned().collect()),
            Kind::Partition => {
                let numbers = |(topic, count): (&String, &u32)| {
                    (0..*count).map(|n| format!("{topic}-{n}")).collect::<Vec<_>>()
                };
                Some(self.topics.iter().flat_map(numbers).collect())
            }
            Kind::Group => Some(self.groups.clone()),
            Kind::Disk if !self.others.contains_key(&kind) => self.names(Kind::Link),
            _ => self.others.get(&kind).cloned(),
        }
    }

    /// The machine a component belongs to, if it belongs to one.
    pub fn machine(&self, component: &Component) -> Option<&Machine> {
        let id = component.name.parse::<u32>();
        let first = component.name.split('/').next().unwrap_or("");
        self.machines.iter().find(|machine| match component.kind {
            Kind::Broker => {
                matches!((&machine.role, &id), (Role::Broker(broker), Ok(id)) if broker == id)
            }
            Kind::Controller => {
                matches!((&machine.role, &id), (Role::Controller(node), Ok(id)) if node == id)
            }
            Kind::Service | Kind::Link | Kind::Disk | Kind::Listener => machine.name == first,
            _ => false,
        })
    }
}

impl Facts {
    /// The command of this number.
    pub fn command(&self, number: u32) -> Option<&Command> {
        self.commands.iter().find(|c| c.number == number)
    }

    /// The learner's first change of the lab.
    pub fn first_change(&self) -> Option<&Command> {
        self.commands.iter().filter(|c| c.is_change()).min_by_key(|c| (c.started, c.number))
    }
}
