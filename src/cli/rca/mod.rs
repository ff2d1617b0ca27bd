//! `chaoslab rca`: the write-up. Nothing here can reach the truth.

mod add;
mod check;
mod new;
mod set;

use clap::Subcommand;

use super::context::Context;
use super::exit::Failure;
use crate::drill::Chosen;
use crate::drill::error::located;
use crate::drill::write_up::{Change, change as changed};

/// What to do with the write-up.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin one: a form to fill in, with what the record already knows
    New(new::Arguments),
    /// Add an entry, touching nothing else in the file
    #[command(subcommand)]
    Add(Box<add::Addition>),
    /// Set one answer, touching nothing else in the file
    Set(set::Set),
    /// Take one entry out, touching nothing else in the file
    Remove(set::Remove),
    /// Verify it: schema, and each claim against the record
    Check(check::Arguments),
}

pub fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::New(arguments) => new::run(context, arguments),
        Command::Add(addition) => add::run(context, addition),
        Command::Set(arguments) => set::set(context, arguments),
        Command::Remove(arguments) => set::remove(context, arguments),
        Command::Check(arguments) => check::run(context, arguments),
    }
}

/// Changes the run's write-up, and shows the lines that came and went and what is said of them.
fn change(context: &Context, chosen: &Chosen, change: &Change) -> Result<(), Failure> {
    let done = changed(chosen, change)?;
    let out = context.output;
    if out.json {
        return out.value(&done);
    }
    for line in &done.removed {
        out.line(format!("- {}", line.trim()))?;
    }
    for line in &done.added {
        out.line(line)?;
    }
    for remark in located(&done.file, &done.advice) {
        out.line(remark)?;
    }
    match &done.claim {
        Some(finding) => check::tell(context, &done.file, finding, done.page),
        None => Ok(()),
    }
}
