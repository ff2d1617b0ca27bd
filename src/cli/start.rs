//! `chaoslab start`: stage a drill.

use std::time::{Duration, Instant};

use clap::Args;

use super::context::{Chosen, Context, spawn_keeper, stretch_ms};
use super::exit::Failure;
use super::{doctor, page, stop};
use crate::domain::scenario::{Plan, Seed, draw};
use crate::lab::engine::{Images, Survey, connect};
use crate::lab::image::Image;
use crate::lab::keeper::clock::now;
use crate::lab::keeper::progress::Progress;
use crate::lab::library::Library;
use crate::lab::run::{Briefing, Run, RunError, RunFile, RunState, new_run_id, random_seed};
use crate::lab::wait;

const FOLLOW_EVERY: Duration = Duration::from_millis(100);
/// Longer than all of a staging's own deadlines together.
const STAGED_WITHIN: Duration = Duration::from_secs(15 * 60);

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Practice.
    Drill,
    /// An assessment.
    Exam,
}

/// On which terms a run is worked on.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// What it is for.
    pub profile: Profile,
    /// How long it may be worked on, in milliseconds.
    pub time_limit_ms: Option<i64>,
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
    /// What it is for: a drill avoids the cause of the last one, an exam draws evenly
    #[arg(long, value_enum, default_value_t = Profile::Drill)]
    profile: Profile,
    /// So long it may be worked on and handed in after the page, as `45m` or `2h`; without an end
    /// unless given
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
    let library = Library::open()?;
    let plan = match arguments.seed {
        Some(seed) => plan(&library, arguments, seed)?,
        None => draw_plan(context, &library, arguments)?,
    };
    if arguments.dry_run {
        return context.output.value(&plan);
    }
    let engine = connect().await?;
    doctor::usable(&engine).await?;
    let image = image(context, &library, &engine).await?;
    let plan = stageable(&library, &engine, &image, arguments, plan).await?;
    let terms = Terms { profile: arguments.profile, time_limit_ms: arguments.time_limit };
    let run = begin(context, &plan, &image, terms)?;
    if arguments.detach {
        if context.output.json {
            return context.output.value(&serde_json::json!({"run": run.id}));
        }
        return context.output.line(&run.id);
    }
    opened(context, &run).await?;
    let file = run.read()?;
    page::print(context, &Chosen { run, file })
}

/// A time limit as it is typed.
fn limit_ms(text: &str) -> Result<i64, String> {
    stretch_ms(text)
        .filter(|limit| *limit > 0)
        .ok_or_else(|| format!("`{text}` is no length of time; write it as `45m` or `2h`"))
}

/// The lab's image, built when it is not current.
pub async fn image(
    context: &Context,
    library: &Library,
    engine: &impl Images,
) -> Result<Image, Failure> {
    let image = Image::current(library)?;
    if !image.is_built(engine).await? {
        image.build(engine, |step| context.output.remark(step)).await?;
    }
    Ok(image)
}

/// Creates the run of a plan and starts what keeps it.
pub fn begin(context: &Context, plan: &Plan, image: &Image, terms: Terms) -> Result<Run, Failure> {
    let run = create(context, plan, &image.reference, terms)?;
    spawn_keeper(&run)?;
    context.output.remark(format!("run {}: staging {}, about a minute", run.id, plan.family));
    Ok(run)
}

/// Follows a run until it is open; interrupted, takes everything down.
pub async fn opened(context: &Context, run: &Run) -> Result<(), Failure> {
    tokio::select! {
        followed = follow(context, run) => followed,
        _ = tokio::signal::ctrl_c() => {
            context.output.remark("interrupted: taking everything down again");
            stop::stop(context, run).await?;
            Err(Failure::Interrupted)
        }
    }
}

/// A plan of a random seed. In a drill the cause of the learner's last run of the family comes up
/// half as often as any other.
fn draw_plan(context: &Context, library: &Library, arguments: &Arguments) -> Result<Plan, Failure> {
    let last = match arguments.profile {
        Profile::Drill => last_scenario(context, &arguments.family),
        Profile::Exam => None,
    };
    loop {
        let plan = plan(library, arguments, random_seed()?)?;
        let is_free =
            arguments.scenario.is_none() && library.scenarios(&arguments.family).len() > 1;
        if is_free && last.as_ref() == Some(&plan.scenario) && random_seed()? % 2 == 0 {
            continue;
        }
        return Ok(plan);
    }
}

