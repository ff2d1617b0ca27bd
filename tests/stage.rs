//! The order of a run, on a scripted engine and a paused clock: every step, every refusal.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use chaoslab::domain::fault::truth::{Trigger, Truth};
use chaoslab::domain::fault::{Action, Prior};
use chaoslab::domain::scenario::source::Source;
use chaoslab::domain::scenario::{Drawing, Plan};
use chaoslab::domain::telemetry::series::{Labels, UnixMs};
use chaoslab::lab::engine::Lab;
use chaoslab::lab::engine::scripted::{Call, Scripted};
use chaoslab::lab::keeper::clock::Clock;
use chaoslab::lab::keeper::record::Recorder;
use chaoslab::lab::keeper::sample;
use chaoslab::lab::keeper::stage::{StageError, Staging};
use chaoslab::lab::observer::senses::{self, Samples, Sense, Senses};
use chaoslab::lab::run::{Home, Run, RunFile, RunState};
use chaoslab::lab::store::Reader;
use tokio::task::{LocalSet, spawn_local};

const FAMILY: &str = r#"
format: 1
title: Something is wrong
difficulty: 1
minutes: 5
trains: [nothing]
brief: a test
draw: {victim: {one_of: ["2"]}}
cluster:
  brokers: 3
  topics: [{name: orders, partitions: 3, replication_factor: 3}]
services:
  - {name: billing, description: reads, role: consumer, properties: {topic: orders, group.id: billing}, behaviour: {processing_us: 1000}}
alert: {name: Wrong, severity: page, expr: wrong > 0, for_seconds: 3, summary: wrong, description: wrong}
steady: {hold_seconds: 5, deadline_seconds: 20, conditions: ["wrong == 0"]}
slo: [{name: right, expr: wrong == 0, felt: true, for_seconds: 5}]
changes:
  kinds:
    network-change: {say: [network change carried out], by: [network]}
    move: {say: [billing moved], by: [billing]}
  others:
    - {say: "retention raised", by: governance, do: [{alter-topic-config: {topic: orders, set: {retention.ms: "1"}}}]}
    - {say: "badge readers replaced", by: facilities}
"#;

const CAUSE: &str = r#"
format: 1
fault: {link-cap: {node: "kafka-{{ victim }}", rate_kbit: 2000}}
trigger: network-change
window_seconds: 30
hold_seconds: 4
signatures: [{shows: it is this one, expr: signature > 0}]
"#;

const CONTROL: &str = r#"
format: 1
fault: {service-outage: {service: billing, until: wrong > 0, hold_seconds: 4}}
trigger: move
window_seconds: 60
hold_seconds: 5
signatures: []
"#;

/// A world of two numbers: `wrong` follows what stands on the engine, and `signature` too, unless a
/// test says otherwise.
struct World {
    engine: Rc<Scripted>,
    /// Seconds from the fault to its symptom; `None` when it never shows.
    shows_after: fn(attempt: usize) -> Option<u32>,
    signed: bool,
    /// `wrong` before anything was done.
    wrong_at_first: f64,
    /// For every so many seconds the symptom is away for one.
    flaps: Option<u32>,
    /// The steps of the chain that show, so many seconds after the fault.
    shows_of_chain: fn(seconds_broken: u32) -> Vec<(Labels, f64)>,
    seconds_broken: u32,
}

impl World {
    fn is_broken(&self) -> bool {
        let mut down = false;
        for action in self.engine.standing() {
            match action {
                Action::ShapeLink { .. } | Action::StopService { .. } => down = true,
                Action::StartService { .. } => down = false,
                _ => {}
            }
        }
        down
    }
}

impl Sense for World {
    fn sources(&self) -> Vec<senses::Source> {
        vec![senses::Source::whole("test")]
    }

