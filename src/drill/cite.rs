//! Evidence from what is recorded already: a command's output, or a query as it was asked.

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest};
use super::write_up::Opened;
use crate::domain::rca::document::Evidence;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::Command;
use crate::domain::telemetry::series::UnixMs;

/// How many lines are shown to choose from, and how many characters of each.
const SHOWN: (usize, usize) = (40, 120);

/// What of a command's output is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quote {
    /// Its only line; of a query, the query itself.
    Whole,
    /// This text.
    Text(String),
    /// The line of this number, counted from 1 without blank ones.
    Line(usize),
}

/// The claim that quotes a recorded command.
pub fn command(chosen: &Chosen, number: u32, quote: &Quote) -> Result<Evidence, DrillError> {
    let opened = Opened::of(chosen)?;
    let facts = opened.record().facts;
    let command = facts.commands.iter().find(|c| c.number == number);
    let command = command.ok_or(InvalidRequest::NoCommand(number))?;
    Ok(quoted(command, quote, facts.page)?)
}

/// The claim that a query's condition held at a time.
pub fn query(promql: &str, at: UnixMs, page: UnixMs) -> Evidence {
    Evidence {
        promql: Some(promql.to_owned()),
        at: Some(since_page(at, page)),
        ..Evidence::default()
    }
}

fn quoted(command: &Command, quote: &Quote, page: UnixMs) -> Result<Evidence, InvalidRequest> {
    let number = command.number;
    let lines: Vec<&str> =
        command.output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = match quote {
        Quote::Text(text) => text.clone(),
        Quote::Line(line) => match line.checked_sub(1).and_then(|n| lines.get(n)) {
            Some(line) => (*line).to_owned(),
            None => return Err(which(number, &lines)),
        },
        Quote::Whole => match (asked(command, page), lines.as_slice()) {
            (Some(claim), _) => return Ok(claim),
            (None, [only]) => (*only).to_owned(),
            (None, lines) => return Err(which(number, lines)),
        },
    };
    Ok(Evidence { command: Some(number), contains: Some(text), ..Evidence::default() })
}

/// The claim that a recorded `chaoslab query` of one moment makes.
fn asked(command: &Command, page: UnixMs) -> Option<Evidence> {
    let typed = command.line.strip_prefix("chaoslab query '")?;
    let (promql, when) = typed.rsplit_once('\'')?;
    match when.strip_prefix(" --at ") {
        Some(at) => Some(Evidence { at: Some(at.to_owned()), ..query(promql, page, page) }),
        None if when.is_empty() => Some(query(promql, command.started, page)),
        None => None,
    }
}

fn which(number: u32, lines: &[&str]) -> InvalidRequest {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let shown = lines.iter().take(SHOWN.0).map(|l| l.chars().take(SHOWN.1).map(plain).collect());
    InvalidRequest::WhichLine { number, lines: shown.collect(), all: lines.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str, output: &str) -> Command {
        Command {
            number: 17,
            node: "kafka-2".to_owned(),
            line: line.to_owned(),
            started: 5_000,
            ended: Some(6_000),
            exit: Some(0),
            output: output.to_owned(),
            shortened: false,
            changed: None,
        }
    }

    #[test]
    fn a_quote_is_a_line_of_the_output() {
        let command = of("tc -s qdisc", "qdisc tbf 21:\n\n  Sent 10 bytes\n");
        let quote = |quote| quoted(&command, &quote, 0).map(|e| (e.command, e.contains));
        let said = |text: &str| (Some(17), Some(text.to_owned()));
        assert_eq!(quote(Quote::Line(2)).ok(), Some(said("Sent 10 bytes")));
        assert_eq!(quote(Quote::Text("tbf".to_owned())).ok(), Some(said("tbf")));
        insta::assert_snapshot!(quote(Quote::Whole).unwrap_err(), @"
        command 17 printed 2 lines; choose one with --line NUMBER, or quote with --contains TEXT:
           1  qdisc tbf 21:
           2  Sent 10 bytes
        ");
        insta::assert_snapshot!(quote(Quote::Line(9)).unwrap_err(), @"
        command 17 printed 2 lines; choose one with --line NUMBER, or quote with --contains TEXT:
           1  qdisc tbf 21:
           2  Sent 10 bytes
        ");
        let only = quoted(&of("nproc", "2\n"), &Quote::Whole, 0).expect("one line");
        assert_eq!(only.contains.as_deref(), Some("2"));
        insta::assert_snapshot!(quoted(&of("true", ""), &Quote::Whole, 0).unwrap_err(), @"command 17 printed nothing that could be quoted");
    }

    #[test]
    fn a_recorded_query_becomes_the_claim_it_asked() {
        let claim = |line| {
            let claim = quoted(&of(line, "(nothing)"), &Quote::Whole, 0).expect("a claim");
            (claim.promql, claim.at)
        };
        let up = Some("up{node='a'} == 0".to_owned());
        assert_eq!(
            claim("chaoslab query 'up{node='a'} == 0' --at T-00:00:30"),
            (up.clone(), Some("T-00:00:30".to_owned()))
        );
        assert_eq!(
            claim("chaoslab query 'up{node='a'} == 0'"),
            (up, Some("T+00:00:05".to_owned()))
        );
    }
}
