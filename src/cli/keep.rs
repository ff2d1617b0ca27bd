//! `chaoslab keep`: the background process of a run. Started by `start`, and again by any command
//! that finds it dead.

use clap::Args;

use super::exit::Failure;
use crate::drill::choose::Home;
use crate::drill::keep;

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
    let log = keep::log(&run)?;
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
    let kept = runtime.block_on(keep::keep(run));
    if let Err(error) = &kept {
        tracing::error!(%error, "the keeper ends");
    }
    Ok(kept?)
}
