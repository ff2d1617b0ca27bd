//! Who is who: the entities of a run in an order that is the same for every run of its family. The
//! place in a list is the role, so what is said of an entity in one run can be asked of its twin in
//! another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::fault::truth::Truth;
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::topology::{NodeId, Topic, Topology};
use crate::domain::workload::{Machine, Role, Service, machines, unsigned};

/// The drawn name under which families keep the broker that suffers.
const VICTIM: &str = "victim";

/// The entities of a run, each list in the order of roles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Broker ids: those the cause originates at, else the one drawn as the victim, then the others
    /// by id.
    pub brokers: Vec<u32>,
    /// Node ids of controllers.
    pub controllers: Vec<u32>,
    /// Topics, as the family lists them.
    pub topics: Vec<String>,
    /// Partitions of each topic: those the cause originates at, then by the roles of their
    /// replicas, the preferred leader first.
    pub partitions: BTreeMap<String, Vec<u32>>,
    /// Services, as the family lists them.
    pub services: Vec<String>,
    /// Consumer groups, in the order of their services.
    pub groups: Vec<String>,
    /// How many clients a service runs that runs several. Nothing says which of them plays which
    /// part.
    #[serde(default)]
    pub members: BTreeMap<String, u32>,
    /// What the machines of all of these are called. A recording has them in its inventory, where
    /// they are taken from when it is read.
    #[serde(skip)]
    pub machines: Vec<Machine>,
}

impl Roles {
    /// The roles in a lab with this truth. `drawn` are the values the run's seed chose.
    pub fn of(
        topology: &Topology,
        services: &[Service],
        truth: &Truth,
        drawn: &BTreeMap<String, String>,
    ) -> Self {
        let origins: BTreeSet<&Component> = truth.origins().collect();
        let brokers = brokers(topology, &origins, drawn);
        let partitions = topology
            .topics
            .iter()
            .map(|topic| (topic.name.clone(), partitions(topic, &brokers, &origins)));
        let mut groups: Vec<String> = Vec::new();
        for group in services.iter().filter_map(Service::group) {
            if !groups.iter().any(|g| g == group) {
                groups.push(group.to_owned());
            }
        }
        Self {
            partitions: partitions.collect(),
            controllers: topology.controllers().map(|n| unsigned(n.id)).collect(),
            topics: topology.topics.iter().map(|t| t.name.clone()).collect(),
            services: services.iter().map(|s| s.name.clone()).collect(),
            members: services
                .iter()
                .filter(|s| s.members() > 1)
                .map(|s| (s.name.clone(), s.members()))
                .collect(),
            machines: machines(topology, services),
            groups,
            brokers,
        }
    }

    /// The entity of `other` that has the role this one has here; none when it has no role here or
    /// nobody has it there.
    pub fn twin(&self, other: &Self, kind: Kind, name: &str) -> Option<String> {
        let number = |own: &[u32], theirs: &[u32]| {
            let place = own.iter().position(|n| n.to_string() == name)?;
            theirs.get(place).map(ToString::to_string)
        };
        let named = |own: &[String], theirs: &[String]| {
            theirs.get(own.iter().position(|n| n == name)?).cloned()
        };
        match kind {
            Kind::Broker => number(&self.brokers, &other.brokers),
            Kind::Controller => number(&self.controllers, &other.controllers),
            Kind::Topic => named(&self.topics, &other.topics),
            Kind::Service => named(&self.services, &other.services),
            Kind::Group => named(&self.groups, &other.groups),
            Kind::Partition => {
                let (topic, partition) = name.rsplit_once('-')?;
                let twin = self.twin(other, Kind::Topic, topic)?;
                let place =
                    self.partitions.get(topic)?.iter().position(|n| n.to_string() == partition)?;
                Some(format!("{twin}-{}", other.partitions.get(&twin)?.get(place)?))
            }
            Kind::Link | Kind::Disk => self.machine_twin(other, name),
            Kind::Listener => {
                let (machine, listener) = name.split_once('/')?;
                Some(format!("{}/{listener}", self.machine_twin(other, machine)?))
            }
            Kind::Principal | Kind::Quota | Kind::Transaction | Kind::Plugin => None,
        }
    }

