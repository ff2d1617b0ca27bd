//! `chaoslab doctor`: what is needed, what is there, what to do.

use super::context::Context;
use super::exit::Failure;
use crate::drill::doctor::{Finding, examine};

pub async fn run(context: &Context) -> Result<(), Failure> {
    let findings = examine(&context.home).await?;
    let out = context.output;
    if out.json {
        out.value(&findings)?;
    } else {
        out.table(&["", "what", "found"], findings.iter().map(row))?;
        for finding in findings.iter().filter(|f| !f.fine) {
            let advice = finding.advice.as_deref().unwrap_or_default();
            out.line(format!("\n{}: {advice}", finding.what))?;
        }
    }
    if findings.iter().any(Finding::is_no_engine) { Err(Failure::NoEngine) } else { Ok(()) }
}

fn row(finding: &Finding) -> Vec<String> {
    let mark = if finding.fine { "ok" } else { "NOT ok" };
    vec![mark.to_owned(), finding.what.to_owned(), finding.found.clone()]
}
