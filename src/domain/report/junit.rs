//! The grade as continuous integration reads test results: items, gates and the pass mark are
//! cases. A failure is what keeps the grade from passing, so a grade that passed has none; lost
//! points stand in an item's output.

use maud::{PreEscaped, html};

use super::points;
use super::shown::shown;
use crate::domain::grade::{Grade, Loss, PASS};

/// The grade as JUnit XML, the form of Ant's `JUnitXMLReporter` that CI servers take.
pub fn junit(grade: &Grade) -> String {
    let grade = &shown(grade);
    let items = grade.items.iter().map(|item| {
        let title = format!("{} of {} points", points(item.earned), points(item.possible));
        (item.item.as_str(), title, grade.losses_of(&item.item).map(said).collect::<Vec<_>>())
    });
    let items: Vec<_> = items.collect();
    let is_short = grade.total < PASS;
    let failed = usize::from(is_short) + grade.gates.iter().filter(|gate| !gate.passed).count();
    let total = format!("{} of 100 points, {} needed", points(grade.total), points(PASS));
    let body = html! {
        testsuites {
            testsuite name=(grade.run) tests=(items.len() + grade.gates.len() + 1) failures=(failed) errors="0" skipped="0" {
                properties {
                    property name="passed" value=(grade.passed) {}
                    property name="total" value=(points(grade.total)) {}
                }
                @for (item, title, lost) in &items {
                    testcase classname="items" name=(item) {
                        @if !lost.is_empty() {
                            system-out { (title) "\n" (lost.join("\n")) }
                        }
                    }
                }
                testcase classname="grade" name="enough points" {
                    @if is_short { failure type="points" message=(total) {} }
                }
                @for gate in &grade.gates {
                    testcase classname="gates" name=(format!("{} {}", gate.gate, gate.demands)) {
                        @if !gate.passed {
                            failure type="gate" message=(format!("no more than {} points without it", points(gate.cap))) { (gate.why) }
                        }
                    }
                }
            }
        }
    };
    let text = html! { (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")) (body) "\n" }
        .into_string();
    // XML 1.0 has no way to write other control characters.
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn said(loss: &Loss) -> String {
    format!(
        "{} -{} line {}:{}: {}",
        loss.loss,
        points(loss.lost),
        loss.line,
        loss.column,
        loss.says
    )
}
