//! `chaoslab doctor`: what is needed, what is there, what to do.

use bollard::Docker;
use serde::Serialize;

use super::context::Context;
use super::exit::Failure;
use crate::domain::fault::Requirement;
use crate::lab::engine::docker::abilities::Lacking;
use crate::lab::engine::docker::{connect, reserve, sweep};
use crate::lab::engine::{ENGINE_ADVICE, EngineError};
use crate::lab::image::Image;
use crate::lab::library::Library;

/// What a lab takes: four JVMs, four exporters, two services.
const MEMORY_MIB: u64 = 1500;
/// Brokers of a lab.
const BROKERS: usize = 3;
/// The image, and a drill's logs and data.
const DISK_MIB: u64 = 3000;
/// The oldest API that is spoken here: Docker 20.10.
const OLDEST_API: (u32, u32) = (1, 41);

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    fine: bool,
    found: String,
    /// What to do when it is not fine.
    advice: Option<String>,
}

fn finding(what: &'static str, fine: bool, found: impl Into<String>, advice: &str) -> Finding {
    Finding { what, fine, found: found.into(), advice: (!fine).then(|| advice.to_owned()) }
}

pub async fn run(context: &Context) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let library = Library::open()?;
    let families = requirements(&library)?;
    // What was found lacking; nothing when it could not be looked at.
    let mut lacking = None;
    match connect().await {
        Err(EngineError::Unreachable { address, reason }) => {
            findings.push(finding(
                "engine",
                false,
                format!("none answers at {address}: {reason}"),
                ENGINE_ADVICE,
            ));
        }
        Err(error) => findings.push(finding("engine", false, error.to_string(), ENGINE_ADVICE)),
        Ok(docker) => {
            findings.extend(engine(&docker).await?);
            let image = Image::current(&library)?;
            let is_built = image.is_built(&docker).await?;
            findings.push(image_finding(&image, is_built));
            if is_built {
                let wanted =
                    families.iter().flat_map(|f| f.scenarios.iter().flatten().copied()).collect();
                findings.push(abilities(
                    lacking.insert(Lacking::of(&docker, &image.reference, &wanted).await?),
                ));
            }
            findings.push(leftovers(context, &docker).await?);
        }
    }
    findings.extend([memory(), disk(context), ports()]);
    let counts: Vec<_> = families.iter().map(|family| family.told(lacking.as_ref())).collect();
    findings.push(finding("families", true, counts.join(", "), ""));
    if context.output.json {
        context.output.value(&findings)?;
    } else {
        let mark = |f: &Finding| if f.fine { "ok".to_owned() } else { "NOT ok".to_owned() };
        context.output.table(
            &["", "what", "found"],
            findings.iter().map(|f| vec![mark(f), f.what.to_owned(), f.found.clone()]),
        )?;
        for finding in findings.iter().filter(|f| !f.fine) {
            let advice = finding.advice.as_deref().unwrap_or_default();
            context.output.line(format!("\n{}: {advice}", finding.what))?;
        }
    }
    let engine_is_bad = findings.iter().any(|f| f.what == "engine" && !f.fine);
    if engine_is_bad {
        Err(Failure::NoEngine("no usable container engine; see above".to_owned()))
    } else {
        Ok(())
    }
}

/// Refuses an engine, or a machine, on which no lab can stand; says how much is needed before
/// anything starts.
pub async fn usable(docker: &Docker) -> Result<(), Failure> {
    for finding in engine(docker).await? {
        if !finding.fine {
            return Err(Failure::NoEngine(format!(
                "{}. {}",
                finding.found,
                finding.advice.unwrap_or_default()
            )));
        }
    }
    for finding in [memory(), disk_at("/")] {
        if !finding.fine {
            return Err(Failure::Refused(format!(
                "too little {}: {}. {}",
                finding.what,
                finding.found,
                finding.advice.unwrap_or_default()
            )));
        }
    }
    Ok(())
}

async fn engine(docker: &Docker) -> Result<Vec<Finding>, Failure> {
    let failed = |source| EngineError::Operation {
        operation: "ask the engine about itself".to_owned(),
        source,
    };
    let version = docker.version().await.map_err(failed)?;
    let info = docker.info().await.map_err(failed)?;
    let system = info.operating_system.clone().unwrap_or_default();
    let security = info.security_options.clone().unwrap_or_default().join(" ");
    let is_linux = info.os_type.as_deref() == Some("linux");
    let is_local = is_local(info.id.is_some(), &system);
    let rootless = security.contains("rootless");
    let api = version.api_version.clone().unwrap_or_default();
    let new_enough = api
        .split_once('.')
        .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
        .is_some_and(|v: (u32, u32)| v >= OLDEST_API);
    let found = format!("Docker {} (API {api}) on {system}", version.version.unwrap_or_default());
    let reason = match (is_linux && is_local, rootless, new_enough) {
        (false, ..) => Some(
            "it is not a local Linux engine: machines of a lab must be reachable from here by their addresses",
        ),
        (_, true, _) => {
            Some("it is rootless: links cannot be shaped and process ids not be followed")
        }
        (.., false) => Some("it is older than Docker 20.10"),
        _ => None,
    };
    Ok(vec![match reason {
        Some(reason) => finding("engine", false, format!("{found}: {reason}"), ENGINE_ADVICE),
        None => finding("engine", true, found, ""),
    }])
}

