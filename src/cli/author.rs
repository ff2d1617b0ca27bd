//! `chaoslab author`: what authors of scenarios need.

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;
use crate::domain::scenario::template;
use crate::lab::library::Library;

/// What an author does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a scenario's write-up for the chosen run
    #[command(hide = true)]
    WriteUp {
        /// reference-rca.md or decoy-rca.md
        name: String,
    },
}

pub fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::WriteUp { name } => {
            let chosen = context.readable()?;
            let plan: crate::domain::scenario::Plan =
                chosen.run.sealed().read("plan")?.ok_or_else(|| Failure::Integrity(format!("the run {} has no plan", chosen.file.id)))?;
            let text = Library::open()?.write_up(&plan.family, &plan.scenario, name);
            let text = text.ok_or_else(|| Failure::Usage(format!("the scenario has no {name}")))?;
            let mut drawn = plan.drawn.clone();
            drawn.insert("run".to_owned(), chosen.file.id.clone());
            context.output.text(&template::fill(&text, &drawn).map_err(Failure::Usage)?)
        }
    }
}
