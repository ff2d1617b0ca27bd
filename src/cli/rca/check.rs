//! `chaoslab rca check`: what of it is true. Computed from the document and this run's record
//! alone.

use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::domain::rca::check::{Finding, Verdict};
use crate::domain::rca::moment::since_page;
use crate::drill::DrillError;
use crate::drill::error::located;
use crate::drill::write_up::check;

/// Arguments of `rca check`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab rca check")]
pub struct Arguments {
    /// The file; the run's own unless given
    file: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let checked = check(&context.readable()?, arguments.file.as_deref())?;
    let out = context.output;
    if out.json {
        out.value(&checked)?;
    } else {
        for finding in &checked.claims {
            tell(context, &checked.file, finding, checked.page)?;
        }
        for remark in located(&checked.file, &checked.remarks) {
            out.line(remark)?;
        }
        if checked.errors.is_empty() {
            out.line(format!("{}: complete and readable", checked.file.display()))?;
        }
    }
    if checked.errors.is_empty() {
        return Ok(());
    }
    Err(DrillError::Document { path: checked.file, problems: checked.errors }.into())
}

pub(super) fn tell(
    context: &Context,
    path: &std::path::Path,
    finding: &Finding,
    page: i64,
) -> Result<(), Failure> {
    let out = context.output;
    let verdict = match finding.verdict {
        Verdict::True => "TRUE",
        Verdict::False => "FALSE",
        Verdict::Unverifiable { .. } => "UNVERIFIABLE",
    };
    out.line(format!(
        "{}:{}:{}: {} is {}: {}",
        path.display(),
        finding.place.line,
        finding.place.column,
        finding.id,
        out.bold(verdict),
        finding.reason
    ))?;
    if !finding.observed.is_empty() {
        out.line(format!("    observed: {}", finding.observed))?;
    }
    for span in finding.was_true.iter().filter(|_| finding.verdict == Verdict::False) {
        out.line(format!(
            "    it was true from {} to {}",
            since_page(span.from, page),
            since_page(span.to, page)
        ))?;
    }
    for weakness in &finding.weaknesses {
        out.line(format!("    {}", weakness.says()))?;
    }
    out.line(format!("    {}", finding.look))
}