/// Docker Desktop and remote engines run in a machine of their own, whose networks cannot be
/// reached from here.
fn is_local(answers: bool, system: &str) -> bool {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let is_socket = host.is_empty() || host.starts_with("unix://");
    answers && is_socket && !system.contains("Docker Desktop") && cfg!(target_os = "linux")
}

fn image_finding(image: &Image, is_built: bool) -> Finding {
    let found = if is_built {
        format!("{} is current", image.reference)
    } else {
        format!("{} is not built", image.reference)
    };
    finding("image", is_built, found, "`chaoslab image build` builds it; `start` does so too")
}

async fn leftovers(context: &Context, docker: &Docker) -> Result<Finding, Failure> {
    let standing = sweep::standing(docker, None).await?;
    let live: Vec<_> = context
        .home
        .list()?
        .into_iter()
        .filter_map(|r| r.read().ok())
        .filter(|f| f.state.is_live())
        .map(|f| f.id)
        .collect();
    let found = format!(
        "{} containers, {} networks, {} volumes; live runs: {}",
        standing.containers,
        standing.networks,
        standing.volumes,
        live.len()
    );
    let nothing = standing == crate::lab::engine::Swept::default();
    Ok(finding(
        "leftovers",
        nothing || !live.is_empty(),
        found,
        "no live run in this home owns them. When nobody else runs labs on this engine, `chaoslab stop --all` removes them: it takes down every lab there is",
    ))
}

/// What the scenarios of a family require.
struct Requirements {
    family: String,
    scenarios: Vec<Vec<Requirement>>,
}

impl Requirements {
    /// How many scenarios it has, and how many of them can be staged, where that was looked at.
    fn told(&self, lacking: Option<&Lacking>) -> String {
        let stageable = |lacking: &Lacking| {
            self.scenarios.iter().filter(|requires| lacking.bars(requires).is_none()).count()
        };
        let of_them =
            lacking.map(|lacking| format!("{} of ", stageable(lacking))).unwrap_or_default();
        format!("{}: {of_them}{}", self.family, self.scenarios.len())
    }
}

fn requirements(library: &Library) -> Result<Vec<Requirements>, Failure> {
    let mut families = Vec::new();
    for family in library.families() {
        let mut scenarios = Vec::new();
        for scenario in library.scenarios(&family) {
            scenarios.push(library.plan(&family, &scenario, 0)?.requires);
        }
        families.push(Requirements { family, scenarios });
    }
    Ok(families)
}

/// What the engine, and the kernel under it, lets a lab do.
fn abilities(lacking: &Lacking) -> Finding {
    let reasons: Vec<_> = lacking.reasons().collect();
    let found = if reasons.is_empty() {
        "links can be shaped, packets filtered, writes limited".to_owned()
    } else {
        reasons.join("; ")
    };
    finding(
        "abilities",
        reasons.is_empty(),
        found,
        "Load the kernel's modules (sch_tbf, xt_u32) or use another machine; until then `start` draws no cause that needs what is lacking",
    )
}

/// Each broker is reached by a port of the loopback, too.
fn ports() -> Finding {
    let free = reserve::ports_free(BROKERS);
    let found =
        free.as_ref().map_or_else(ToString::to_string, |()| format!("{BROKERS} free on 127.0.0.1"));
    finding(
        "ports",
        free.is_ok(),
        found,
        "Each broker of a lab needs a free port: end programs that hold many, or widen net.ipv4.ip_local_port_range",
    )
}

fn memory() -> Finding {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = text.lines().find_map(|l| {
        l.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    });
    let mib = available.unwrap_or(0) / 1024;
    finding(
        "memory",
        mib >= MEMORY_MIB,
        format!("{mib} MiB available, {MEMORY_MIB} MiB needed for a lab"),
        "Close something, or stop another lab: `chaoslab stop --all`",
    )
}

fn disk(context: &Context) -> Finding {
    let existing = context
        .home
        .folder()
        .ancestors()
        .find(|p| p.exists())
        .map_or_else(|| "/".to_owned(), |p| p.display().to_string());
    disk_at(&existing)
}

fn disk_at(path: &str) -> Finding {
    let free = rustix::fs::statvfs(path).map(|s| s.f_bavail * s.f_frsize / (1 << 20)).unwrap_or(0);
    finding(
        "disk",
        free >= DISK_MIB,
        format!("{free} MiB free in {path}, {DISK_MIB} MiB needed"),
        "Free some space; `docker system df` tells what the engine holds",
    )
}