    /// The machine of `other` that has the role this one has here.
    pub fn machine_twin(&self, other: &Self, machine: &str) -> Option<String> {
        let here = self.machines.iter().find(|m| m.name == machine)?;
        let twin_id = |own: &[u32], theirs: &[u32], id: u32| {
            let place = own.iter().position(|own| *own == id)?;
            theirs.get(place).copied()
        };
        let role = match here.role {
            Role::Broker(id) => Role::Broker(twin_id(&self.brokers, &other.brokers, id)?),
            Role::Controller(id) => {
                Role::Controller(twin_id(&self.controllers, &other.controllers, id)?)
            }
            Role::Service { .. } => return self.twin(other, Kind::Service, machine),
            Role::Toolbox => Role::Toolbox,
        };
        other.machines.iter().find(|m| m.role == role).map(|m| m.name.clone())
    }
}

fn brokers(
    topology: &Topology,
    origins: &BTreeSet<&Component>,
    drawn: &BTreeMap<String, String>,
) -> Vec<u32> {
    let is_origin = |broker: NodeId, machine: &str| {
        origins.iter().any(|origin| match origin.kind {
            Kind::Broker => origin.name == broker.to_string(),
            Kind::Link | Kind::Disk | Kind::Listener => {
                origin.name.split('/').next() == Some(machine)
            }
            _ => false,
        })
    };
    let all = || topology.brokers();
    let mut first: Vec<u32> =
        all().filter(|n| is_origin(n.id, &n.name)).map(|n| unsigned(n.id)).collect();
    // A cause at all of them singles none out.
    if first.is_empty() || first.len() == all().count() {
        let victim = drawn.get(VICTIM).and_then(|v| v.parse::<u32>().ok());
        first = victim.into_iter().filter(|v| all().any(|n| unsigned(n.id) == *v)).collect();
    }
    let rest: Vec<u32> = all().map(|n| unsigned(n.id)).filter(|n| !first.contains(n)).collect();
    first.into_iter().chain(rest).collect()
}

