//! One rehearsal: stage, look, grade, record, fix, take down.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{Rehearsed, Seconds, leaks, program};
use crate::domain::recording::{Phase, Taken};
use crate::domain::review::seen::{Verdict, staged};
use crate::domain::review::write_ups;
use crate::domain::scenario::Plan;
use crate::domain::scenario::cause::Command;
use crate::domain::telemetry::series::UnixMs;
use crate::drill::choose::Chosen;
use crate::drill::error::DrillError;
use crate::drill::notice::{Notice, Notices};
use crate::drill::sealed::Secret;
use crate::drill::start::{Profile, Terms};
use crate::drill::submit::comparison;
use crate::drill::write_up::Opened;
use crate::drill::{doctor, image, start, stop};
use crate::lab::engine::{Survey, Sweep, Swept, connect};
use crate::lab::keeper::clock::now;
use crate::lab::library::Library;
use crate::lab::recording;
use crate::lab::rehearsal::{battery, recorded, recovery, resistance};
use crate::lab::run::{Home, RunFile};

/// A recording goes on for so long after the page, so that claims about the time after it can be
/// verified.
const AFTER_PAGE_MS: i64 = 40_000;
/// The record must come to that instant within this time of it.
const RECORDED_WITHIN: Duration = Duration::from_secs(60);
/// A command may wait for what it repairs, but not for ever.
const GIVEN_WITHIN: Duration = Duration::from_secs(120);
/// For how many seconds symptom and signatures must be seen after what does not repair it: a repair
/// would show within them.
const RESISTS_FOR: u32 = 20;
/// How often an objective is looked at while it is waited for; its own duration comes on top of the
/// scenario's limit.
const SECOND: Duration = Duration::from_secs(1);

/// What is to be done besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Whether to leave the lab standing, unrepaired.
    pub(super) keep: bool,
    /// The folder it is recorded in, if it is.
    pub(super) recordings: Option<&'a Path>,
}

/// Rehearses what was planned. What is not as it should be is a verdict; an error is that it could
/// not be rehearsed.
pub(super) async fn rehearse(
    home: &Home,
    library: &Library,
    plan: &Plan,
    wanted: Wanted<'_>,
    notices: &dyn Notices,
    interrupted: &impl AsyncFn(),
) -> Result<Rehearsed, DrillError> {
    let mut rehearsed = Rehearsed {
        family: plan.family.clone(),
        scenario: plan.scenario.clone(),
        seed: plan.seed,
        level: plan.level,
        run: None,
        not_witnessed: None,
        seconds: Seconds::default(),
        verdicts: Vec::new(),
        recording: None,
    };
    let engine = connect().await?;
    doctor::usable(&engine).await?;
    let image = image::current(library, &engine, notices).await?;
    let lacking =
        engine.lacking(&image.reference, &plan.requires.iter().copied().collect()).await?;
    if let Some(why) = lacking.bars(&plan.requires) {
        rehearsed.not_witnessed = Some(format!("it cannot be staged here: {why}"));
        return Ok(rehearsed);
    }
    let terms = Terms { profile: Profile::Drill, time_limit_ms: None };
    let run = start::begin(home, plan, &image, terms, true, notices)?;
    rehearsed.run = Some(run.id.clone());
    let staged = start::opened(&run, notices, interrupted()).await;
    times(&run.read()?, &mut rehearsed.seconds);
    let chosen = match staged {
        Ok(chosen) => chosen,
        Err(DrillError::NotWitnessed(reason)) => {
            let unmet: BTreeMap<String, String> = run.sealed().read("unmet")?.unwrap_or_default();
            let unmet =
                unmet.iter().map(|(condition, seen)| format!("\n  {}: {seen}", condition.trim()));
            rehearsed.not_witnessed = Some(reason.to_string() + &unmet.collect::<String>());
            stop::stop(&run, notices).await?;
            return Ok(rehearsed);
        }
        Err(error) => return Err(error),
    };
    let rehearsal = Rehearsal { notices, library, plan, chosen };
    let looked = tokio::select! {
        looked = rehearsal.look(wanted, &mut rehearsed) => looked,
        () = interrupted() => Err(DrillError::Interrupted),
    };
    if wanted.keep && looked.is_ok() {
        notices.notify(Notice::LabKept(run.id));
        return Ok(rehearsed);
    }
    stop::stop(&run, notices).await?;
    looked?;
    let left = engine.standing(Some(&run.id)).await?;
    let gone = left == Swept::default() && !run.is_kept()?;
    let says = if gone {
        "nothing is left".to_owned()
    } else {
        format!("{left:?} are left, the keeper lives: {}", run.is_kept()?)
    };
    rehearsed.verdicts.push(Verdict::new("taken down", gone, says));
    Ok(rehearsed)
}

