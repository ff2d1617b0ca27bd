//! Who is who: the entities of a run in an order that is the same for every run of its family. The
//! place in a list is the role, so what is said of an entity in one run can be asked of its twin in
//! another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::fault::truth::Truth;
use crate::domain::rca::vocab::{Component, Kind};
use crate::domain::topology::{NodeId, Role, Topic, Topology};
use crate::domain::workload::Service;

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
            controllers: topology.controllers().map(|n| id(n.id)).collect(),
            topics: topology.topics.iter().map(|t| t.name.clone()).collect(),
            services: services.iter().map(|s| s.name.clone()).collect(),
            members: services
                .iter()
                .filter(|s| s.members() > 1)
                .map(|s| (s.name.clone(), s.members()))
                .collect(),
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
        if let Some(broker) = machine.strip_prefix("kafka-") {
            return self.twin(other, Kind::Broker, broker).map(|id| format!("kafka-{id}"));
        }
        match machine {
            // They have one name in every lab.
            "toolbox" | "controller" => Some(machine.to_owned()),
            service => self.twin(other, Kind::Service, service),
        }
    }
}

fn id(id: NodeId) -> u32 {
    u32::try_from(id).unwrap_or(0)
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
    let all = || topology.nodes.iter().filter(|n| n.role == Role::Broker);
    let mut first: Vec<u32> =
        all().filter(|n| is_origin(n.id, &n.name)).map(|n| id(n.id)).collect();
    // A cause at all of them singles none out.
    if first.is_empty() || first.len() == all().count() {
        let victim = drawn.get(VICTIM).and_then(|v| v.parse::<u32>().ok());
        first = victim.into_iter().filter(|v| all().any(|n| id(n.id) == *v)).collect();
    }
    let rest: Vec<u32> = all().map(|n| id(n.id)).filter(|n| !first.contains(n)).collect();
    first.into_iter().chain(rest).collect()
}

fn partitions(topic: &Topic, brokers: &[u32], origins: &BTreeSet<&Component>) -> Vec<u32> {
    let place =
        |broker: &NodeId| brokers.iter().position(|b| *b == id(*broker)).unwrap_or(brokers.len());
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
    use crate::domain::topology::Node;
    use crate::domain::workload::ServiceRole;

    fn roles(topic: &str, group: &str, origin: Option<&str>, victim: &str) -> Roles {
        let node = |id: i32| match id {
            100 => Node { name: "controller".to_owned(), id, role: Role::Controller },
            _ => Node { name: format!("kafka-{id}"), id, role: Role::Broker },
        };
        let topology = Topology {
            nodes: [1, 2, 3, 100].map(node).to_vec(),
            topics: vec![Topic::spread(topic, 6, 3, &[1, 2, 3])],
            ..Topology::default()
        };
        let service = |name: String, group: Option<&str>| Service {
            name,
            description: String::new(),
            role: ServiceRole::Consumer,
            properties: group.map(|g| ("group.id".to_owned(), g.to_owned())).into_iter().collect(),
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
