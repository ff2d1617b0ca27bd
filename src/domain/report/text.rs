//! The report on a terminal.

use std::fmt::Write;

use super::shown::shown;
use super::{Opened, ReportError, ReportInput, Sealed, open, points};
use crate::domain::grade::{Evidence, Grade, Item, Loss, PASS};
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::Record;

/// How text is set apart.
struct Ink {
    colour: bool,
}

impl Ink {
    fn paint(&self, code: &str, text: impl std::fmt::Display) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    fn bold(&self, text: impl std::fmt::Display) -> String {
        self.paint("1", text)
    }

    fn dim(&self, text: impl std::fmt::Display) -> String {
        self.paint("2", text)
    }

    fn good_or_bad(&self, good: bool, text: impl std::fmt::Display) -> String {
        self.paint(if good { "1;32" } else { "1;31" }, text)
    }
}

/// The report as text; in colour when the reader's terminal shows it.
pub fn text(input: &ReportInput<'_>, colour: bool) -> Result<String, ReportError> {
    let opened = input.sealed.as_ref().map(|sealed| open(sealed, input.record)).transpose()?;
    let mut out = String::new();
    write(&mut out, input, opened.as_ref(), &Ink { colour })
        .expect("writing to a string does not fail");
    Ok(out)
}

/// The truth alone as text, for a run that is given up.
pub fn opening(
    sealed: &Sealed<'_>,
    record: &Record<'_>,
    colour: bool,
) -> Result<String, ReportError> {
    let opened = open(sealed, record)?;
    let mut out = String::new();
    truth(&mut out, &opened, &Ink { colour }).expect("writing to a string does not fail");
    Ok(out)
}

fn write(
    out: &mut String,
    input: &ReportInput<'_>,
    opened: Option<&Opened>,
    ink: &Ink,
) -> std::fmt::Result {
    let (grade, page) = (&shown(input.grade), input.record.facts.page);
    head(out, grade, ink)?;
    writeln!(out, "\n{}", ink.bold("Items"))?;
    for item in &grade.items {
        writeln!(
            out,
            "  {:<23} {} {:>5} of {:>5}",
            item.item,
            bar(item),
            points(item.earned),
            points(item.possible)
        )?;
    }
    let left_out: Vec<_> =
        grade.scaled_out.iter().map(|s| format!("{} ({})", s.item, s.why)).collect();
    if !left_out.is_empty() {
        writeln!(
            out,
            "  {}",
            ink.dim(format!(
                "not asked, their weight spread over the rest: {}",
                left_out.join("; ")
            ))
        )?;
    }
    writeln!(out, "\n{}", ink.bold("Gates"))?;
    for gate in &grade.gates {
        let mark = if gate.passed { "passed" } else { "failed" };
        writeln!(out, "  {} {}  {}", gate.gate, ink.good_or_bad(gate.passed, mark), gate.demands)?;
        let cap = if gate.passed {
            String::new()
        } else {
            format!("; no more than {} points without it", points(gate.cap))
        };
        writeln!(out, "             {}{cap}", gate.why)?;
    }
    writeln!(out, "\n{}", ink.bold("Evidence"))?;
    if grade.evidence.is_empty() {
        writeln!(out, "  none was given")?;
    }
    for evidence in &grade.evidence {
        one_evidence(out, evidence, opened.is_some(), ink)?;
    }
    if !grade.collateral.is_empty() {
        writeln!(out, "\n{}", ink.bold("Damage done on the way"))?;
    }
    for damage in &grade.collateral {
        writeln!(
            out,
            "  {} {}",
            ink.paint("1;31", format!("-{}", points(damage.cost))),
            damage.says
        )?;
        writeln!(out, "     {}", ink.dim(&damage.look))?;
    }
    if !grade.losses.is_empty() {
        writeln!(out, "\n{}", ink.bold("Where points were lost"))?;
        for loss in &grade.losses {
            one_loss(out, loss, page, ink)?;
        }
    }
    if let Some(opened) = opened {
        truth(out, opened, ink)?;
    }
    for note in &grade.notes {
        writeln!(out, "\n{}", ink.dim(note))?;
    }
    Ok(())
}

fn head(out: &mut String, grade: &Grade, ink: &Ink) -> std::fmt::Result {
    let verdict = if grade.passed { "PASSED" } else { "NOT PASSED" };
    let form = format!("{:?} form", grade.form).to_lowercase();
    writeln!(
        out,
        "{}  {} of 100  {}",
        ink.good_or_bad(grade.passed, verdict),
        ink.bold(points(grade.total)),
        ink.dim(format!("run {}, {form}", grade.run))
    )?;
    let mut how = vec![format!("{} earned", points(grade.earned))];
    let capped = grade
        .gates
        .iter()
        .filter(|gate| !gate.passed && gate.cap < grade.earned)
        .min_by_key(|gate| gate.cap);
    how.extend(capped.map(|gate| format!("capped at {} by {}", points(gate.cap), gate.gate)));
    if grade.hints > 0 {
        how.push(format!("{} for hints and the table of causes", points(grade.hints)));
    }
    let damage: u32 = grade.collateral.iter().map(|c| c.cost).sum();
    if damage > 0 {
        how.push(format!("{} for damage", points(damage)));
    }
    writeln!(out, "{}; you need {} points and every gate", how.join(", "), points(PASS))?;
    writeln!(out, "{}", ink.dim(format!("at the end of the record: {}", grade.ending.says())))
}

