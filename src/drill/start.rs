//! Staging a drill: drawing a cause this host can stage, creating the run, following it until it is
//! open.

use std::time::{Duration, Instant};

use super::choose::{Chosen, spoils_nothing};
use super::error::{DrillError, InvalidRequest, Refusal, Unwitnessed};
use super::notice::{Notice, Notices};
use super::{doctor, image, keep, stop};
use crate::domain::scenario::{Drawing, Level, Plan, Seed, draw};
use crate::lab::engine::{Survey, connect};
use crate::lab::image::Image;
use crate::lab::keeper::clock::now;
use crate::lab::keeper::progress::Progress;
use crate::lab::library::Library;
use crate::lab::run::{Briefing, Home, Run, RunError, RunFile, RunState, new_run_id, random_seed};
use crate::lab::wait;

const FOLLOW_EVERY: Duration = Duration::from_millis(100);
/// Longer than all of a staging's own deadlines together.
const STAGED_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Texts of so many of the newest drills of a family are not told again.
const REMEMBERED: usize = 3;
/// So long a keeper that was started may take to take its lock.
const KEPT_WITHIN: Duration = Duration::from_secs(2);

/// What is to be staged.
#[derive(Debug, Clone)]
pub struct Request {
    /// The family.
    pub family: String,
    /// Picks cause and parameters; random unless given.
    pub seed: Option<Seed>,
    /// The scenario, where an author names one.
    pub scenario: Option<String>,
    /// The level; of an exam 3, else 2, unless given.
    pub level: Option<Level>,
    /// On which terms it is worked on.
    pub terms: Terms,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Request {
    /// How a plan of it is drawn with a seed, by a learner with this past.
    fn drawing(&self, seed: Seed, past: &Past) -> Drawing {
        let usual = match self.terms.profile {
            Profile::Drill => Level::Practice,
            Profile::Exam => Level::Misled,
        };
        let avoid = past.texts().cloned().collect();
        Drawing { seed, level: self.level.unwrap_or(usual), avoid }
    }
}

/// The plan of a request, whatever this host can stage. That of a seed is refused while a drill of
/// the family is not graded: whoever tries seeds until a plan fits what is seen has its cause.
pub fn plan(home: &Home, request: &Request) -> Result<Plan, DrillError> {
    if request.seed.is_some() {
        spoils_nothing(home, &request.family, "start --dry-run --seed")?;
    }
    Ok(planned(home, &Library::open()?, request)?.0)
}

/// Draws a plan, creates its run and starts what keeps it; returns while it is being staged.
pub async fn start(
    home: &Home,
    request: &Request,
    notices: &dyn Notices,
) -> Result<Run, DrillError> {
    if request.seed.is_some() && request.terms.profile == Profile::Exam {
        return Err(InvalidRequest::SeedOfAnExam.into());
    }
    let is_known = request.seed.is_some() || request.scenario.is_some();
    let library = Library::open()?;
    let (plan, drawing) = planned(home, &library, request)?;
    let engine = connect().await?;
    doctor::usable(&engine).await?;
    let image = image::current(&library, &engine, notices).await?;
    let plan = stageable(&library, &engine, &image, request, (plan, &drawing)).await?;
    if is_known {
        notices.notify(Notice::Known);
    }
    begin(home, &plan, &image, request.terms, is_known, notices)
}

/// Creates the run of a plan and starts what keeps it; `known` when who starts it chose the cause.
pub(super) fn begin(
    home: &Home,
    plan: &Plan,
    image: &Image,
    terms: Terms,
    known: bool,
    notices: &dyn Notices,
) -> Result<Run, DrillError> {
    let run = create(home, plan, &image.reference, terms, known)?;
    keep::spawn(&run)?;
    notices.notify(Notice::Staging { run: run.id.clone(), family: plan.family.clone() });
    Ok(run)
}

/// Follows a run until it is open. When `interrupted` resolves before that, everything is taken
/// down again.
pub async fn opened(
    run: &Run,
    notices: &dyn Notices,
    interrupted: impl Future<Output = ()>,
) -> Result<Chosen, DrillError> {
    tokio::select! {
        followed = follow(run, notices) => followed?,
        () = interrupted => {
            notices.notify(Notice::TakingDown);
            stop::stop(run, notices).await?;
            return Err(DrillError::Interrupted);
        }
    }
    Chosen::of(run.clone())
}

fn planned(
    home: &Home,
    library: &Library,
    request: &Request,
) -> Result<(Plan, Drawing), DrillError> {
    match request.seed {
        Some(seed) => {
            let drawing = request.drawing(seed, &Past::default());
            Ok((plan_of(library, request, &drawing)?, drawing))
        }
        None => draw_plan(home, library, request),
    }
}

/// A plan of a random seed. In a drill the cause of the learner's last run of the family comes up
/// half as often as any other.
fn draw_plan(
    home: &Home,
    library: &Library,
    request: &Request,
) -> Result<(Plan, Drawing), DrillError> {
    let past = Past::of(home, &request.family);
    let last = match request.terms.profile {
        Profile::Drill => past.scenario(),
        Profile::Exam => None,
    };
    loop {
        let drawing = request.drawing(random_seed()?, &past);
        let plan = plan_of(library, request, &drawing)?;
        let is_free = request.scenario.is_none() && library.scenarios(&request.family).len() > 1;
        if is_free && last == Some(plan.scenario.as_str()) && random_seed()? % 2 == 0 {
            continue;
        }
        return Ok((plan, drawing));
    }
}

/// The plans of the newest runs of a family, the newest first.
#[derive(Debug, Default)]
struct Past(Vec<Plan>);

impl Past {
    fn of(home: &Home, family: &str) -> Self {
        // A home that cannot be listed is told by whatever needs it, and a plan that cannot be read
        // by whatever opens its run; here it only means that less is known of the past.
        let runs = home.list().unwrap_or_default();
        let mut of_family: Vec<_> = runs
            .into_iter()
            .filter_map(|run| Some((run.read().ok()?, run)))
            .filter(|(file, _)| file.family == family)
            .collect();
        of_family.sort_by_key(|(file, _)| std::cmp::Reverse(file.created_at));
        let plans = of_family.into_iter().filter_map(|(_, run)| run.sealed().read("plan").ok()?);
        Self(plans.take(REMEMBERED).collect())
    }

