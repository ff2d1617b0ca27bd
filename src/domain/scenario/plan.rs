//! The plan of a run: a family and one of its causes with everything a seed chooses filled in.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::cause::{Command, Scenario, Signature};
use super::draw::{self, Drawn, Seed};
use super::family::{Alert, FORMAT, Family, Objective, Opens, ServiceSpec, Steady, TopicSpec};
use super::feed::{Disturbance, Drawing, Entry};
use super::gaps::ScrapeGaps;
use super::level::Level;
use super::source::{Source, SourceProblem, scenario_text, texts};
use crate::domain::fault::truth::{Account, Precondition};
use crate::domain::fault::{Action, Fault, Requirement, Step, Target};
use crate::domain::grade::Damage;
use crate::domain::rca::vocab;
use crate::domain::topology::{NodeId, Role, Topic, Topology, log_dir, names};
use crate::domain::workload::Service;
use crate::domain::yaml::Located;

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
    /// The level of the drill.
    #[serde(rename = "drill_level", default)]
    pub level: Level,
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
    /// The change feed, in the order of its times.
    #[serde(default)]
    pub changes: Vec<Entry>,
    /// What else goes on, listed nowhere.
    #[serde(default)]
    pub disturbance: Option<Disturbance>,
    /// Scrapes that are missing.
    #[serde(default)]
    pub scrape_gaps: Option<ScrapeGaps>,
    /// How many seconds after the page the run opens, unless the witness needs longer.
    #[serde(default)]
    pub opens_after_seconds: u32,
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
    /// Whether a grade that passes needs the fault fixed.
    #[serde(default)]
    pub recovery_required: bool,
    /// Damage that fixing it may do and that costs nothing.
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

