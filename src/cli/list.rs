//! `chaoslab list`: the families. Never a cause.

use super::context::Context;
use super::exit::Failure;
use crate::drill::families::{Summary, families};

pub fn run(context: &Context) -> Result<(), Failure> {
    let families = families()?;
    if context.output.json {
        return context.output.value(&families);
    }
    context.output.table(
        &["family", "symptom", "difficulty", "levels", "minutes", "trains"],
        families.iter().map(row),
    )
}

fn row(family: &Summary) -> Vec<String> {
    vec![
        family.family.clone(),
        family.symptom.clone(),
        family.difficulty.to_string(),
        levels(family),
        family.minutes.to_string(),
        family.trains.join("; "),
    ]
}

/// From the easiest to the hardest.
fn levels(family: &Summary) -> String {
    let [first, .., last] = family.levels;
    format!("{first} to {last}")
}
