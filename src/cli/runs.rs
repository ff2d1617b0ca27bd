//! `chaoslab runs`: the runs on this machine.

use super::context::Context;
use super::exit::Failure;
use crate::domain::rca::moment::rfc3339;
use crate::drill::runs::{Summary, runs};

pub fn run(context: &Context) -> Result<(), Failure> {
    let runs = runs(&context.home, &context.output)?;
    if context.output.json {
        return context.output.value(&runs);
    }
    if runs.is_empty() {
        return context.output.line("no runs yet: `chaoslab start FAMILY` begins one");
    }
    context
        .output
        .table(&["run", "family", "level", "state", "started", "score"], runs.iter().map(row))
}

fn row(summary: &Summary) -> Vec<String> {
    let none = || "-".to_owned();
    match summary {
        Summary::Readable { run, family, level, state, created, graded } => {
            let verdict = |passed: bool| if passed { "passed" } else { "not passed" };
            let score = graded.map_or_else(none, |g| {
                format!("{}.{} {}", g.score / 1000, g.score % 1000 / 100, verdict(g.passed))
            });
            let started = rfc3339(created / 1000 * 1000);
            vec![run.clone(), family.clone(), level.to_string(), state.to_string(), started, score]
        }
        Summary::Unreadable { run, state, .. } => {
            vec![run.clone(), none(), none(), (*state).to_owned(), none(), none()]
        }
    }
}