    /// What was staged last.
    fn scenario(&self) -> Option<&str> {
        self.0.first().map(|plan| plan.scenario.as_str())
    }

    /// The texts their feeds told.
    fn texts(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flat_map(|plan| &plan.changes).map(|entry| &entry.text)
    }
}

/// The scenario the seed picks, or the one an author named.
fn plan_of(library: &Library, request: &Request, by: &Drawing) -> Result<Plan, DrillError> {
    let family = &request.family;
    library.family(family)?;
    let scenario = match &request.scenario {
        Some(slug) => slug.clone(),
        None => {
            let all = library.scenarios(family);
            let picked = draw::pick(by.seed, "scenario", all.len());
            let none = || Refusal::NothingToStage(family.clone());
            all.into_iter().nth(picked).ok_or_else(none)?
        }
    };
    Ok(library.drawn(family, &scenario, by)?)
}

/// The plan itself when this engine can stage it; otherwise another cause of the family, drawn with
/// the same seed, unless one was named. What any cause of the family requires is looked at
/// whichever was drawn, so that what is done here tells nothing about it.
async fn stageable(
    library: &Library,
    engine: &impl Survey,
    image: &Image,
    request: &Request,
    (plan, by): (Plan, &Drawing),
) -> Result<Plan, DrillError> {
    let mut family = Vec::new();
    for scenario in library.scenarios(&plan.family) {
        family.push(library.drawn(&plan.family, &scenario, by)?);
    }
    let wanted = family.iter().flat_map(|any| any.requires.iter().copied()).collect();
    let lacking = engine.lacking(&image.reference, &wanted).await?;
    let Some(why) = lacking.bars(&plan.requires) else { return Ok(plan) };
    family.retain(|any| request.scenario.is_none() && lacking.bars(&any.requires).is_none());
    let picked = draw::pick(plan.seed, "scenario here", family.len());
    let none = || Refusal::NotStageable(why.to_owned());
    Ok(family.into_iter().nth(picked).ok_or_else(none)?)
}

fn create(
    home: &Home,
    plan: &Plan,
    image: &str,
    terms: Terms,
    known: bool,
) -> Result<Run, DrillError> {
    let file = RunFile::new(&new_run_id()?, &plan.family, image, now());
    let run = home.create(&RunFile {
        level: plan.level,
        exam: terms.profile == Profile::Exam,
        known,
        time_limit_ms: terms.time_limit_ms,
        ..file
    })?;
    run.sealed().write("plan", plan)?;
    run.write_briefing(&Briefing::from(plan))?;
    Ok(run)
}

/// Tells the steps of the staging as they are done, until the run is open.
async fn follow(run: &Run, notices: &dyn Notices) -> Result<(), DrillError> {
    let begun = Instant::now();
    let progress = Progress::of(run.folder());
    let mut told = 0;
    let staged = wait::until(STAGED_WITHIN, FOLLOW_EVERY, async || {
        // The state is read before the steps, so that none of them is missed when it is the last.
        let file = run.read()?;
        for step in progress.steps().into_iter().skip(told) {
            notices.notify(Notice::Step { after: begun.elapsed(), step });
            told += 1;
        }
        let gone = begun.elapsed() > KEPT_WITHIN && !run.is_kept()?;
        // One that is invalid is over when its keeper has taken everything down.
        let over = file.state == RunState::Open || gone;
        Ok::<_, RunError>(over.then_some(file))
    });
    outcome(&run.id, staged.await?)
}

/// What came of a staging: the run's state when it was over, or nothing when it took too long.
fn outcome(run: &str, file: Option<RunFile>) -> Result<(), DrillError> {
    let state = file.as_ref().map(|f| f.state);
    match (state, file.and_then(|f| f.invalid)) {
        (Some(RunState::Open), _) => Ok(()),
        (_, Some(invalid)) => Err(Unwitnessed::Invalid {
            run: run.to_owned(),
            during: invalid.during,
            reason: invalid.reason,
        }
        .into()),
        (Some(RunState::Closed), _) => Err(Refusal::StoppedMeanwhile(run.to_owned()).into()),
        _ => Err(Unwitnessed::KeeperGone(run.to_owned()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::run::Invalid;

    #[test]
    fn only_a_run_that_is_open_was_staged() {
        let ended = |state, invalid: Option<&str>| {
            let invalid = invalid
                .map(|reason| Invalid { during: RunState::Confirming, reason: reason.to_owned() });
            let file = RunFile::new("r-000001", "isr-shrink", "image", 1);
            outcome("r-000001", Some(RunFile { state, invalid, ..file }))
        };
        assert!(ended(RunState::Open, None).is_ok());
        assert!(matches!(
            ended(RunState::Invalid, Some("no symptom")),
            Err(DrillError::NotWitnessed(Unwitnessed::Invalid { reason, .. }))
                if reason == "no symptom"
        ));
        assert!(matches!(
            ended(RunState::Closed, None),
            Err(DrillError::Refused(Refusal::StoppedMeanwhile(_)))
        ));
        for cut_off in [ended(RunState::Booting, None), outcome("r-000001", None)] {
            assert!(matches!(cut_off, Err(DrillError::NotWitnessed(Unwitnessed::KeeperGone(_)))));
        }
    }
}
