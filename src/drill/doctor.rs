//! What a lab needs, what is there, what to do.

use serde::Serialize;

use super::error::{DrillError, Refusal};
use crate::domain::fault::Requirement;
use crate::lab::engine::{
    ENGINE_ADVICE, EngineError, Lacking, Survey, Sweep, Swept, connect, ports as engine_ports,
};
use crate::lab::image::Image;
use crate::lab::library::Library;
use crate::lab::run::Home;

/// What a lab takes: four JVMs, four exporters, two services.
const MEMORY_MIB: u64 = 1500;
/// Brokers of a lab.
const BROKERS: usize = 3;
/// The image, and a drill's logs and data.
const DISK_MIB: u64 = 3000;
/// What the finding about the engine is called.
const ENGINE: &str = "engine";

/// Something that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// Whether it is as a lab needs it.
    pub fine: bool,
    /// What is there.
    pub found: String,
    /// What to do when it is not fine.
    pub advice: Option<String>,
}

impl Finding {
    /// Whether no lab can be staged for lack of an engine.
    pub fn is_no_engine(&self) -> bool {
        self.what == ENGINE && !self.fine
    }
}

fn finding(what: &'static str, fine: bool, found: impl Into<String>, advice: &str) -> Finding {
    Finding { what, fine, found: found.into(), advice: (!fine).then(|| advice.to_owned()) }
}

/// Looks at everything a lab needs.
pub async fn examine(home: &Home) -> Result<Vec<Finding>, DrillError> {
    let mut findings = Vec::new();
    let library = Library::open()?;
    let families = requirements(&library)?;
    // What was found lacking; nothing when it could not be looked at.
    let mut lacking = None;
    match connect().await {
        Err(EngineError::Unreachable { address, reason }) => {
            let found = format!("none answers at {address}: {reason}");
            findings.push(finding(ENGINE, false, found, ENGINE_ADVICE));
        }
        Err(error) => findings.push(finding(ENGINE, false, error.to_string(), ENGINE_ADVICE)),
        Ok(host) => {
            findings.push(engine(&host).await?);
            let image = Image::current(&library)?;
            let is_built = image.is_built(&host).await?;
            findings.push(image_finding(&image, is_built));
            if is_built {
                let wanted =
                    families.iter().flat_map(|f| f.scenarios.iter().flatten().copied()).collect();
                let lacks = lacking.insert(host.lacking(&image.reference, &wanted).await?);
                findings.push(abilities(lacks));
            }
            findings.push(leftovers(home, &host).await?);
        }
    }
    findings.extend([memory(), disk(home), ports()]);
    let counts: Vec<_> = families.iter().map(|family| family.told(lacking.as_ref())).collect();
    findings.push(finding("families", true, counts.join(", "), ""));
    Ok(findings)
}

/// Refuses an engine, or a machine, on which no lab can stand; says how much is needed before
/// anything starts.
pub(super) async fn usable(host: &impl Survey) -> Result<(), DrillError> {
    let is = engine(host).await?;
    if !is.fine {
        let advice = is.advice.unwrap_or_default();
        return Err(DrillError::NoEngine { found: is.found, advice });
    }
    for finding in [memory(), disk_at("/")] {
        if !finding.fine {
            return Err(Refusal::TooLittle {
                what: finding.what,
                found: finding.found,
                advice: finding.advice.unwrap_or_default(),
            }
            .into());
        }
    }
    Ok(())
}

async fn engine(host: &impl Survey) -> Result<Finding, DrillError> {
    let about = host.about().await?;
    Ok(match about.unfit {
        Some(reason) => finding(ENGINE, false, format!("{}: {reason}", about.name), ENGINE_ADVICE),
        None => finding(ENGINE, true, about.name, ""),
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

async fn leftovers(home: &Home, host: &impl Sweep) -> Result<Finding, DrillError> {
    let standing = host.standing(None).await?;
    let live = home
        .list()?
        .into_iter()
        // What cannot be read is told by whatever chooses it.
        .filter_map(|r| r.read().ok())
        .filter(|f| f.state.is_live())
        .count();
    let found = format!(
        "{} containers, {} networks, {} volumes; live runs: {live}",
        standing.containers, standing.networks, standing.volumes
    );
    Ok(finding(
        "leftovers",
        standing == Swept::default() || live > 0,
        found,
        "no live run in this home owns them; `chaoslab stop --all` removes what nobody keeps any \
         more, and names what another home has in use",
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

fn requirements(library: &Library) -> Result<Vec<Requirements>, DrillError> {
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
        "Load the kernel's modules (sch_tbf, xt_u32) or use another machine; until then `start` \
         draws no cause that needs what is lacking",
    )
}

/// Each broker is reached by a port of the loopback, too.
fn ports() -> Finding {
    let free = engine_ports::free(BROKERS);
    let found =
        free.as_ref().map_or_else(ToString::to_string, |()| format!("{BROKERS} free on 127.0.0.1"));
    finding(
        "ports",
        free.is_ok(),
        found,
        "Each broker of a lab needs a free port: end programs that hold many, or widen \
         net.ipv4.ip_local_port_range",
    )
}

fn memory() -> Finding {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let mib = available_mib(&text);
    finding(
        "memory",
        mib >= MEMORY_MIB,
        format!("{mib} MiB available, {MEMORY_MIB} MiB needed for a lab"),
        "Close something, or stop another lab: `chaoslab stop --all`",
    )
}

/// What `/proc/meminfo` says is available; nothing when it does not.
fn available_mib(meminfo: &str) -> u64 {
    let kib = meminfo.lines().find_map(|l| {
        l.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    });
    kib.unwrap_or(0) / 1024
}

fn disk(home: &Home) -> Finding {
    let existing = home.folder().ancestors().find(|p| p.exists());
    disk_at(&existing.map_or_else(|| "/".to_owned(), |p| p.display().to_string()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_in_mebibytes() {
        let text = "MemTotal:       16316412 kB\nMemAvailable:    2097152 kB\n";
        assert_eq!(available_mib(text), 2048);
        assert_eq!(available_mib("MemTotal: 1 kB\n"), 0);
    }

    #[test]
    fn a_family_tells_how_many_of_its_causes_can_be_staged_and_names_none() {
        let family = Requirements {
            family: "isr-shrink".to_owned(),
            scenarios: vec![vec![], vec![Requirement::PacketFilter], vec![]],
        };
        let lacking = Lacking::from_iter([(Requirement::PacketFilter, "no filter".to_owned())]);
        assert_eq!(family.told(None), "isr-shrink: 3");
        assert_eq!(family.told(Some(&Lacking::default())), "isr-shrink: 3 of 3");
        assert_eq!(family.told(Some(&lacking)), "isr-shrink: 2 of 3");
    }
}
