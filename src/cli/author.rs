//! `chaoslab author`: what authors of scenarios need.

use std::path::PathBuf;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;
use crate::domain::scenario::{Plan, template};
use crate::lab::casefile;
use crate::lab::library::Library;

/// What an author does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Pack the chosen run into a casefile, for tests that grade it without Docker
    Record {
        /// Where to write it; FAMILY.SCENARIO.SEED.casefile unless given
        file: Option<PathBuf>,
    },
    /// Print a scenario's write-up for the chosen run
    #[command(hide = true)]
    WriteUp {
        /// reference-rca.md or decoy-rca.md
        name: String,
    },
}

pub fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let plan: Plan =
        chosen.run.sealed().read("plan")?.ok_or_else(|| Failure::Integrity(format!("the run {} has no plan", chosen.file.id)))?;
    match command {
        Command::Record { file } => {
            let named = format!("{}.{}.{}.casefile", plan.family, plan.scenario, plan.seed);
            let path = file.clone().unwrap_or_else(|| PathBuf::from(named));
            casefile::pack(&chosen.run, &path).map_err(|e| Failure::Integrity(e.to_string()))?;
            context.output.line(path.display().to_string())
        }
        Command::WriteUp { name } => {
            let text = Library::open()?.write_up(&plan.family, &plan.scenario, name);
            let text = text.ok_or_else(|| Failure::Usage(format!("the scenario has no {name}")))?;
            let mut drawn = plan.drawn.clone();
            drawn.insert("run".to_owned(), chosen.file.id.clone());
            context.output.text(&template::fill(&text, &drawn).map_err(Failure::Usage)?)
        }
    }
}
