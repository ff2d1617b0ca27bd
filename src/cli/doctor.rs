//! `chaoslab doctor`: what is needed, what is there, what to do.

use serde::Serialize;

use super::context::Context;
use super::exit::Failure;
use crate::domain::fault::Requirement;
use crate::lab::engine::{
    ENGINE_ADVICE, EngineError, Lacking, Survey, Sweep, Swept, connect, ports,
};
use crate::lab::image::Image;
use crate::lab::library::Library;

/// What a lab takes: four JVMs, four exporters, two services.
const MEMORY_MIB: u64 = 1500;
/// Brokers of a lab.
const BROKERS: usize = 3;
/// The image, and a drill's logs and data.
const DISK_MIB: u64 = 3000;

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
        Ok(host) => {
            findings.push(engine(&host).await?);
            let image = Image::current(&library)?;
            let is_built = image.is_built(&host).await?;
            findings.push(image_finding(&image, is_built));
            if is_built {
                let wanted =
                    families.iter().flat_map(|f| f.scenarios.iter().flatten().copied()).collect();
                findings.push(abilities(
                    lacking.insert(host.lacking(&image.reference, &wanted).await?),
                ));
            }
            findings.push(leftovers(context, &host).await?);
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
pub async fn usable(host: &impl Survey) -> Result<(), Failure> {
    let is = engine(host).await?;
    if !is.fine {
        return Err(Failure::NoEngine(format!("{}. {}", is.found, is.advice.unwrap_or_default())));
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

async fn engine(host: &impl Survey) -> Result<Finding, Failure> {
    let about = host.about().await?;
    Ok(match about.unfit {
        Some(reason) => {
            finding("engine", false, format!("{}: {reason}", about.name), ENGINE_ADVICE)
        }
        None => finding("engine", true, about.name, ""),
    })
}

fn image_finding(image: &Image, is_built: bool) -> Finding {
    let found = if is_built {
        format!("{} is current", image.reference)
    } else {
        format!("{} is not built", image.reference)
    };
    finding("image", is_built, found, "`chaoslab image build` builds it; `start` does so too")
}

async fn leftovers(context: &Context, host: &impl Sweep) -> Result<Finding, Failure> {
    let standing = host.standing(None).await?;
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
    let nothing = standing == Swept::default();
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
    let free = ports::free(BROKERS);
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
