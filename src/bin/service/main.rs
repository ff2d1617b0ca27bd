//! A service of an order business: it places orders in a topic, or processes orders.
//!
//! `NAME FILE.properties`. The name it is started under is the service's name, in its log and in
//! its series; it has no other. It logs to standard output, answers `/metrics` and `/ledger` over
//! HTTP, logs on SIGQUIT what its members are doing, finishes its work on SIGTERM and then exits
//! with 0. It exits with 1 when it cannot go on; its supervisor starts it again.
//!
//! Properties that are not in this list are librdkafka's and go to it as they are written.
//! `client.id` is the service's name unless given, `enable.auto.commit` is false unless given. With
//! several members, `client.id`, `group.instance.id` and `transactional.id` get the member's
//! number, `-1` and on, behind them.
//!
//! | property | default | meaning |
//! |---|---|---|
//! | `service.role` | | `producer` or `consumer` |
//! | `service.version` | | the version that runs |
//! | `topic` | | one topic or several, separated by commas; a producer takes them in turn |
//! | `members` | 1 | clients in this process, each with a thread of its own |
//! | `metrics.port` | 8080 | port of the HTTP endpoint |
//!
//! A consumer's:
//!
//! | property | default | meaning |
//! |---|---|---|
//! | `poll.records` | 500 | most records taken at once; a member polls again when all are processed |
//! | `commit.records` | 500 | offsets are committed after the batch that makes this many records uncommitted |
//! | `commit.interval.ms` | 1000 | and after the batch that ends this long after the last commit |
//! | `on.undecodable` | exit | what a record that is no order does: `exit` ends the process, `skip` passes over it |
//!
//! What it does with records is no setting but code, and code is in a release: `service.version`
//! says which of those under `/opt/NAME/releases` runs ([`release`]).

mod activity;
mod client;
mod consumer;
mod deliveries;
mod dump;
mod endpoint;
mod exposition;
mod figures;
mod keys;
mod ledger;
mod log;
mod membership;
mod order;
mod pace;
mod producer;
mod progress;
mod properties;
// The lab builds releases with it, and the service only loads them.
#[allow(dead_code)]
#[path = "../../domain/workload/release.rs"]
mod release;
mod series;
mod service;
mod settings;
mod short_lived;
mod stop;
mod transactions;

use std::{io, path::Path, process, sync::Arc, thread, time::Duration};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::{self, MissedTickBehavior},
};

use crate::{log::Log, progress::Progress, release::Behaviour, service::Service, settings::Role};

/// How long members may take to finish once the service is asked to stop; a supervisor's patience
/// is seldom more than ten seconds.
const GRACE: Duration = Duration::from_secs(7);

fn main() {
    let mut arguments = std::env::args();
    let program = arguments.next().unwrap_or_default();
    let name = Path::new(&program)
        .file_name()
        .map_or_else(|| program.clone(), |name| name.to_string_lossy().into_owned());
    let log = Log::of(&name);
    let (Some(path), None) = (arguments.next(), arguments.next()) else {
        log.error(format_args!("usage: {name} FILE.properties"));
        process::exit(2);
    };
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        log.error(format_args!("cannot read {path}: {error}"));
        process::exit(1)
    });
    let settings = settings::read(&text).unwrap_or_else(|problems| {
        problems.iter().for_each(|problem| log.error(problem.at(&path)));
        process::exit(1)
    });
    let behaviour = behaviour(&name, &settings.version).unwrap_or_else(|error| {
        log.error(error);
        process::exit(1)
    });
    let service = Arc::new(Service::new(name, settings, behaviour));
    let panicked = service.clone();
    std::panic::set_hook(Box::new(move |panic| {
        panicked.log.error(panic);
        process::exit(1);
    }));
    if let Err(error) = run(&service) {
        service.log.error(format_args!(
            "cannot serve metrics.port={}: {error}",
            service.settings.metrics_port
        ));
        process::exit(1);
    }
}

/// What the release of this version does, or why it cannot be run.
fn behaviour(name: &str, version: &str) -> Result<Behaviour, String> {
    let path = release::release_path(name, version);
    let bytes = std::fs::read(&path)
        .map_err(|error| format!("cannot load version {version}: {path}: {error}"))?;
    Behaviour::of_release(&bytes)
        .ok_or_else(|| format!("cannot load version {version}: {path} is damaged"))
}

/// Runs the members, each on its thread, and everything else on this one, until a signal asks to
/// stop.
#[tokio::main(flavor = "current_thread")]
async fn run(service: &Arc<Service>) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let listener = TcpListener::bind(("0.0.0.0", service.settings.metrics_port)).await?;
    let effective: Vec<String> =
        service.settings.effective.iter().map(|(key, value)| format!("{key}={value}")).collect();
    service.log.info(format_args!("starting {}", effective.join(" ")));
    let mut members = start(service)?;
    let mut endpoint = tokio::spawn(endpoint::serve(service.clone(), listener));
    let mut progress = Progress::of(service);
    let mut ticks =
        time::interval_at(time::Instant::now() + progress::INTERVAL, progress::INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = quit.recv() => dump::write(service),
            _ = ticks.tick() => progress.report(service),
            ended = &mut endpoint => return Err(ended.unwrap_or_else(io::Error::other)),
        }
    }
    service.log.info("stopping");
    service.stop.request();
    match time::timeout(GRACE, members.recv()).await {
        Ok(_) => service.log.info(format_args!("stopped {}", progress::totals(service))),
        Err(_) => service.log.warn(format_args!(
            "members did not finish in time, stopping without them {}",
            progress::totals(service)
        )),
    }
    process::exit(0);
}

/// Starts the members. The receiver ends when the last of them has.
fn start(service: &Arc<Service>) -> io::Result<mpsc::Receiver<()>> {
    let (running, ended) = mpsc::channel(1);
    for member in 1..=service.settings.members {
        let (service, running) = (service.clone(), running.clone());
        thread::Builder::new().name(service.settings.client_id(&service.name, member)).spawn(
            move || {
                let result = match &service.settings.role {
                    Role::Producer => producer::run(&service, member),
                    Role::Consumer(consumption) => consumer::run(&service, consumption, member),
                };
                if let Err(failure) = result {
                    service.log.error(&failure);
                    process::exit(1);
                }
                drop(running);
            },
        )?;
    }
    Ok(ended)
}
