//! Recordings of all scenarios against the signatures and references of all scenarios of their
//! family: each is seen, and passes, where it was staged, and nowhere else. Without Docker.

mod program;

use std::fmt::Write;

use chaoslab::domain::grade::{Comparison, Terms, is_right, seen};
use chaoslab::domain::recording::Recording;
use chaoslab::domain::review::confusion::{seen_in, unseparated};
use chaoslab::domain::review::seen::{Paper, marked, staged};
use chaoslab::domain::review::write_ups::is_reference;
use chaoslab::lab::library::Library;
use chaoslab::lab::recording;
use program::root;

fn library() -> Library {
    Library::at(&root()).expect("the checkout is a library")
}

fn recordings(family: &str) -> Vec<Recording> {
    recording::all(&root().join(recording::FOLDER), Some(family))
        .expect("every recording can be read")
}

/// How many seeds of a scenario are recorded: what holds in one staging only tells nothing apart.
const SEEDS: usize = 2;

#[test]
fn every_scenario_is_recorded() {
    let library = library();
    let mut missing = Vec::new();
    for family in library.families() {
        let recorded = recordings(&family);
        let slugs = library.scenarios(&family);
        let seeds = |slug: &String| recorded.iter().filter(|r| r.head.scenario == *slug).count();
        missing.extend(
            slugs.iter().filter(|slug| seeds(slug) < SEEDS).map(|slug| format!("{family}/{slug}")),
        );
        let orphan =
            recorded.iter().find(|r| !slugs.contains(&r.head.scenario)).map(Recording::name);
        assert_eq!(orphan, None, "a recording of a scenario that is not there any more");
    }
    let how = "`chaoslab author rehearse FAMILY/SCENARIO --seed N --record` makes one";
    assert_eq!(missing, Vec::<String>::new(), "with fewer than {SEEDS} recordings: {how}");
}

/// How many of the values a scenario draws may be the same in all its recordings.
const ALIKE: usize = 2;

#[test]
fn recordings_of_a_scenario_share_nearly_nothing() {
    let library = library();
    for family in library.families() {
        let recorded = recordings(&family);
        for slug in library.scenarios(&family) {
            let drawn: Vec<_> = recorded
                .iter()
                .filter(|r| r.head.scenario == slug)
                .map(|r| &r.head.drawn)
                .collect();
            let alike = |(name, value): &(&String, &String)| {
                drawn.iter().all(|d| d.get(*name) == Some(*value))
            };
            let alike: Vec<_> =
                drawn.first().into_iter().flat_map(|first| first.iter().filter(alike)).collect();
            assert!(
                alike.len() <= ALIKE,
                "{family}/{slug}: what fits these only would pass unseen; record another seed: {alike:?}"
            );
        }
    }
}

#[test]
fn every_scenario_is_told_from_every_other() {
    let library = library();
    for family in library.families() {
        let plan = |slug: &str, seed| library.plan(&family, slug, seed).ok();
        let pairs = unseparated(&library.scenarios(&family), &recordings(&family), &plan);
        assert_eq!(
            pairs,
            Vec::new(),
            "nothing that is true of the first is false in every recording of the second"
        );
    }
}

