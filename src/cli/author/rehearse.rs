//! `chaoslab author rehearse`: scenarios staged for real, from boot to a clean engine.

mod one;

use std::cell::Cell;
use std::path::PathBuf;

use clap::Args;
use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::Semaphore;

use self::one::rehearse;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::domain::review::seen::Verdict;
use crate::domain::scenario::{Plan, Seed};
use crate::lab::library::{LIBRARY_VARIABLE, Library};
use crate::lab::recording;

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

/// What came of one rehearsal.
#[derive(Debug, Clone, Serialize)]
struct Rehearsed {
    family: String,
    scenario: String,
    seed: Seed,
    run: Option<String>,
    /// Why it never opened, if it did not.
    not_witnessed: Option<String>,
    seconds: Seconds,
    verdicts: Vec<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<String>,
}

/// How long its steps took.
#[derive(Debug, Clone, Default, Serialize)]
struct Seconds {
    /// From `start` to the end of the healthy baseline.
    baseline: Option<f64>,
    /// From there to the page.
    page: Option<f64>,
    /// From the page to the moment the learner may begin.
    open: Option<f64>,
    /// From the last command of the fix to the objectives being met.
    recovery: Option<f64>,
}

impl Rehearsed {
    fn verdict(&self) -> &'static str {
        match (&self.not_witnessed, self.verdicts.iter().all(|v| v.good)) {
            (Some(_), _) => "NOT WITNESSED",
            (None, true) => "green",
            (None, false) => "RED",
        }
    }

    /// From `start` to the page.
    fn to_page(&self) -> Option<f64> {
        Some(self.seconds.baseline? + self.seconds.page?)
    }
}

pub async fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let library = Library::open()?;
    let chosen = chosen(&library, arguments)?;
    if arguments.keep && chosen.len() > 1 {
        return Err(Failure::Usage("only one lab can be kept: name FAMILY/SCENARIO".to_owned()));
    }
    let recordings = arguments.record.then(recordings_folder).transpose()?;
    let seeds = arguments.seed..arguments.seed + arguments.repeat;
    let work = chosen
        .iter()
        .flat_map(|(family, slug)| seeds.clone().map(move |seed| (family, slug, seed)));
    // The steps of several would be told in each other's midst: of those only the ends are.
    let inner = Context {
        output: Output { quiet: context.output.quiet || arguments.jobs > 1, ..context.output },
        ..context.clone()
    };
    let room = Semaphore::new(arguments.jobs as usize);
    // Those under way are taken down in order when one could not be rehearsed; no other is begun.
    let is_halted = Cell::new(false);
    let ends = work.map(async |(family, slug, seed)| {
        let planned = library.plan(family, slug, seed);
        // Never closed, so it is given: whoever asked first comes first.
        let _place = room
            .acquire_many(planned.as_ref().map_or(1, |plan| places(plan, arguments.jobs)))
            .await;
        if is_halted.get() {
            return None;
        }
        let name = format!("{family}/{slug}, seed {seed}");
        inner.output.remark(format!("\n{name}"));
        let end = match planned {
            Ok(plan) => {
                rehearse(&inner, &library, &plan, arguments.keep, recordings.as_deref()).await
            }
            Err(error) => Err(error.into()),
        };
        is_halted.set(is_halted.get() || end.is_err());
        if let Ok(rehearsed) = &end {
            context.output.remark(format!("{name}: {}", rehearsed.verdict()));
            for verdict in rehearsed.verdicts.iter().filter(|v| !v.good) {
                context
                    .output
                    .remark(format!("  NOT as it should be: {}: {}", verdict.what, verdict.says));
            }
        }
        Some(end)
    });
    let all = join_all(ends).await.into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
    tell(context, &all)?;
    let named = |r: &Rehearsed| format!("{}/{}, seed {}", r.family, r.scenario, r.seed);
    let unseen: Vec<_> = all
        .iter()
        .filter_map(|r| Some(format!("{}: {}", named(r), r.not_witnessed.as_ref()?)))
        .collect();
    if !unseen.is_empty() {
        return Err(Failure::NotWitnessed(unseen.join("\n")));
    }
    let bad: Vec<_> = all
        .iter()
        .flat_map(|r| {
            r.verdicts
                .iter()
                .filter(|v| !v.good)
                .map(move |v| format!("{}: {}: {}", named(r), v.what, v.says))
        })
        .collect();
    if bad.is_empty() { Ok(()) } else { Err(Failure::Invalid(bad)) }
}

/// How many places of so many a rehearsal takes: all when its brokers have a processor limit. Where
/// another lab leaves them less than that, what the limit leads to is not seen, and brokers lose
/// their sessions that should not.
fn places(plan: &Plan, all: u64) -> u32 {
    if plan.topology.broker_millicores.is_some() { all as u32 } else { 1 }
}

/// The scenarios meant, with their families.
fn chosen(library: &Library, arguments: &Arguments) -> Result<Vec<(String, String)>, Failure> {
    let of = |family: &str| {
        library
            .scenarios(family)
            .into_iter()
            .map(|slug| (family.to_owned(), slug))
            .collect::<Vec<_>>()
    };
    let Some(what) = &arguments.what else {
        return Ok(library.families().iter().flat_map(|family| of(family)).collect());
    };
    let (family, slug) =
        what.split_once('/').map_or((what.as_str(), None), |(family, slug)| (family, Some(slug)));
    library.family(family)?;
    match slug {
        None => Ok(of(family)),
        Some(slug) if library.scenarios(family).iter().any(|s| s == slug) => {
            Ok(vec![(family.to_owned(), slug.to_owned())])
        }
        Some(slug) => Err(Failure::Usage(format!(
            "the family {family} has no scenario `{slug}`; it has {}",
            library.scenarios(family).join(", ")
        ))),
    }
}

/// Where recordings belong: the checkout an author named, else the one we stand in.
fn recordings_folder() -> Result<PathBuf, Failure> {
    let checkout = std::env::var_os(LIBRARY_VARIABLE)
        .filter(|v| !v.is_empty())
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    if checkout.join("scenarios").is_dir() {
        return Ok(checkout.join(recording::FOLDER));
    }
    Err(Failure::Usage(format!(
        "{} is no checkout: run this in one, or name it in {LIBRARY_VARIABLE}",
        checkout.display()
    )))
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
