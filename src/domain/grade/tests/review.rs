//! Disputed findings and what a reviewer's answers make of a grade.

use super::*;
use crate::domain::grade::review::{Dispute, Override, read_overrides, unanswered};

fn nearly() -> Grade {
    let draft = Draft {
        onset: "T+00:00:00".into(),
        ..Draft::new(
            "network.capacity.link_capped",
            &["link:kafka-2", "broker:3"],
            &[DROPS, SHRINK],
        )
    };
    graded(&draft.file(), &sample::isr_shrink(), &capped_link()).expect("it is valid")
}

fn answer(finding: &str, struck: bool) -> Override {
    Override {
        finding: finding.into(),
        struck,
        by: "dana".into(),
        reason: "seen in the record".into(),
    }
}

#[test]
fn a_struck_finding_gives_its_points_back_and_an_upheld_one_does_not() {
    let grade = nearly();
    let lost = grade.losses[0].clone();
    assert_eq!(grade.reviewed(&[]), grade);
    let upheld = grade.reviewed(&[answer("L1", false)]);
    assert_eq!((upheld.total, upheld.losses.len()), (grade.total, grade.losses.len()));
    let struck = grade.reviewed(&[answer("L1", true)]);
    assert_eq!(struck.total, grade.total + lost.lost);
    assert!(struck.losses.iter().all(|loss| loss.loss != "L1"), "the others keep their names");
    assert_eq!(
        struck.notes.last().map(String::as_str),
        Some("L1 was struck by dana: seen in the record")
    );
}

#[test]
fn with_every_finding_struck_all_points_are_there_and_gates_still_cap() {
    let grade = nearly();
    let all: Vec<_> = grade.losses.iter().map(|loss| answer(&loss.loss, true)).collect();
    assert_eq!(grade.reviewed(&all).total, 100_000);
    assert!(grade.reviewed(&all).passed);
    let wrong = graded(
        &Draft::new("broker.process.frozen", &["broker:3"], &[SHRINK]).file(),
        &sample::isr_shrink(),
        &capped_link(),
    )
    .expect("it is valid");
    let all: Vec<_> = wrong.losses.iter().map(|loss| answer(&loss.loss, true)).collect();
    assert_eq!(
        (wrong.reviewed(&all).total, wrong.reviewed(&all).passed),
        (49_000, false),
        "a wrong class never passes"
    );
}

#[test]
fn a_dispute_is_open_until_it_is_answered() {
    let disputes =
        ["L1", "L2"].map(|finding| Dispute { finding: finding.into(), reason: "no".into() });
    let open = |answers: &[Override]| {
        unanswered(&disputes, answers).iter().map(|d| d.finding.clone()).collect::<Vec<_>>()
    };
    assert_eq!(open(&[]), ["L1", "L2"]);
    assert_eq!(open(&[answer("L1", false)]), ["L2"]);
}

#[test]
fn answers_are_read_and_all_their_problems_told_at_once() {
    let read = |text: &str| read_overrides(text, &nearly());
    assert_eq!(
        read("- {finding: L1, struck: true, by: dana, reason: seen in the record}\n"),
        Ok(vec![answer("L1", true)])
    );
    let problems = read(
        "- {finding: L1, struck: true, by: dana, reason: ''}\n- {finding: L1, struck: false, by: '', reason: yes}\n- {finding: L99, struck: true, by: dana, reason: no}\n",
    );
    let told = problems
        .expect_err("it is wrong")
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!(told, @r"
    1:49: an answer has a reason
    2:13: L1 is answered above
    2:36: an answer names who gives it
    3:13: L99 is no finding of r-7f3a91: they are L1 to L13
    ");
}
