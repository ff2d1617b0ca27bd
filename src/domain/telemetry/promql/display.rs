//! Writing an expression out as PromQL that parses to the same expression.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use promql_parser::util::display_duration;

use super::expr::{
    Aggregation, At, Binary, Cardinality, Expr, Grouping, Matching, MatchingLabels, RangeSelector,
    Selector, Subquery,
};
use super::operator::{Arithmetic, BinaryOp, Comparison};
use crate::domain::telemetry::series::{NAME, quoted};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Number(f64::INFINITY) => f.write_str("Inf"),
            Expr::Number(value) => f.write_str(&number(*value)),
            Expr::Text(text) => f.write_str(&quoted(text)),
            Expr::Time => f.write_str("time()"),
            Expr::Select(selector) => write!(f, "{selector}"),
            Expr::SelectRange(range) => write!(f, "{range}"),
            Expr::OverRange(function, range) => write!(f, "{}({range})", function.name()),
            Expr::OverSubquery(function, sub) => write!(f, "{}({sub})", function.name()),
            Expr::PredictLinear(range, seconds) => write!(f, "predict_linear({range}, {seconds})"),
            Expr::QuantileOverTime(quantile, range) => {
                write!(f, "quantile_over_time({quantile}, {range})")
            }
            Expr::OfInstant(function, vector, scalars) => {
                write!(f, "{}({vector}", function.name())?;
                scalars.iter().try_for_each(|scalar| write!(f, ", {scalar}"))?;
                f.write_str(")")
            }
            Expr::LabelReplace(vector, relabel) => {
                let [target, replacement, source, pattern] =
                    [&relabel.target, &relabel.replacement, &relabel.source, &relabel.pattern]
                        .map(|text| quoted(text));
                write!(f, "label_replace({vector}, {target}, {replacement}, {source}, {pattern})")
            }
            Expr::LabelJoin(vector, join) => {
                let (target, separator) = (quoted(&join.target), quoted(&join.separator));
                write!(f, "label_join({vector}, {target}, {separator}")?;
                join.sources.iter().try_for_each(|source| write!(f, ", {}", quoted(source)))?;
                f.write_str(")")
            }
            Expr::ToScalar(vector) => write!(f, "scalar({vector})"),
            Expr::ToVector(scalar) => write!(f, "vector({scalar})"),
            Expr::Negate(inner)
                if matches!(**inner, Expr::Binary(_) | Expr::Negate(_) | Expr::Number(_)) =>
            {
                write!(f, "-({inner})")
            }
            Expr::Negate(inner) => write!(f, "-{inner}"),
            Expr::Aggregate(aggregation, grouping, vector) => {
                f.write_str(aggregation.name())?;
                write!(f, "{grouping}(")?;
                match aggregation {
                    Aggregation::CountValues(label) => write!(f, "{}, ", quoted(label))?,
                    _ => {
                        aggregation.parameter().map_or(Ok(()), |scalar| write!(f, "{scalar}, "))?
                    }
                }
                write!(f, "{vector})")
            }
            Expr::Binary(binary) => write!(f, "{binary}"),
        }
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let own = self.op.precedence();
        let rightmost_first = self.op == BinaryOp::Arithmetic(Arithmetic::Pow);
        let operand = |f: &mut Formatter<'_>, inner: &Expr, is_left: bool| {
            let needs_parentheses = match inner {
                Expr::Binary(binary) if binary.op.precedence() == own => is_left == rightmost_first,
                Expr::Binary(binary) => binary.op.precedence() < own,
                Expr::Negate(_) => true,
                Expr::Number(value) => value.is_sign_negative(),
                _ => false,
            };
            if needs_parentheses { write!(f, "({inner})") } else { write!(f, "{inner}") }
        };
        operand(f, &self.lhs, true)?;
        write!(f, " {}", self.op.symbol())?;
        if let BinaryOp::Comparison(Comparison { returns_bool: true, .. }) = self.op {
            f.write_str(" bool")?;
        }
        write!(f, "{} ", self.matching)?;
        operand(f, &self.rhs, false)
    }
}

