//! A subnet and loopback ports nobody else uses.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use bollard::query_parameters::ListNetworksOptions;

use super::{DockerEngine, RUN_LABEL, within};
use crate::domain::topology::{Placement, Topology};
use crate::domain::workload::{Service, machines};
use crate::lab::engine::{EngineError, Refusal, ports};

/// Labs live in 172.30.0.0/16, a /28 each: 13 machines, and 4096 labs.
const NETWORK: [u8; 2] = [172, 30];
const SUBNET_SIZE: u32 = 16;
const SUBNETS: u32 = 65536 / SUBNET_SIZE;

pub(super) async fn reserve(
    engine: &DockerEngine,
    run: &str,
    topology: &Topology,
    services: &[Service],
) -> Result<Placement, EngineError> {
    let (subnet, first) = create_network(engine, run).await?;
    let machines = machines(topology, services).into_iter().map(|machine| machine.name);
    // .0 is the network, .1 its gateway.
    let addresses: BTreeMap<_, _> =
        machines.zip(2..).map(|(name, k)| (name, address(first + k))).collect();
    if addresses.len() as u32 > SUBNET_SIZE - 3 {
        return Err(EngineError::Exhausted(format!(
            "a lab has room for {} machines, this one has {}",
            SUBNET_SIZE - 3,
            addresses.len()
        )));
    }
    Ok(Placement {
        subnet,
        addresses,
        host_ports: ports::choose(topology.brokers().map(|b| b.name.clone()))?,
    })
}

/// Creates the run's network in the first subnet neither the engine nor the host uses. Another lab
/// may take the same one at the same moment: then the engine refuses, and the next is tried.
async fn create_network(engine: &DockerEngine, run: &str) -> Result<(String, u32), EngineError> {
    let taken = taken_subnets(engine).await?;
    let mut refused = String::new();
    for k in 0..SUBNETS {
        let first = k * SUBNET_SIZE;
        if taken.iter().any(|t| t.overlaps(address_bits(first), 28)) {
            continue;
        }
        let subnet = format!("{}/28", address(first));
        let request = NetworkCreateRequest {
            name: run.to_owned(),
            driver: Some("bridge".to_owned()),
            ipam: Some(Ipam {
                config: Some(vec![IpamConfig {
                    subnet: Some(subnet.clone()),
                    ..Default::default()
                }]),
                ..Default::default()
            }),
            labels: Some(HashMap::from([(RUN_LABEL.to_owned(), run.to_owned())])),
            ..Default::default()
        };
        let created = engine.docker.create_network(request);
        let operation = format!("create the network {run} with {subnet}");
        match within(operation, engine.patience.works, created).await {
            Ok(_) => return Ok((subnet, first)),
            Err(error) if error.refusal().is_some_and(is_in_use) => refused = error.to_string(),
            Err(error) => return Err(error),
        }
    }
    Err(EngineError::Exhausted(format!(
        "no free subnet is left in {}.{}.0.0/16 for a lab ({refused}); `chaoslab stop --all` removes labs that are no longer used",
        NETWORK[0], NETWORK[1]
    )))
}

/// Whether the engine refused because the subnet overlaps with one it has.
fn is_in_use(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Refused { status: 403, .. })
        || refusal.to_string().contains("overlaps")
}

fn address_bits(offset: u32) -> u32 {
    u32::from(Ipv4Addr::new(NETWORK[0], NETWORK[1], 0, 0)) + offset
}

fn address(offset: u32) -> Ipv4Addr {
    Ipv4Addr::from(address_bits(offset))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Subnet {
    bits: u32,
    length: u32,
}

impl Subnet {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let length = length.parse().ok().filter(|l| *l <= 32)?;
        Some(Self { bits: u32::from(address.parse::<Ipv4Addr>().ok()?), length })
    }

    fn overlaps(self, bits: u32, length: u32) -> bool {
        let shift = 32 - self.length.min(length);
        shift >= 32 || self.bits >> shift == bits >> shift
    }
}

/// Subnets of the engine's networks and of the host's routes.
async fn taken_subnets(engine: &DockerEngine) -> Result<Vec<Subnet>, EngineError> {
    let networks = engine.docker.list_networks(None::<ListNetworksOptions>);
    let networks = within("list the engine's networks", engine.patience.answers, networks).await?;
    let configs = networks.into_iter().filter_map(|n| n.ipam.and_then(|i| i.config)).flatten();
    let mut taken: Vec<_> = configs.filter_map(|c| Subnet::parse(&c.subnet?)).collect();
    taken.extend(
        std::fs::read_to_string("/proc/net/route").iter().flat_map(|routes| parse_routes(routes)),
    );
    Ok(taken)
}

/// Routes as the kernel lists them, in hexadecimal and host byte order; the default route covers
/// everything and says nothing.
fn parse_routes(routes: &str) -> Vec<Subnet> {
    let parse = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let number = |k: usize| {
            fields.get(k).and_then(|f| u32::from_str_radix(f, 16).ok()).map(u32::swap_bytes)
        };
        let (bits, mask) = (number(1)?, number(7)?);
        (mask != 0).then_some(Subnet { bits, length: mask.count_ones() })
    };
    routes.lines().skip(1).filter_map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_overlap_when_one_holds_the_other() {
        let at = |text| Subnet::parse(text).expect("a subnet");
        assert!(at("172.30.0.0/16").overlaps(address_bits(32), 28));
        assert!(at("172.30.0.32/28").overlaps(address_bits(32), 28));
        assert!(at("0.0.0.0/0").overlaps(address_bits(0), 28));
        assert!(!at("172.30.0.16/28").overlaps(address_bits(32), 28));
        assert!(!at("172.17.0.0/16").overlaps(address_bits(0), 28));
    }

    #[test]
    fn the_kernels_routes_are_read_and_the_default_one_is_not() {
        let routes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
                      eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n\
                      br-1\t10001EAC\t00000000\t0001\t0\t0\t0\tF0FFFFFF\n";
        assert_eq!(parse_routes(routes), [Subnet::parse("172.30.0.16/28").expect("a subnet")]);
    }
}
