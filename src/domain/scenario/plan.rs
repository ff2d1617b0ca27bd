//! The plan of a run: a family and one of its causes with everything a seed chooses filled in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cause::{Command, Scenario, Signature, Trigger};
use super::draw::{self, Choice, Drawn, Seed};
use super::family::{Alert, FORMAT, Family, Innocent, Objective, Steady};
use super::template;
use crate::domain::fault::truth::{Account, Precondition};
use crate::domain::fault::{Action, Fault, Requirement, Target};
use crate::domain::grade::Damage;
use crate::domain::rca::vocab;
use crate::domain::topology::{Role, Topic, Topology, log_dir, names};
use crate::domain::workload::Service;
use crate::domain::yaml::{self, Located, Problem, Step};

/// How many innocent changes a run makes before the fault.
const INNOCENT_CHANGES: usize = 2;

/// Everything that will be done, sealed until the run is graded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The family's folder.
    pub family: String,
    /// The scenario's folder, which names the cause.
    pub scenario: String,
    /// The seed all of this was drawn from.
    pub seed: Seed,
    /// The symptom in a few words.
    pub title: String,
    /// How hard its causes are to find, 1 to 5.
    pub level: u8,
    /// Minutes a drill takes.
    pub minutes: u32,
    /// The situation before anything breaks.
    pub brief: String,
    /// The values drawn.
    pub drawn: Drawn,
    /// The cluster to build.
    pub topology: Topology,
    /// The client applications to run.
    pub services: Vec<Service>,
    /// The healthy baseline.
    pub steady: Steady,
    /// What pages the learner, and the symptom the witness needs.
    pub alert: Alert,
    /// What "recovered" means.
    pub slo: Vec<Objective>,
    /// The fault.
    pub fault: Fault,
    /// The change that started it, and whether the feed lists it.
    pub trigger: Trigger,
    /// Whether the feed lists the trigger: not in a third of the seeds.
    pub trigger_listed: bool,
    /// Innocent changes made before the fault.
    pub innocent: Vec<Innocent>,
    /// The innocent change made after the fault.
    pub decoy: Option<Innocent>,
    /// What tells this cause from its siblings.
    pub signatures: Vec<Signature>,
    /// Within how many seconds of the fault the lab must be confirmed.
    pub window_seconds: u32,
    /// For how many seconds symptom and signatures must hold together.
    pub hold_seconds: u32,
    /// Commands that do not repair it, though they come to mind first.
    #[serde(default)]
    pub resists: Vec<Command>,
    /// The commands that fix it.
    pub fix: Vec<Command>,
    /// Within how many seconds of the fix the objectives must be met again.
    pub recovery_seconds: u32,
    /// Whether a grade that passes needs it mended.
    #[serde(default)]
    pub recovery_required: bool,
    /// Damage that mending it may do and that costs nothing.
    #[serde(default)]
    pub allows: Vec<Damage>,
    /// What shows who feels it while it lasts.
    pub impact: Vec<Signature>,
    /// What was already so before the fault, and how it counts as a cause.
    pub preconditions: Vec<Precondition>,
    /// A nudge, a direction, a near-answer.
    pub hints: Vec<String>,
    /// What the engine must let a lab do.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// The other causes of the symptom, whose signatures must not all be seen together when this
    /// one is staged.
    pub siblings: Vec<Sibling>,
}

/// Another cause of the same family, as it would be staged with the same seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sibling {
    /// Its folder.
    pub scenario: String,
    /// Its class.
    pub class: String,
    /// What tells it.
    pub signatures: Vec<Signature>,
}

/// The two files a plan is made of, with the names their problems are told under.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// `family.yaml`, or its path as the author typed it.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// A problem of one of the files: `path:line:column: message`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceProblem {
    /// The file.
    pub path: String,
    /// The problem and its place.
    pub problem: Problem,
}

impl std::fmt::Display for SourceProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.problem)
    }
}

/// The choices of a file, read before its templates can be filled.
#[derive(Deserialize)]
struct Choices {
    #[serde(default)]
    draw: BTreeMap<String, Choice>,
}

/// The choices of a file of either kind.
pub fn choices(source: Source<'_>) -> Result<BTreeMap<String, Choice>, Vec<SourceProblem>> {
    let read: Result<Located<Choices>, _> = yaml::read(source.text, 1);
    read.map(|choices| choices.value.draw).map_err(|problems| named(source, problems))
}

