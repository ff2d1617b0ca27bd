//! `chaoslab author record`: the chosen run as a casefile; and, for scripts, a write-up filled for
//! it.

use std::path::PathBuf;

use clap::Args;

use crate::cli::context::{Chosen, Context};
use crate::cli::exit::Failure;
use crate::cli::rca::Opened;
use crate::domain::review::write_ups;
use crate::domain::scenario::Plan;
use crate::lab::casefile;
use crate::lab::library::Library;

/// Arguments of `author record`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab author record drill.casefile")]
pub struct Arguments {
    /// Where to write it; FAMILY.SCENARIO.SEED.casefile unless given
    file: Option<PathBuf>,
}

/// Arguments of `author write-up`.
#[derive(Debug, Args)]
pub struct WriteUp {
    /// reference-rca.md or decoy-rca.md
    name: String,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let plan = plan(&chosen)?;
    let named = format!("{}.{}.{}.casefile", plan.family, plan.scenario, plan.seed);
    let path = arguments.file.clone().unwrap_or_else(|| PathBuf::from(named));
    casefile::pack(&chosen.run, &path).map_err(|e| Failure::Integrity(e.to_string()))?;
    context.output.line(path.display().to_string())
}

pub fn write_up(context: &Context, arguments: &WriteUp) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let plan = plan(&chosen)?;
    let text = Library::open()?.write_up(&plan.family, &plan.scenario, &arguments.name);
    let text =
        text.ok_or_else(|| Failure::Usage(format!("the scenario has no {}", arguments.name)))?;
    let opened = Opened::of(&chosen)?;
    context.output.text(
        &write_ups::filled(&text, &plan.drawn, opened.record().facts).map_err(Failure::Usage)?,
    )
}

/// The sealed plan of a run.
pub fn plan(chosen: &Chosen) -> Result<Plan, Failure> {
    chosen
        .run
        .sealed()
        .read("plan")?
        .ok_or_else(|| Failure::Integrity(format!("the run {} has no plan", chosen.file.id)))
}
