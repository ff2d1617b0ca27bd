//! `chaoslab start`: stage a drill.

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::page;
use crate::domain::scenario::{Level, Seed};
use crate::drill::choose::stretch_ms;
use crate::drill::start::{self, Request, Terms, opened, plan, start};

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Profile {
    /// Practice.
    Drill,
    /// An assessment.
    Exam,
}

/// Arguments of `start`.
#[derive(Debug, Args)]
#[command(after_help = "Example: chaoslab start isr-shrink")]
pub struct Arguments {
    /// The family to drill: `chaoslab list` shows them
    family: String,
    /// Picks cause and parameters; random unless given, and told after grading
    #[arg(long)]
    seed: Option<Seed>,
    /// How little is given away, 1 to 4: 2 unless given, 3 in an exam
    #[arg(long, value_name = "N")]
    level: Option<Level>,
    /// What it is for: a drill avoids the cause of the last one, an exam draws evenly
    #[arg(long, value_enum, default_value_t = Profile::Drill)]
    profile: Profile,
    /// Time limit, counted from the page: `45m` or `2h`; none unless given
    #[arg(long, value_name = "DURATION", value_parser = limit_ms)]
    time_limit: Option<i64>,
    /// Return at once and stage in the background
    #[arg(long)]
    detach: bool,
    /// Stage this scenario (authors)
    #[arg(long, value_name = "SLUG")]
    scenario: Option<String>,
    /// Only show the plan (authors)
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let (home, out) = (&context.home, context.output);
    let request = request(arguments);
    if arguments.dry_run {
        return out.value(&plan(home, &request)?);
    }
    let run = start(home, &request, &out).await?;
    if arguments.detach {
        let id = &run.id;
        return if out.json { out.value(&serde_json::json!({"run": id})) } else { out.line(id) };
    }
    page::print(context, &opened(&run, &out, interrupted()).await?)
}

/// Resolves when the person wants it ended.
pub async fn interrupted() {
    // Where the signal cannot be listened to, it ends the program by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn request(arguments: &Arguments) -> Request {
    let profile = match arguments.profile {
        Profile::Drill => start::Profile::Drill,
        Profile::Exam => start::Profile::Exam,
    };
    Request {
        family: arguments.family.clone(),
        seed: arguments.seed,
        scenario: arguments.scenario.clone(),
        level: arguments.level,
        terms: Terms { profile, time_limit_ms: arguments.time_limit },
    }
}

/// A time limit as it is typed.
fn limit_ms(text: &str) -> Result<i64, String> {
    stretch_ms(text)
        .filter(|limit| *limit > 0)
        .ok_or_else(|| format!("`{text}` is not a duration; write it as `45m` or `2h`"))
}
