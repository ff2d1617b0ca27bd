//! What commands changed: machines and the cluster are looked at before and after a command whose
//! words are not plainly a reader's. What differs is credited to the command that has just ended,
//! else to the one that began last; while nobody does anything, to nobody: the lab moves too.

mod cluster;
mod machine;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Mutex;

use self::cluster::Brokers;
use super::record::Recorder;
use crate::domain::rca::effect::{Compared, Difference, Fingerprint, Part, is_suspicious};
use crate::domain::rca::record::Inventory;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::engine::{Exec, Lab};
use crate::lab::run::Run;
use crate::lab::wait;

/// How a place is named that is no machine.
const CLUSTER: &str = "";
/// How long it is looked again when a command's words say that it changed something: brokers hear
/// of a change one after another.
const AGAIN_WITHIN: Duration = Duration::from_millis(400);
const AGAIN_EVERY: Duration = Duration::from_millis(150);
/// A process that restarted by itself in this time may do so again.
const RESTLESS_MS: i64 = 600_000;
/// Detections that say that a process restarts by itself.
const RESTARTS: [&str; 2] = ["process.restarted", "process.crash_loop"];

/// What was last seen of all places, and which commands run there.
pub struct Fingerprints<E> {
    run: Run,
    engine: E,
    recorder: Rc<Recorder>,
    brokers: Mutex<Option<Brokers>>,
    places: RefCell<BTreeMap<String, Place>>,
}

/// A machine, or the cluster.
#[derive(Debug, Default)]
struct Place {
    last: Option<Look>,
    /// What the commands under way have changed so far, by their numbers.
    running: BTreeMap<u32, Vec<Difference>>,
    /// Whether a known command's name may mean something else here.
    renamed: bool,
}

#[derive(Debug, Clone)]
struct Look {
    at: UnixMs,
    found: Fingerprint,
}

/// A command that is compared.
#[derive(Debug, Clone)]
pub struct Watched {
    node: String,
    line: String,
    started: UnixMs,
    /// What was read of its places before it, and when.
    before: BTreeMap<String, Option<UnixMs>>,
    processes: BTreeSet<u32>,
}

impl<E: Exec> Fingerprints<E> {
    /// Of a run, before anything was seen.
    pub fn new(run: Run, engine: E, recorder: Rc<Recorder>) -> Self {
        let (brokers, places) = (Mutex::default(), RefCell::default());
        Self { run, engine, recorder, brokers, places }
    }

    /// Somebody is about to type commands on a machine.
    pub async fn enters(&self, node: &str) {
        let is_known =
            |place: &str| self.places.borrow().get(place).is_some_and(|place| place.last.is_some());
        if !is_known(node) || !is_known(CLUSTER) {
            self.look(node, None).await;
        }
    }

    /// A command is about to begin, and may change something: how everything is before it.
    pub async fn before(&self, node: &str, line: &str) {
        if self.is_compared(node, line) {
            self.look(node, None).await;
        }
    }

    /// A command has begun; nothing when it is plainly a reader's.
    pub fn began(&self, number: u32, node: &str, line: &str, started: UnixMs) -> Option<Watched> {
        if !self.is_compared(node, line) {
            return None;
        }
        let mut places = self.places.borrow_mut();
        let mut watched = Watched {
            node: node.to_owned(),
            line: line.to_owned(),
            started,
            before: BTreeMap::new(),
            processes: BTreeSet::new(),
        };
        for name in [node, CLUSTER] {
            let place = places.entry(name.to_owned()).or_default();
            place.running.insert(number, Vec::new());
            watched.before.insert(name.to_owned(), place.last.as_ref().map(|look| look.at));
            let found = place.last.as_ref().and_then(|look| look.found.found(Part::Process));
            let pid =
                |value: &str| value.rsplit(' ').next().and_then(|pid| pid.parse::<u32>().ok());
            watched
                .processes
                .extend(found.into_iter().flatten().filter_map(|(_, f)| pid(&f.value)));
        }
        Some(watched)
    }

