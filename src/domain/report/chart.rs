//! What the timeline shows: the symptom over the record, and what happened when.

use super::ReportInput;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::Span;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::{Binary, Expr};
use crate::domain::telemetry::promql::operator::BinaryOp;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// The most points of a line.
const POINTS: i64 = 480;
/// The most lines.
const LINES: usize = 6;

/// A chart, before it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// The whole width.
    pub span: Span,
    /// What is drawn: the alert's own expression.
    pub title: String,
    /// The level at which the alert fires, when it compares with a number.
    pub threshold: Option<f64>,
    /// One line for each series, in pieces where samples are missing.
    pub lines: Vec<Vec<Vec<(UnixMs, f64)>>>,
    /// The healthy baseline.
    pub baseline: Span,
    /// From the injection to the first instant at which anyone could see an effect, once it may be
    /// told.
    pub onset: Option<Span>,
    /// Instants with a name.
    pub instants: Vec<(UnixMs, &'static str)>,
    /// The learner's commands: when, which number, whether it changed something, and its line.
    pub commands: Vec<(UnixMs, u32, bool, String)>,
    /// The zero of the time axis.
    pub page: UnixMs,
}

impl Chart {
    /// Takes what is drawn from the record.
    pub fn of(input: &ReportInput<'_>) -> Result<Self, SourceError> {
        let facts = input.record.facts;
        let span = facts.recorded;
        let (title, threshold, query) = symptom(&facts.alert.promql);
        let step = (span.length() / POINTS / 1000 + 1) * 1000;
        // A symptom that cannot be asked leaves the chart without lines; the marks still tell what
        // happened when.
        let series = match query
            .map(|query| query.range(input.record.series, span.from, span.to, step))
        {
            Some(Ok(series)) => series,
            Some(Err(crate::domain::telemetry::QueryError::Source(error))) => return Err(error),
            _ => Vec::new(),
        };
        let lines = series.iter().take(LINES).map(|series| {
            let mut pieces: Vec<Vec<(UnixMs, f64)>> = Vec::new();
            for point in series.points.iter().filter(|p| p.value.is_finite()) {
                match pieces
                    .last_mut()
                    .filter(|piece| piece.last().is_some_and(|(at, _)| point.at - at <= step))
                {
                    Some(piece) => piece.push((point.at, point.value)),
                    None => pieces.push(vec![(point.at, point.value)]),
                }
            }
            pieces
        });
        let mut instants = vec![(facts.page, "page"), (facts.opened, "open")];
        instants.extend(facts.closed.map(|closed| (closed, "closed")));
        Ok(Self {
            span,
            title,
            threshold,
            lines: lines.collect(),
            baseline: facts.baseline,
            onset: input.sealed.and_then(|sealed| sealed.truth.onset),
            instants,
            commands: facts
                .commands
                .iter()
                .map(|c| (c.started, c.number, c.is_change(), c.line.clone()))
                .collect(),
            page: facts.page,
        })
    }

    /// Ticks of the time axis, with their labels: the page and round distances from it.
    pub fn ticks(&self) -> Vec<(UnixMs, String)> {
        const STEPS: &[i64] = &[10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400];
        let wanted = self.span.length() / 1000 / 8;
        let step = STEPS.iter().copied().find(|step| *step >= wanted).unwrap_or(28_800) * 1000;
        let first = (self.span.from - self.page).div_euclid(step);
        let ticks = (first..)
            .map(|n| self.page + n * step)
            .skip_while(|at| *at < self.span.from)
            .take_while(|at| *at <= self.span.to);
        ticks.map(|at| (at, since_page(at, self.page))).collect()
    }

    /// The top of the value axis: the largest value or the threshold, rounded up.
    pub fn top(&self) -> f64 {
        let values = self.lines.iter().flatten().flatten().map(|(_, value)| *value);
        let largest = values.chain(self.threshold).fold(0.0, f64::max);
        if largest <= 0.0 {
            return 1.0;
        }
        let unit = 10f64.powf(largest.log10().floor());
        [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|n| n * unit)
            .find(|top| *top >= largest)
            .unwrap_or(10.0 * unit)
    }
}

/// What an alert watches: the left side of its comparison, the number it is compared with, and the
/// query for it.
fn symptom(promql: &str) -> (String, Option<f64>, Option<Query>) {
    let Ok(query) = Query::parse(promql) else { return (promql.to_owned(), None, None) };
    match query.expr() {
        Expr::Binary(Binary { op: BinaryOp::Comparison(_), lhs, rhs, .. }) => {
            let watched = Query::from((**lhs).clone());
            let threshold = match **rhs {
                Expr::Number(number) => Some(number),
                _ => None,
            };
            (watched.text().to_owned(), threshold, Some(watched))
        }
        _ => (promql.to_owned(), None, Some(query)),
    }
}
