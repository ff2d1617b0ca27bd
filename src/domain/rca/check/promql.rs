//! A condition at an instant.

use super::effort::{Effort, Metered};
use super::timeline::{CADENCE, holding};
use super::{Observation, Verdict, Weakness, change_before, show, vacuous};
use crate::domain::rca::analysis::{called_here, unknown_label};
use crate::domain::rca::commands::Nature;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::{Command, Facts, Record, Span};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::Expr;
use crate::domain::telemetry::promql::function::RangeFunction;
use crate::domain::telemetry::series::{Matcher, NAME, SourceError, UnixMs};

/// How far from the time given a sample is looked for.
const NEAR: i64 = 10_000;

/// Windows, in seconds, that are tried where a longer one reaches back too far.
const WINDOWS: [i64; 3] = [60, 30, 10];

/// The samples that may be looked at to say when a false claim was true.
const ELSEWHERE: u64 = 20_000_000;

pub(super) fn verify(
    query: &Query,
    at: UnixMs,
    record: &Record<'_>,
) -> Result<Observation, SourceError> {
    let page = record.facts.page;
    let unanswered = |reason: String, excused: bool| Observation {
        verdict: Verdict::Unverifiable { excused },
        reason,
        observed: String::new(),
        at: Span { from: at, to: at },
        was_true: Vec::new(),
        weaknesses: Vec::new(),
        look: show::query_command(query.text(), at, page),
    };
    if let Some(name) = query.metrics().into_iter().find(|name| catalogue::find(name).is_none()) {
        let here = called_here(name).map(|here| format!("; here it is called `{here}`"));
        let says = format!("no metric is called `{name}`{}", here.unwrap_or_default());
        return Ok(unanswered(says, false));
    }
    if !record.facts.recorded.contains(at) {
        return Ok(unanswered(format!("{} lies outside the record", since_page(at, page)), false));
    }
    if let Some(job) = gap(query, record.facts, at) {
        return Ok(unanswered(format!("the record has a gap there: {job} was not read"), true));
    }
    let sample = nearest_sample(query, record, at)?;
    let mut observation =
        Observation { at: Span { from: sample, to: sample }, ..unanswered(String::new(), false) };
    observation.look = show::query_command(query.text(), sample, page);
    // Within one cadence the sample's own time says enough.
    let snapped = if sample.abs_diff(at) < CADENCE as u64 {
        String::new()
    } else {
        format!(", the sample nearest to {}", since_page(at, page))
    };
    let place = format!("at {}{snapped}", since_page(sample, page));
    let answer = match query.instant(record.series, sample) {
        Err(QueryError::TooCostly(why)) => {
            observation.reason = format!("it is too costly to verify: {why}");
            return Ok(observation);
        }
        answer => super::answered(answer)?,
    };
    match answer {
        Err(failure) => {
            observation.verdict = Verdict::False;
            observation.reason = format!("it has no value {place}: {failure}");
        }
        Ok(value) if query.holds(&value) => {
            observation.verdict = Verdict::True;
            observation.reason = format!("it holds {place}");
            observation.observed = show::observed(query, record, sample)?;
        }
        Ok(_) if has_too_few_samples(query, record, sample)? => {
            observation.reason = format!("a range in it has fewer than two samples {place}");
        }
        Ok(_) => {
            observation.verdict = Verdict::False;
            observation.observed = show::observed(query, record, sample)?;
            let elsewhere = Metered::of(record, Effort::of(ELSEWHERE));
            let told = told_elsewhere(query, &elsewhere.record(), sample);
            let (was_true, told) = match elsewhere.is_spent() {
                true => (Vec::new(), "; when it held takes too much work to say".to_owned()),
                false => told?,
            };
            observation.was_true = was_true;
            observation.reason = format!("it does not hold {place}{told}");
        }
    }
    if observation.verdict == Verdict::True {
        observation.weaknesses = vacuous::weaknesses(query, record, sample)?;
        if let Some(change) = change_before(record, sample) {
            observation.weaknesses.push(Weakness::Late(change.number));
        }
        observation.weaknesses.extend(self_made(query, record, sample)?);
    }
    Ok(observation)
}

