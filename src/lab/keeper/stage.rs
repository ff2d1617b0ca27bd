//! The order of a run: booting, settling, breaking, confirming, open; or invalid at any step, with
//! what was observed. Each transition is on disk before the next begins.

use std::time::Duration;

use tokio::time::Instant;

use super::clock::slept;
use super::progress::Progress;
use super::record::{Conditions, Held, Recorder, hold};
use super::witness::{NotSeen, WitnessError, confirm, seconds};
use crate::domain::fault::truth::{LookAlike, Trigger, Truth};
use crate::domain::fault::{Action, Step};
use crate::domain::rca::record::Span;
use crate::domain::rca::vocab::domain;
use crate::domain::scenario::Plan;
use crate::domain::scenario::feed::Entry;
use crate::domain::scenario::plan::Sibling;
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::UnixMs;
use crate::domain::topology::properties::Startup;
use crate::lab::engine::{Act, Build, EngineError, Lab, Sweep};
use crate::lab::run::{Invalid, Run, RunError, RunFile, RunState, Sealed};
use crate::lab::store::StoreError;

/// How often a staging whose symptom was not witnessed is tried again, with the same seed.
const RESTAGINGS: u32 = 2;

/// How often another place is chosen when what was reserved was taken.
const OTHER_PLACES: u32 = 3;

/// Every replica is in sync and no broker fenced ...
const WHOLE: &str =
    "sum(kafka_topic_partition_under_replicated_partition) == 0 and sum(kafka_broker_fenced) == 0";
/// ... within so many seconds after an attempt was undone, or the next attempt will tell what is
/// wrong.
const WHOLE_WITHIN: u32 = 45;

/// Work began at least so long before anything of it could be seen, in milliseconds.
const BEGAN_BEFORE: i64 = 1_000;

/// Stages one run on one engine.
pub struct Staging<'a, E> {
    /// The run.
    pub run: &'a Run,
    /// What is to be staged.
    pub plan: &'a Plan,
    /// Where.
    pub engine: &'a E,
    /// The image its machines are made from.
    pub image: &'a str,
    /// What is seen of it.
    pub recorder: &'a Recorder,
}