fn bar(item: &Item) -> String {
    let full = (item.score / 100) as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(10 - full))
}

fn one_evidence(out: &mut String, evidence: &Evidence, open: bool, ink: &Ink) -> std::fmt::Result {
    let verdict = ink.good_or_bad(evidence.verdict == "true", &evidence.verdict);
    writeln!(
        out,
        "  {} {verdict}, worth {}: {}",
        ink.bold(&evidence.id),
        evidence.worth / 10,
        evidence.why
    )?;
    writeln!(out, "     {}", evidence.reason)?;
    if !evidence.observed.is_empty() {
        writeln!(out, "     {}", evidence.observed)?;
    }
    for limit in &evidence.limits {
        writeln!(out, "     {}", ink.dim(limit))?;
    }
    if open && !evidence.apart_from.is_empty() {
        writeln!(
            out,
            "     {}",
            ink.dim(format!("not so with {}", evidence.apart_from.join(", ")))
        )?;
    }
    Ok(())
}

fn one_loss(out: &mut String, loss: &Loss, page: i64, ink: &Ink) -> std::fmt::Result {
    writeln!(
        out,
        "  {} {} {}, line {}:{}: {}",
        ink.bold(&loss.loss),
        ink.paint("33", format!("-{}", points(loss.lost))),
        loss.item,
        loss.line,
        loss.column,
        loss.says
    )?;
    if !loss.observed.is_empty() {
        let at = loss.at.map(|at| format!("{}: ", since_page(at, page))).unwrap_or_default();
        writeln!(out, "     {at}{}", loss.observed)?;
    }
    if !loss.look.is_empty() {
        writeln!(out, "     {}", ink.dim(&loss.look))?;
    }
    if let Some(playbook) = &loss.playbook {
        writeln!(out, "     {}", ink.dim(format!("read {playbook}")))?;
    }
    Ok(())
}

fn truth(out: &mut String, opened: &Opened, ink: &Ink) -> std::fmt::Result {
    writeln!(out, "\n{}", ink.bold("What it was"))?;
    for cause in &opened.causes {
        writeln!(out, "  {}  {}", ink.bold(&cause.class), cause.says)?;
        if !cause.places.is_empty() {
            writeln!(
                out,
                "  in {}; it showed in {}",
                cause.places.join(" and "),
                cause.victims.join(", ")
            )?;
        }
    }
    writeln!(out, "  began {}, started by {}", opened.began, opened.trigger)?;
    let (scenario, seed, level) = (&opened.scenario, opened.seed, opened.level);
    writeln!(out, "  staged as {scenario} with seed {seed} at level {level}; the same again:")?;
    writeln!(out, "     {}", ink.dim(&opened.again))?;
    if !opened.chain.is_empty() {
        writeln!(out, "\n{}", ink.bold("How it unfolded"))?;
    }
    for (number, step) in opened.chain.iter().enumerate() {
        writeln!(
            out,
            "  {}. {} on {}, {}: {}",
            number + 1,
            ink.bold(&step.event),
            step.on,
            step.when,
            step.says
        )?;
        writeln!(out, "     {}", ink.dim(&step.look))?;
    }
    if !opened.look_alikes.is_empty() {
        writeln!(out, "\n{}", ink.bold("What tells it from its look-alikes"))?;
    }
    for other in &opened.look_alikes {
        writeln!(out, "  {}: {}", ink.bold(&other.class), other.says)?;
        writeln!(out, "     {}", ink.dim(&other.look))?;
    }
    for precondition in &opened.preconditions {
        writeln!(out, "  {precondition}")?;
    }
    let commitment = &opened.commitment;
    writeln!(out, "\n{}", ink.bold("Commitment"))?;
    let verified = if commitment.verified {
        "SHA-256 over the truth and its salt"
    } else {
        "NOT THE SHA-256 OVER THE TRUTH AND ITS SALT"
    };
    writeln!(out, "  {}  {}", commitment.hash, ink.good_or_bad(commitment.verified, verified))?;
    writeln!(out, "  published when the run opened; check it yourself:")?;
    for line in &commitment.recipe {
        writeln!(out, "     {}", ink.dim(line))?;
    }
    Ok(())
}
