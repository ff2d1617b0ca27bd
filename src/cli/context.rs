//! What commands share: the home, where to write, and which run is meant.

use super::exit::Failure;
use super::output::Output;
use crate::domain::rca::moment::{rfc3339, since_page};
use crate::domain::telemetry::series::UnixMs;
use crate::drill::choose::Home;
use crate::drill::{Chosen, choose};

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// The folder of all runs.
    pub home: Home,
    /// Where to write.
    pub output: Output,
    /// `--run`, when it was given.
    pub run: Option<String>,
}

impl Context {
    /// The run meant: the one named, else the live one, else the latest that is not graded.
    pub fn chosen(&self) -> Result<Chosen, Failure> {
        Ok(choose::chosen(&self.home, self.run.as_deref(), &self.output)?)
    }

    /// The run meant, if its record may be looked at.
    pub fn readable(&self) -> Result<Chosen, Failure> {
        Ok(choose::readable(&self.home, self.run.as_deref(), &self.output)?)
    }

    /// The run meant, if its lab may be acted on.
    pub fn open(&self) -> Result<Chosen, Failure> {
        Ok(choose::open(&self.home, self.run.as_deref(), &self.output)?)
    }
}

/// Times as people read them: RFC 3339, and the distance to the page beside it.
pub fn time(paged_at: Option<UnixMs>, at: UnixMs) -> String {
    let second = |at: UnixMs| at / 1000 * 1000;
    match paged_at {
        Some(page) => {
            format!("{}  {}", rfc3339(second(at)), since_page(second(at), second(page)))
        }
        None => rfc3339(second(at)),
    }
}
