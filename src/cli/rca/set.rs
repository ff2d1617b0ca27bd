//! `chaoslab rca set` and `chaoslab rca remove`: one answer, or one entry, without an editor.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::domain::rca::document::{FIELDS, Field};
use crate::drill::DrillError;
use crate::drill::error::InvalidRequest;
use crate::drill::write_up::Change;

/// Arguments of `rca set`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chaoslab rca set class replication.throttle_left_behind\n  chaoslab rca set component broker:2\n  chaoslab rca set onset T-00:00:40"
)]
pub struct Set {
    /// What to set
    #[arg(value_parser = PossibleValuesParser::new(FIELDS.iter().map(|(word, _)| *word)))]
    field: String,
    /// Its value; components may be several, the likeliest first
    #[arg(required = true, allow_hyphen_values = true)]
    value: Vec<String>,
}

/// Arguments of `rca remove`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chaoslab rca remove E2\n  chaoslab rca remove prevention:1")]
pub struct Remove {
    /// Its id, as E2, H1 or V7; without one its list and number, as prevention:1
    id: String,
}

pub fn set(context: &Context, arguments: &Set) -> Result<(), Failure> {
    let field = Field::of_word(&arguments.field)
        .map_err(|message| DrillError::from(InvalidRequest::NoField(message)))?;
    let change = Change::Set(field, arguments.value.clone());
    super::change(context, &context.readable()?, &change)
}

pub fn remove(context: &Context, arguments: &Remove) -> Result<(), Failure> {
    super::change(context, &context.readable()?, &Change::Remove(arguments.id.clone()))
}