/// When a condition held that does not at this instant, and that in a clause, with what may be
/// wrong with it.
fn told_elsewhere(
    query: &Query,
    record: &Record<'_>,
    at: UnixMs,
) -> Result<(Vec<Span>, String), SourceError> {
    let Some(held) = holding(query, record.series, record.facts.recorded)? else {
        return Ok((Vec::new(), "; when it held is too costly to say".to_owned()));
    };
    let shorter = shorter_window(query, record, at)?;
    let told = match held.as_slice() {
        [] => {
            let selected = nothing_selected(query, record, at)?;
            format!(", nor anywhere in the record{selected}{shorter}")
        }
        times => {
            let begun = not_begun(query, record, at)?;
            format!("; it held {}{begun}{shorter}", show::intervals(times, record.facts.page))
        }
    };
    Ok((held, told))
}

/// What to say when a series the query needs was first recorded later.
fn not_begun(query: &Query, record: &Record<'_>, at: UnixMs) -> Result<String, SourceError> {
    let recorded = record.facts.recorded;
    for (selector, _) in query.selectors() {
        if !record.series.newest(&selector.matchers, recorded.from, at)?.is_empty() {
            continue;
        }
        let series = record.series.select(&selector.matchers, at, recorded.to)?;
        let first = series.iter().filter_map(|s| s.points.first()).map(|p| p.at).min();
        if let (Some(first), Some(name)) = (first, selector.metric()) {
            let since = since_page(first, record.facts.page);
            return Ok(format!("; `{name}` with these labels was first recorded at {since}"));
        }
    }
    Ok(String::new())
}

/// The job whose series the query needs and that was not read at this instant.
fn gap<'a>(query: &Query, facts: &'a Facts, at: UnixMs) -> Option<&'a str> {
    let jobs: Vec<_> =
        query.metrics().into_iter().filter_map(catalogue::find).map(|metric| metric.job).collect();
    let gap = facts.gaps.iter().find(|gap| gap.hides(Span { from: at, to: at }, &jobs))?;
    Some(gap.job.as_deref().unwrap_or("nothing"))
}

/// The time of the recorded sample nearest to this instant, of the series the query asks for, else
/// of any scrape.
fn nearest_sample(query: &Query, record: &Record<'_>, at: UnixMs) -> Result<UnixMs, SourceError> {
    let mut times: Vec<UnixMs> = Vec::new();
    let up = vec![Matcher::equal(NAME, "up")];
    for matchers in
        query.selectors().into_iter().map(|(selector, _)| &selector.matchers).chain([&up])
    {
        if !times.is_empty() {
            break;
        }
        let series =
            record.series.select(matchers, at.saturating_sub(NEAR), at.saturating_add(NEAR))?;
        times = series.iter().flat_map(|s| &s.points).map(|p| p.at).collect();
    }
    let recorded = record.facts.recorded;
    let nearest =
        times.into_iter().filter(|t| recorded.contains(*t)).min_by_key(|t| (t.abs_diff(at), *t));
    Ok(nearest.unwrap_or(at))
}