impl Display for Matching {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.labels {
            MatchingLabels::Ignoring(labels)
                if labels.is_empty() && self.cardinality == Cardinality::OneToOne => {}
            MatchingLabels::Ignoring(labels) => write!(f, " ignoring ({})", labels.join(", "))?,
            MatchingLabels::On(labels) => write!(f, " on ({})", labels.join(", "))?,
        }
        match &self.cardinality {
            Cardinality::OneToOne => Ok(()),
            Cardinality::ManyToOne(labels) => write!(f, " group_left ({})", labels.join(", ")),
            Cardinality::OneToMany(labels) => write!(f, " group_right ({})", labels.join(", ")),
        }
    }
}

impl Display for Grouping {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Grouping::By(labels) if labels.is_empty() => Ok(()),
            Grouping::By(labels) => write!(f, " by ({}) ", labels.join(", ")),
            Grouping::Without(labels) => write!(f, " without ({}) ", labels.join(", ")),
        }
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write_series(f)?;
        self.write_moment(f)
    }
}

impl Display for RangeSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.selector.write_series(f)?;
        write!(f, "[{}]", duration(self.width))?;
        self.selector.write_moment(f)
    }
}

impl Display for Subquery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &*self.expr {
            Expr::Binary(_) | Expr::Negate(_) => write!(f, "({})", self.expr)?,
            Expr::Select(selector) if selector.at.is_some() || selector.offset != 0 => {
                write!(f, "({selector})")?
            }
            _ => write!(f, "{}", self.expr)?,
        }
        write!(f, "[{}:", duration(self.width))?;
        self.step.map_or(Ok(()), |step| f.write_str(&duration(step)))?;
        f.write_str("]")?;
        write_moment(f, self.at, self.offset)
    }
}

impl Selector {
    fn write_series(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A name that cannot be written in front, as one that a person put there with quotes, is
        // written as a matcher.
        let plain = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':')
        };
        let name = self.metric().filter(|name| {
            plain(name) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
        });
        let names = self.matchers.iter().filter(|matcher| matcher.label == NAME).count();
        let in_front = name.filter(|_| names == 1);
        let rest: Vec<_> = self
            .matchers
            .iter()
            .filter(|m| in_front.is_none() || m.label != NAME)
            .map(ToString::to_string)
            .collect();
        f.write_str(in_front.unwrap_or_default())?;
        if rest.is_empty() && in_front.is_some() {
            Ok(())
        } else {
            write!(f, "{{{}}}", rest.join(", "))
        }
    }

    fn write_moment(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_moment(f, self.at, self.offset)
    }
}

fn write_moment(f: &mut Formatter<'_>, at: Option<At>, offset: i64) -> fmt::Result {
    match at {
        None => {}
        Some(At::Time(ms)) => write!(f, " @ {}", number(ms as f64 / 1000.0))?,
        Some(At::Start) => f.write_str(" @ start()")?,
        Some(At::End) => f.write_str(" @ end()")?,
    }
    match offset {
        0 => Ok(()),
        back @ 1.. => write!(f, " offset {}", duration(back)),
        ahead => write!(f, " offset -{}", duration(ahead.saturating_neg())),
    }
}

impl Aggregation {
    /// The name in an expression.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::Group => "group",
            Self::Stddev => "stddev",
            Self::Stdvar => "stdvar",
            Self::Topk(_) => "topk",
            Self::Bottomk(_) => "bottomk",
            Self::Quantile(_) => "quantile",
            Self::CountValues(_) => "count_values",
        }
    }
}

/// A number in the shortest form that reads back the same, never with an exponent, as Prometheus
/// writes label values: `+Inf`, `NaN`.
pub fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    }
}

fn duration(milliseconds: i64) -> String {
    display_duration(&Duration::from_millis(milliseconds.unsigned_abs()))
}
