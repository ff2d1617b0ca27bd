//! `chaoslab author leaks`: nothing a learner can read names the cause.

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::drill::rehearsal::leaks;

pub async fn run(context: &Context) -> Result<(), Failure> {
    let chosen = context.open()?;
    let leaks = leaks(&chosen).await?;
    if context.output.json {
        context.output.value(&leaks)?;
    } else {
        context.output.table(
            &["place", "word", "around"],
            leaks.iter().map(|l| vec![l.place.clone(), l.word.clone(), l.around.clone()]),
        )?;
    }
    match leaks.len() {
        0 => {
            context.output.remark("nothing was found");
            Ok(())
        }
        n => Err(Failure::Invalid(vec![format!(
            "{n} places give the cause of {} away",
            chosen.file.id
        )])),
    }
}