    async fn read(&mut self, _: UnixMs) -> Vec<Option<Samples>> {
        self.seconds_broken = if self.is_broken() { self.seconds_broken + 1 } else { 0 };
        let attempts = self
            .engine
            .calls()
            .iter()
            .filter(|d| {
                matches!(d, Call::Perform(Action::ShapeLink { .. } | Action::StopService { .. }))
            })
            .count();
        let shows = (self.shows_after)(attempts).is_some_and(|after| self.seconds_broken > after);
        let away = self.flaps.is_some_and(|every| self.seconds_broken.is_multiple_of(every));
        let wrong = if shows && !away { 1.0 } else { self.wrong_at_first };
        let signature = f64::from(u8::from(shows && self.signed));
        let samples = [("wrong", wrong), ("signature", signature)]
            .map(|(name, value)| (Labels::of(name, []), value));
        let samples =
            samples.into_iter().chain((self.shows_of_chain)(self.seconds_broken)).collect();
        vec![Some(samples)]
    }
}

struct Stage {
    _folder: tempfile::TempDir,
    home: PathBuf,
    run: Run,
    plan: Plan,
    engine: Rc<Scripted>,
    world: World,
}

fn stage_of(scenario: &str) -> Stage {
    // A seed whose feed lists one thing that is really done, and then what started it.
    let listed = |seed: &u64| {
        let changes = plan(scenario, *seed).changes;
        changes.len() == 2 && changes[1].started_it && !changes[0].actions.is_empty()
    };
    stage_with_seed(scenario, (0..).find(listed).expect("some seed does"))
}

fn plan(scenario: &str, seed: u64) -> Plan {
    let (family, scenario) = (
        Source { path: "family.yaml", text: FAMILY },
        Source { path: "scenario.yaml", text: scenario },
    );
    let drawing = Drawing::of(seed);
    Plan::make(("test", "cause"), family, scenario, &[], &drawing).expect("the plan is right")
}

/// The plan of the cause in a family that has this scenario besides.
fn plan_beside(sibling: &str) -> Plan {
    let (family, scenario) = (
        Source { path: "family.yaml", text: FAMILY },
        Source { path: "scenario.yaml", text: CAUSE },
    );
    let siblings = [("sibling", Source { path: "sibling.yaml", text: sibling })];
    let drawing = Drawing::of(1);
    Plan::make(("test", "cause"), family, scenario, &siblings, &drawing).expect("the plan is right")
}

fn stage_with_seed(scenario: &str, seed: u64) -> Stage {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().to_owned();
    let run = Home::at(&home).create(&RunFile::new("r-000001", "test", "image", 0)).expect("made");
    let engine = Rc::new(Scripted::default());
    let world = World {
        engine: engine.clone(),
        shows_after: |_| Some(2),
        signed: true,
        wrong_at_first: 0.0,
        flaps: None,
        shows_of_chain: |_| Vec::new(),
        seconds_broken: 0,
    };
    Stage { _folder: folder, home, run, plan: plan(scenario, seed), engine, world }
}

impl Stage {
    async fn run(self) -> Outcome {
        let Self { _folder, home, run, plan, engine, world } = self;
        let recorder = Rc::new(Recorder::open(run.folder(), Clock::at(1_000_000)).expect("opens"));
        let staged = LocalSet::new()
            .run_until(async {
                let staging = Staging {
                    run: &run,
                    plan: &plan,
                    engine: engine.as_ref(),
                    image: "image",
                    recorder: &recorder,
                };
                let to = recorder.clone();
                let observe = async move |_: &Lab| {
                    let mut senses = Senses::default();
                    senses.add(world);
                    drop(spawn_local(sample(senses, to)));
                };
                staging.stage(observe).await
            })
            .await;
        recorder.finish().expect("commits");
        let file = Home::at(&home).open("r-000001").expect("there").read().expect("readable");
        Outcome { _folder, run, engine, staged, file }
    }
}

struct Outcome {
    _folder: tempfile::TempDir,
    run: Run,
    engine: Rc<Scripted>,
    staged: Result<RunFile, StageError>,
    file: RunFile,
}

