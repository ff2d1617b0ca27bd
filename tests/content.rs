//! Every scenario that is built in, for many seeds: it can be planned, its names are those of the
//! vocabularies, its PromQL can be read, and its write-ups are documents. Whether it is true is for
//! a live cluster to say.

use std::path::Path;

use chaoslab::domain::fault::Requirement;
use chaoslab::domain::fault::truth::{Trigger, Truth};
use chaoslab::domain::rca::document::Document;
use chaoslab::domain::rca::vocab;
use chaoslab::domain::scenario::feed::Entry;
use chaoslab::domain::scenario::{Plan, template};
use chaoslab::domain::telemetry::promql::Query;
use chaoslab::lab::library::Library;

const SEEDS: u64 = 20;

fn each(mut look: impl FnMut(&Library, &Plan)) {
    let library =
        Library::at(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout's content");
    for family in library.families() {
        for scenario in library.scenarios(&family) {
            for seed in 1..=SEEDS {
                look(
                    &library,
                    &library
                        .plan(&family, &scenario, seed)
                        .unwrap_or_else(|e| panic!("{family}/{scenario} seed {seed}: {e}")),
                );
            }
        }
    }
}

fn name(plan: &Plan) -> String {
    format!("{}/{} seed {}", plan.family, plan.scenario, plan.seed)
}

#[test]
fn every_truth_is_told_in_the_words_of_the_vocabularies() {
    each(|_, plan| {
        let truth = Truth {
            causes: vec![plan.account()],
            onset: None,
            slow: 1,
            trigger: Trigger::NotListed,
            look_alikes: Vec::new(),
            accepted_events: Vec::new(),
            preconditions: plan.preconditions.clone(),
            heals_within_s: plan.recovery_seconds,
        };
        assert_eq!(truth.problems(), Vec::<String>::new(), "{}", name(plan));
        for step in &truth.causes[0].chain {
            assert!(!step.on.is_empty(), "{}: {} happens nowhere", name(plan), step.event);
        }
    });
}

#[test]
fn every_condition_can_be_read() {
    each(|_, plan| {
        let told = plan.signatures.iter().chain(&plan.impact).map(|s| s.expr.as_str());
        let siblings = plan.siblings.iter().flat_map(|s| &s.signatures).map(|s| s.expr.as_str());
        let family =
            plan.steady.conditions.iter().map(String::as_str).chain([plan.alert.expr.as_str()]);
        for expr in
            told.chain(siblings).chain(family).chain(plan.slo.iter().map(|o| o.expr.as_str()))
        {
            if let Err(error) = Query::parse(expr) {
                panic!("{}: {expr}: {error}", name(plan));
            }
        }
    });
}

#[test]
fn every_write_up_is_a_document_and_only_the_reference_names_the_cause() {
    each(|library, plan| {
        let account = plan.account();
        for (file, is_right) in [("reference-rca.md", true), ("decoy-rca.md", false)] {
            let text = library
                .write_up(&plan.family, &plan.scenario, file)
                .unwrap_or_else(|| panic!("{} has no {file}", name(plan)));
            let mut drawn = plan.drawn.clone();
            drawn.insert("run".to_owned(), "r-123456".to_owned());
            let text = template::fill(&text, &drawn)
                .unwrap_or_else(|e| panic!("{}: {file}: {e}", name(plan)));
            let document = Document::read(text.as_bytes())
                .unwrap_or_else(|e| panic!("{}: {file}: {e:?}", name(plan)));
            let class = |id: &str| {
                vocab::class(id).unwrap_or_else(|e| panic!("{}: {file}: {e}", name(plan))).id
            };
            let named: Vec<_> = document
                .front
                .value
                .root_cause
                .iter()
                .filter_map(|cause| cause.class.as_deref())
                .map(class)
                .collect();
            assert_eq!(
                named.contains(&class(&account.class)),
                is_right,
                "{}: {file} names {named:?}",
                name(plan)
            );
        }
    });
}

/// All that a learner can see of a lab before it breaks is made of this.
fn look(plan: &Plan) -> String {
    let told = (
        &plan.title,
        &plan.brief,
        &plan.topology,
        &plan.services,
        &plan.steady,
        &plan.alert,
        &plan.slo,
    );
    serde_json::to_string_pretty(&told).expect("plain data")
}

#[test]
fn causes_of_one_family_look_the_same_before_the_break() {
    let library =
        Library::at(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout's content");
    for family in library.families() {
        for seed in 1..=SEEDS {
            let plans = library
                .scenarios(&family)
                .into_iter()
                .map(|s| library.plan(&family, &s, seed).expect("a plan"));
            let plans: Vec<_> = plans.collect();
            let first = &plans[0];
            for other in &plans[1..] {
                assert_eq!(
                    look(first),
                    look(other),
                    "{} and {} can be told apart before anything happened",
                    name(first),
                    name(other)
                );
                let feed = |plan: &Plan| {
                    let entry = |e: &Entry| (e.what.clone(), e.by.clone(), e.before_page_ms);
                    plan.changes.iter().map(entry).collect::<Vec<_>>()
                };
                assert_eq!(
                    feed(first),
                    feed(other),
                    "{} and {}: what was changed",
                    name(first),
                    name(other)
                );
            }
        }
    }
}

#[test]
fn seeds_give_every_family_many_looks() {
    let library =
        Library::at(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the checkout's content");
    for family in library.families() {
        let scenario = library.scenarios(&family).remove(0);
        let looks: std::collections::BTreeSet<_> = (1..=200)
            .map(|seed| look(&library.plan(&family, &scenario, seed).expect("a plan")))
            .collect();
        assert!(looks.len() >= 20, "{family} looks in {} ways only", looks.len());
    }
}

/// An engine that cannot do something is asked before a cause that needs it is drawn: for the
/// fault, or for a harmless change beside it.
#[test]
fn what_a_cause_needs_of_the_engine_is_known_before_it_is_drawn() {
    each(|_, plan| {
        let expected: &[Requirement] = match plan.scenario.as_str() {
            "capped-link" => &[Requirement::LinkShaping],
            "blocked-fetches" => &[Requirement::PacketFilter],
            "busy-disk" => &[Requirement::DiskWriteLimit],
            _ => &[],
        };
        assert_eq!(plan.requires, expected, "{}", name(plan));
    });
}
