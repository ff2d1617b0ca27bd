//! `make bench`: what a lab costs, and what eight hours of record cost. Everything is measured side
//! by side with something in the same run. Figures go to docs/benchmarks.md by hand, with the
//! command that made them.
//!
//! `bench` measures all; `bench boot` and `bench record` one of the two.

mod boot;
mod figures;
mod peer;
mod questions;
mod record;
mod replay;

use std::io::Write;

type Failed = Box<dyn std::error::Error>;

/// Prints a line. That nobody reads it any more does not keep a lab from being taken down.
fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn main() -> Result<(), Failed> {
    let wanted = std::env::args().nth(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match wanted.as_deref() {
            None => {
                boot::measure_labs().await?;
                record::measure_record().await
            }
            Some("boot") => boot::measure_labs().await,
            Some("record") => record::measure_record().await,
            Some(other) => Err(format!("there is no bench `{other}`: `boot`, `record`").into()),
        }
    })
}