impl Outcome {
    fn invalid(&self) -> String {
        let reason = &self.file.invalid.as_ref().expect("it is invalid").reason;
        assert_eq!(
            self.staged.as_ref().expect_err("it failed").to_string(),
            *reason,
            "what is told and what is on disk"
        );
        assert_eq!(self.file.state, RunState::Invalid);
        assert_eq!((self.file.opened_at, &self.file.commitment), (None, &None));
        format!("while {}: {reason}", self.file.invalid.as_ref().expect("it is invalid").during)
    }

    fn performed(&self, which: fn(&Action) -> bool) -> usize {
        self.engine.calls().iter().filter(|d| matches!(d, Call::Perform(a) if which(a))).count()
    }

    fn changes(&self) -> Vec<String> {
        let changes = Reader::open(self.run.folder()).expect("opens").changes().expect("readable");
        changes.iter().map(|c| format!("C{} {} ({})", c.number, c.what, c.by)).collect()
    }
}

/// The second a run's feed tells of each entry, before the page.
fn told_before_page(outcome: &Outcome) -> Vec<i64> {
    let paged = outcome.file.paged_at.expect("paged");
    let changes = Reader::open(outcome.run.folder()).expect("opens").changes().expect("readable");
    changes.iter().map(|change| paged - change.at).collect()
}

