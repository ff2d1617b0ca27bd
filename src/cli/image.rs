//! `chaoslab image`: the image of the lab's machines.

use std::time::Instant;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;
use crate::lab::engine::docker::connect;
use crate::lab::image::Image;
use crate::lab::library::Library;

/// What to do with the image.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build the lab image; says at once when it is current
    Build,
}

pub async fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Build => {
            let docker = connect().await?;
            let image = Image::current(&Library::open()?)?;
            if image.is_built(&docker).await? {
                return context.output.line(format!("{} is current", image.reference));
            }
            let begun = Instant::now();
            image.build(&docker, |step| context.output.remark(step)).await?;
            context.output.line(format!("{} built in {} s", image.reference, begun.elapsed().as_secs()))
        }
    }
}
