//! An engine that remembers what it was asked and can be told to refuse: with it the whole order of
//! a run is tested without Docker. It has the roles a staging needs, and no other.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::{Act, Build, EngineError, Lab, Sweep, Swept};
use crate::domain::fault::{Action, Irreversible, Prior, ProcessState};
use crate::domain::topology::properties::Startup;
use crate::domain::topology::{Placement, Topology};
use crate::domain::workload::{Service, machines};

/// Something an engine was asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Take a place for a lab.
    Reserve,
    /// Boot it.
    Boot,
    /// Fill it.
    Populate,
    /// Read what an action would change.
    Observe(Action),
    /// Perform an action.
    Perform(Action),
    /// Take an action back.
    Undo(Prior),
    /// Remove everything.
    Sweep,
}

/// Whether a call is refused.
type Refusal = Box<dyn Fn(&Call) -> bool>;

/// The engine of tests.
#[derive(Default)]
pub struct Scripted {
    calls: RefCell<Vec<Call>>,
    refuses: RefCell<Option<Refusal>>,
    places_taken: Cell<u32>,
}

impl Scripted {
    /// From now on refuses what the script says.
    pub fn refuse(&self, which: impl Fn(&Call) -> bool + 'static) {
        *self.refuses.borrow_mut() = Some(Box::new(which));
    }

    /// From now on finds so many reserved places taken when it boots there.
    pub fn take_places(&self, how_many: u32) {
        self.places_taken.set(how_many);
    }

    /// What it was asked, in order, refusals among it.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    /// Actions that were performed and not taken back.
    pub fn standing(&self) -> Vec<Action> {
        let mut standing = Vec::new();
        for call in self.calls.borrow().iter() {
            match call {
                Call::Perform(action) => standing.push(action.clone()),
                Call::Undo(prior) => {
                    if let Some(last) = standing.iter().rposition(|a| untouched(a) == *prior) {
                        standing.remove(last);
                    }
                }
                Call::Reserve | Call::Boot | Call::Populate | Call::Observe(_) | Call::Sweep => {}
            }
        }
        standing
    }

    fn take(&self, call: Call) -> Result<(), EngineError> {
        let refused = self.refuses.borrow().as_ref().is_some_and(|refuses| refuses(&call));
        self.calls.borrow_mut().push(call.clone());
        if refused {
            Err(EngineError::Exhausted(format!("the script refuses {call:?}")))
        } else {
            Ok(())
        }
    }
}

impl Build for Scripted {
    async fn reserve(
        &self,
        _: &str,
        topology: &Topology,
        services: &[Service],
    ) -> Result<Placement, EngineError> {
        self.take(Call::Reserve)?;
        let machines = machines(topology, services).into_iter().map(|machine| machine.name);
        let addresses =
            machines.zip(2..).map(|(name, k)| (name, Ipv4Addr::new(172, 30, 0, k))).collect();
        Ok(Placement { subnet: "172.30.0.0/28".to_owned(), addresses, host_ports: BTreeMap::new() })
    }

    async fn boot(&self, _: &Lab, _: &str, _: Startup) -> Result<(), EngineError> {
        self.take(Call::Boot)?;
        match self.places_taken.get() {
            0 => Ok(()),
            left => {
                self.places_taken.set(left - 1);
                Err(EngineError::Taken {
                    operation: "boot".to_owned(),
                    reason: "the script has taken the place".to_owned(),
                })
            }
        }
    }

    async fn populate(&self, _: &Lab, _: &str) -> Result<(), EngineError> {
        self.take(Call::Populate)
    }
}

impl Act for Scripted {
    async fn observe(&self, _: &Lab, action: &Action) -> Result<Prior, EngineError> {
        self.take(Call::Observe(action.clone()))?;
        Ok(untouched(action))
    }

    async fn perform(&self, _: &Lab, action: &Action) -> Result<(), EngineError> {
        self.take(Call::Perform(action.clone()))
    }

    async fn undo(&self, _: &Lab, prior: &Prior) -> Result<(), EngineError> {
        self.take(Call::Undo(prior.clone()))
    }
}

/// What an action finds in a lab nothing was done to: all of it runs, and nothing was added.
fn untouched(action: &Action) -> Prior {
    match action.clone() {
        Action::ShapeLink { node, .. } => Prior::Link { node, shape: None },
        Action::DeployService { service, .. } => {
            let (properties, releases) = (String::new(), BTreeSet::new());
            Prior::Deployment { service, properties, releases, running: true }
        }
        Action::StopService { service } | Action::StartService { service } => {
            Prior::Service { service, running: true }
        }
        Action::StopKafka { node } | Action::StartKafka { node } => {
            Prior::Kafka { node, running: true }
        }
        Action::AlterTopicConfig { topic, set } => Prior::TopicConfig { topic, values: unset(set) },
        Action::AlterBrokerConfig { broker, set } => {
            Prior::BrokerConfig { broker, values: unset(set) }
        }
        Action::AlterQuota { client_id, set } => Prior::Quotas { client_id, values: unset(set) },
        Action::AddAcl(entry) => Prior::Acl { entry, present: false },
        Action::RemoveAcl(entry) => Prior::Acl { entry, present: true },
        Action::ReassignPartitions { topic, .. } => {
            Prior::Replicas { topic, assignment: Vec::new() }
        }
        Action::ReconfigureKafka { node, .. } => {
            Prior::Startup { node, properties: String::new(), jvm: String::new(), running: true }
        }
        Action::SignalKafka { node, .. } => Prior::Process { node, state: ProcessState::Running },
        Action::LimitCpu { node, .. } => Prior::CpuLimit { node, millicores: None },
        Action::LimitMemory { node, .. } => Prior::MemoryLimit { node, mebibytes: None },
        Action::DropPackets { node, matching } => {
            Prior::PacketFilter { node, matching, present: false }
        }
        Action::FillDisk { node, path, .. } => Prior::File { node, path, bytes: None },
        Action::StartJob { node, job, .. } => Prior::Job { node, job, run: None },
        Action::RestartKafka { .. } => Prior::Irreversible(Irreversible::Restart),
        Action::ElectPreferredLeaders {} => Prior::Irreversible(Irreversible::Election),
        Action::ProduceRecord { .. } => Prior::Irreversible(Irreversible::Record),
    }
}

fn unset<V>(set: BTreeMap<String, Option<V>>) -> BTreeMap<String, Option<V>> {
    set.into_keys().map(|key| (key, None)).collect()
}

impl Sweep for Scripted {
    async fn sweep(&self, _: Option<&str>) -> Result<Swept, EngineError> {
        self.take(Call::Sweep)?;
        Ok(Swept::default())
    }

    async fn runs(&self) -> Result<BTreeSet<String>, EngineError> {
        Ok(BTreeSet::new())
    }

    async fn standing(&self, _: Option<&str>) -> Result<Swept, EngineError> {
        Ok(Swept::default())
    }
}
