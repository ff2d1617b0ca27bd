//! `chaoslab image`: the image of the lab's machines.

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;
use crate::drill::image::build;

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
            let image = build(&context.output).await?;
            if context.output.json {
                return context.output.value(&image);
            }
            let done = match image.built {
                true => format!("built in {} s", image.seconds),
                false => "is current".to_owned(),
            };
            context.output.line(format!("{} {done}", image.image))
        }
    }
}
