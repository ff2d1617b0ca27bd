//! The parsed expression: what a query asks, as plain data that may be inspected, changed and
//! written out again.

use super::function::{InstantFunction, RangeFunction};
use super::operator::{BinaryOp, Comparison};
use crate::domain::telemetry::series::{MatchOp, Matcher, NAME, UnixMs};

/// An expression. Parentheses are not kept: the tree says it all, and displaying an expression
/// writes those it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// `42`, a scalar.
    Number(f64),
    /// `"text"`
    Text(String),
    /// `time()`, the moment of evaluation in seconds since the epoch, a scalar.
    Time,
    /// `metric{label="value"}`, an instant vector.
    Select(Selector),
    /// `metric[5m]` on its own, a range vector.
    SelectRange(RangeSelector),
    /// A function over the samples of a range, `rate(metric[5m])`.
    OverRange(RangeFunction, RangeSelector),
    /// A function over the values of an expression in a range, `max_over_time(sum(metric)[5m:1s])`.
    OverSubquery(RangeFunction, Subquery),
    /// `quantile_over_time(scalar, metric[5m])`
    QuantileOverTime(Box<Expr>, RangeSelector),
    /// `predict_linear(metric[5m], scalar)`
    PredictLinear(RangeSelector, Box<Expr>),
    /// A function of an instant vector and scalars, `clamp(metric, 0, 1)`.
    OfInstant(InstantFunction, Box<Expr>, Vec<Expr>),
    /// `label_replace(vector, "target", "replacement", "source", "pattern")`
    LabelReplace(Box<Expr>, Relabel),
    /// `label_join(vector, "target", "separator", "source", ...)`
    LabelJoin(Box<Expr>, LabelJoin),
    /// `scalar(vector)`, the value of a one-element vector, else NaN.
    ToScalar(Box<Expr>),
    /// `vector(scalar)`, one element without labels.
    ToVector(Box<Expr>),
    /// `-expression`
    Negate(Box<Expr>),
    /// `sum by (label) (vector)`
    Aggregate(Aggregation, Grouping, Box<Expr>),
    /// Two operands and what stands between them.
    Binary(Binary),
}

/// What an expression evaluates to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One number.
    Scalar,
    /// One value for each of some series.
    Vector,
    /// Several samples for each of some series.
    Range,
    /// A string.
    Text,
}

/// Which series, and the moment they are looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// All must accept a series; the metric name is a matcher on [`NAME`].
    pub matchers: Vec<Matcher>,
    /// How much earlier to look, in milliseconds; negative looks later.
    pub offset: i64,
    /// `@`: the moment to look at instead of the moment of evaluation; the offset is taken from it.
    pub at: Option<At>,
}

/// What may follow `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// A fixed time.
    Time(UnixMs),
    /// `start()`, the first moment of a range query; of an instant query, its moment.
    Start,
    /// `end()`, the end of a range query; of an instant query, its moment.
    End,
}

/// A selector and how much of its series to take.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSelector {
    /// Which series.
    pub selector: Selector,
    /// The width of the window, in milliseconds.
    pub width: i64,
}

/// An expression that is evaluated again and again, and how far back.
#[derive(Debug, Clone, PartialEq)]
pub struct Subquery {
    /// What is evaluated, an instant vector.
    pub expr: Box<Expr>,
    /// The width of the window, in milliseconds.
    pub width: i64,
    /// The time between two evaluations, in milliseconds; the cadence of the record when none is
    /// given. They happen at multiples of it.
    pub step: Option<i64>,
    /// How much earlier the window ends, in milliseconds; negative ends later.
    pub offset: i64,
    /// `@`: the moment at which the window ends instead of the moment of evaluation.
    pub at: Option<At>,
}

/// How `label_join` makes a label of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelJoin {
    /// The label that is set.
    pub target: String,
    /// What stands between two values.
    pub separator: String,
    /// The labels that are read.
    pub sources: Vec<String>,
}

/// How `label_replace` changes labels.
#[derive(Debug, Clone)]
pub struct Relabel {
    /// The label that is set.
    pub target: String,
    /// Its new value; `$1` stands for the pattern's first group.
    pub replacement: String,
    /// The label that is read.
    pub source: String,
    /// The pattern as written.
    pub pattern: String,
    /// The pattern, anchored.
    pub regex: regex::Regex,
}

