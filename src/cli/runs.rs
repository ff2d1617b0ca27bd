//! `chaoslab runs`: the runs on this machine.

use serde_json::json;

use super::context::Context;
use super::exit::Failure;
use crate::domain::rca::moment::rfc3339;
use crate::lab::run::RunFile;

pub fn run(context: &Context) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for run in context.home.list()? {
        match run.read() {
            Ok(file) => {
                rows.push(vec![
                    file.id.clone(),
                    file.family.clone(),
                    file.state.to_string(),
                    rfc3339(file.created_at / 1000 * 1000),
                    score(&file),
                ]);
                values.push(json!({"run": file.id, "family": file.family, "state": file.state, "created": rfc3339(file.created_at), "graded": file.graded}));
            }
            Err(error) => {
                context.output.remark(format!("note: {error}"));
                rows.push(vec![
                    run.id.clone(),
                    "-".to_owned(),
                    "unreadable".to_owned(),
                    "-".to_owned(),
                    "-".to_owned(),
                ]);
                values.push(
                    json!({"run": run.id, "state": "unreadable", "error": error.to_string()}),
                );
            }
        }
    }
    if context.output.json {
        return context.output.value(&values);
    }
    if rows.is_empty() {
        return context.output.line("no runs yet: `chaoslab start FAMILY` begins one");
    }
    context.output.table(&["run", "family", "state", "started", "score"], rows)
}

fn score(file: &RunFile) -> String {
    let verdict = |passed: bool| if passed { "passed" } else { "not passed" };
    file.graded.map_or_else(
        || "-".to_owned(),
        |g| format!("{}.{} {}", g.score / 1000, g.score % 1000 / 100, verdict(g.passed)),
    )
}
