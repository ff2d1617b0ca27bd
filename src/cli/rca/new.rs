//! `chaoslab rca new`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::domain::rca::document::Form;
use crate::drill::write_up::begin;

/// Arguments of `rca new`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab rca new --form full")]
pub struct Arguments {
    /// short: six questions, five minutes; full: everything a post-mortem holds. The short one
    /// unless given, in an exam the full one
    #[arg(long, value_enum)]
    form: Option<Asked>,
    /// Write it here instead of into the run's folder
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Asked {
    Short,
    Full,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let form = arguments.form.map(|form| match form {
        Asked::Short => Form::Short,
        Asked::Full => Form::Full,
    });
    let author = std::env::var("USER").unwrap_or_else(|_| "me".to_owned());
    let path = begin(&context.readable()?, arguments.file.as_deref(), form, &author)?;
    if context.output.json {
        context.output.value(&serde_json::json!({"file": path}))?;
    } else {
        context.output.line(path.display().to_string())?;
    }
    context
        .output
        .remark("fill it in, `chaoslab rca check` verifies it, `chaoslab submit` hands it in");
    context.output.remark(
        "what to name: `chaoslab vocab classes --search WORD`, `chaoslab vocab components`",
    );
    Ok(())
}