impl PartialEq for Relabel {
    fn eq(&self, other: &Self) -> bool {
        let parts = |r: &Self| {
            [r.target.clone(), r.replacement.clone(), r.source.clone(), r.pattern.clone()]
        };
        parts(self) == parts(other)
    }
}

/// Ways to make one value of several.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregation {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `count`
    Count,
    /// `group`: 1 for every group there is.
    Group,
    /// `stddev`, of the population.
    Stddev,
    /// `stdvar`, of the population.
    Stdvar,
    /// `topk(scalar, vector)`: the elements with the largest values.
    Topk(Box<Expr>),
    /// `bottomk(scalar, vector)`: the elements with the smallest values.
    Bottomk(Box<Expr>),
    /// `quantile(scalar, vector)`
    Quantile(Box<Expr>),
    /// `count_values("label", vector)`: how many elements have each value, which the label says.
    CountValues(String),
}

/// Which labels tell the groups of an aggregation apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// `by (...)`: these. Without labels all elements are one group, as when nothing is written.
    By(Vec<String>),
    /// `without (...)`: all others, the metric name never.
    Without(Vec<String>),
}

/// An operator and its operands.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// What stands before it.
    pub lhs: Box<Expr>,
    /// What stands after it.
    pub rhs: Box<Expr>,
    /// How elements of two vectors find each other; of no meaning when an operand is a scalar.
    pub matching: Matching,
}

/// Which elements of two vectors belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// The labels that must be equal.
    pub labels: MatchingLabels,
    /// How many elements may match one.
    pub cardinality: Cardinality,
}

/// The labels two elements must agree in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchingLabels {
    /// `on (...)`: these.
    On(Vec<String>),
    /// `ignoring (...)`: all but these and the metric name. Without labels it is as when nothing is
    /// written.
    Ignoring(Vec<String>),
}

/// How many elements of one side may match one element of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cardinality {
    /// One. Set operators match many to many whatever stands here.
    OneToOne,
    /// `group_left (...)`: many on the left, which take these labels from the right.
    ManyToOne(Vec<String>),
    /// `group_right (...)`: many on the right, which take these labels from the left.
    OneToMany(Vec<String>),
}

impl Selector {
    /// The metric name, when the selector states one; a pattern of names is none.
    pub fn metric(&self) -> Option<&str> {
        self.matchers.iter().find_map(|matcher| match &matcher.op {
            MatchOp::Equal(name) if matcher.label == NAME => Some(name.as_str()),
            _ => None,
        })
    }
}

impl Expr {
    /// What the expression evaluates to.
    pub fn kind(&self) -> Kind {
        match self {
            Expr::Number(_) | Expr::Time | Expr::ToScalar(_) => Kind::Scalar,
            Expr::Text(_) => Kind::Text,
            Expr::SelectRange(_) => Kind::Range,
            Expr::Negate(inner) => inner.kind(),
            Expr::Binary(binary)
                if binary.lhs.kind() == Kind::Scalar && binary.rhs.kind() == Kind::Scalar =>
            {
                Kind::Scalar
            }
            _ => Kind::Vector,
        }
    }

