//! PromQL as Prometheus 2.42 speaks it, over any [`SeriesSource`]: what is supported is listed in
//! `docs/promql.md`, all else is refused by name. `promql-parser` reads the text; the evaluation is
//! our own, since no embeddable one exists, and is proved against a real Prometheus by
//! `tests/promql_conformance.rs`.

mod aggregate;
mod binary;
mod display;
mod evaluate;
pub mod expr;
pub mod function;
mod instant;
mod limits;
mod locate;
mod lower;
mod matching;
mod numeric;
pub mod operator;
mod over_time;
mod relabel;
mod standing;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod top;
mod value;
pub mod window;

use std::collections::BTreeSet;
use std::str::FromStr;

use evaluate::Evaluation;
use expr::{Binary, Expr, Kind, Selector};
use function::InstantFunction;
use operator::{BinaryOp, Relation};
pub use standing::Standing;
pub use value::Value;
use value::{Outcome, Track};
use window::Steps;

use super::QueryError;
use super::series::{Series, SeriesSource, UnixMs};

/// A PromQL expression that can be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    text: String,
    expr: Expr,
}

impl Query {
    /// Parses an expression. What is not PromQL, not supported or absurdly large is refused, with
    /// the place where it is known.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        Ok(Self { text: text.to_owned(), expr: syntax::parse(text)? })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parsed expression, to look into.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// What it evaluates to.
    pub fn kind(&self) -> Kind {
        self.expr.kind()
    }

    /// The value at one moment.
    pub fn instant(&self, source: &dyn SeriesSource, at: UnixMs) -> Result<Value, QueryError> {
        let steps = Steps::instant(at);
        let value = |track: Track| {
            track.values.first().copied().flatten().map(|value| (track.labels, value))
        };
        Ok(match Evaluation::new(source, steps).of(&self.expr)? {
            Outcome::Scalar(values) => Value::Scalar(values.first().copied().unwrap_or(f64::NAN)),
            Outcome::Vector(tracks) => {
                Value::Vector(tracks.into_iter().filter_map(value).collect())
            }
            Outcome::Range(series) => Value::Matrix(series),
            Outcome::Text(text) => Value::String(text),
        })
    }

    /// The values at `start` and every `step` milliseconds after, up to and including `end`: a
    /// series for each element, in the order of their labels, with a sample at each moment that has
    /// a value. A scalar is a series without labels.
    pub fn range(
        &self,
        source: &dyn SeriesSource,
        start: UnixMs,
        end: UnixMs,
        step: i64,
    ) -> Result<Vec<Series>, QueryError> {
        let intervals = match end.checked_sub(start) {
            Some(length) if length >= 0 && step > 0 => length / step,
            _ => return Err(QueryError::Failed(
                "a range query needs an end that is not before its start, and a step above zero"
                    .into(),
            )),
        };
        if intervals > limits::STEPS {
            let message = format!(
                "a range query may have {} steps at most, this one has {intervals}; choose a wider step",
                limits::STEPS
            );
            return Err(QueryError::TooCostly(message));
        }
        let steps = Steps { start, step, count: intervals as usize + 1, end };
        let tracks = match self.kind() {
            Kind::Scalar | Kind::Vector => match Evaluation::new(source, steps).of(&self.expr)? {
                Outcome::Scalar(values) => {
                    vec![Track {
                        labels: super::series::Labels::default(),
                        values: values.into_iter().map(Some).collect(),
                    }]
                }
                Outcome::Vector(tracks) => tracks,
                other => return Err(evaluate::misplaced(&other)),
            },
            Kind::Range | Kind::Text => {
                return Err(QueryError::Failed(
                    "a range query needs a scalar or an instant vector, not a range or a string"
                        .into(),
                ));
            }
        };
        let mut series: Vec<_> = tracks
            .into_iter()
            .filter(Track::is_present)
            .map(|track| track.into_series(steps))
            .collect();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(series)
    }

    /// Whether a value of this expression says yes.
    ///
    /// An expression whose values are truths ([`Expr::is_truth`]: a comparison with `bool`, mostly)
    /// holds when some element is 1. Any other vector holds when it is not empty, so `up == 0`
    /// holds while something is down. A scalar holds when it is neither 0 nor NaN. A range or a
    /// string says nothing.
    pub fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Scalar(number) => *number != 0.0 && !number.is_nan(),
            Value::Vector(elements) if self.expr.is_truth() => {
                elements.iter().any(|(_, truth)| *truth == 1.0)
            }
            Value::Vector(elements) => !elements.is_empty(),
            Value::Matrix(_) | Value::String(_) => false,
        }
    }

    /// Every selector in the expression with the width of its window in milliseconds, if it is a
    /// range, in the order of writing.
    pub fn selectors(&self) -> Vec<(&Selector, Option<i64>)> {
        let mut selectors = Vec::new();
        self.expr.walk(&mut |expr| selectors.extend(expr.selector()));
        selectors
    }

    /// The metric names the expression states; a selector that gives a pattern of names, or none,
    /// adds nothing.
    pub fn metrics(&self) -> BTreeSet<&str> {
        self.selectors().into_iter().filter_map(|(selector, _)| selector.metric()).collect()
    }

    /// Every comparison in the expression, with what is asked and both operands.
    pub fn comparisons(&self) -> Vec<(Relation, &Binary)> {
        let mut comparisons = Vec::new();
        self.expr.walk(&mut |expr| {
            if let Expr::Binary(binary @ Binary { op: BinaryOp::Comparison(comparison), .. }) = expr
            {
                comparisons.push((comparison.relation, binary));
            }
        });
        comparisons
    }

    /// Whether it looks at another time than that of its evaluation and before: by `@`, or by an
    /// offset ahead.
    pub fn looks_elsewhere(&self) -> bool {
        let mut elsewhere = false;
        self.expr.walk(&mut |expr| {
            let of_selector = expr.selector().map(|(selector, _)| (selector.at, selector.offset));
            let of_subquery = match expr {
                Expr::OverSubquery(_, sub) => Some((sub.at, sub.offset)),
                _ => None,
            };
            let moments = of_selector.into_iter().chain(of_subquery);
            elsewhere |= moments.into_iter().any(|(at, offset)| at.is_some() || offset < 0);
        });
        elsewhere
    }

    /// Whether the value depends on the clock itself: `time()` or `timestamp(...)` occurs.
    pub fn reads_clock(&self) -> bool {
        let mut reads = false;
        self.expr.walk(&mut |expr| {
            reads |= matches!(expr, Expr::Time | Expr::OfInstant(InstantFunction::Timestamp, ..))
        });
        reads
    }
}

/// An expression put together or changed in code, written out for its text.
impl From<Expr> for Query {
    fn from(expr: Expr) -> Self {
        Self { text: expr.to_string(), expr }
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text)
    }
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