/// The scenario of the newest run of the family whose plan can be read.
fn last_scenario(context: &Context, family: &str) -> Option<String> {
    let runs = context.home.list().ok()?;
    let mut of_family: Vec<_> = runs
        .into_iter()
        .filter_map(|run| Some((run.read().ok()?, run)))
        .filter(|(f, _)| f.family == family)
        .collect();
    of_family.sort_by_key(|(file, _)| file.created_at);
    of_family
        .into_iter()
        .rev()
        .find_map(|(_, run)| run.sealed().read::<Plan>("plan").ok()?)
        .map(|plan| plan.scenario)
}

/// The scenario the seed picks, or the one an author named.
fn plan(library: &Library, arguments: &Arguments, seed: Seed) -> Result<Plan, Failure> {
    let family = &arguments.family;
    library.family(family)?;
    let scenario = match &arguments.scenario {
        Some(slug) => slug.clone(),
        None => {
            let all = library.scenarios(family);
            let picked = draw::pick(seed, "scenario", all.len());
            all.into_iter().nth(picked).ok_or_else(|| {
                Failure::Refused(format!("the family {family} has nothing to stage yet"))
            })?
        }
    };
    Ok(library.plan(family, &scenario, seed)?)
}

/// The plan itself when this engine can stage it; otherwise another cause of the family, drawn with
/// the same seed, unless one was named. What any cause of the family requires is looked at
/// whichever was drawn, so that what is done here tells nothing about it.
async fn stageable(
    library: &Library,
    engine: &impl Survey,
    image: &Image,
    arguments: &Arguments,
    plan: Plan,
) -> Result<Plan, Failure> {
    let mut family = Vec::new();
    for scenario in library.scenarios(&plan.family) {
        family.push(library.plan(&plan.family, &scenario, plan.seed)?);
    }
    let wanted = family.iter().flat_map(|any| any.requires.iter().copied()).collect();
    let lacking = engine.lacking(&image.reference, &wanted).await?;
    let Some(why) = lacking.bars(&plan.requires) else { return Ok(plan) };
    family.retain(|any| arguments.scenario.is_none() && lacking.bars(&any.requires).is_none());
    let picked = draw::pick(plan.seed, "scenario here", family.len());
    family
        .into_iter()
        .nth(picked)
        .ok_or_else(|| Failure::Refused(format!("it cannot be staged here: {why}")))
}

fn create(context: &Context, plan: &Plan, image: &str, terms: Terms) -> Result<Run, Failure> {
    let file = RunFile::new(&new_run_id()?, &plan.family, image, now());
    let run = context.home.create(&RunFile {
        exam: terms.profile == Profile::Exam,
        time_limit_ms: terms.time_limit_ms,
        ..file
    })?;
    run.sealed().write("plan", plan)?;
    run.write_briefing(&Briefing::from(plan))?;
    Ok(run)
}

/// Tells the steps of the staging as they are done, until the run is open.
async fn follow(context: &Context, run: &Run) -> Result<(), Failure> {
    let begun = Instant::now();
    let progress = Progress::of(run.folder());
    let mut told = 0;
    let staged = wait::until(STAGED_WITHIN, FOLLOW_EVERY, async || {
        // The state is read before the steps, so that none of them is missed when it is the last.
        let file = run.read()?;
        for step in progress.steps().into_iter().skip(told) {
            context.output.remark(format!("{:>5.1} s  {step}", begun.elapsed().as_secs_f64()));
            told += 1;
        }
        let gone = begun.elapsed() > Duration::from_secs(2) && !run.is_kept()?;
        // One that is invalid is over when its keeper has taken everything down.
        let over = file.state == RunState::Open || gone;
        Ok::<_, RunError>(over.then_some(file))
    });
    let file = staged.await?;
    let state = file.as_ref().map(|f| f.state);
    match (state, file.and_then(|f| f.invalid)) {
        (Some(RunState::Open), _) => Ok(()),
        (_, Some(invalid)) => Err(Failure::NotWitnessed(format!(
            "the run {} is invalid (while {}): {}",
            run.id, invalid.during, invalid.reason
        ))),
        (Some(RunState::Closed), _) => {
            Err(Failure::Refused(format!("the run {} was stopped", run.id)))
        }
        _ => Err(Failure::NotWitnessed(format!(
            "the background process of {} ended while staging; `chaoslab stop --run {}` removes what it left",
            run.id, run.id
        ))),
    }
}
