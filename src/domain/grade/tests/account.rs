//! The mechanism, impact and times, recovery and prevention, and whether an analysis contradicts
//! itself.

use super::*;
use crate::domain::rca::sample::HEALED;

const GOOD: &[&str] = &[DROPS, SHRINK, QDISC];

/// The score of an item and what is said of it.
fn item(draft: &Draft, name: &str) -> String {
    item_of(&isr(draft), name)
}

fn item_of(grade: &Grade, name: &str) -> String {
    let score = grade.items.iter().find(|i| i.item == name).map(|i| i.score);
    let says: Vec<_> =
        grade.losses.iter().filter(|l| l.item == name).map(|l| l.says.as_str()).collect();
    format!("{score:?} {}", says.join(" | "))
}

fn chain(steps: &str) -> String {
    let draft = Draft { more: format!("causal_chain: [{steps}]\n"), ..link_capped(GOOD) };
    item(&draft, "mechanism")
}

#[test]
fn a_chain_is_weighed_by_its_steps_their_order_and_what_is_wrong() {
    assert_eq!(item(&link_capped(GOOD), "mechanism"), "Some(1000) ");
    insta::assert_snapshot!(chain("V1, {event: link.saturated, on: link:kafka-2}"), @"Some(562) `follower.fell_behind` is missing in the chain | `alert.fired` is missing in the chain | the steps are not in the order in which one led to the other");
    insta::assert_snapshot!(chain("{event: link.saturated, on: link:kafka-2}, {event: disk.slow, on: disk:kafka-2}, {event: leader.moved, on: topic:orders}"), @"Some(444) `follower.fell_behind` is missing in the chain | `isr.shrunk` is missing in the chain | `alert.fired` is missing in the chain | `disk.slow` did not happen there and then on the way from the cause to the symptom | `leader.moved` did not happen there and then on the way from the cause to the symptom");
    insta::assert_snapshot!(chain("{event: link.saturated, on: link:kafka-1}, {event: isr.shrunk, on: topic:orders, at: T+00:05:31}"), @"Some(478) `link.saturated` is missing in the chain | `follower.fell_behind` is missing in the chain | `alert.fired` is missing in the chain | `link.saturated` did not happen there and then on the way from the cause to the symptom");
    insta::assert_snapshot!(chain(""), @"Some(375) `link.saturated` is missing in the chain | `follower.fell_behind` is missing in the chain | `isr.shrunk` is missing in the chain | `alert.fired` is missing in the chain");
}