impl Plan {
    /// Makes the plan of a seed, or tells all that is wrong with the files. `siblings` are the
    /// other scenarios of the family, by name.
    pub fn make(
        names: (&str, &str),
        family: Source<'_>,
        scenario: Source<'_>,
        siblings: &[(&str, Source<'_>)],
        by: &Drawing,
    ) -> Result<Self, Vec<SourceProblem>> {
        let (family_name, scenario_name) = names;
        let seed = by.seed;
        let texts = texts(scenario_name, family, scenario, seed)?;
        let topology = topology(&texts.family.value);
        let services = services(&texts.family.value, by.level, &topology);
        let target = Target { topology: &topology, services: &services };

        let mut problems = problems_of_family(family, &texts.family);
        problems.extend(problems_of_scenario(scenario, &texts.scenario, target));
        let kinds = &texts.family.value.changes.kinds;
        problems.extend(unknown_trigger(scenario, &texts.scenario, kinds.keys()));
        let mut others = Vec::new();
        for (name, source) in siblings {
            match Sibling::read(name, *source, seed, &texts.known, target) {
                Ok(sibling) => others.push(sibling),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }

        let (f, s) = (texts.family.value, texts.scenario.value);
        let changes = f.changes.feed(&s.trigger, by);
        let disturbance = f.changes.disturbance(by);
        let harmless = changes.iter().map(|entry| &entry.actions);
        let harmless = harmless.chain(disturbance.iter().map(|d| &d.actions)).flatten();
        let requires = requirements(&s, harmless, target);
        let plan = Self {
            family: family_name.to_owned(),
            scenario: scenario_name.to_owned(),
            seed,
            title: f.title,
            level: by.level,
            minutes: f.minutes,
            brief: f.brief.trim().to_owned(),
            drawn: texts.drawn,
            topology,
            services,
            steady: f.steady,
            alert: f.alert,
            slo: f.slo,
            fault: s.fault,
            changes,
            disturbance,
            scrape_gaps: None,
            opens_after_seconds: f.opens.drawn(seed),
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
            requires,
            siblings: others,
        };
        Ok(Self { scrape_gaps: plan.gaps(by), ..plan })
    }

    /// The gaps of the metrics, where nothing that must be seen is missing in them.
    fn gaps(&self, by: &Drawing) -> Option<ScrapeGaps> {
        let account = self.account();
        let shown = account.chain.iter().map(|effect| &effect.shows);
        let siblings = self.siblings.iter().flat_map(|sibling| &sibling.signatures);
        let signatures = self.signatures.iter().chain(&self.impact).chain(siblings);
        let expressions = signatures.map(|signature| &signature.expr);
        let objectives = self.slo.iter().map(|objective| &objective.expr);
        let needed = shown.chain(expressions).chain(objectives).chain(&self.steady.conditions);
        let needed: Vec<_> = needed.chain([&self.alert.expr]).map(String::as_str).collect();
        let machines = self.topology.brokers().map(|broker| broker.name.as_str());
        ScrapeGaps::drawn(by, machines, &needed)
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

impl Opens {
    /// How many seconds after the page a seed opens its run.
    fn drawn(self, seed: Seed) -> u32 {
        let span = self.to_seconds.saturating_sub(self.from_seconds) as usize;
        self.from_seconds + draw::pick(seed, "opens", span + 1) as u32
    }
}

impl Sibling {
    /// What another cause of the family would be on this lab; `of_family` are the values drawn for
    /// the family.
    fn read(
        name: &str,
        source: Source<'_>,
        seed: Seed,
        of_family: &Drawn,
        target: Target<'_>,
    ) -> Result<Self, Vec<SourceProblem>> {
        let (document, _) = scenario_text(name, source, seed, of_family)?;
        let scenario = document.value;
        Ok(Self {
            scenario: name.to_owned(),
            class: scenario.fault.primitive().truth(target).class,
            signatures: scenario.signatures,
        })
    }
}

/// Another format than this program's, and topics on brokers that are not there.
fn problems_of_family(source: Source<'_>, document: &Located<Family>) -> Vec<SourceProblem> {
    let family = &document.value;
    let mut problems = Vec::from_iter(other_format(source, document, family.format));
    let brokers = family.cluster.brokers;
    let exists = |id: &NodeId| (1..=brokers as NodeId).contains(id);
    for topic in &family.cluster.topics {
        if let Some(id) = topic.brokers.iter().find(|id| !exists(id)) {
            let message =
                format!("`{}` is to lie on broker {id}; there are 1 to {brokers}", topic.name);
            problems.push(source.problem(document, &["cluster".into(), "topics".into()], message));
        }
    }
    problems
}

/// Another format than this program's, and what keeps the fault from being staged on this lab.
fn problems_of_scenario(
    source: Source<'_>,
    document: &Located<Scenario>,
    target: Target<'_>,
) -> Vec<SourceProblem> {
    let scenario = &document.value;
    let mut problems = Vec::from_iter(other_format(source, document, scenario.format));
    for message in scenario.fault.primitive().check(target) {
        problems.push(source.problem(document, &["fault".into()], message));
    }
    problems
}

fn other_format<T>(
    source: Source<'_>,
    document: &Located<T>,
    format: u32,
) -> Option<SourceProblem> {
    let message = format!("this is format {format}; this program reads format {FORMAT}");
    (format != FORMAT).then(|| source.problem(document, &["format".into()], message))
}

/// A trigger that the family's feed has no words for.
fn unknown_trigger<'a>(
    source: Source<'_>,
    document: &Located<Scenario>,
    kinds: impl Iterator<Item = &'a String>,
) -> Option<SourceProblem> {
    let (kinds, trigger): (Vec<_>, _) = (kinds.collect(), &document.value.trigger);
    let names = kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!("the family's `changes` have no kind `{trigger}`; there are {names}");
    (!kinds.contains(&trigger)).then(|| source.problem(document, &["trigger".into()], message))
}

/// What the engine must let a lab do: what the scenario names, and what follows from everything
/// that will be done.
fn requirements<'a>(
    scenario: &Scenario,
    harmless: impl Iterator<Item = &'a Action>,
    target: Target<'_>,
) -> Vec<Requirement> {
    let steps = scenario.fault.primitive().inject(target);
    let of_fault = steps.iter().flat_map(Step::actions).filter_map(Action::requires);
    let of_harmless = harmless.filter_map(Action::requires);
    let named = scenario.requires.iter().copied();
    let all: BTreeSet<_> = of_fault.chain(of_harmless).chain(named).collect();
    all.into_iter().collect()
}

fn topology(family: &Family) -> Topology {
    let nodes = names::nodes(family.cluster.brokers as i32);
    let ids: Vec<_> = nodes.iter().filter(|n| n.role == Role::Broker).map(|n| n.id).collect();
    Topology {
        topics: family.cluster.topics.iter().map(|spec| topic(spec, &ids)).collect(),
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

/// A topic with its replicas placed, on all brokers unless the family says which.
fn topic(spec: &TopicSpec, brokers: &[NodeId]) -> Topic {
    let on = if spec.brokers.is_empty() { brokers } else { &spec.brokers };
    let placed =
        Topic::placed(&spec.name, spec.partitions, spec.replication_factor, on, spec.followers);
    Topic { config: spec.config.clone(), log_dir: spec.log_dir.as_deref().map(log_dir), ..placed }
}

fn services(family: &Family, level: Level, topology: &Topology) -> Vec<Service> {
    let there = family.services.iter().filter(|spec| spec.from_level <= level);
    there.map(|spec| service(spec, topology)).collect()
}

/// A service with what it needs to find its cluster, under the family's own properties.
fn service(spec: &ServiceSpec, topology: &Topology) -> Service {
    let mut properties = BTreeMap::from([
        ("bootstrap.servers".to_owned(), topology.bootstrap_servers()),
        ("client.id".to_owned(), spec.name.clone()),
        ("service.role".to_owned(), spec.role.name().to_owned()),
    ]);
    properties.extend(spec.properties.clone());
    Service {
        name: spec.name.clone(),
        description: spec.description.clone(),
        role: spec.role,
        properties,
        behaviour: spec.behaviour.clone(),
    }
}
