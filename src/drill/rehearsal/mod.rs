//! Scenarios staged for real, from boot to a clean engine: looked at, graded, fixed as a learner
//! would, taken down.

mod grading;
mod leaks;
mod one;
mod program;

use std::cell::Cell;
use std::path::PathBuf;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::Semaphore;

use self::one::{Wanted, rehearse};
use super::content::checkout;
use super::error::{DrillError, InvalidRequest};
use super::notice::{Notice, Notices, Silence};
use crate::domain::review::seen::Verdict;
use crate::domain::scenario::{Drawing, Level, Plan, Seed};
use crate::lab::library::Library;
use crate::lab::recording;
use crate::lab::run::Home;

pub use leaks::{Leak, leaks};
pub use program::arguments;

/// What is to be rehearsed.
#[derive(Debug, Clone)]
pub struct Request {
    /// A family, or `family/scenario`; everything there is, when nothing is named.
    pub what: Option<String>,
    /// The first seed.
    pub seed: Seed,
    /// How many seeds of each.
    pub repeat: u64,
    /// The level.
    pub level: Level,
    /// How many side by side; those with processor limits alone.
    pub jobs: u64,
    /// Whether to leave the lab standing, unrepaired: of one scenario and seed only.
    pub keep: bool,
    /// Whether to write a recording of each into the checkout.
    pub record: bool,
}

/// What came of one rehearsal.
#[derive(Debug, Clone, Serialize)]
pub struct Rehearsed {
    /// Its family.
    pub family: String,
    /// Its scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: Seed,
    /// Its level.
    pub level: Level,
    /// The run, once there was one.
    pub run: Option<String>,
    /// Why it never opened, if it did not.
    pub not_witnessed: Option<String>,
    /// How long its steps took.
    pub seconds: Seconds,
    /// What was looked at, and whether it was as it should be.
    pub verdicts: Vec<Verdict>,
    /// Where it was recorded, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
}

/// How long its steps took.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Seconds {
    /// From `start` to the end of the healthy baseline.
    pub baseline: Option<f64>,
    /// From there to the page.
    pub page: Option<f64>,
    /// From the page to the moment the learner may begin.
    pub open: Option<f64>,
    /// From the last command of the fix to the objectives being met.
    pub recovery: Option<f64>,
}

impl Rehearsed {
    /// In a word.
    pub fn verdict(&self) -> &'static str {
        match (&self.not_witnessed, self.verdicts.iter().all(|v| v.good)) {
            (Some(_), _) => "NOT WITNESSED",
            (None, true) => "green",
            (None, false) => "RED",
        }
    }

    /// From `start` to the page, in seconds.
    pub fn to_page(&self) -> Option<f64> {
        Some(self.seconds.baseline? + self.seconds.page?)
    }
}

/// Rehearses, several side by side where that is wanted. When `interrupted` resolves, those under
/// way are taken down in order, and no other is begun.
pub async fn rehearsals(
    home: &Home,
    request: &Request,
    notices: &dyn Notices,
    interrupted: impl AsyncFn(),
) -> Result<Vec<Rehearsed>, DrillError> {
    let library = Library::open()?;
    let chosen = chosen(&library, request.what.as_deref())?;
    if request.keep && chosen.len() > 1 {
        return Err(InvalidRequest::KeepsOneLab.into());
    }
    let recordings = request.record.then(recordings_folder).transpose()?;
    let seeds = request.seed..request.seed + request.repeat;
    let work = chosen
        .iter()
        .flat_map(|(family, slug)| seeds.clone().map(move |seed| (family, slug, seed)));
    // The steps of several would be told in each other's midst: of those only the ends are.
    let inner: &dyn Notices = if request.jobs > 1 { &Silence } else { notices };
    let room = Semaphore::new(request.jobs as usize);
    let is_halted = Cell::new(false);
    let ends = work.map(async |(family, slug, seed)| {
        let drawing = Drawing { level: request.level, ..Drawing::of(seed) };
        let planned = library.drawn(family, slug, &drawing);
        // Never closed, so it is given: whoever asked first comes first.
        let _place =
            room.acquire_many(planned.as_ref().map_or(1, |plan| places(plan, request.jobs))).await;
        if is_halted.get() {
            return None;
        }
        let name = format!("{family}/{slug}, seed {seed}");
        inner.notify(Notice::RehearsalBegun(name.clone()));
        let wanted = Wanted { keep: request.keep, recordings: recordings.as_deref() };
        let end = match planned {
            Ok(plan) => rehearse(home, &library, &plan, wanted, inner, &interrupted).await,
            Err(error) => Err(error.into()),
        };
        is_halted.set(is_halted.get() || end.is_err());
        if let Ok(rehearsed) = &end {
            notices.notify(Notice::RehearsalEnded { name, verdict: rehearsed.verdict() });
            for verdict in rehearsed.verdicts.iter().filter(|v| !v.good) {
                let (what, says) = (verdict.what.clone(), verdict.says.clone());
                notices.notify(Notice::NotAsItShouldBe { what, says });
            }
        }
        Some(end)
    });
    join_all(ends).await.into_iter().flatten().collect()
}

/// How many places of so many a rehearsal takes: all when its brokers have a processor limit. Where
/// another lab leaves them less than that, what the limit leads to is not seen, and brokers lose
/// their sessions that should not.
fn places(plan: &Plan, all: u64) -> u32 {
    if plan.topology.broker_millicores.is_some() { all as u32 } else { 1 }
}

/// The scenarios meant, with their families.
fn chosen(library: &Library, what: Option<&str>) -> Result<Vec<(String, String)>, DrillError> {
    let of = |family: &str| {
        library
            .scenarios(family)
            .into_iter()
            .map(|slug| (family.to_owned(), slug))
            .collect::<Vec<_>>()
    };
    let Some(what) = what else {
        return Ok(library.families().iter().flat_map(|family| of(family)).collect());
    };
    let (family, slug) =
        what.split_once('/').map_or((what, None), |(family, slug)| (family, Some(slug)));
    library.family(family)?;
    match slug {
        None => Ok(of(family)),
        Some(slug) if library.scenarios(family).iter().any(|s| s == slug) => {
            Ok(vec![(family.to_owned(), slug.to_owned())])
        }
        Some(slug) => Err(InvalidRequest::NoScenario {
            family: family.to_owned(),
            scenario: slug.to_owned(),
            all: library.scenarios(family),
        }
        .into()),
    }
}

/// Where recordings belong: the checkout an author named, else the one we stand in.
fn recordings_folder() -> Result<PathBuf, DrillError> {
    let checkout = checkout();
    if checkout.join("scenarios").is_dir() {
        return Ok(checkout.join(recording::FOLDER));
    }
    Err(InvalidRequest::NoCheckout(checkout).into())
}
