//! The report as one page: style and chart are in it, nothing is loaded, and no script runs.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::Chart;
use super::opening::{Commitment, Other, Step};
use super::shown::shown;
use super::svg::svg;
use super::{Opened, ReportError, ReportInput, open, points};
use crate::domain::grade::{Collateral, Evidence, Grade, Loss, PASS};
use crate::domain::rca::moment::{rfc3339, since_page};
use crate::domain::rca::record::Facts;

const STYLE: &str = include_str!("style.css");

/// What a document quotes must not be able to load or run anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The report as a page of HTML.
pub fn html(input: &ReportInput<'_>) -> Result<String, ReportError> {
    let opened = input.sealed.as_ref().map(|sealed| open(sealed, input.record)).transpose()?;
    let chart = Chart::of(input)?;
    let (grade, facts) = (&shown(input.grade), input.record.facts);
    let verdict = if grade.passed { "Passed" } else { "Not passed" };
    let total = points(grade.total);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (verdict) ", " (total) " of 100: run " (grade.run) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { span class=(class_of(grade.passed)) { (verdict) } ", " (total) " of 100" }
                (summary(grade, facts))
                (section("What happened when", happened(&chart)))
                (section("Items", items(grade)))
                (section("Gates", gates(grade)))
                (section("Evidence", evidence(&grade.evidence, opened.is_some())))
                @if !grade.collateral.is_empty() {
                    (section("Damage done on the way", damage(&grade.collateral)))
                }
                @if !grade.losses.is_empty() {
                    (section("Where points were lost", losses(&grade.losses, facts.page)))
                }
                @if let Some(opened) = &opened { (truth(opened)) }
                @for note in &grade.notes { p class="soft" { (note) } }
            }
        }
    };
    Ok(page.into_string())
}

/// A part of the page under its heading.
fn section(heading: &str, content: Markup) -> Markup {
    html! { section { h2 { (heading) } (content) } }
}

/// A command that shows what is said, to be copied.
fn command(look: &str) -> Markup {
    html! { code class="look" { (look) } }
}

/// How the total came about.
fn summary(grade: &Grade, facts: &Facts) -> Markup {
    let damage: u32 = grade.collateral.iter().map(|one| one.cost).sum();
    html! {
        p class="soft" {
            "Run " (grade.run) ", " (facts.family) ", paged at " (rfc3339(facts.page)) ". "
            (points(grade.earned)) " earned"
            @if grade.hints > 0 { ", " (points(grade.hints)) " for hints and the table of causes" }
            @if !grade.collateral.is_empty() { ", " (points(damage)) " for damage" }
            "; you need " (points(PASS)) " points and every gate. At the end of the record: "
            (grade.ending.says()) "."
        }
    }
}

/// The chart and what its signs mean.
fn happened(chart: &Chart) -> Markup {
    html! {
        div class="scroll" { (svg(chart)) }
        p class="soft" {
            "The line is " code { (chart.title) } ", what the alert watches; the dashed level is "
            "where it fires. Circles are your commands, filled when they changed something."
        }
    }
}

fn class_of(good: bool) -> &'static str {
    if good { "good" } else { "bad" }
}

fn items(grade: &Grade) -> Markup {
    html! {
        table {
            @for item in &grade.items {
                tr {
                    td { (item.item) }
                    td { meter min="0" max="1000" value=(item.score) { (item.score / 10) " %" } }
                    td class="number" { (points(item.earned)) " of " (points(item.possible)) }
                }
            }
            @for out in &grade.scaled_out {
                tr class="soft" { td { (out.item) } td colspan="2" { "not asked: " (out.why) } }
            }
        }
    }
}

fn gates(grade: &Grade) -> Markup {
    html! {
        table {
            @for gate in &grade.gates {
                @let mark = if gate.passed { "passed" } else { "failed" };
                tr {
                    td { (gate.gate) }
                    td { span class=(class_of(gate.passed)) { (mark) } }
                    td {
                        (gate.demands) "." br; span class="soft" { (gate.why) }
                        @if !gate.passed {
                            span class="soft" {
                                "; no more than " (points(gate.cap)) " points without it"
                            }
                        }
                    }
                }
            }
        }
    }
}

