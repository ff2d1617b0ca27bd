//! `chaoslab rca new`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Opened;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::domain::rca::document::Form;
use crate::domain::rca::template;

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
    let chosen = context.readable()?;
    let path = super::file(&chosen, arguments.file.as_ref());
    let opened = Opened::of(&chosen)?;
    let form = match arguments.form {
        Some(Asked::Short) => Form::Short,
        Some(Asked::Full) => Form::Full,
        None if chosen.file.exam => Form::Full,
        None => Form::Short,
    };
    let author = std::env::var("USER").unwrap_or_else(|_| "me".to_owned());
    let text = template::new(form, &author, &opened.record())
        .map_err(|e| Failure::Integrity(e.to_string()))?;
    // A write-up is somebody's work: it is never overwritten.
    let created = std::fs::File::options().write(true).create_new(true).open(&path);
    let mut file = created.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Refused(format!(
            "{} is there already: go on with it, or name another file",
            path.display()
        )),
        _ => Failure::Io { operation: format!("make {}", path.display()), source },
    })?;
    std::io::Write::write_all(&mut file, text.as_bytes())
        .map_err(Failure::io(format!("write {}", path.display())))?;
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
