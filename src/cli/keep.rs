//! `chaoslab keep`: the background process of a run. Started by `start`, and again by any command
//! that finds it dead.

use std::convert::Infallible;

use clap::Args;

use super::deadline;
use super::exit::Failure;
use crate::lab::keeper;
use crate::lab::run::Home;

/// Arguments of `keep`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run
    run: String,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    // A session of its own: the terminal that started it may close. Fails only for a process that
    // leads one already.
    let _ = rustix::process::setsid();
    let run = Home::from_environment()?.open(&arguments.run)?;
    let log = run.sealed().log()?;
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || log.clone())
        .init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("start the runtime"))?;
    let examine = async {
        if let Err(error) = deadline::hand_in(&run).await {
            tracing::error!(%error, "the write-up could not be handed in when the time was over");
        }
        std::future::pending::<Infallible>().await
    };
    let kept = runtime.block_on(async {
        tokio::select! {
            kept = keeper::keep(run.clone()) => kept,
            never = examine => match never {},
        }
    });
    if let Err(error) = &kept {
        tracing::error!(%error, "the keeper ends");
    }
    Ok(kept?)
}