#[test]
fn what_was_staged_is_seen_in_its_recording() {
    let library = library();
    let mut wrong = String::new();
    for family in library.families() {
        for recording in recordings(&family) {
            let plan = library
                .plan(&family, &recording.head.scenario, recording.head.seed)
                .expect("a plan");
            // A value that is drawn since then was not staged; what uses it cannot be filled, which
            // is told there.
            let still = |(name, value): (&String, &String)| plan.drawn.get(name) == Some(value);
            assert!(
                recording.head.drawn.iter().all(still),
                "{}: its seed draws other values by now, {:?} instead of {:?}; record it again",
                recording.name(),
                plan.drawn,
                recording.head.drawn
            );
            let verdicts = staged(
                &plan,
                &recording.head.truth,
                &recording.record(),
                recording.head.phases.witnessed,
            )
            .expect("readable");
            for verdict in verdicts.iter().filter(|v| !v.good) {
                let _ = writeln!(wrong, "{}: {}: {}", recording.name(), verdict.what, verdict.says);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn signatures_are_seen_where_they_belong_and_nowhere_else() {
    let library = library();
    let (mut matrix, mut wrong) = (String::new(), 0);
    for family in library.families() {
        let slugs = library.scenarios(&family);
        let _ = writeln!(matrix, "{family}: signatures of {}", slugs.join(", "));
        for recording in recordings(&family) {
            let plan = |slug: &str, seed| library.plan(&family, slug, seed).ok();
            let cells = slugs.iter().map(|slug| {
                let seen = seen_in(slug, &recording, &plan);
                let right = seen.is_none_or(|seen| seen == (*slug == recording.head.scenario));
                wrong += usize::from(!right);
                format!(
                    "{}{}",
                    seen.map_or("-", |s| if s { "seen" } else { "no" }),
                    if right { "" } else { "!" }
                )
            });
            let _ = writeln!(
                matrix,
                "  {:40} {}",
                recording.name(),
                cells.collect::<Vec<_>>().join("  ")
            );
        }
    }
    assert_eq!(wrong, 0, "wrong cells are marked `!`\n{matrix}");
}

#[test]
fn references_pass_where_they_belong_and_nowhere_else() {
    let library = library();
    let (mut matrix, mut wrong) = (String::new(), String::new());
    for family in library.families() {
        let files = library.family_files(&family).expect("readable");
        let all = recordings(&family);
        for recording in &all {
            let head = &recording.head;
            let with = Comparison::of(
                head.roles.clone(),
                head.drawn.clone(),
                &head.scenario,
                &head.truth,
                all.clone(),
            );
            let _ = writeln!(matrix, "{}", recording.name());
            for scenario in &files.scenarios {
                let is_own = scenario.slug == recording.head.scenario;
                let plan =
                    library.plan(&family, &scenario.slug, recording.head.seed).expect("a plan");
                let is_rival = is_own || !is_right(&plan.account().class, &recording.head.truth);
                let drawn = plan.drawn;
                for (name, file) in &scenario.write_ups {
                    let marked = marked(
                        Paper { name, template: &file.text, drawn: &drawn },
                        &recording.record(),
                        &recording.head.truth,
                        &with,
                        &Terms::default(),
                    )
                    .expect("readable");
                    let must_pass = is_own && is_reference(name);
                    // A sibling's decoy may name this very cause.
                    let must_fail = !must_pass && is_rival && (is_own || is_reference(name));
                    let _ = writeln!(
                        matrix,
                        "  {}/{name}: {} {}",
                        scenario.slug,
                        marked.told(),
                        if marked.passed { "passed" } else { "failed" }
                    );
                    if (must_pass && !marked.passed) || (must_fail && marked.passed) {
                        let _ = writeln!(
                            wrong,
                            "{}: {}/{name}: {}: {}",
                            recording.name(),
                            scenario.slug,
                            marked.told(),
                            marked.why
                        );
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}\n{matrix}");
}

#[test]
fn the_timeline_of_each_recording_starts_with_the_fault_and_goes_from_cause_to_effect() {
    for family in library().families() {
        for recording in recordings(&family) {
            let truth = &recording.head.truth;
            let chain = seen(truth, &recording.record()).expect("readable");
            let injected = truth.onset.map_or(i64::MIN, |onset| onset.from);
            for step in &chain {
                let told = format!("{}: {}", recording.name(), step.effect.event);
                let first = step.first().unwrap_or_else(|| panic!("{told} was never seen"));
                assert!(first >= injected, "{told} before the fault");
                let apart = step.spans.windows(2).all(|two| two[1].from - two[0].to > 10_000);
                assert!(apart, "{told}: {:?}", step.spans);
                let befores = chain
                    .iter()
                    .filter(|b| b.cause == step.cause && step.effect.after.contains(&b.step));
                for before in befores {
                    assert!(before.first() <= Some(first), "{told} before {}", before.effect.event);
                }
            }
        }
    }
}
