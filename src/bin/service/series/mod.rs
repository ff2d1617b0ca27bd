//! The series of `/metrics`: which of the service's figures they show, and under which names.

mod consumer;
mod producer;

use std::fs;
use std::time::UNIX_EPOCH;

use rustix::param::page_size;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    exposition::{
        Exposition,
        Kind::{Counter, Gauge},
    },
    service::Service,
    settings::Role,
};

/// The whole page.
pub fn page(service: &Service) -> String {
    let mut page = Exposition::of(&service.name);
    process(service, &mut page);
    match &service.settings.role {
        Role::Producer => producer::series(service, &mut page),
        Role::Consumer(_) => consumer::series(service, &mut page),
    }
    connections(service, &mut page);
    page.finish()
}

fn process(service: &Service, page: &mut Exposition) {
    let version = [service.settings.version.clone(), service.settings.role.name().to_owned()];
    page.family(
        Gauge,
        "service_info",
        "The running version.",
        ["version", "role"],
        [(version, 1.0)],
    );
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let cpu = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
    page.family(Counter, "process_cpu_seconds_total", "CPU time of the process.", [], [([], cpu)]);
    let started =
        service.figures.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    page.family(
        Gauge,
        "process_start_time_seconds",
        "When the process started, Unix time.",
        [],
        [([], started)],
    );
    descriptors(page);
    sizes(page);
}

/// Open file descriptors and their limit; left out where the system does not tell.
fn descriptors(page: &mut Exposition) {
    // The folder is open itself while it is read.
    let open = fs::read_dir("/proc/self/fd").map(|fds| fds.count().saturating_sub(1) as f64);
    let limit = getrlimit(Resource::Nofile).current;
    let (open, limit) = (open.into_iter(), limit.into_iter());
    page.family(
        Gauge,
        "process_open_fds",
        "Open file descriptors.",
        [],
        open.map(|open| ([], open)),
    );
    page.family(
        Gauge,
        "process_max_fds",
        "Limit of open file descriptors.",
        [],
        limit.map(|limit| ([], limit as f64)),
    );
}

/// Sizes of the process; left out where the system does not tell.
fn sizes(page: &mut Exposition) {
    let Ok(pages) = fs::read_to_string("/proc/self/statm") else { return };
    let mut bytes =
        pages.split(' ').map_while(|count| Some(count.parse::<f64>().ok()? * page_size() as f64));
    page.family(
        Gauge,
        "process_virtual_memory_bytes",
        "Addresses the process has taken.",
        [],
        bytes.next().map(|bytes| ([], bytes)),
    );
    page.family(
        Gauge,
        "process_resident_memory_bytes",
        "Memory of the process that is in RAM.",
        [],
        bytes.next().map(|bytes| ([], bytes)),
    );
}

/// librdkafka's connections.
fn connections(service: &Service, page: &mut Exposition) {
    let mut columns: [Vec<([String; 2], f64)>; 5] = Default::default();
    for client in service.figures.clients() {
        for (name, broker) in &client.library.brokers {
            let (round_trips, throttled) = (broker.round_trips, broker.throttled);
            let values =
                [round_trips.0, round_trips.1, throttled.0, throttled.1, broker.timeouts as f64];
            for (column, value) in columns.iter_mut().zip(values) {
                column.push(([client.id.clone(), name.clone()], value));
            }
        }
    }
    let families = [
        ("rdkafka_broker_rtt_seconds_count", "Responses received."),
        ("rdkafka_broker_rtt_seconds_sum", "Summed request round trips."),
        ("rdkafka_broker_throttle_seconds_count", "Throttled responses received."),
        ("rdkafka_broker_throttle_seconds_sum", "Summed throttle time the broker imposed."),
        ("rdkafka_broker_request_timeouts_total", "Requests that timed out."),
    ];
    for ((name, help), column) in families.into_iter().zip(columns) {
        page.family(Counter, name, help, ["client_id", "broker"], column);
    }
}

#[cfg(test)]
mod tests;
