//! `chaoslab stop`: end a run and leave nothing on the engine. Safe to repeat, from any terminal,
//! whatever was killed before.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::{input, output};
use crate::drill::DrillError;
use crate::drill::error::Refusal;
use crate::drill::stop::{all, everyone, others, stop};

/// Arguments of `stop`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab stop --all")]
pub struct Arguments {
    /// Stop every run of this home, and remove what nobody uses any more
    #[arg(long)]
    all: bool,

    /// Take down every lab on this engine, those of other homes too, after asking by name
    #[arg(long, conflicts_with = "all")]
    everyone: bool,

    /// Do not ask
    #[arg(long, short, requires = "everyone")]
    yes: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let out = context.output;
    if arguments.everyone {
        let others = others(&context.home).await?;
        if !others.is_empty() {
            output::warn(format!("in use from another home: {}", others.join(", ")));
            if !arguments.yes && !input::is_wanted("this takes down labs of others")? {
                return Ok(());
            }
        }
        let stopped = everyone(&context.home, &out).await?;
        return if out.json { out.value(&stopped) } else { Ok(()) };
    }
    if arguments.all {
        let stopped = all(&context.home, &out).await?;
        return if out.json { out.value(&stopped) } else { Ok(()) };
    }
    let chosen = match context.chosen() {
        // Stopping nothing is done.
        Err(Failure::Drill(DrillError::Refused(Refusal::NoRun))) => {
            out.remark("there is no run to stop");
            return Ok(());
        }
        chosen => chosen?,
    };
    let stopped = stop(&chosen.run, &out).await?;
    if out.json { out.value(&stopped) } else { Ok(()) }
}