/// The files of a plan, filled with what a seed drew, with the places of their values.
#[derive(Debug, Clone)]
pub struct Texts {
    /// The family.
    pub family: Located<Family>,
    /// The scenario.
    pub scenario: Located<Scenario>,
    /// The values drawn for both.
    pub drawn: Drawn,
}

/// Reads a family as a seed fills it, with what it drew.
pub fn family_text(
    family: Source<'_>,
    seed: Seed,
) -> Result<(Located<Family>, Drawn), Vec<SourceProblem>> {
    read::<Family>(family, seed, "family", &Drawn::new())
}

/// Reads the two files of a plan as a seed fills them.
pub fn texts(
    name: &str,
    family: Source<'_>,
    scenario: Source<'_>,
    seed: Seed,
) -> Result<Texts, Vec<SourceProblem>> {
    // Without the family's choices the scenario's templates cannot be filled.
    let (family, known) = family_text(family, seed)?;
    let (scenario, drawn) = read::<Scenario>(scenario, seed, &format!("scenario/{name}"), &known)?;
    Ok(Texts { family, scenario, drawn })
}

/// Reads a family with nothing drawn yet: what `list` and `show` tell.
pub fn read_family(family: Source<'_>, seed: Seed) -> Result<Family, Vec<SourceProblem>> {
    let (read, _) = read::<Family>(family, seed, "family", &Drawn::new())?;
    Ok(read.value)
}

