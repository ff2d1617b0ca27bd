//! `chaoslab rca check`: what of it is true. Computed from the document and this run's record
//! alone.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Opened;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::domain::rca::check::{Finding, Verdict, check};
use crate::domain::rca::document::Document;
use crate::domain::rca::moment::since_page;

/// Arguments of `rca check`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab rca check")]
pub struct Arguments {
    /// The file; the run's own unless given
    file: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let chosen = context.readable()?;
    let path = super::file(&chosen, arguments.file.as_ref());
    let bytes = super::read(&path)?;
    let document = Document::read(&bytes)
        .map_err(|problems| Failure::Invalid(super::located(&path, &problems)))?;
    let opened = Opened::of(&chosen)?;
    let record = opened.record();
    let checked = check(&document, &record).map_err(|e| Failure::Integrity(e.to_string()))?;
    let errors = &checked.resolved.errors;
    let out = context.output;
    if out.json {
        let problems = |problems: &[crate::domain::yaml::Problem]| {
            problems
                .iter()
                .map(|p| json!({"line": p.at.line, "column": p.at.column, "message": p.message}))
                .collect::<Vec<_>>()
        };
        let claims: Vec<_> = checked.evidence.iter().chain(&checked.impact).collect();
        out.value(&json!({"file": path, "errors": problems(errors), "advice": problems(&checked.remarks()), "claims": claims}))?;
    } else {
        for finding in checked.evidence.iter().chain(&checked.impact) {
            tell(context, &path, finding, record.facts.page)?;
        }
        for remark in super::located(&path, &checked.resolved.advice) {
            out.line(remark)?;
        }
        if errors.is_empty() {
            out.line(format!("{}: complete and readable", path.display()))?;
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(super::located(&path, errors))) }
}

fn tell(
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
