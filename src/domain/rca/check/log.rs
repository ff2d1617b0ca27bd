//! Lines that were logged, or were not.

use super::siblings::{Exchanged, others};
use super::{Observation, Verdict, Weakness, change_before, show, vacuous};
use crate::domain::rca::commands::Nature;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::{Command, Record, Role, Span};
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::logql::{LineFilter, LogQuery};
use crate::domain::telemetry::series::SourceError;

/// Two lines further apart than this are two occurrences when the times of a claim that was true
/// elsewhere are told.
const APART: i64 = 30_000;

pub(super) fn verify(
    query: &LogQuery,
    asked: Span,
    min: Option<u32>,
    record: &Record<'_>,
) -> Result<Observation, SourceError> {
    let (facts, page) = (record.facts, record.facts.page);
    let unanswered = |reason: String, excused: bool, at: Span| Observation {
        verdict: Verdict::Unverifiable { excused },
        reason,
        observed: String::new(),
        at,
        was_true: Vec::new(),
        weaknesses: Vec::new(),
        look: look(query, at, record),
    };
    let Some(at) = asked.overlap(facts.recorded) else {
        let reason = format!(
            "{} to {} lies outside the record",
            since_page(asked.from, page),
            since_page(asked.to, page)
        );
        return Ok(unanswered(reason, false, asked));
    };
    let lines = match super::answered(query.select(record.logs, at.from, at.to))? {
        Ok(lines) => lines,
        Err(failure) => {
            return Ok(Observation { verdict: Verdict::False, ..unanswered(failure, false, at) });
        }
    };
    let is_true = min.map_or(lines.is_empty(), |min| lines.len() >= min as usize);
    // Lines that were seen are seen whatever else was missed; lines that were not may have been
    // missed.
    let relies_on_silence = min.is_none() == is_true;
    if relies_on_silence && facts.gaps.iter().any(|gap| gap.hides(at, &["logs"])) {
        return Ok(unanswered(
            "the record has a gap there: logs were not read".to_owned(),
            true,
            at,
        ));
    }
    let clipped = if at == asked { "" } else { " (as far as recorded)" };
    let stretch =
        format!("from {} to {}{clipped}", since_page(at.from, page), since_page(at.to, page));
    let mut observation = unanswered(String::new(), false, at);
    observation.observed = match lines.first() {
        None => "no line".to_owned(),
        Some(first) => format!(
            "the first at {} on {}: {}",
            since_page(first.at, page),
            first.node,
            show::excerpt(&first.line)
        ),
    };
    observation.verdict = if is_true { Verdict::True } else { Verdict::False };
    observation.reason = match (is_true, min) {
        (true, Some(_)) => format!("{} {stretch}", counted(lines.len())),
        (true, None) => format!("no such line {stretch}"),
        (false, None) => format!("there is such a line {stretch}"),
        (false, Some(min)) => {
            let all =
                super::answered(query.select(record.logs, facts.recorded.from, facts.recorded.to))?
                    .unwrap_or_default();
            observation.was_true = occurrences(&all);
            let elsewhere = match observation.was_true.as_slice() {
                [] => "none in the whole record".to_owned(),
                times => {
                    format!("there are {} {}", counted(all.len()), show::intervals(times, page))
                }
            };
            format!("{} where {min} are claimed {stretch}; {elsewhere}", counted(lines.len()))
        }
    };
    if is_true {
        observation.weaknesses = weaknesses(query, asked, min, &lines, record)?;
    }
    Ok(observation)
}

fn counted(lines: usize) -> String {
    match lines {
        0 => "no line".to_owned(),
        1 => "1 line".to_owned(),
        many => format!("{many} lines"),
    }
}

fn occurrences(lines: &[LogLine]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for line in lines {
        match spans.last_mut() {
            Some(span) if line.at - span.to <= APART => span.to = line.at,
            _ => spans.push(Span { from: line.at, to: line.at }),
        }
    }
    spans
}