impl Plan {
    /// Makes the plan of a seed, or tells all that is wrong with the files. `siblings` are the
    /// other scenarios of the family, by name.
    pub fn make(
        names: (&str, &str),
        family: Source<'_>,
        scenario: Source<'_>,
        siblings: &[(&str, Source<'_>)],
        seed: Seed,
    ) -> Result<Self, Vec<SourceProblem>> {
        let (family_name, scenario_name) = names;
        let Texts { family: family_doc, scenario: scenario_doc, drawn } =
            texts(scenario_name, family, scenario, seed)?;
        let mut problems = Vec::new();
        check_format(&family_doc, family_doc.value.format, family.path, &mut problems);
        check_format(&scenario_doc, scenario_doc.value.format, scenario.path, &mut problems);
        let (_, known) = family_text(family, seed)?;
        let f = family_doc.value.clone();
        let s = scenario_doc.value.clone();
        for topic in &f.cluster.topics {
            if let Some(id) =
                topic.brokers.iter().find(|id| !(1..=f.cluster.brokers as i32).contains(id))
            {
                let message = format!(
                    "`{}` is to lie on broker {id}; there are 1 to {}",
                    topic.name, f.cluster.brokers
                );
                problems.push(SourceProblem {
                    path: family.path.to_owned(),
                    problem: family_doc.problem(&["cluster".into(), "topics".into()], message),
                });
            }
        }
        let topology = topology(&f);
        let services = services(&f, &topology);
        let target = Target { topology: &topology, services: &services };
        for message in s.fault.primitive().check(target) {
            problems.push(SourceProblem {
                path: scenario.path.to_owned(),
                problem: scenario_doc.problem(&["fault".into()], message),
            });
        }
        let mut others = Vec::new();
        for (name, source) in siblings {
            match read::<Scenario>(*source, seed, &format!("scenario/{name}"), &known) {
                Ok((other, _)) => others.push(Sibling {
                    scenario: (*name).to_owned(),
                    class: other.value.fault.primitive().truth(target).class,
                    signatures: other.value.signatures,
                }),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        let innocent: Vec<_> = draw::shuffle(seed, "innocent", f.innocent)
            .into_iter()
            .take(INNOCENT_CHANGES)
            .collect();
        let steps = s.fault.primitive().inject(target);
        let changes = innocent.iter().chain(&s.decoy).flat_map(|change| &change.actions);
        let actions = steps.iter().flat_map(|step| step.actions()).chain(changes);
        let requires: BTreeSet<_> =
            actions.filter_map(Action::requires).chain(s.requires).collect();
        Ok(Self {
            family: family_name.to_owned(),
            scenario: scenario_name.to_owned(),
            seed,
            title: f.title,
            level: f.level,
            minutes: f.minutes,
            brief: f.brief.trim().to_owned(),
            drawn,
            topology,
            services,
            steady: f.steady,
            alert: f.alert,
            slo: f.slo,
            fault: s.fault,
            trigger: s.trigger,
            trigger_listed: draw::pick(seed, "trigger listed", 3) > 0,
            innocent,
            decoy: s.decoy,
            signatures: s.signatures,
            window_seconds: s.window_seconds,
            hold_seconds: s.hold_seconds,
            resists: s.resists,
            fix: s.fix,
            recovery_seconds: s.recovery_seconds,
            recovery_required: s.recovery_required,
            allows: s.allows,
            impact: s.impact,
            preconditions: s.preconditions,
            hints: s.hints,
            requires: requires.into_iter().collect(),
            siblings: others,
        })
    }

    /// Whether nothing is broken in the end: it healed by itself, or was never broken.
    pub fn is_control(&self) -> bool {
        vocab::domain(&self.account().class) == "none"
    }

    /// What the fault says of itself on this lab.
    pub fn account(&self) -> Account {
        self.fault.primitive().truth(self.target())
    }

    /// What the fault and its steps are planned on.
    pub fn target(&self) -> Target<'_> {
        Target { topology: &self.topology, services: &self.services }
    }
}

fn read<T: serde::de::DeserializeOwned>(
    source: Source<'_>,
    seed: Seed,
    scope: &str,
    known: &Drawn,
) -> Result<(Located<T>, Drawn), Vec<SourceProblem>> {
    let choices: Located<Choices> = yaml::read(source.text, 1).map_err(|p| named(source, p))?;
    let drawn = draw::draw(seed, scope, &choices.value.draw, known).map_err(|problems| {
        let located = problems
            .into_iter()
            .map(|(name, message)| choices.problem(&["draw".into(), Step::Key(&name)], message));
        named(source, located.collect())
    })?;
    let document = yaml::read_filled(source.text, &|text| template::fill(text, &drawn))
        .map_err(|p| named(source, p))?;
    Ok((document, drawn))
}

fn named(source: Source<'_>, problems: Vec<Problem>) -> Vec<SourceProblem> {
    problems
        .into_iter()
        .map(|problem| SourceProblem { path: source.path.to_owned(), problem })
        .collect()
}

fn check_format<T>(
    document: &Located<T>,
    format: u32,
    path: &str,
    problems: &mut Vec<SourceProblem>,
) {
    if format != FORMAT {
        let message = format!("this is format {format}; this program reads format {FORMAT}");
        problems.push(SourceProblem {
            path: path.to_owned(),
            problem: document.problem(&["format".into()], message),
        });
    }
}

fn topology(family: &Family) -> Topology {
    let nodes = names::nodes(family.cluster.brokers as i32);
    let ids: Vec<_> = nodes.iter().filter(|n| n.role == Role::Broker).map(|n| n.id).collect();
    let topics = family.cluster.topics.iter().map(|t| {
        let on = if t.brokers.is_empty() { &ids } else { &t.brokers };
        let placed = Topic::placed(&t.name, t.partitions, t.replication_factor, on, t.followers);
        Topic { config: t.config.clone(), log_dir: t.log_dir.as_deref().map(log_dir), ..placed }
    });
    Topology {
        topics: topics.collect(),
        nodes,
        toolbox: names::toolbox(),
        server_properties: family.cluster.server_properties.clone(),
        production_timings: family.cluster.production_timings,
        broker_millicores: family.cluster.broker_millicores,
        jvm_env: family.cluster.jvm_env.clone(),
        memory_mib: family.cluster.memory_mib,
        storage: family.cluster.storage.clone(),
        replication_user: family.cluster.replication_user.clone(),
    }
}

fn services(family: &Family, topology: &Topology) -> Vec<Service> {
    let service = |spec: &super::family::ServiceSpec| {
        let role = match spec.role {
            crate::domain::workload::ServiceRole::Producer => "producer",
            crate::domain::workload::ServiceRole::Consumer => "consumer",
        };
        let given = [
            ("bootstrap.servers", topology.bootstrap_servers()),
            ("client.id", spec.name.clone()),
            ("service.role", role.to_owned()),
        ];
        let mut properties: BTreeMap<_, _> =
            given.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        properties.extend(spec.properties.clone());
        Service {
            name: spec.name.clone(),
            description: spec.description.clone(),
            role: spec.role,
            properties,
        }
    };
    family.services.iter().map(service).collect()
}
