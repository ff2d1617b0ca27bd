//! Nothing a learner can read names the cause.

use super::program;
use crate::domain::scenario::Plan;
use crate::domain::telemetry::series::UnixMs;
use crate::drill::choose::Chosen;
use crate::drill::error::DrillError;
use crate::drill::sealed::plan;
use crate::lab::library::Library;
use crate::lab::rehearsal::leaks::{Search, Staged};

pub use crate::lab::rehearsal::leaks::Leak;

/// What learners read without touching a machine; `SERVICE` stands for each service.
const COMMANDS: [&str; 12] = [
    "status --json",
    "status --page",
    "status --page --json",
    "history --json",
    "changes --json",
    "runs --json",
    "events --json",
    "metrics --json",
    "-vv status",
    "-vv query up --json",
    "rca new --help",
    "service SERVICE show",
];

/// Looks at an open run wherever a learner can.
pub async fn leaks(chosen: &Chosen) -> Result<Vec<Leak>, DrillError> {
    chosen.spoils_nothing("author leaks")?;
    look(chosen, &Library::open()?).await
}

/// Looks everywhere.
pub(super) async fn look(chosen: &Chosen, library: &Library) -> Result<Vec<Leak>, DrillError> {
    let (lab, engine) = (chosen.lab()?, chosen.engine().await?);
    let mut search = Search::new(words(&plan(chosen)?, library));
    let mut lines = Vec::new();
    for line in COMMANDS {
        match line.contains("SERVICE") {
            true => lines.extend(lab.services.iter().map(|s| line.replace("SERVICE", &s.name))),
            false => lines.push(line.to_owned()),
        }
    }
    lines.extend(lab.machines().map(|m| format!("logs {m}")));
    for line in lines {
        let outcome = program::run(&chosen.run, &line).await?;
        search.text(&format!("chaoslab {line}"), &outcome.printed);
    }
    search.machines(&engine, &lab).await?;
    let file = &chosen.file;
    let seconds = |at: Option<UnixMs>| at.unwrap_or(file.created_at).div_euclid(1000);
    let staged = Staged {
        created: seconds(None),
        settled: seconds(file.settled_at),
        opened: seconds(file.opened_at),
    };
    search.engine(&engine, &lab, staged).await?;
    search.folder(&chosen.run);
    Ok(search.leaks())
}

/// The folders, classes and faults of the whole family: a learner who finds a sibling's has found
/// too much, too.
fn words(plan: &Plan, library: &Library) -> Vec<String> {
    let mut words = vec![plan.scenario.clone(), plan.account().class];
    words.extend(plan.siblings.iter().flat_map(|s| [s.scenario.clone(), s.class.clone()]));
    let plans = library
        .scenarios(&plan.family)
        .into_iter()
        .filter_map(|s| library.plan(&plan.family, &s, plan.seed).ok());
    for fault in plans.map(|p| p.fault) {
        // The name a fault has in files: the one key of its map.
        if let Ok(serde_json::Value::Object(map)) = serde_json::to_value(&fault) {
            words.extend(map.keys().flat_map(|name| [name.clone(), name.replace('-', "_")]));
        }
    }
    words
}