    /// The expressions this one is made of, in the order of their writing. Selectors in it are not
    /// expressions of their own.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Number(_)
            | Expr::Text(_)
            | Expr::Time
            | Expr::Select(_)
            | Expr::SelectRange(_)
            | Expr::OverRange(..) => Vec::new(),
            Expr::OverSubquery(_, Subquery { expr: inner, .. })
            | Expr::QuantileOverTime(inner, _)
            | Expr::PredictLinear(_, inner)
            | Expr::LabelJoin(inner, _)
            | Expr::LabelReplace(inner, _) => vec![inner],
            Expr::ToScalar(inner) | Expr::ToVector(inner) | Expr::Negate(inner) => vec![inner],
            Expr::OfInstant(_, vector, scalars) => {
                std::iter::once(&**vector).chain(scalars).collect()
            }
            Expr::Aggregate(aggregation, _, vector) => {
                aggregation.parameter().into_iter().chain([&**vector]).collect()
            }
            Expr::Binary(binary) => vec![&binary.lhs, &binary.rhs],
        }
    }

    /// As [`Expr::children`], to change them.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Expr::Number(_)
            | Expr::Text(_)
            | Expr::Time
            | Expr::Select(_)
            | Expr::SelectRange(_)
            | Expr::OverRange(..) => Vec::new(),
            Expr::OverSubquery(_, Subquery { expr: inner, .. })
            | Expr::QuantileOverTime(inner, _)
            | Expr::PredictLinear(_, inner)
            | Expr::LabelJoin(inner, _)
            | Expr::LabelReplace(inner, _) => vec![inner],
            Expr::ToScalar(inner) | Expr::ToVector(inner) | Expr::Negate(inner) => vec![inner],
            Expr::OfInstant(_, vector, scalars) => {
                std::iter::once(&mut **vector).chain(scalars).collect()
            }
            Expr::Aggregate(aggregation, _, vector) => {
                aggregation.parameter_mut().into_iter().chain([&mut **vector]).collect()
            }
            Expr::Binary(binary) => vec![&mut binary.lhs, &mut binary.rhs],
        }
    }

    /// Shows the expression and everything in it to `visit`, outer before inner, left before right.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        self.children().into_iter().for_each(|child| child.walk(visit));
    }

    /// As [`Expr::walk`]; `visit` may change what it is shown, and is then shown what it put there.
    pub fn walk_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        visit(self);
        self.children_mut().into_iter().for_each(|child| child.walk_mut(visit));
    }

    /// The selector this expression itself holds, and the width of its window in milliseconds when
    /// it is a range.
    pub fn selector(&self) -> Option<(&Selector, Option<i64>)> {
        match self {
            Expr::Select(selector) => Some((selector, None)),
            Expr::SelectRange(range)
            | Expr::OverRange(_, range)
            | Expr::PredictLinear(range, _)
            | Expr::QuantileOverTime(_, range) => Some((&range.selector, Some(range.width))),
            _ => None,
        }
    }

    /// As [`Expr::selector`], to change it.
    pub fn selector_mut(&mut self) -> Option<&mut Selector> {
        match self {
            Expr::Select(selector) => Some(selector),
            Expr::SelectRange(range)
            | Expr::OverRange(_, range)
            | Expr::PredictLinear(range, _)
            | Expr::QuantileOverTime(_, range) => Some(&mut range.selector),
            _ => None,
        }
    }

    /// Whether the value of the expression is a truth, 0 or 1 for each element, and not a quantity:
    /// a comparison with `bool`, and what keeps such values as they are: `and`, `unless` (which
    /// keep the left side), `or` of two truths, `min` and `max`, sorting, relabelling, `scalar` and
    /// `vector`.
    pub fn is_truth(&self) -> bool {
        match self {
            Expr::Binary(Binary { op, lhs, rhs, .. }) => match op {
                BinaryOp::Comparison(Comparison { returns_bool, .. }) => *returns_bool,
                BinaryOp::Set(set) if set.takes_both_sides() => lhs.is_truth() && rhs.is_truth(),
                BinaryOp::Set(_) => lhs.is_truth(),
                BinaryOp::Arithmetic(_) => false,
            },
            Expr::Aggregate(
                Aggregation::Min
                | Aggregation::Max
                | Aggregation::Topk(_)
                | Aggregation::Bottomk(_),
                _,
                inner,
            ) => inner.is_truth(),
            Expr::OfInstant(InstantFunction::Sort | InstantFunction::SortDesc, inner, _) => {
                inner.is_truth()
            }
            Expr::LabelReplace(inner, _)
            | Expr::LabelJoin(inner, _)
            | Expr::ToScalar(inner)
            | Expr::ToVector(inner) => inner.is_truth(),
            _ => false,
        }
    }
}

impl Aggregation {
    /// The scalar it is given, for those that take one.
    pub fn parameter(&self) -> Option<&Expr> {
        match self {
            Self::Topk(scalar) | Self::Bottomk(scalar) | Self::Quantile(scalar) => Some(scalar),
            _ => None,
        }
    }

    fn parameter_mut(&mut self) -> Option<&mut Expr> {
        match self {
            Self::Topk(scalar) | Self::Bottomk(scalar) | Self::Quantile(scalar) => Some(scalar),
            _ => None,
        }
    }
}
