//! What a record shows of a plan: the rehearsal asks it of a run, the tests of every recording.

use serde::Serialize;

use super::write_ups;
use crate::domain::fault::sequence::{Seen, sequence};
use crate::domain::fault::truth::Truth;
use crate::domain::grade::{Comparison, Grade, GradeError, Terms, grade};
use crate::domain::rca::check::times;
use crate::domain::rca::document::Document;
use crate::domain::rca::record::{Record, Span};
use crate::domain::rca::vocab::domain;
use crate::domain::scenario::cause::Signature;
use crate::domain::scenario::{Drawn, Plan};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{SeriesSource, Since, SourceError, UnixMs};
use crate::domain::yaml::Problem;

/// All was well so long before the baseline begins, too: a steady rate over five seconds takes
/// four. Not longer: a group whose first commit comes a second before that would seem to read less
/// than was written.
const SETTLED_MS: i64 = 4_000;

/// Whether something is as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What was looked at.
    pub what: String,
    /// Whether it is as it should be.
    pub good: bool,
    /// What was seen.
    pub says: String,
}

impl Verdict {
    /// A verdict.
    pub fn new(what: impl Into<String>, good: bool, says: impl Into<String>) -> Self {
        Self { what: what.into(), good, says: says.into() }
    }
}

/// Which of these conditions do not hold at an instant.
pub fn unmet<'a>(
    conditions: impl IntoIterator<Item = &'a str>,
    record: &Record<'_>,
    at: UnixMs,
) -> Vec<&'a str> {
    conditions.into_iter().filter(|promql| !holds(promql, record, at)).collect()
}

/// An expression that cannot be read or evaluated holds nowhere: `author check` says what is wrong
/// with it.
fn holds(promql: &str, record: &Record<'_>, at: UnixMs) -> bool {
    let asked = Query::parse(promql).and_then(|query| {
        let value = query.instant(record.series, at)?;
        Ok(query.holds(&value))
    });
    asked.unwrap_or(false)
}

/// Whether a cause with these signatures is seen: there are some, and all hold.
pub fn is_seen(signatures: &[Signature], record: &Record<'_>, at: UnixMs) -> bool {
    !signatures.is_empty()
        && unmet(signatures.iter().map(|s| s.expr.as_str()), record, at).is_empty()
}

/// What the witness should have seen, seen again: own signatures, no sibling's, impact, and the
/// chain in its order.
pub fn staged(
    plan: &Plan,
    truth: &Truth,
    record: &Record<'_>,
    witnessed: UnixMs,
) -> Result<Vec<Verdict>, SourceError> {
    let mut verdicts = Vec::new();
    let class = truth.causes.first().map_or("", |c| c.class.as_str());
    if domain(class) != "none" {
        let alert = holds(&plan.alert.expr, record, witnessed);
        verdicts.push(Verdict::new(
            format!("alert {}", plan.alert.name),
            alert,
            if alert { "it fires" } else { "it does not fire" },
        ));
    }
    for signature in &plan.signatures {
        let good = holds(&signature.expr, record, witnessed);
        let says = if good {
            "it holds".to_owned()
        } else {
            format!("`{}` does not hold when witnessed", signature.expr.trim())
        };
        verdicts.push(Verdict::new(format!("signature: {}", signature.shows), good, says));
    }
    for sibling in &plan.siblings {
        let seen = is_seen(&sibling.signatures, record, witnessed);
        let says = if seen { "all of its signatures hold" } else { "it is not seen" };
        verdicts.push(Verdict::new(format!("sibling {}", sibling.scenario), !seen, says));
    }
    let lasting = Span {
        from: truth.onset.map_or(record.facts.page, |o| o.from),
        to: record.facts.recorded.to,
    };
    for impact in &plan.impact {
        let good = !times(&impact.expr, record.series, lasting)?.is_empty();
        let says = if good {
            "it held".to_owned()
        } else {
            format!("`{}` never held after the fault", impact.expr.trim())
        };
        verdicts.push(Verdict::new(format!("impact: {}", impact.shows), good, says));
    }
    verdicts.extend(chain(truth, record, lasting)?);
    Ok(verdicts)
}

/// Every event was seen, after those it follows from, and not while all was healthy.
fn chain(truth: &Truth, record: &Record<'_>, lasting: Span) -> Result<Vec<Verdict>, SourceError> {
    let mut verdicts = Vec::new();
    for cause in &truth.causes {
        for (effect, seen) in
            cause.chain.iter().zip(sequence(&cause.chain, record.series, lasting)?)
        {
            let healthy = while_healthy(&effect.shows, record.series, record.facts.baseline)?;
            let (good, says) = match seen {
                Seen::Never => (false, format!("`{}` never held", effect.shows)),
                _ if !healthy.is_empty() => {
                    (false, format!("`{}` held while all was healthy", effect.shows))
                }
                Seen::TooEarly(ms) => (
                    false,
                    format!(
                        "it was last seen to begin {} s before what it follows from",
                        ms / 1000
                    ),
                ),
                Seen::InOrder(first) => (
                    true,
                    format!("seen {:.1} s after the fault", (first - lasting.from) as f64 / 1000.0),
                ),
            };
            verdicts.push(Verdict::new(format!("event {}", effect.event), good, says));
        }
    }
    Ok(verdicts)
}