fn times(file: &RunFile, seconds: &mut Seconds) {
    let between = |from: Option<UnixMs>, to: Option<UnixMs>| Some((to? - from?) as f64 / 1000.0);
    seconds.baseline = between(Some(file.created_at), file.settled_at);
    seconds.page = between(file.settled_at, file.paged_at);
    seconds.open = between(file.paged_at, file.opened_at);
}

pub(super) struct Rehearsal<'a> {
    notices: &'a dyn Notices,
    pub(super) library: &'a Library,
    pub(super) plan: &'a Plan,
    pub(super) chosen: Chosen,
}

impl Rehearsal<'_> {
    pub(super) fn step(&self, step: &str) {
        self.notices.notify(Notice::Rehearsing(step.to_owned()));
    }

    async fn look(
        &self,
        Wanted { keep, recordings }: Wanted<'_>,
        rehearsed: &mut Rehearsed,
    ) -> Result<(), DrillError> {
        let run = &self.chosen.run;
        let mut taken = self.battery(Phase::Steady, recordings).await?;
        self.commands_of_write_ups(rehearsed).await?;
        let until = self.chosen.file.paged_at.unwrap_or_default() + AFTER_PAGE_MS;
        let come = recorded(
            run,
            until,
            Duration::from_millis((until - now()).max(0).unsigned_abs()) + RECORDED_WITHIN,
        )
        .await?;
        if !come {
            rehearsed.verdicts.push(Verdict::new("record", false, "it does not go on"));
        }
        let opened = Opened::of(&self.chosen)?;
        let until = opened.record().facts.recorded.to;
        let witnessed = self.chosen.file.opened_at.unwrap_or(until);
        let secret = Secret::of(&self.chosen)?;
        let seen = staged(self.plan, &secret.truth, &opened.record(), witnessed);
        rehearsed.verdicts.extend(seen?);
        let with = comparison(&self.chosen, &secret.truth, self.plan.clone())?;
        self.grade(&opened, &secret, &with, rehearsed)?;
        // After the recording's end: what is run to look is no part of it.
        self.step("searching for words that give the cause away");
        for leak in leaks::look(&self.chosen, self.library).await? {
            rehearsed.verdicts.push(Verdict::new(
                format!("leak of `{}`", leak.word),
                false,
                format!("{}: ...{}...", leak.place, leak.around),
            ));
        }
        if keep {
            return self.save(until, taken, recordings, rehearsed);
        }
        if self.resist(rehearsed).await? && self.fix(rehearsed).await? {
            taken.extend(self.battery(Phase::Recovered, recordings).await?);
        }
        self.grade_repaired(&secret, &with, rehearsed)?;
        self.save(until, taken, recordings, rehearsed)
    }

    /// Takes the diagnostic outputs of a phase. Only a recording keeps them, and tools that start a
    /// JVM each cost a busy host minutes.
    async fn battery(
        &self,
        phase: Phase,
        recordings: Option<&Path>,
    ) -> Result<Vec<Taken>, DrillError> {
        if recordings.is_none() {
            return Ok(Vec::new());
        }
        self.step("taking diagnostic outputs");
        Ok(battery::take(&self.chosen.engine().await?, &self.chosen.lab()?, phase).await?)
    }

    /// Runs the commands that the scenario's write-ups want run, as a learner would.
    async fn commands_of_write_ups(&self, rehearsed: &mut Rehearsed) -> Result<(), DrillError> {
        let files = self.library.family_files(&self.plan.family)?;
        let own = files
            .scenarios
            .iter()
            .filter(|s| s.slug == self.plan.scenario)
            .flat_map(|s| &s.write_ups);
        for (name, file) in own {
            let lines = write_ups::commands_of(&file.text, &self.plan.drawn);
            for line in lines.map_err(DrillError::Content)? {
                let outcome = program::run(&self.chosen.run, &line).await?;
                if outcome.exit != Some(0) {
                    rehearsed.verdicts.push(Verdict::new(
                        format!("{name}: {line}"),
                        false,
                        outcome.printed,
                    ));
                }
            }
        }
        Ok(())
    }

    /// Gives the commands that are said not to repair it and waits until the symptom and the
    /// signatures are seen in spite of them. Whether all was well.
    async fn resist(&self, rehearsed: &mut Rehearsed) -> Result<bool, DrillError> {
        if self.plan.resists.is_empty() {
            return Ok(true);
        }
        if !self.give("resists", &self.plan.resists, rehearsed).await? {
            return Ok(false);
        }
        let shows =
            [&self.plan.alert.expr].into_iter().chain(self.plan.signatures.iter().map(|s| &s.expr));
        let broken: Vec<_> = shows.map(|expr| (expr.as_str(), RESISTS_FOR)).collect();
        let limit = self.plan.window_seconds;
        let since = now();
        let seen =
            resistance(&self.chosen.run, &broken, since, SECOND * (limit + RESISTS_FOR)).await?;
        let says = match seen {
            Some(at) => format!("symptom and signatures hold {} s later", (at - since) / 1000),
            None => format!("symptom and signatures were not seen together within {limit} s"),
        };
        self.step(&format!("in spite of what does not repair it, {says}"));
        rehearsed.verdicts.push(Verdict::new("resistance", seen.is_some(), says));
        Ok(seen.is_some())
    }

    /// Gives commands as a learner would. Whether all ended well.
    async fn give(
        &self,
        what: &str,
        commands: &[Command],
        rehearsed: &mut Rehearsed,
    ) -> Result<bool, DrillError> {
        let mut all_good = true;
        for command in commands {
            let ended =
                tokio::time::timeout(GIVEN_WITHIN, program::run(&self.chosen.run, &command.run))
                    .await;
            let Ok(outcome) = ended else {
                let says = format!("it did not end within {} s", GIVEN_WITHIN.as_secs());
                self.step(&format!("{}: {says}", command.run));
                rehearsed.verdicts.push(Verdict::new(
                    format!("{what}: {}", command.run),
                    false,
                    says,
                ));
                return Ok(false);
            };
            let outcome = outcome?;
            let good = outcome.exit == Some(0);
            all_good &= good;
            rehearsed.verdicts.push(Verdict::new(
                format!("{what}: {}", command.run),
                good,
                outcome.printed.trim(),
            ));
        }
        Ok(all_good)
    }

    /// Repairs it by the scenario's own commands and waits for the objectives; of a control, sees
    /// that they are met. Whether all was well.
    async fn fix(&self, rehearsed: &mut Rehearsed) -> Result<bool, DrillError> {
        let repaired = self.give("fix", &self.plan.fix, rehearsed).await?;
        let is_control = self.plan.is_control();
        let longest = self.plan.slo.iter().map(|o| o.for_seconds).max().unwrap_or_default();
        // What a control recovered from is over when it opens; it is seen to be over for as long as
        // an objective takes.
        let (since, limit) = if is_control {
            (self.chosen.file.opened_at.unwrap_or_default(), longest)
        } else {
            (now(), self.plan.recovery_seconds)
        };
        let within = SECOND * (limit + longest) + SECOND;
        let objectives: Vec<_> =
            self.plan.slo.iter().map(|o| (o.expr.as_str(), o.for_seconds)).collect();
        let met = recovery(&self.chosen.run, &objectives, since, within).await?;
        let seconds = met.map(|at| (at - since).max(0) as f64 / 1000.0);
        rehearsed.seconds.recovery = seconds.filter(|_| !is_control);
        let says = match seconds {
            Some(seconds) => format!("every objective was met after {seconds:.0} s"),
            None => format!("the objectives were not all met within {limit} s"),
        };
        self.step(&says);
        let good = repaired && seconds.is_some_and(|s| s <= f64::from(limit));
        rehearsed.verdicts.push(Verdict::new("recovery", good, says));
        Ok(good)
    }

    fn save(
        &self,
        until: UnixMs,
        taken: Vec<Taken>,
        folder: Option<&Path>,
        rehearsed: &mut Rehearsed,
    ) -> Result<(), DrillError> {
        let Some(folder) = folder else { return Ok(()) };
        // A run that is not as it should be is no measure for others.
        if rehearsed.verdicts.iter().any(|v| !v.good) {
            self.step("not recorded: it is not as it should be");
            return Ok(());
        }
        let made = recording::make(&self.chosen.run, until, taken)
            .and_then(|r| recording::save(&r, folder));
        let path = made?.display().to_string();
        self.step(&format!("recorded as {path}"));
        rehearsed.recording = Some(path);
        Ok(())
    }
}