    /// A command has ended: what it changed; `None` when that cannot be told from a comparison.
    pub async fn ended(
        &self,
        number: u32,
        watched: &Watched,
        exit: Option<i64>,
    ) -> Option<Vec<String>> {
        let mut seen = self.look(&watched.node, Some((number, watched))).await;
        let is_restless = self.is_restless(&watched.node, watched.started);
        let judge = |differences: &[Difference], seen: &BTreeSet<Part>| {
            let compared = Compared {
                line: &watched.line,
                started: watched.started,
                exit,
                differences,
                seen,
                is_restless,
                processes: &watched.processes,
            };
            (compared.is_doubtful(), compared.changed())
        };
        let again = wait::until(AGAIN_WITHIN, AGAIN_EVERY, async || {
            if !judge(&self.credited(number, &watched.node), &seen).0 {
                return Ok::<_, std::convert::Infallible>(Some(()));
            }
            seen = self.look(&watched.node, Some((number, watched))).await;
            Ok(None)
        });
        // Whether anything was found by the deadline is what is asked next.
        let _ = again.await;
        let differences = self.credited(number, &watched.node);
        let mut places = self.places.borrow_mut();
        places.values_mut().for_each(|place| drop(place.running.remove(&number)));
        drop(places);
        judge(&differences, &seen).1
    }

    fn is_compared(&self, node: &str, line: &str) -> bool {
        if node.is_empty() {
            return false;
        }
        let mut places = self.places.borrow_mut();
        let place = places.entry(node.to_owned()).or_default();
        place.renamed |= crate::domain::rca::commands::judge(line).renames;
        place.renamed || is_suspicious(line)
    }

    /// What was found changed by a command so far, on its machine and in the cluster.
    fn credited(&self, number: u32, node: &str) -> Vec<Difference> {
        let places = self.places.borrow();
        let of = |name: &str| places.get(name).and_then(|place| place.running.get(&number));
        [node, CLUSTER].into_iter().filter_map(of).flatten().cloned().collect()
    }

    /// Looks at a machine and the cluster, and credits what differs. The parts that were read, and
    /// had been read before the command that has ended began.
    async fn look(&self, node: &str, ended: Option<(u32, &Watched)>) -> BTreeSet<Part> {
        let mut seen = BTreeSet::new();
        let lab = match self.run.lab() {
            Ok(Some(lab)) => lab,
            Ok(None) => return seen,
            Err(error) => {
                tracing::warn!(%error, "what commands change cannot be compared");
                return seen;
            }
        };
        let began = self.recorder.clock().now();
        let now = || self.recorder.clock().now();
        let (machine, cluster) =
            tokio::join!(machine::look(&self.engine, &lab, node, now), self.cluster(&lab));
        let mut places = self.places.borrow_mut();
        for (name, found) in [(node, machine), (CLUSTER, Some(cluster))] {
            let place = places.entry(name.to_owned()).or_default();
            let Some(found) = found else { continue };
            if let Some(last) = &place.last {
                let differences = found.differences(&last.found, name);
                let was_before = |(_, watched): &(u32, &Watched)| {
                    watched
                        .before
                        .get(name)
                        .copied()
                        .flatten()
                        .is_some_and(|at| at <= watched.started)
                };
                if ended.as_ref().is_some_and(was_before) {
                    seen.extend(found.compared(&last.found));
                }
                let to = ended.map(|(number, _)| number);
                let to = to.or_else(|| place.running.keys().next_back().copied());
                if let Some(credit) = to.and_then(|number| place.running.get_mut(&number)) {
                    credit.extend(differences);
                }
            }
            place.last = Some(Look { at: began, found });
        }
        seen
    }

    async fn cluster(&self, lab: &Lab) -> Fingerprint {
        let mut brokers = self.brokers.lock().await;
        brokers.get_or_insert_with(|| Brokers::of(lab)).look().await
    }

    /// Whether the processes of a machine had been restarting by themselves.
    fn is_restless(&self, node: &str, before: UnixMs) -> bool {
        let look = || {
            let lab = self.run.lab().ok()??;
            let (_, detections) = self.recorder.reader().ok()?.detections().ok()??;
            let inventory = Inventory::of(&lab.topology, &lab.services);
            let is_of = |component| inventory.machine(component).is_some_and(|m| m.name == node);
            let recent = before - RESTLESS_MS..before;
            Some(detections.iter().any(|d| {
                RESTARTS.contains(&d.event.as_str())
                    && recent.contains(&d.span.from)
                    && d.on.iter().any(is_of)
            }))
        };
        // What cannot be read says nothing of restarts.
        look().unwrap_or(false)
    }
}