#[tokio::test(start_paused = true)]
async fn the_feed_is_told_as_long_before_the_page_as_it_was_drawn_however_late_the_page_is() {
    for shows_after in [|_| Some(2), |_| Some(14)] {
        let mut stage = stage_of(CAUSE);
        stage.world.shows_after = shows_after;
        let drawn: Vec<_> = stage.plan.changes.iter().map(|entry| entry.before_page_ms).collect();
        assert_eq!(told_before_page(&stage.run().await), drawn);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_to_have_begun_after_it_was_seen() {
    let mut stage = stage_of(CAUSE);
    let drawn = stage.plan.changes.iter().map(|entry| entry.before_page_ms).collect::<Vec<_>>();
    for entry in &mut stage.plan.changes {
        entry.before_page_ms -= drawn[1];
    }
    let outcome = stage.run().await;
    let told = told_before_page(&outcome);
    assert_eq!(told[0] - told[1], drawn[0] - drawn[1], "the gaps are those that were drawn");
    let onset = outcome.file.paged_at.expect("paged") - 6000;
    let changes = Reader::open(outcome.run.folder()).expect("opens").changes().expect("readable");
    assert!(changes.iter().all(|change| change.at < onset), "{changes:?} before {onset}");
}

#[tokio::test(start_paused = true)]
async fn causes_and_controls_open_as_long_after_the_page_as_was_drawn() {
    for scenario in [CAUSE, CONTROL] {
        let mut stage = stage_of(scenario);
        stage.plan.opens_after_seconds = 15;
        let file = stage.run().await.file;
        assert_eq!((file.opened_at.zip(file.paged_at)).map(|(o, p)| (o - p) / 1000), Some(15));
    }
}

fn is_cap(action: &Action) -> bool {
    matches!(action, Action::ShapeLink { .. })
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_from_nothing_to_open_in_order() {
    let outcome = stage_of(CAUSE).run().await;
    let file = outcome.staged.as_ref().expect("it opened");
    assert_eq!(file, &outcome.file, "what is told and what is on disk");
    assert_eq!(file.state, RunState::Open);
    let kinds: Vec<_> = outcome
        .engine
        .calls()
        .iter()
        .map(|d| format!("{d:?}").split(['(', ' ']).next().unwrap_or_default().to_owned())
        .collect();
    // What else the feed lists, and the fault: each observed before it is performed.
    let calls = ["Observe", "Perform"].repeat(2);
    assert_eq!(kinds, [&["Reserve", "Boot", "Populate"][..], &calls].concat());
    assert_eq!(
        outcome.changes(),
        ["C1 retention raised (governance)", "C2 network change carried out (network)"]
    );

    let (settled, paged, opened) = (
        file.settled_at.expect("settled"),
        file.paged_at.expect("paged"),
        file.opened_at.expect("opened"),
    );
    assert!(file.baseline_ms >= Some(5000) && settled < paged && paged < opened, "{file:?}");
    // It shows 3 s after the fault, the alert fires 3 s later, and all holds for 4 s more.
    assert_eq!((paged - settled) / 1000, 6);
    assert!(opened - paged >= 4000, "{file:?}");
}

#[tokio::test(start_paused = true)]
async fn the_truth_is_sealed_and_committed_to_when_the_run_opens() {
    let outcome = stage_of(CAUSE).run().await;
    let sealed = outcome.run.sealed();
    let truth: Truth = sealed.read("truth").expect("readable").expect("sealed");
    let salt: [u8; 32] = sealed.read("salt").expect("readable").expect("sealed");
    assert_eq!(outcome.file.commitment, truth.commitment(&salt).ok());
    assert_eq!(truth.causes[0].class, "network.capacity.link_capped");
    assert_eq!(truth.trigger, Trigger::Change(2));
    let onset = truth.onset.expect("there was one");
    assert!(
        outcome.file.settled_at <= Some(onset.from) && Some(onset.to) <= outcome.file.paged_at,
        "{onset:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn in_two_thirds_of_the_seeds_the_feed_does_not_list_the_trigger() {
    let lists = |seed: &u64| plan(CAUSE, *seed).changes.iter().any(|entry| entry.started_it);
    let unlisted = (0..300).filter(|seed| !lists(seed)).collect::<Vec<_>>();
    assert!((180..240).contains(&unlisted.len()), "{} of 300", unlisted.len());
    let outcome = stage_with_seed(CAUSE, unlisted[0]).run().await;
    assert_eq!(
        outcome.changes(),
        plan(CAUSE, unlisted[0])
            .changes
            .iter()
            .enumerate()
            .map(|(k, entry)| format!("C{} {} ({})", k + 1, entry.what, entry.by))
            .collect::<Vec<_>>()
    );
    let truth: Truth = outcome.run.sealed().read("truth").expect("readable").expect("sealed");
    assert_eq!(truth.trigger, Trigger::NotListed);
}

#[tokio::test(start_paused = true)]
async fn whatever_the_engine_refuses_the_run_is_invalid_and_says_where() {
    type Refuses = fn(&Call) -> bool;
    let refusals: [(Refuses, &str); 6] = [
        (|d| *d == Call::Reserve, "while booting: the script refuses Reserve"),
        (|d| *d == Call::Boot, "while booting: the script refuses Boot"),
        (|d| *d == Call::Populate, "while booting: the script refuses Populate"),
        (
            |d| matches!(d, Call::Perform(Action::AlterTopicConfig { .. })),
            "while booting: the script refuses Perform(AlterTopicConfig",
        ),
        (
            |d| matches!(d, Call::Observe(a) if is_cap(a)),
            "while waiting for the page: the script refuses Observe(ShapeLink",
        ),
        (
            |d| matches!(d, Call::Perform(a) if is_cap(a)),
            "while waiting for the page: the script refuses Perform(ShapeLink",
        ),
    ];
    for (refuses, says) in refusals {
        let stage = stage_of(CAUSE);
        stage.engine.refuse(refuses);
        let outcome = stage.run().await;
        assert!(outcome.invalid().starts_with(says), "{} instead of {says}", outcome.invalid());
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_that_was_taken_is_left_for_another() {
    let stage = stage_of(CAUSE);
    stage.engine.take_places(2);
    let outcome = stage.run().await;
    let calls: Vec<_> = outcome.engine.calls().into_iter().take(8).collect();
    let moves = [
        Call::Reserve,
        Call::Boot,
        Call::Sweep,
        Call::Reserve,
        Call::Boot,
        Call::Sweep,
        Call::Reserve,
        Call::Boot,
    ];
    assert_eq!(calls, moves);
    assert_eq!(outcome.file.state, RunState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_always_taken_is_told() {
    let stage = stage_of(CAUSE);
    stage.engine.take_places(9);
    let outcome = stage.run().await;
    assert!(outcome.invalid().contains("the script has taken the place"), "{}", outcome.invalid());
}

#[tokio::test(start_paused = true)]
async fn without_a_healthy_baseline_nothing_is_broken() {
    let mut stage = stage_of(CAUSE);
    stage.world.wrong_at_first = 1.0;
    let outcome = stage.run().await;
    insta::assert_snapshot!(outcome.invalid(), @"while settling: a healthy baseline of 5 s was not seen within 20 s: one condition did not hold at the end");
    assert_eq!(outcome.performed(is_cap), 0);
}

#[tokio::test(start_paused = true)]
async fn a_symptom_that_never_shows_is_tried_again_twice_and_then_told() {
    let mut stage = stage_of(CAUSE);
    stage.world.shows_after = |_| None;
    let outcome = stage.run().await;
    insta::assert_snapshot!(outcome.invalid(), @"while waiting for the page: the alert Wrong was not seen within 30 s: one condition did not hold at the end");
    assert_eq!(outcome.performed(is_cap), 3);
    let undone = outcome
        .engine
        .calls()
        .iter()
        .filter(|d| matches!(d, Call::Undo(Prior::Link { .. })))
        .count();
    assert_eq!(undone, 2, "the last one goes with its lab");
    assert_eq!(
        outcome.performed(|a| *a == Action::ElectPreferredLeaders {}),
        2,
        "leaders are where they were before the next attempt"
    );
    assert_eq!(
        outcome.performed(|a| matches!(a, Action::AlterTopicConfig { set, .. } if set.contains_key("retention.ms"))),
        1,
        "the innocent change is not undone"
    );
    assert_eq!(
        outcome.changes(),
        Vec::<String>::new(),
        "nobody reads the feed of a run that never opened"
    );
}

#[tokio::test(start_paused = true)]
async fn a_symptom_that_shows_the_second_time_opens_the_run() {
    let mut stage = stage_of(CAUSE);
    stage.world.shows_after = |attempt| (attempt == 2).then_some(2);
    let outcome = stage.run().await;
    assert_eq!(outcome.staged.as_ref().expect("it opened").state, RunState::Open);
    assert_eq!(outcome.performed(is_cap), 2);
    assert_eq!(outcome.engine.standing().iter().filter(|a| is_cap(a)).count(), 1);
    assert_eq!(outcome.changes().len(), 2, "what was undone is not told");
}

#[tokio::test(start_paused = true)]
async fn the_symptom_alone_is_not_enough() {
    let mut stage = stage_of(CAUSE);
    stage.world.signed = false;
    let outcome = stage.run().await;
    insta::assert_snapshot!(outcome.invalid(), @"while waiting for the page: the symptom together with its signatures was not seen within 30 s: one condition did not hold at the end");
}

#[tokio::test(start_paused = true)]
async fn what_shows_a_sibling_as_well_is_not_confirmed() {
    let mut stage = stage_of(CAUSE);
    stage.plan = plan_beside(&CAUSE.replace("signature > 0", "wrong > 0"));
    let outcome = stage.run().await;
    assert!(outcome.invalid().contains("signatures was not seen"), "{}", outcome.invalid());
}

#[tokio::test(start_paused = true)]
async fn a_sibling_that_is_not_seen_is_no_hindrance() {
    let mut stage = stage_of(CAUSE);
    stage.plan = plan_beside(
        &CAUSE.replace("signature > 0", "signature > 0, }, {shows: more, expr: wrong > 7"),
    );
    assert_eq!(stage.run().await.file.state, RunState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_symptom_that_comes_and_goes_is_not_confirmed() {
    let mut stage = stage_of(CAUSE);
    stage.world.flaps = Some(5);
    let outcome = stage.run().await;
    insta::assert_snapshot!(outcome.invalid(), @"while waiting for the page: the symptom together with its signatures was not seen within 30 s: one condition did not hold at the end");
}

/// The cap shows so many seconds after the fault; that the link is saturated, at once.
fn cap_seen_after(capped: u32, seconds_broken: u32) -> Vec<(Labels, f64)> {
    let of_link = |name| Labels::of(name, [("node", "kafka-2"), ("kind", "tbf")]);
    let saturated = (of_link("node_qdisc_overlimits_total"), f64::from(seconds_broken));
    let cap = (seconds_broken >= capped).then(|| (of_link("node_qdisc_bytes_total"), 1.0));
    cap.into_iter().chain([saturated]).collect()
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_shows_long_before_its_cause_is_not_confirmed() {
    let mut stage = stage_of(CAUSE);
    stage.world.shows_after = |_| Some(16);
    stage.world.shows_of_chain = |seconds| cap_seen_after(15, seconds);
    let outcome = stage.run().await;
    insta::assert_snapshot!(outcome.invalid(), @"while waiting for the page: the chain of effects in its order was not seen within 30 s: one condition did not hold at the end");
    assert_eq!(outcome.performed(is_cap), 3, "it is tried again");
    let unmet: BTreeMap<String, String> =
        outcome.run.sealed().read("unmet").expect("readable").expect("written");
    insta::assert_debug_snapshot!(unmet, @r#"
    {
        "rate(node_qdisc_overlimits_total{node=\"kafka-2\", kind=\"tbf\"}[10s]) > 0": "it was seen 14 s before what it follows from",
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_cause_may_show_a_few_seconds_late_or_not_yet() {
    let late: fn(u32) -> Vec<(Labels, f64)> = |seconds| cap_seen_after(8, seconds);
    for shows_of_chain in [late, |seconds| cap_seen_after(u32::MAX, seconds)] {
        let mut stage = stage_of(CAUSE);
        stage.world.shows_after = |_| Some(16);
        stage.world.shows_of_chain = shows_of_chain;
        assert_eq!(stage.run().await.file.state, RunState::Open);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lab_that_cannot_be_put_back_is_not_broken_again() {
    let mut stage = stage_of(CAUSE);
    stage.world.shows_after = |_| None;
    stage.engine.refuse(|d| matches!(d, Call::Undo(_)));
    let outcome = stage.run().await;
    assert!(outcome.invalid().contains("the script refuses Undo"), "{}", outcome.invalid());
    assert_eq!(outcome.performed(is_cap), 1);
}

#[tokio::test(start_paused = true)]
async fn a_control_opens_when_its_alert_has_fired_and_cleared() {
    let outcome = stage_of(CONTROL).run().await;
    let file = outcome.staged.as_ref().expect("it opened");
    assert!(file.opened_at > file.paged_at, "{file:?}");
    let truth: Truth = outcome.run.sealed().read("truth").expect("readable").expect("sealed");
    assert!(truth.is_control());
    let reader = Reader::open(outcome.run.folder()).expect("opens");
    let last = reader.span().expect("readable").expect("recorded").1;
    let query = chaoslab::domain::telemetry::promql::Query::parse("wrong == 0").expect("PromQL");
    assert!(
        query.holds(&query.instant(&reader, last).expect("evaluates")),
        "it is over when the learner comes"
    );
}

#[tokio::test(start_paused = true)]
async fn a_control_whose_alert_never_fires_is_no_drill() {
    let mut stage = stage_of(CONTROL);
    stage.world.shows_after = |_| None;
    let outcome = stage.run().await;
    insta::assert_snapshot!(outcome.invalid(), @"while waiting for the page: a step of the staging was not seen within 60 s: one condition did not hold at the end");
}

#[test]
fn two_plans_of_one_seed_are_the_same() {
    assert_eq!(plan(CAUSE, 7), plan(CAUSE, 7));
}

#[tokio::test(start_paused = true)]
async fn a_staging_whose_record_cannot_be_written_ends_and_says_why() {
    let stage = stage_of(CAUSE);
    drop(Recorder::open(stage.run.folder(), Clock::at(0)).expect("opens"));
    let record = stage.run.folder().join("telemetry.db");
    let other = rusqlite::Connection::open(record).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    let outcome = stage.run().await;
    insta::assert_snapshot!(outcome.invalid(), @"while settling: nothing has been recorded for 20 s: another program holds the record");
    assert_eq!(outcome.performed(is_cap), 0);
}
