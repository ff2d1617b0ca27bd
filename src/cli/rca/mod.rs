//! `chaoslab rca`: the write-up. Nothing here can reach the truth.

mod add;
mod check;
mod new;

use std::path::PathBuf;

use clap::Subcommand;

use super::context::{Chosen, Context};
use super::exit::Failure;
use crate::domain::rca::record::{Facts, Record};
use crate::domain::yaml::Problem;
use crate::lab::facts;
use crate::lab::store::Reader;

/// What to do with the write-up.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin one: a form to fill in, with what the record already knows
    New(new::Arguments),
    /// Add an entry, touching nothing else in the file
    #[command(subcommand)]
    Add(add::Addition),
    /// Verify it: schema, and each claim against the record
    Check(check::Arguments),
}

pub fn run(context: &Context, command: &Command) -> Result<(), Failure> {
    match command {
        Command::New(arguments) => new::run(context, arguments),
        Command::Add(addition) => add::run(context, addition),
        Command::Check(arguments) => check::run(context, arguments),
    }
}

/// A run's record, held open while claims are checked against it.
pub struct Opened {
    reader: Reader,
    facts: Facts,
}

impl Opened {
    pub fn of(chosen: &Chosen) -> Result<Self, Failure> {
        let reader = chosen.reader()?;
        let facts = facts::facts(&chosen.file, &chosen.lab()?, &chosen.briefing()?, &reader)?;
        Ok(Self { reader, facts })
    }

    pub fn record(&self) -> Record<'_> {
        Record { series: &self.reader, logs: &self.reader, facts: &self.facts }
    }
}

/// The file meant: the one named, else the run's own.
pub fn file(chosen: &Chosen, named: Option<&PathBuf>) -> PathBuf {
    named.cloned().unwrap_or_else(|| chosen.run.rca())
}

/// Reads a write-up, or says how to begin one.
pub fn read(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Failure::Usage(format!(
            "there is no write-up at {}; `chaoslab rca new` begins one",
            path.display()
        )),
        _ => Failure::Io { operation: format!("read {}", path.display()), source },
    })
}

/// Problems with their place in the file, as editors understand it.
pub fn located(path: &std::path::Path, problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|p| format!("{}:{p}", path.display())).collect()
}
