//! One cause of every family, rehearsed on a real engine: healthy, broken as declared, told from
//! its siblings, graded, fixed, taken down. All others are rehearsed by `make rehearse`.

mod program;

use program::{Program, root};
use serde_json::Value;

fn rehearse(scenario: &str, seed: &str) {
    let program = Program::new().with("CHAOSLAB_LIBRARY", root());
    let outcome = program.run(&["author", "rehearse", scenario, "--seed", seed, "--json"]);
    let rehearsed: Value = serde_json::from_str(&outcome.out)
        .unwrap_or_else(|e| panic!("no JSON ({e}):\n{}{}", outcome.out, outcome.err));
    let rehearsed = &rehearsed[0];
    let verdicts = rehearsed["verdicts"].as_array().expect("a list");
    let wrong: Vec<_> = verdicts
        .iter()
        .filter(|v| v["good"] != true)
        .map(|v| format!("{}: {}", v["what"], v["says"]))
        .collect();
    assert_eq!((&rehearsed["not_witnessed"], wrong), (&Value::Null, Vec::new()), "{}", outcome.err);
    let judged = |what: &str| verdicts.iter().any(|v| v["what"] == what);
    for what in [
        "reference-rca.md",
        "decoy-rca.md",
        "recovery",
        "reference-rca.md after the fix",
        "taken down",
    ] {
        assert!(judged(what), "nothing was said of {what}:\n{rehearsed:#}");
    }
    assert_eq!(outcome.code, 0, "{}", outcome.err);
}

#[test]
fn leaders_that_were_moved_are_told_from_the_other_causes_of_a_skew() {
    rehearse("leader-skew/rewritten-lists", "1");
}

#[test]
fn a_full_disk_is_told_from_the_other_causes_of_a_shrunk_isr() {
    rehearse("isr-shrink/full-disk", "1");
}

#[test]
fn an_open_transaction_is_told_from_the_other_causes_of_lag() {
    rehearse("consumer-lag/open-transaction", "2");
}

#[test]
fn a_heap_above_the_limit_is_told_from_the_other_causes_of_memory_pressure() {
    rehearse("memory-pressure/heap-above-limit", "1");
}
