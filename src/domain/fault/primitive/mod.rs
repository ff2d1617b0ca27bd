//! One file per primitive.

mod link_cap;
mod rolling_restart;
mod slow_processing;
mod traffic_burst;

pub use link_cap::LinkCap;
pub use rolling_restart::RollingRestart;
pub use slow_processing::SlowProcessing;
pub use traffic_burst::TrafficBurst;

use super::Target;

fn must_be_broker(node: &str, on: Target<'_>) -> Vec<String> {
    let names: Vec<_> = on.topology.brokers().map(|b| b.name.as_str()).collect();
    if names.contains(&node) {
        Vec::new()
    } else {
        vec![format!("`{node}` is not a broker of this lab; its brokers are {}", names.join(", "))]
    }
}

fn must_be_service(service: &str, on: Target<'_>) -> Vec<String> {
    let names: Vec<_> = on.services.iter().map(|s| s.name.as_str()).collect();
    if names.contains(&service) {
        Vec::new()
    } else {
        vec![format!("`{service}` is not a service of this lab; its services are {}", names.join(", "))]
    }
}