#[test]
fn the_trigger_is_the_change_that_started_it() {
    let with =
        |trigger: &str| item(&Draft { trigger: trigger.into(), ..link_capped(GOOD) }, "mechanism");
    insta::assert_snapshot!([with("change:C4"), with("not_listed"), with("")].join("\n"), @r"
    Some(750) this did not start it; it was started by C3
    Some(750) this did not start it; it was started by C3
    Some(750) no trigger is given; it was started by C3
    ");
}

#[test]
fn prose_counts_for_citing_what_is_true() {
    let with = |prose: &str, evidence: &[&str]| {
        item(&Draft { prose: prose.into(), ..link_capped(evidence) }, "mechanism")
    };
    assert_eq!(with("## Root cause and mechanism\nSee E2.\n", GOOD), "Some(1000) ");
    let none = "Some(875) \"Root cause and mechanism\" cites no true piece of evidence";
    assert_eq!(with("## Root cause and mechanism\nThe link was capped.\n", GOOD), none);
    assert_eq!(with("## Summary\nSee E1.\n", GOOD), none);
    assert_eq!(
        with(
            "## Root cause and mechanism\nSee E1.\n",
            &["promql: 'up == 0', at: T+00:00:00", DROPS, QDISC]
        ),
        none
    );
}

#[test]
fn impact_is_what_holds_and_times_are_as_the_objectives_saw_them() {
    assert_eq!(item(&link_capped(GOOD), "impact and times"), "Some(1000) ");
    let with = |times: &str, more: &str| {
        item(
            &Draft { times: times.into(), more: more.into(), ..link_capped(GOOD) },
            "impact and times",
        )
    };
    insta::assert_snapshot!(with(", detected: T+00:03:00, mitigated: T+00:01:00", "impact: [{id: I1, promql: 'up == 0', at: T+00:00:10}]\n"), @"Some(0) I1 is false: it does not hold at T+00:00:10.137, nor anywhere in the record | two claims that hold make an account of what users felt; here one is missing | two claims that hold make an account of what users felt; here one is missing | `detected` is given as T+00:03:00, the objectives saw it at T+00:00:00 | `recovered` is not given; the objectives saw it at T+00:05:32.137");
    let mut unfixed = sample::isr_shrink();
    unfixed.facts.recorded.to = second(HEALED - 1);
    unfixed.facts.commands.retain(|c| c.number < 8);
    let draft = Draft { more: String::new(), ..link_capped(GOOD) };
    let grade = graded(&draft.file(), &unfixed, &capped_link()).expect("it is valid");
    insta::assert_snapshot!(item_of(&grade, "impact and times"), @"Some(333) two claims that hold make an account of what users felt; here one is missing | two claims that hold make an account of what users felt; here one is missing | `recovered` is given as T+00:05:32, but the objectives never saw it");
}

#[test]
fn fixing_counts_by_how_far_it_got() {
    let name = "mitigation and recovery";
    assert_eq!(item(&link_capped(GOOD), name), "Some(1000) ");
    let mut run = sample::isr_shrink();
    run.facts.recorded.to = second(HEALED - 1);
    run.facts.commands.retain(|c| c.number < 8);
    let with = |action: &str| {
        let more = format!("mitigation: [{{action: \"{action}\"}}]\n");
        let draft = Draft { more, times: String::new(), ..link_capped(GOOD) };
        item_of(&graded(&draft.file(), &run, &capped_link()).expect("it is valid"), name)
    };
    insta::assert_snapshot!([with("remove the cap from the link of kafka-2"), with("fix it")].join("\n"), @r#"
    Some(300) what was to be done is described, but the fault was not fixed
    Some(0) the fault was not fixed, and no action is described where it originates
    "#);
}

#[test]
fn prevention_needs_somebody_who_does_it() {
    let with = |more: &str| item(&Draft { more: more.into(), ..link_capped(GOOD) }, "prevention");
    insta::assert_snapshot!(
        [
            with("prevention: [{action: alert.link_saturated, owner: network, due: 2026-12-31, done_when: \"it fires\"}]\n"),
            with("prevention: [{action: alert.link_saturated, owner: network}]\n"),
            with("prevention: [{action: config.acks_all, owner: network, due: 2026-12-31, done_when: \"it is set\"}]\n"),
        ]
        .join("\n"),
        @r"
        Some(1000) 
        Some(600) `alert.link_saturated` lacks a date, a way to know that it is done
        Some(0) what fits this cause as well: `alert.link_saturated`
        "
    );
}

#[test]
fn an_analysis_that_contradicts_itself_is_capped() {
    let gate = |draft: &Draft| {
        let grade = isr(draft);
        let gate = grade.gates.iter().find(|g| g.gate == "G4").expect("it is there").clone();
        assert_eq!(gate.passed, grade.passed, "{}", brief(&grade));
        format!("{}: {}", gate.passed, gate.why)
    };
    let good = link_capped(GOOD);
    let timed = |times: &str| gate(&Draft { times: times.into(), ..good.clone() });
    let own = Draft {
        more: format!(
            "{ACCOUNT}hypotheses: [{{class: network.capacity.link_capped, verdict: ruled_out}}]\n"
        ),
        ..good.clone()
    };
    insta::assert_snapshot!(
        [gate(&good), gate(&own), timed(", recovered: T-00:01:00"), timed(", recovered: T+00:01:00"), timed(", recovered: T+00:05:40")].join("\n"),
        @r"
        true: nothing in it contradicts the rest
        false: `network.capacity.link_capped` is named as the cause and ruled out
        false: `recovered`, T-00:01:00, is before `onset`, T-00:00:30
        false: it is called recovered at T+00:01:00, but was so from T+00:05:32.137 on
        true: nothing in it contradicts the rest
        "
    );
}

#[test]
fn where_it_has_to_be_fixed_it_must_be() {
    let mut run = sample::isr_shrink();
    let document = |draft: &Draft| Document::read(draft.file().as_bytes()).expect("it is right");
    let gate = |run: &Sample, draft: &Draft| {
        let terms = Terms { recovery_required: true, ..Terms::default() };
        let grade =
            grade(&document(draft), &run.record(), &capped_link(), &Comparison::default(), &terms)
                .expect("it is valid");
        (grade.passed, grade.gates.iter().find(|g| g.gate == "G6").map(|g| g.passed))
    };
    assert_eq!(gate(&run, &link_capped(GOOD)), (true, Some(true)));
    run.facts.recorded.to = second(HEALED - 1);
    let draft = Draft { more: String::new(), times: String::new(), ..link_capped(GOOD) };
    assert_eq!(gate(&run, &draft), (false, Some(false)));
}
