//! `chaoslab image`: the image of the lab's machines.

use std::time::Instant;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;
use crate::lab::engine::connect;
use crate::lab::image::Image;
use crate::lab::library::Library;

/// What to do with the image.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build the lab image; says at once when it is current
    #[command(after_help = "Example: chaoslab image build")]
    Build,
}

pub async fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Build => {
            let engine = connect().await?;
            let image = Image::current(&Library::open()?)?;
            let (begun, is_current) = (Instant::now(), image.is_built(&engine).await?);
            if !is_current {
                image.build(&engine, |step| context.output.remark(step)).await?;
            }
            let seconds = begun.elapsed().as_secs();
            if context.output.json {
                return context.output.value(&serde_json::json!({"image": image.reference, "built": !is_current, "seconds": seconds}));
            }
            let done =
                if is_current { "is current".to_owned() } else { format!("built in {seconds} s") };
            context.output.line(format!("{} {done}", image.reference))
        }
    }
}
