//! The report as one page: style and chart are in it, nothing is loaded, and no script runs.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::Chart;
use super::svg::svg;
use super::{Opened, ReportError, ReportInput, open, points};
use crate::domain::grade::{Collateral, Evidence, Grade, Loss, PASS};
use crate::domain::rca::moment::{rfc3339, since_page};

const STYLE: &str = include_str!("style.css");

/// The report as a page of HTML.
pub fn html(input: &ReportInput<'_>) -> Result<String, ReportError> {
    let opened = input.sealed.as_ref().map(|sealed| open(sealed, input.record)).transpose()?;
    let chart = Chart::of(input)?;
    let (grade, facts) = (input.grade, input.record.facts);
    let verdict = if grade.passed { "Passed" } else { "Not passed" };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // What a document quotes must not be able to load or run anything.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (verdict) ", " (points(grade.total)) " of 100: run " (grade.run) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { span class=(class_of(grade.passed)) { (verdict) } ", " (points(grade.total)) " of 100" }
                p class="soft" {
                    "Run " (grade.run) ", " (facts.family) ", paged at " (rfc3339(facts.page)) ". " (points(grade.earned)) " earned"
                    @if grade.hints > 0 { ", " (points(grade.hints)) " for hints" }
                    @if !grade.collateral.is_empty() { ", " (points(grade.collateral.iter().map(|c| c.cost).sum())) " for damage" }
                    "; " (points(PASS)) " and every gate pass. At the end of the record: " (grade.ending.says()) "."
                }
                section { h2 { "What happened when" } div class="scroll" { (svg(&chart)) } (legend(&chart)) }
                section { h2 { "Items" } (items(grade)) }
                section { h2 { "Gates" } (gates(grade)) }
                section { h2 { "Evidence" } (evidence(&grade.evidence, opened.is_some())) }
                @if !grade.collateral.is_empty() { section { h2 { "Damage done on the way" } (damage(&grade.collateral)) } }
                @if !grade.losses.is_empty() { section { h2 { "Where points were lost" } (losses(&grade.losses, facts.page)) } }
                @if let Some(opened) = &opened { (truth(opened)) }
                @for note in &grade.notes { p class="soft" { (note) } }
            }
        }
    };
    Ok(page.into_string())
}

fn class_of(good: bool) -> &'static str {
    if good { "good" } else { "bad" }
}

fn legend(chart: &Chart) -> Markup {
    html! {
        p class="soft" {
            "The line is " code { (chart.title) } ", what the alert watches; the dashed level is where it fires. Circles are your commands, filled when they changed something."
        }
    }
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
                tr {
                    td { (gate.gate) }
                    td { span class=(class_of(gate.passed)) { (if gate.passed { "passed" } else { "failed" }) } }
                    td {
                        (gate.demands) "." br; span class="soft" { (gate.why) }
                        @if !gate.passed { span class="soft" { "; no more than " (points(gate.cap)) " points without it" } }
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
                tr { td class="number warn" { "-" (points(one.cost)) } td { (one.says) code class="look" { (one.look) } } }
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
                    td {
                        (one.why) br; span class="soft" { (one.reason) }
                        @if !one.observed.is_empty() { br; code { (one.observed) } }
                        @for limit in &one.limits { br; span class="soft" { (limit) } }
                        @if open && !one.apart_from.is_empty() { br; span class="soft" { "not so with " (one.apart_from.join(", ")) } }
                        code class="look" { (one.look) }
                    }
                }
            }
        }
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
                        @if !loss.look.is_empty() { code class="look" { (loss.look) } }
                        @if let Some(playbook) = &loss.playbook { span class="soft" { "read " code { (playbook) } } }
                    }
                }
            }
        }
    }
}

fn truth(opened: &Opened) -> Markup {
    html! {
        section {
            h2 { "What it was" }
            @for cause in &opened.causes {
                p { strong { (cause.class) } ": " (cause.says) }
                @if !cause.places.is_empty() { p { "In " (cause.places.join(" and ")) "; it showed in " (cause.victims.join(", ")) "." } }
            }
            p { "It began " (opened.began) ", started by " (opened.trigger) "." }
            p { "It was staged as " (opened.scenario) " with seed " (opened.seed) ". The same again:" }
            code class="look" { (opened.again) }
            @for precondition in &opened.preconditions { p class="soft" { (precondition) } }
        }
        @if !opened.chain.is_empty() {
            section {
                h2 { "How it went on" }
                ol {
                    @for step in &opened.chain {
                        li { strong { (step.event) } " on " (step.on) ", " (step.when) ": " (step.says) code class="look" { (step.look) } }
                    }
                }
            }
        }
        @if !opened.look_alikes.is_empty() {
            section {
                h2 { "What tells it from its look-alikes" }
                ul {
                    @for other in &opened.look_alikes { li { strong { (other.class) } ": " (other.says) code class="look" { (other.look) } } }
                }
            }
        }
        section {
            h2 { "Commitment" }
            p { code { (opened.commitment.hash) } " "
                span class=(class_of(opened.commitment.verified)) {
                    (if opened.commitment.verified { "truth and salt give it" } else { "truth and salt do not give it" })
                }
            }
            p class="soft" { "Published when the run opened. To check it yourself:" }
            @for line in &opened.commitment.recipe { code class="look" { (line) } }
        }
    }
}