/// When an expression held in the baseline, seen through windows that do not reach back into the
/// boot.
fn while_healthy(
    shows: &str,
    series: &dyn SeriesSource,
    baseline: Span,
) -> Result<Vec<Span>, SourceError> {
    times(shows, &Since { all: series, from: baseline.from - SETTLED_MS }, baseline)
}

/// How a write-up was graded against a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Marked {
    /// The write-up.
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// Its points in thousandths; none when it could not be graded.
    pub points: Option<u32>,
    /// Why it did not pass, or what it lost.
    pub why: String,
}

/// A write-up of a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Paper<'a> {
    /// Its file's name.
    pub name: &'a str,
    /// Its template.
    pub template: &'a str,
    /// What the run's seed draws for its scenario.
    pub drawn: &'a Drawn,
}

/// Grades a write-up's template against a record and its truth. One that cannot be filled or is not
/// valid there does not pass.
pub fn marked(
    paper: Paper<'_>,
    record: &Record<'_>,
    truth: &Truth,
    with: &Comparison,
    terms: &Terms,
) -> Result<Marked, SourceError> {
    let Paper { name, template, drawn } = paper;
    let refused = |why: String| Marked { name: name.to_owned(), passed: false, points: None, why };
    let text = match write_ups::filled(template, drawn, record.facts) {
        Ok(text) => text,
        Err(reason) => return Ok(refused(reason)),
    };
    let listed = |problems: &[Problem]| {
        problems.iter().map(|p| format!("{name}:{p}")).collect::<Vec<_>>().join("; ")
    };
    let document = match Document::read(text.as_bytes()) {
        Ok(document) => document,
        Err(problems) => return Ok(refused(listed(&problems))),
    };
    match grade(&document, record, truth, with, terms) {
        Ok(grade) => Ok(Marked {
            name: name.to_owned(),
            passed: grade.passed,
            points: Some(grade.total),
            why: why(&grade),
        }),
        Err(GradeError::Invalid(problems)) => Ok(refused(listed(&problems))),
        Err(GradeError::Record(error)) => Err(error),
    }
}

/// The gates a grade failed at, then what it lost.
fn why(grade: &Grade) -> String {
    let failed = grade.gates.iter().filter(|gate| !gate.passed);
    let gates = failed.map(|gate| format!("{}: {}", gate.gate, gate.why));
    let losses = grade.losses.iter().map(|loss| {
        let (points, tenths) = (loss.lost / 1000, loss.lost % 1000 / 100);
        format!("{} -{points}.{tenths}: {}", loss.item, loss.says)
    });
    gates.chain(losses).collect::<Vec<_>>().join("; ")
}

impl Marked {
    /// Its points as people write them.
    pub fn told(&self) -> String {
        match self.points {
            Some(points) => format!("{}.{}", points / 1000, points % 1000 / 100),
            None => "not valid here".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telemetry::series::{Labels, Point, Series};

    /// A counter that begins at some second with some value and grows by 300 a second up to the
    /// 40th.
    fn counter(name: &str, begins: i64, with: f64) -> Series {
        let point = |s: i64| Point { at: s * 1000, value: with + 300.0 * (s - begins) as f64 };
        Series { labels: Labels::of(name, []), points: (begins..=40).map(point).collect() }
    }

    /// In which seconds of a baseline from the 20th to the 28th.
    fn seconds(shows: &str, series: Vec<Series>) -> Vec<(i64, i64)> {
        let spans =
            while_healthy(shows, &series, Span { from: 20_000, to: 28_000 }).expect("readable");
        spans.iter().map(|span| (span.from / 1000, span.to / 1000)).collect()
    }

    #[test]
    fn a_group_that_begins_to_commit_shortly_before_the_baseline_is_not_behind() {
        let series = vec![counter("sent", 14, 0.0), counter("read", 16, 600.0)];
        assert_eq!(seconds("sum(rate(read[15s])) < 0.8 * sum(rate(sent[15s]))", series), []);
    }

    /// A gauge that is 1 in some seconds and 0 else.
    fn down(when: fn(i64) -> bool) -> Vec<Series> {
        let point = |s: i64| Point { at: s * 1000, value: f64::from(u8::from(when(s))) };
        vec![Series { labels: Labels::of("down", []), points: (0..=40).map(point).collect() }]
    }

    #[test]
    fn what_was_so_in_the_boot_only_is_not_so_while_healthy() {
        assert_eq!(seconds("max_over_time(down[10s]) == 1", down(|s| s < 13)), []);
    }

    #[test]
    fn what_was_so_in_the_baseline_is_told() {
        assert_eq!(seconds("down == 1", down(|s| s == 24)), [(24, 24)]);
    }
}
