//! `chaoslab author rehearse`: scenarios staged for real, from boot to a clean engine.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::start::interrupted;
use crate::domain::scenario::{Level, Seed};
use crate::drill::rehearsal::{Rehearsed, Request, rehearsals};

/// Arguments of `author rehearse`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: CHAOSLAB_LIBRARY=. chaoslab author rehearse isr-shrink/capped-link --repeat 2 --record"
)]
pub struct Arguments {
    /// FAMILY, or FAMILY/SCENARIO
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    what: Option<String>,
    /// Every scenario there is
    #[arg(long)]
    all: bool,
    /// How many seeds of each
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    repeat: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: Seed,
    /// The level, 1 to 4
    #[arg(long, default_value_t = Level::default(), value_name = "N")]
    level: Level,
    /// How many side by side, those with processor limits alone; more than the machine carries are
    /// not witnessed
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=16))]
    jobs: u64,
    /// Leave the lab standing, unrepaired (one scenario, one seed)
    #[arg(long, conflicts_with_all = ["all", "repeat"])]
    keep: bool,
    /// Write a recording of each into the checkout's tests/recordings
    #[arg(long)]
    record: bool,
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let request = Request {
        what: arguments.what.clone(),
        seed: arguments.seed,
        repeat: arguments.repeat,
        level: arguments.level,
        jobs: arguments.jobs,
        keep: arguments.keep,
        record: arguments.record,
    };
    let all = rehearsals(&context.home, &request, &context.output, interrupted).await?;
    tell(context, &all)?;
    let named = |r: &Rehearsed| format!("{}/{}, seed {}", r.family, r.scenario, r.seed);
    let unseen: Vec<_> = all
        .iter()
        .filter_map(|r| Some(format!("{}: {}", named(r), r.not_witnessed.as_ref()?)))
        .collect();
    if !unseen.is_empty() {
        return Err(Failure::NotWitnessed(unseen));
    }
    let bad: Vec<_> = all
        .iter()
        .flat_map(|r| {
            let wrong = r.verdicts.iter().filter(|v| !v.good);
            wrong.map(move |v| format!("{}: {}: {}", named(r), v.what, v.says))
        })
        .collect();
    if bad.is_empty() { Ok(()) } else { Err(Failure::Invalid(bad)) }
}

fn tell(context: &Context, all: &[Rehearsed]) -> Result<(), Failure> {
    if context.output.json {
        return context.output.value(&all);
    }
    let seconds = |s: Option<f64>| s.map_or_else(|| "-".to_owned(), |s| format!("{s:.0}"));
    let row = |r: &Rehearsed| {
        let good = r.verdicts.iter().filter(|v| v.good).count();
        vec![
            format!("{}/{}", r.family, r.scenario),
            r.seed.to_string(),
            seconds(r.seconds.baseline),
            seconds(r.seconds.page),
            seconds(r.seconds.open),
            seconds(r.seconds.recovery),
            format!("{good}/{}", r.verdicts.len()),
            r.verdict().to_owned(),
        ]
    };
    context.output.table(
        &["scenario", "seed", "baseline", "page", "open", "recovery", "as it should be", "verdict"],
        all.iter().map(row),
    )?;
    let mut to_page: Vec<_> = all.iter().filter_map(Rehearsed::to_page).collect();
    to_page.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (to_page.first(), to_page.last()) else { return Ok(()) };
    let median = to_page[to_page.len() / 2];
    context.output.line(format!(
        "\n{} paged; start to page {least:.0} / {median:.0} / {most:.0} s (min / median / max)",
        to_page.len()
    ))
}