fn weaknesses(
    query: &LogQuery,
    asked: Span,
    min: Option<u32>,
    lines: &[LogLine],
    record: &Record<'_>,
) -> Result<Vec<Weakness>, SourceError> {
    let facts = record.facts;
    let mut weaknesses = Vec::new();
    let usual = usual(query, asked, min, record)?;
    if usual >= vacuous::USUAL {
        weaknesses.push(Weakness::Vacuous(usual));
    }
    let enough = |good: usize| min.is_none_or(|min| good >= min as usize);
    if let Some(change) = change_before(record, asked.to)
        && (min.is_none() && asked.from > change.started
            || !enough(lines.iter().filter(|line| line.at <= change.started).count()))
    {
        weaknesses.push(Weakness::Late(change.number));
    }
    let made_by = |line: &LogLine| {
        facts.commands.iter().find(|c| c.started <= line.at && has_made(c, query, line, lines))
    };
    let made: Vec<_> = lines.iter().filter_map(made_by).collect();
    if let Some(command) = made.first()
        && !enough(lines.len() - made.len())
    {
        weaknesses.push(Weakness::SelfMade(command.number));
    }
    Ok(weaknesses)
}

/// Whether this command may have written the line: it is no mere reading, and either the line's
/// text is in it, or it is one nobody can judge, on that machine, before which no such line was
/// logged.
fn has_made(command: &Command, query: &LogQuery, line: &LogLine, lines: &[LogLine]) -> bool {
    let typed = &command.line;
    let says_it = query.filters().iter().any(|filter| match filter {
        LineFilter::Contains(text) => !text.is_empty() && typed.contains(text.as_str()),
        LineFilter::Matches(regex) => regex.is_match(typed),
        LineFilter::Lacks(_) | LineFilter::MatchesNot(_) => false,
    });
    match command.judged().nature {
        Nature::ReadOnly { .. } => false,
        Nature::Mutating(_) => says_it,
        Nature::Unknown => {
            let before =
                lines.iter().any(|other| other.node == line.node && other.at < command.started);
            says_it || (command.node == line.node && !before)
        }
    }
}

/// In how many of a thousand looks at the healthy baseline it was so, on the machines it is about
/// or on these and their siblings.
fn usual(
    query: &LogQuery,
    asked: Span,
    min: Option<u32>,
    record: &Record<'_>,
) -> Result<u32, SourceError> {
    let baseline = record.facts.baseline;
    let share = |lines: &[LogLine]| {
        let times: Vec<_> = lines.iter().map(|line| line.at).collect();
        vacuous::usual_lines(&times, baseline, asked.length(), min)
    };
    let own = share(
        &super::answered(query.select(record.logs, baseline.from, baseline.to))?
            .unwrap_or_default(),
    );
    let mut pooled = own;
    let inventory = &record.facts.inventory;
    let meant: Vec<_> = inventory
        .machines
        .iter()
        .filter(|m| query.wants(&m.name) && m.role != Role::Toolbox)
        .collect();
    // A question about several machines already asks the siblings.
    if let [machine] = meant.as_slice() {
        for other in others(machine, inventory) {
            let exchanged = Exchanged { logs: record.logs, one: &machine.name, other: &other.name };
            let lines = super::answered(query.select(&exchanged, baseline.from, baseline.to))?
                .unwrap_or_default();
            let (held, all) = share(&lines);
            pooled = (pooled.0 + held, pooled.1 + all);
        }
    }
    Ok(vacuous::thousandths(own).max(vacuous::thousandths(pooled)))
}

/// The command that shows the lines.
fn look(query: &LogQuery, at: Span, record: &Record<'_>) -> String {
    let node = record
        .facts
        .inventory
        .machines
        .iter()
        .find(|m| query.wants(&m.name))
        .map_or("NODE", |m| m.name.as_str());
    let pattern = query.filters().iter().find_map(|filter| match filter {
        LineFilter::Contains(text) => Some(regex::escape(text)),
        LineFilter::Matches(regex) => Some(regex.as_str().to_owned()),
        _ => None,
    });
    let grep =
        pattern.map(|p| format!(" --grep '{}'", p.replace('\'', "'\\''"))).unwrap_or_default();
    format!("chaoslab logs {node} --since {}{grep}", since_page(at.from, record.facts.page))
}