fn damage(all: &[Collateral]) -> Markup {
    html! {
        table {
            @for one in all {
                tr {
                    td class="number warn" { "-" (points(one.cost)) }
                    td { (one.says) (command(&one.look)) }
                }
            }
        }
    }
}

fn evidence(all: &[Evidence], open: bool) -> Markup {
    html! {
        @if all.is_empty() { p { "None was given." } }
        table {
            @for one in all {
                tr {
                    td { (one.id) }
                    td { span class=(class_of(one.verdict == "true")) { (one.verdict) } }
                    td class="number" { (one.worth / 10) }
                    td { (why(one, open)) }
                }
            }
        }
    }
}

/// Why a piece of evidence is worth what it is; the other causes are named once all is open.
fn why(one: &Evidence, open: bool) -> Markup {
    html! {
        (one.why) br; span class="soft" { (one.reason) }
        @if !one.observed.is_empty() { br; code { (one.observed) } }
        @for limit in &one.limits { br; span class="soft" { (limit) } }
        @if open && !one.apart_from.is_empty() {
            br; span class="soft" { "not so with " (one.apart_from.join(", ")) }
        }
        (command(&one.look))
    }
}

fn losses(all: &[Loss], page: i64) -> Markup {
    html! {
        table {
            @for loss in all {
                tr {
                    td { (loss.loss) }
                    td class="number warn" { "-" (points(loss.lost)) }
                    td {
                        (loss.says) br;
                        span class="soft" {
                            (loss.item) ", line " (loss.line) ":" (loss.column)
                            @if let Some(at) = loss.at { ", at " (since_page(at, page)) }
                        }
                        @if !loss.observed.is_empty() { br; code { (loss.observed) } }
                        @if !loss.look.is_empty() { (command(&loss.look)) }
                        @if let Some(playbook) = &loss.playbook {
                            span class="soft" { "read " code { (playbook) } }
                        }
                    }
                }
            }
        }
    }
}

fn truth(opened: &Opened) -> Markup {
    html! {
        (section("What it was", what_it_was(opened)))
        @if !opened.chain.is_empty() { (section("How it unfolded", chain(&opened.chain))) }
        @if !opened.look_alikes.is_empty() {
            (section("What tells it from its look-alikes", look_alikes(&opened.look_alikes)))
        }
        (section("Commitment", commitment(&opened.commitment)))
    }
}

fn what_it_was(opened: &Opened) -> Markup {
    html! {
        @for cause in &opened.causes {
            p { strong { (cause.class) } ": " (cause.says) }
            @if !cause.places.is_empty() {
                p {
                    "In " (cause.places.join(" and ")) "; it showed in "
                    (cause.victims.join(", ")) "."
                }
            }
        }
        p { "It began " (opened.began) ", started by " (opened.trigger) "." }
        p {
            "It was staged as " (opened.scenario) " with seed " (opened.seed) " at level "
            (opened.level) ". The same again:"
        }
        (command(&opened.again))
        @for precondition in &opened.preconditions { p class="soft" { (precondition) } }
    }
}

fn chain(steps: &[Step]) -> Markup {
    html! {
        ol {
            @for step in steps {
                li {
                    strong { (step.event) } " on " (step.on) ", " (step.when) ": " (step.says)
                    (command(&step.look))
                }
            }
        }
    }
}

fn look_alikes(others: &[Other]) -> Markup {
    html! {
        ul {
            @for other in others {
                li { strong { (other.class) } ": " (other.says) (command(&other.look)) }
            }
        }
    }
}

fn commitment(commitment: &Commitment) -> Markup {
    let says = if commitment.verified {
        "SHA-256 over the truth and its salt"
    } else {
        "not the SHA-256 over the truth and its salt"
    };
    html! {
        p {
            code { (commitment.hash) } " "
            span class=(class_of(commitment.verified)) { (says) }
        }
        p class="soft" { "Published when the run opened. To check it yourself:" }
        @for line in &commitment.recipe { (command(line)) }
    }
}