/// Whether a function that needs two samples finds a series with one only, and none with more.
fn has_too_few_samples(
    query: &Query,
    record: &Record<'_>,
    at: UnixMs,
) -> Result<bool, SourceError> {
    let mut ranges = Vec::new();
    query.expr().walk(&mut |expr| {
        if let Expr::OverRange(function, range) = expr
            && matches!(
                function,
                RangeFunction::Rate
                    | RangeFunction::Increase
                    | RangeFunction::Irate
                    | RangeFunction::Idelta
                    | RangeFunction::Delta
                    | RangeFunction::Deriv
            )
        {
            ranges.push(range);
        }
    });
    for range in ranges {
        let end = at.saturating_sub(range.selector.offset);
        let series =
            record.series.select(&range.selector.matchers, end.saturating_sub(range.width), end)?;
        let most =
            series.iter().map(|s| s.points.iter().filter(|p| !p.value.is_nan()).count()).max();
        if most == Some(1) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What to say when it would hold with a shorter window: the one it has reaches back to a time in
/// which it was not so yet.
fn shorter_window(query: &Query, record: &Record<'_>, at: UnixMs) -> Result<String, SourceError> {
    let widest = query.selectors().iter().filter_map(|(_, range)| *range).max().unwrap_or(0);
    for seconds in WINDOWS.iter().filter(|seconds| **seconds * 1000 < widest) {
        let mut expr = query.expr().clone();
        expr.walk_mut(&mut |expr| {
            if let Expr::OverRange(_, range) = expr {
                range.width = range.width.min(seconds * 1000);
            }
        });
        let shorter = Query::from(expr);
        let holds = super::answered(shorter.instant(record.series, at))?;
        if holds.is_ok_and(|value| shorter.holds(&value)) {
            let says = "; its window reaches back to before that was so: ";
            return Ok(format!("{says}[{seconds}s] would do"));
        }
    }
    Ok(String::new())
}

/// What to say when a selector finds no series in the whole record.
fn nothing_selected(query: &Query, record: &Record<'_>, at: UnixMs) -> Result<String, SourceError> {
    let recorded = record.facts.recorded;
    for (selector, _) in query.selectors() {
        if !record.series.newest(&selector.matchers, recorded.from, recorded.to)?.is_empty() {
            continue;
        }
        let name = selector.metric().unwrap_or_default();
        let any =
            record.series.newest(&[Matcher::equal(NAME, name)], recorded.from, recorded.to)?;
        return Ok(match (any.first(), unknown_label(selector)) {
            (None, _) => format!(": `{name}` was never recorded in this run"),
            (Some(_), Some(says)) => format!(": {says}"),
            (Some(series), None) => {
                format!(": no series has these labels; there is {}", series.labels)
            }
        });
    }
    not_begun(query, record, at)
}

/// A command nobody can judge that touched the entity and without which the condition never held.
fn self_made(
    query: &Query,
    record: &Record<'_>,
    at: UnixMs,
) -> Result<Option<Weakness>, SourceError> {
    let unknown = |c: &&Command| c.started <= at && c.judged().nature == Nature::Unknown;
    let mut touching = record
        .facts
        .commands
        .iter()
        .filter(unknown)
        .filter(|c| touches(c, query, record.facts))
        .peekable();
    if touching.peek().is_none() {
        return Ok(None);
    }
    let until = Span { from: record.facts.recorded.from, to: at };
    let held = holding(query, record.series, until)?.unwrap_or_default();
    let first_true = held.first().map_or(at, |span| span.from);
    Ok(touching.find(|c| c.started - CADENCE <= first_true).map(|c| Weakness::SelfMade(c.number)))
}

/// Whether a command ran on a machine the query names, or names what the query names.
fn touches(command: &Command, query: &Query, facts: &Facts) -> bool {
    use crate::domain::telemetry::series::MatchOp;
    let mut values = query
        .selectors()
        .into_iter()
        .flat_map(|(selector, _)| &selector.matchers)
        .filter(|m| m.label != NAME);
    values.any(|matcher| {
        let MatchOp::Equal(value) = &matcher.op else { return false };
        let machine = facts.inventory.machines.iter().find(|m| match m.role {
            crate::domain::rca::record::Role::Broker(id) if matcher.label == "broker" => {
                id.to_string() == *value
            }
            _ => m.name == *value,
        });
        machine.is_some_and(|m| m.name == command.node)
            || (value.len() > 2 && command.line.contains(value.as_str()))
    })
}