/// Why a staging ended without an open run.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Something that had to be seen was not.
    #[error(transparent)]
    NotWitnessed(#[from] NotSeen),
    /// The witness could not look.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The truth could not be committed to.
    #[error("the truth has no canonical form: {0}")]
    Truth(serde_json::Error),
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The run's folder could not be written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The record could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A condition of the plan cannot be evaluated.
    #[error("a condition of the plan cannot be evaluated: {0}")]
    Query(#[from] QueryError),
}

/// What the witness saw.
#[derive(Debug, Clone)]
struct Witnessed {
    injected: UnixMs,
    alerted: UnixMs,
}

impl<E: Build + Act + Sweep> Staging<'_, E> {
    /// Stages the run until it is open. `observe` begins to observe the lab as soon as it has a
    /// place.
    pub async fn stage(&self, observe: impl AsyncFnOnce(&Lab)) -> Result<RunFile, StageError> {
        let staged = self.in_order(observe).await;
        if let Err(error) = &staged {
            let closed_at = self.recorder.clock().now();
            self.run.update(|file| {
                file.invalid = Some(Invalid { during: file.state, reason: error.to_string() });
                file.state = RunState::Invalid;
                file.closed_at = Some(closed_at);
            })?;
            if let StageError::NotWitnessed(NotSeen { unmet, .. }) = error {
                self.run.sealed().write("unmet", unmet)?;
            }
        }
        staged
    }

    async fn in_order(&self, observe: impl AsyncFnOnce(&Lab)) -> Result<RunFile, StageError> {
        let lab = self.boot(observe).await?;
        let done = self.harmless(&lab).await?;
        let before = self.run.sealed().journal().standing()?.len();
        let mut attempt = 0;
        let witnessed = loop {
            self.settle().await?;
            match self.break_and_confirm(&lab).await {
                Err(StageError::NotWitnessed(seen)) if attempt < RESTAGINGS => {
                    attempt += 1;
                    tracing::warn!(
                        attempt,
                        ?seen,
                        "the staging was not witnessed; undoing it and trying again"
                    );
                    self.tell("not as expected; putting everything back and trying again");
                    self.undo_to(&lab, before).await?;
                    self.lead_as_before(&lab).await?;
                }
                outcome => break outcome?,
            }
        };
        self.open(&witnessed, &done).await
    }

    /// Really does what the feed lists and did not start it, and what goes on besides. When each
    /// entry's first action was done; nothing of those without one.
    async fn harmless(&self, lab: &Lab) -> Result<Vec<Option<UnixMs>>, StageError> {
        let mut done = Vec::new();
        for entry in &self.plan.changes {
            done.push((!entry.actions.is_empty()).then(|| self.recorder.clock().now()));
            for action in &entry.actions {
                self.perform(lab, action).await?;
            }
        }
        for action in self.plan.disturbance.iter().flat_map(|besides| &besides.actions) {
            self.perform(lab, action).await?;
        }
        Ok(done)
    }

    /// Leaders stay where an attempt left them: nothing but an election moves them back, as soon as
    /// those who should lead are in sync. That they are where they were is the next baseline's to
    /// say.
    async fn lead_as_before(&self, lab: &Lab) -> Result<(), StageError> {
        let conditions = Conditions::new([WHOLE])?;
        let deadline = self.recorder.clock().now() + seconds(WHOLE_WITHIN);
        if let Held::No { unmet } = hold(self.recorder, &conditions, 0, deadline).await? {
            tracing::warn!(?unmet, "replicas are missing after an attempt was undone");
        }
        if let Err(error) = self.perform(lab, &Action::ElectPreferredLeaders {}).await {
            tracing::warn!(%error, "preferred leaders cannot be elected yet");
        }
        Ok(())
    }

    fn tell(&self, step: &str) {
        Progress::of(self.run.folder()).tell(step);
    }

    fn enter(&self, state: RunState) -> Result<(), StageError> {
        tracing::info!(?state, "entering");
        self.run.update(|file| file.state = state)?;
        Ok(())
    }

    async fn boot(&self, observe: impl AsyncFnOnce(&Lab)) -> Result<Lab, StageError> {
        self.enter(RunState::Booting)?;
        let begun = Instant::now();
        let lab = self.boot_somewhere().await?;
        self.tell(&format!(
            "{} brokers and a controller are up after {:.1} s",
            lab.topology.brokers().count(),
            begun.elapsed().as_secs_f64()
        ));
        observe(&lab).await;
        self.engine.populate(&lab, self.image).await?;
        let services: Vec<_> = lab.services.iter().map(|s| s.name.as_str()).collect();
        self.tell(&format!(
            "{} topics; {} at work",
            lab.topology.topics.len(),
            services.join(", ")
        ));
        Ok(lab)
    }

    /// Boots the cluster in a place of its own; in another one when what was reserved was taken by
    /// somebody else in the meantime.
    async fn boot_somewhere(&self) -> Result<Lab, StageError> {
        let mut attempt = 0;
        loop {
            let placement =
                self.engine.reserve(&self.run.id, &self.plan.topology, &self.plan.services).await?;
            let (topology, services) = (self.plan.topology.clone(), self.plan.services.clone());
            let lab = Lab { run: self.run.id.clone(), topology, services, placement };
            self.run.write_lab(&lab)?;
            self.tell(&format!(
                "a network of its own, {}, for {} machines",
                lab.placement.subnet,
                lab.machines().count()
            ));
            match self.engine.boot(&lab, self.image, Startup::Lean).await {
                Err(EngineError::Taken { operation, reason }) if attempt < OTHER_PLACES => {
                    attempt += 1;
                    tracing::warn!(attempt, operation, reason, "the place was taken");
                    self.tell("a port was taken by another program in the meantime; choosing another place");
                    self.engine.sweep(Some(&self.run.id)).await?;
                }
                booted => return booted.map(|()| lab).map_err(StageError::from),
            }
        }
    }

    /// The steady state holds for its window: the recorded baseline.
    async fn settle(&self) -> Result<(), StageError> {
        self.enter(RunState::Settling)?;
        let steady = &self.plan.steady;
        let conditions = Conditions::new(steady.conditions.iter().map(String::as_str))?;
        let deadline = self.recorder.clock().now() + seconds(steady.deadline_seconds);
        match hold(self.recorder, &conditions, seconds(steady.hold_seconds), deadline).await? {
            Held::Yes { from, to } => {
                self.run.update(|file| {
                    file.settled_at = Some(to);
                    file.baseline_ms = Some(to - from);
                })?;
                self.tell(&format!("a healthy baseline of {} s", (to - from) / 1000));
                Ok(())
            }
            Held::No { unmet } => {
                let what = format!("a healthy baseline of {} s", steady.hold_seconds);
                Err(NotSeen { what, within_seconds: steady.deadline_seconds, unmet }.into())
            }
        }
    }

    async fn break_and_confirm(&self, lab: &Lab) -> Result<Witnessed, StageError> {
        self.enter(RunState::Breaking)?;
        let injected = self.recorder.clock().now();
        self.tell("waiting for the page");
        // A control ends by itself, so its steps and its witness go on side by side.
        let ((), confirmed) = tokio::try_join!(self.inject(lab), self.confirmed(injected))?;
        self.enter(RunState::Confirming)?;
        Ok(Witnessed { injected, alerted: confirmed? })
    }

    async fn confirmed(&self, injected: UnixMs) -> Result<Result<UnixMs, NotSeen>, StageError> {
        Ok(confirm(self.plan, self.recorder, injected).await?)
    }

    /// Performs the fault's steps.
    async fn inject(&self, lab: &Lab) -> Result<(), StageError> {
        for step in self.plan.fault.primitive().inject(self.plan.target()) {
            self.step(lab, &step).await?;
        }
        Ok(())
    }

    async fn step(&self, lab: &Lab, step: &Step) -> Result<(), StageError> {
        match step {
            Step::Do(action) => self.perform(lab, action).await,
            Step::Until { promql, hold_seconds, deadline_seconds } => {
                self.until(promql, *hold_seconds, *deadline_seconds).await
            }
            Step::While { promql, steps, max } => {
                let condition = Conditions::new([promql.as_str()])?;
                let reader = self.recorder.reader()?;
                for _ in 0..*max {
                    if !condition.unmet(&reader, self.recorder.next_second().await?).is_empty() {
                        break;
                    }
                    for step in steps {
                        Box::pin(self.step(lab, step)).await?;
                    }
                }
                Ok(())
            }
        }
    }

    async fn until(
        &self,
        promql: &str,
        hold_seconds: u32,
        deadline_seconds: u32,
    ) -> Result<(), StageError> {
        let conditions = Conditions::new([promql])?;
        let deadline = self.recorder.clock().now() + seconds(deadline_seconds);
        match hold(self.recorder, &conditions, seconds(hold_seconds), deadline).await? {
            Held::Yes { .. } => Ok(()),
            Held::No { unmet } => Err(NotSeen {
                what: "a step of the staging".to_owned(),
                within_seconds: deadline_seconds,
                unmet,
            }
            .into()),
        }
    }

    /// The entries of the feed with the times they are told at: as long before the page as was
    /// drawn, so that the time from the fault to the page, which the cause decides, does not show.
    /// All of them are told earlier where one would be told after it was seen.
    fn feed(&self, witnessed: &Witnessed, done: &[Option<UnixMs>]) -> Vec<(UnixMs, &Entry)> {
        let began = |entry: &Entry| witnessed.alerted - entry.before_page_ms;
        let changes = &self.plan.changes;
        let late = changes.iter().zip(done).filter_map(|(entry, done)| {
            let seen = if entry.started_it { Some(witnessed.injected) } else { *done };
            Some(began(entry) + BEGAN_BEFORE - seen?)
        });
        let earlier = late.max().unwrap_or_default().max(0);
        changes.iter().map(|entry| (began(entry) - earlier, entry)).collect()
    }

    /// Commits to the truth and opens the run. Nobody reads the feed before, and a staging that is
    /// tried again tells nothing.
    async fn open(
        &self,
        witnessed: &Witnessed,
        done: &[Option<UnixMs>],
    ) -> Result<RunFile, StageError> {
        for (began, entry) in self.feed(witnessed, done) {
            self.recorder.change(began, &entry.what, &entry.by)?;
        }
        let truth = self.truth(witnessed)?;
        let salt = Sealed::salt()?;
        let commitment = truth.commitment(&salt).map_err(StageError::Truth)?;
        let sealed = self.run.sealed();
        sealed.write("truth", &truth)?;
        sealed.write("salt", &salt)?;
        self.recorder.begin_chain(&commitment)?;
        let opened_at = self.recorder.clock().now();
        tracing::info!("opening");
        Ok(self.run.update(|file| {
            file.commitment = Some(commitment);
            file.paged_at = Some(witnessed.alerted);
            file.opened_at = Some(opened_at);
            file.slept_before_ms = Some(slept());
            file.state = RunState::Open;
        })?)
    }

    fn truth(&self, witnessed: &Witnessed) -> Result<Truth, StageError> {
        let account = self.plan.account();
        let reader = self.recorder.reader()?;
        let effects = Conditions::new(account.chain.iter().map(|e| e.shows.as_str()))?;
        // The first second at which some effect could be seen, the alert's own at the latest.
        let every = Duration::from_secs(1).as_millis() as i64;
        let seconds =
            (0..).map(|k| witnessed.injected + k * every).take_while(|at| *at < witnessed.alerted);
        let count = account.chain.len();
        let observable = seconds
            .into_iter()
            .find(|at| effects.unmet(&reader, *at).len() < count)
            .unwrap_or(witnessed.alerted);
        let trigger = self.plan.changes.iter().find(|entry| entry.started_it);
        let changes = reader.changes()?;
        let trigger = trigger.and_then(|entry| changes.iter().find(|c| c.what == entry.what));
        Ok(Truth {
            causes: vec![account],
            onset: Some(Span { from: witnessed.injected, to: observable }),
            slow: 1,
            trigger: trigger.map_or(Trigger::NotListed, |c| Trigger::Change(c.number)),
            look_alikes: self.look_alikes(),
            accepted_events: Vec::new(),
            preconditions: self.plan.preconditions.clone(),
            heals_within_s: self.plan.recovery_seconds,
        })
    }

    /// The other causes of the symptom, each with what shows this one and not it.
    fn look_alikes(&self) -> Vec<LookAlike> {
        let Some(first) = self.plan.signatures.first() else { return Vec::new() };
        let look_alike = |s: &Sibling| LookAlike {
            class: s.class.clone(),
            says: first.shows.clone(),
            split_by: first.expr.clone(),
        };
        self.plan.siblings.iter().filter(|s| domain(&s.class) != "none").map(look_alike).collect()
    }

    /// Performs an action, after what it found is in the journal.
    async fn perform(&self, lab: &Lab, action: &Action) -> Result<(), StageError> {
        tracing::info!(?action, "performing");
        let prior = self.engine.observe(lab, action).await?;
        self.run.sealed().journal().did(action, &prior)?;
        Ok(self.engine.perform(lab, action).await?)
    }

    /// Takes back, the last first, all but the first `keep` actions that stand.
    async fn undo_to(&self, lab: &Lab, keep: usize) -> Result<(), StageError> {
        let journal = self.run.sealed().journal();
        for (action, prior) in journal.standing()?.iter().skip(keep).rev() {
            tracing::info!(?action, "undoing");
            self.engine.undo(lab, prior).await?;
            journal.undid()?;
        }
        Ok(())
    }
}