fn partitions(topic: &Topic, brokers: &[u32], origins: &BTreeSet<&Component>) -> Vec<u32> {
    let place = |broker: &NodeId| {
        brokers.iter().position(|b| *b == unsigned(*broker)).unwrap_or(brokers.len())
    };
    let mut numbered: Vec<_> = (0u32..)
        .zip(&topic.assignment)
        .map(|(number, replicas)| {
            let component = Component::of(Kind::Partition, format!("{}-{number}", topic.name));
            (!origins.contains(&component), replicas.iter().map(place).collect::<Vec<_>>(), number)
        })
        .collect();
    numbered.sort();
    numbered.into_iter().map(|(_, _, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::truth::{Account, Place, Trigger};
    use crate::domain::topology::{self, Node, names};
    use crate::domain::workload::{Behaviour, ServiceRole};

    fn roles(topic: &str, group: &str, origin: Option<&str>, victim: &str) -> Roles {
        roles_on(
            Topology { nodes: names::nodes(3), ..Topology::default() },
            topic,
            group,
            origin,
            victim,
        )
    }

    fn roles_on(
        topology: Topology,
        topic: &str,
        group: &str,
        origin: Option<&str>,
        victim: &str,
    ) -> Roles {
        let topology =
            Topology { topics: vec![Topic::spread(topic, 6, 3, &[1, 2, 3])], ..topology };
        let service = |name: String, group: Option<&str>| Service {
            name,
            description: String::new(),
            role: ServiceRole::Consumer,
            properties: group.map(|g| ("group.id".to_owned(), g.to_owned())).into_iter().collect(),
            behaviour: Behaviour::default(),
        };
        let services =
            [service(format!("{topic}-service"), None), service(group.to_owned(), Some(group))];
        let must = origin
            .map(|o| (Component::parse(o).expect("a component"), Vec::new()))
            .into_iter()
            .collect();
        let truth = Truth {
            causes: vec![Account {
                class: "network.capacity.link_capped".to_owned(),
                equivalent: Vec::new(),
                place: Place { must, near: Vec::new(), victims: Vec::new() },
                chain: Vec::new(),
                cured_by_restart: false,
                preventions: Vec::new(),
            }],
            onset: None,
            slow: 1,
            trigger: Trigger::NotListed,
            look_alikes: Vec::new(),
            accepted_events: Vec::new(),
            preconditions: Vec::new(),
            heals_within_s: 0,
        };
        Roles::of(&topology, &services, &truth, &[("victim".to_owned(), victim.to_owned())].into())
    }

    #[test]
    fn everybody_has_a_twin_of_the_same_role() {
        let here = roles("orders", "billing", Some("link:kafka-2"), "2");
        let there = roles("payments", "ledger", None, "3");
        assert_eq!((&here.brokers, &there.brokers), (&vec![2, 1, 3], &vec![3, 1, 2]));
        let twin = |kind, name| here.twin(&there, kind, name).unwrap_or_default();
        assert_eq!(
            [twin(Kind::Broker, "2"), twin(Kind::Broker, "3"), twin(Kind::Controller, "100")],
            ["3", "2", "100"]
        );
        assert_eq!(
            [twin(Kind::Topic, "orders"), twin(Kind::Group, "billing")],
            ["payments", "ledger"]
        );
        assert_eq!(
            [twin(Kind::Link, "kafka-2"), twin(Kind::Link, "orders-service")],
            ["kafka-3", "payments-service"]
        );
        // Partition 1 of orders is led by broker 2 and followed by 3 and 1; its twin's leader, 3,
        // is followed by 2 and 1.
        assert_eq!(twin(Kind::Partition, "orders-1"), "payments-5");
        assert_eq!(here.machine_twin(&there, "toolbox").as_deref(), Some("toolbox"));
    }

    /// A quorum of three, and machines that nobody named after their ids.
    fn elsewhere() -> Topology {
        let node = |name: &str, id, role| Node { name: name.to_owned(), id, role };
        Topology {
            nodes: vec![
                node("broker-a", 1, topology::Role::Broker),
                node("broker-b", 2, topology::Role::Broker),
                node("broker-c", 3, topology::Role::Broker),
                node("quorum-x", 3001, topology::Role::Controller),
                node("quorum-y", 3002, topology::Role::Controller),
                node("quorum-z", 3003, topology::Role::Controller),
            ],
            toolbox: "bastion".to_owned(),
            ..Topology::default()
        }
    }

    #[test]
    fn machines_of_any_name_and_number_have_twins() {
        let here = roles("orders", "billing", Some("link:kafka-2"), "2");
        let there = roles_on(elsewhere(), "payments", "ledger", Some("link:broker-c"), "3");
        assert_eq!(there.brokers, [3, 1, 2]);
        let twin = |name| here.machine_twin(&there, name);
        let twins = ["kafka-2", "kafka-1", "controller", "billing", "toolbox"].map(twin);
        assert_eq!(
            twins.each_ref().map(Option::as_deref),
            ["broker-c", "broker-a", "quorum-x", "ledger", "bastion"].map(Some)
        );
        let back = |kind, name| there.twin(&here, kind, name);
        assert_eq!(back(Kind::Disk, "broker-b").as_deref(), Some("kafka-3"));
        assert_eq!(back(Kind::Listener, "broker-c/EXTERNAL").as_deref(), Some("kafka-2/EXTERNAL"));
        assert_eq!(back(Kind::Controller, "3001").as_deref(), Some("100"));
        // One controller plays one part: nobody there stands for the other two.
        assert_eq!([back(Kind::Link, "quorum-y"), back(Kind::Controller, "3003")], [None, None]);
        assert_eq!(there.twin(&there, Kind::Link, "quorum-z").as_deref(), Some("quorum-z"));
    }

    #[test]
    fn who_has_no_role_has_no_twin() {
        let here = roles("orders", "billing", None, "2");
        assert_eq!(here.twin(&here, Kind::Group, "console-consumer-4711"), None);
        assert_eq!(here.twin(&here, Kind::Partition, "orders-77"), None);
        assert_eq!(
            here.twin(&here, Kind::Listener, "kafka-2/EXTERNAL").as_deref(),
            Some("kafka-2/EXTERNAL")
        );
    }

    #[test]
    fn partitions_the_cause_originates_at_come_first() {
        assert_eq!(
            roles("orders", "billing", Some("partition:orders-4"), "1").partitions["orders"][0],
            4
        );
    }
}
