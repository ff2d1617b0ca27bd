//! `chaoslab report`: a graded run again.

use clap::{Args, ValueEnum};

use super::context::{Chosen, Context};
use super::exit::Failure;
use super::rca::{Opened, located};
use super::submit::{Secret, graded, keep, outcome, print, print_opening};
use crate::domain::grade::Grade;
use crate::domain::grade::review::{Dispute, Override, known, read_overrides, unanswered};
use crate::domain::report::{self, ReportInput};

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chaoslab report r-7f3a91 --format html > report.html\n  \
    chaoslab report --dispute L3 'E2 is true: the drops began at T-00:00:40, as its output shows'")]
pub struct Arguments {
    /// The run; the latest graded one unless given
    #[arg(value_name = "RUN")]
    graded: Option<String>,
    /// How to show it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Ask for a person's review of a finding, and say why it is wrong
    #[arg(long, num_args = 2, value_names = ["FINDING", "REASON"], conflicts_with = "format")]
    dispute: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// All of it, for programs
    Json,
    /// One page with the timeline
    Html,
    /// A line an item, for spreadsheets
    Csv,
    /// Items and gates as test cases, for CI servers
    Junit,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let id =
        arguments.graded.clone().or(context.run.clone()).map_or_else(|| latest(context), Ok)?;
    let context = Context { home: context.home.clone(), output: context.output, run: Some(id) };
    let chosen = context.readable()?;
    if chosen.file.given_up {
        let secret = Secret::of(&chosen)?;
        secret.verify(&chosen)?;
        return print_opening(&context, &chosen, &secret);
    }
    if chosen.file.graded.is_none() {
        return Err(Failure::Refused(format!(
            "the run {} is not graded: `chaoslab submit` does that",
            chosen.file.id
        )));
    }
    let grade = graded(&chosen)?;
    if let Some([finding, reason]) = arguments.dispute.as_deref() {
        return dispute(&chosen, &grade, finding, reason);
    }
    let (disputes, answers) = (chosen.run.disputes()?, answers(&chosen, &grade)?);
    let (grade, secret, opened) =
        (grade.reviewed(&answers), Secret::of(&chosen)?, Opened::of(&chosen)?);
    secret.verify(&chosen)?;
    let input = ReportInput {
        grade: &grade,
        record: &opened.record(),
        sealed: Some(secret.sealed(&chosen)),
    };
    show(&context, &input, arguments.format)?;
    let open = unanswered(&disputes, &answers);
    if !open.is_empty() {
        return Err(needs_review(&chosen, &open));
    }
    if chosen.file.graded != Some(outcome(&grade)) {
        // What was decided counts from now on, in the list of runs as well.
        keep(&chosen, &input)?;
    }
    Ok(())
}

fn show(context: &Context, input: &ReportInput<'_>, format: Format) -> Result<(), Failure> {
    let text = match format {
        Format::Text if context.output.json => return print(context, input),
        Format::Text => report::text(input, context.output.colours()),
        Format::Html => report::html(input),
        Format::Json => report::json(input).map(|v| v.to_string() + "\n"),
        Format::Csv => report::csv(input.grade),
        Format::Junit => Ok(report::junit(input.grade)),
    };
    context.output.text(&text.map_err(|e| Failure::Integrity(e.to_string()))?)
}

/// Writes a dispute down. It stands until a reviewer answers it.
fn dispute(chosen: &Chosen, grade: &Grade, finding: &str, reason: &str) -> Result<(), Failure> {
    known(grade, finding).map_err(Failure::Usage)?;
    if reason.trim().is_empty() {
        return Err(Failure::Usage(format!("a dispute needs a reason: why is {finding} wrong?")));
    }
    let mut disputes = chosen.run.disputes()?;
    disputes.retain(|dispute| dispute.finding != finding);
    disputes.push(Dispute { finding: finding.to_owned(), reason: reason.trim().to_owned() });
    chosen.run.write_disputes(&disputes)?;
    let answers = answers(chosen, grade)?;
    match unanswered(&disputes, &answers) {
        open if open.is_empty() => Err(Failure::Refused(format!(
            "{finding} is answered already; `chaoslab report` shows how"
        ))),
        open => Err(needs_review(chosen, &open)),
    }
}

/// The answers of a reviewer, if there are any.
fn answers(chosen: &Chosen, grade: &Grade) -> Result<Vec<Override>, Failure> {
    let path = chosen.run.overrides();
    match std::fs::read_to_string(&path) {
        Ok(text) => read_overrides(&text, grade)
            .map_err(|problems| Failure::Invalid(located(&path, &problems))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Failure::io(format!("read {}", path.display()))(error)),
    }
}

fn needs_review(chosen: &Chosen, open: &[&Dispute]) -> Failure {
    let told: Vec<_> =
        open.iter().map(|dispute| format!("\n  {}: {}", dispute.finding, dispute.reason)).collect();
    let path = chosen.run.overrides();
    let example =
        format!("- {{finding: {}, struck: true, by: NAME, reason: WHY}}", open[0].finding);
    Failure::NeedsReview(format!(
        "a person's review of {} is needed:{}\nThe reviewer answers each in {}, `struck: true` gives the points back:\n  {example}",
        chosen.file.id,
        told.concat(),
        path.display()
    ))
}

fn latest(context: &Context) -> Result<String, Failure> {
    let runs = context.home.list()?;
    let graded =
        runs.iter().rev().find(|run| run.read().is_ok_and(|f| f.graded.is_some() || f.given_up));
    graded.map(|run| run.id.clone()).ok_or_else(|| {
        Failure::Refused("no run is graded yet: `chaoslab submit` grades one".to_owned())
    })
}
