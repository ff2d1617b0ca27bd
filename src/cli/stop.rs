//! `chaoslab stop`: end a run and leave nothing on the engine. Safe to repeat, from any terminal,
//! whatever was killed before.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use crate::drill::DrillError;
use crate::drill::error::Refusal;
use crate::drill::stop::{all, stop};

/// Arguments of `stop`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab stop --all")]
pub struct Arguments {
    /// Stop every run of this machine, and remove whatever carries our label
    #[arg(long)]
    all: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let out = context.output;
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
