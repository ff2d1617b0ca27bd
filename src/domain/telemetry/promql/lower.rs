//! From `promql-parser`'s tree to ours: only what is supported, names looked up, durations in
//! milliseconds, parentheses gone.

use std::time::{Duration, UNIX_EPOCH};

use promql_parser::label as parsed_label;
use promql_parser::parser::token::{
    T_ADD, T_ATAN2, T_AVG, T_BOTTOMK, T_COUNT, T_COUNT_VALUES, T_DIV, T_EQLC, T_GROUP, T_GTE,
    T_GTR, T_LAND, T_LOR, T_LSS, T_LTE, T_LUNLESS, T_MAX, T_MIN, T_MOD, T_MUL, T_NEQ, T_POW,
    T_QUANTILE, T_STDDEV, T_STDVAR, T_SUB, T_SUM, T_TOPK,
};
use promql_parser::parser::{
    self as parsed, AtModifier, LabelModifier, Offset, VectorMatchCardinality,
};

use super::expr::{
    Aggregation, At, Binary, Cardinality, Expr, Grouping, LabelJoin, Matching, MatchingLabels,
    RangeSelector, Relabel, Selector, Subquery,
};
use super::function::{InstantFunction, RangeFunction};
use super::limits;
use super::operator::{Arithmetic, BinaryOp, Comparison, Relation, SetOp};
use crate::domain::telemetry::series::{MatchOp, Matcher, NAME, anchored};

/// Our tree for a parsed expression, or one sentence saying what cannot be.
pub fn lower(expr: &parsed::Expr, depth_left: usize) -> Result<Expr, String> {
    let Some(left) = depth_left.checked_sub(1) else {
        return Err(format!(
            "more than {} operators and functions are nested in each other here",
            limits::DEPTH
        ));
    };
    let boxed = |inner: &parsed::Expr| lower(inner, left).map(Box::new);
    match expr {
        parsed::Expr::Paren(paren) => lower(&paren.expr, left),
        parsed::Expr::NumberLiteral(number) => Ok(Expr::Number(number.val)),
        parsed::Expr::StringLiteral(text) => Ok(Expr::Text(text.val.clone())),
        parsed::Expr::Unary(unary) => boxed(&unary.expr).map(Expr::Negate),
        parsed::Expr::VectorSelector(vector) => selector(vector).map(Expr::Select),
        parsed::Expr::MatrixSelector(matrix) => range_selector(matrix).map(Expr::SelectRange),
        parsed::Expr::Call(call) if call.args.args.iter().any(|arg| is_subquery(arg)) => {
            over_subquery(call, left)
        }
        parsed::Expr::Call(call) => {
            let args =
                call.args.args.iter().map(|arg| lower(arg, left)).collect::<Result<Vec<_>, _>>()?;
            function(call.func.name, args)
        }
        parsed::Expr::Aggregate(aggregate) => {
            let parameter =
                aggregate.param.as_deref().map(|param| lower(param, left)).transpose()?;
            let grouping = match &aggregate.modifier {
                None => Grouping::By(Vec::new()),
                Some(LabelModifier::Include(labels)) => Grouping::By(labels.labels.clone()),
                Some(LabelModifier::Exclude(labels)) => Grouping::Without(labels.labels.clone()),
            };
            Ok(Expr::Aggregate(
                aggregation(aggregate.op.id(), parameter)?,
                grouping,
                boxed(&aggregate.expr)?,
            ))
        }
        parsed::Expr::Binary(binary) => {
            let (lhs, rhs) = (boxed(&binary.lhs)?, boxed(&binary.rhs)?);
            let op = operator(binary.op.id(), binary.return_bool())?;
            Ok(Expr::Binary(Binary { op, lhs, rhs, matching: matching(binary.modifier.as_ref()) }))
        }
        parsed::Expr::Subquery(_) => {
            Err("a subquery such as `metric[5m:10s]` stands inside a function of a range".into())
        }
        parsed::Expr::Extension(extension) => {
            Err(format!("`{}` is not supported", extension.expr.name()))
        }
    }
}

fn is_subquery(expr: &parsed::Expr) -> bool {
    match expr {
        parsed::Expr::Paren(paren) => is_subquery(&paren.expr),
        parsed::Expr::Subquery(_) => true,
        _ => false,
    }
}

fn over_subquery(call: &parsed::Call, depth_left: usize) -> Result<Expr, String> {
    let name = call.func.name;
    let refused = || format!("`{name}` over a subquery is not supported; over a range it is");
    let function = RangeFunction::named(name).ok_or_else(refused)?;
    let mut argument = call.args.args.first().map(|arg| &**arg);
    while let Some(parsed::Expr::Paren(paren)) = argument {
        argument = Some(&paren.expr);
    }
    let Some(parsed::Expr::Subquery(sub)) = argument else { return Err(refused()) };
    let step = sub.step.map(milliseconds).transpose()?;
    if step.is_some_and(|step| step <= 0) {
        return Err("the step of a subquery is above zero".into());
    }
    Ok(Expr::OverSubquery(
        function,
        Subquery {
            expr: Box::new(lower(&sub.expr, depth_left)?),
            width: milliseconds(sub.range)?,
            step,
            offset: offset_of(sub.offset.as_ref())?,
            at: at_of(sub.at.as_ref())?,
        },
    ))
}

fn selector(vector: &parsed::VectorSelector) -> Result<Selector, String> {
    let name = vector.name.as_deref().map(|name| Matcher::equal(NAME, name));
    let matchers = name.into_iter().chain(vector.matchers.matchers.iter().map(matcher)).collect();
    let (offset, at) = (offset_of(vector.offset.as_ref())?, at_of(vector.at.as_ref())?);
    Ok(Selector { matchers, offset, at })
}

fn offset_of(offset: Option<&Offset>) -> Result<i64, String> {
    match offset {
        None => Ok(0),
        Some(Offset::Pos(duration)) => milliseconds(*duration),
        Some(Offset::Neg(duration)) => milliseconds(*duration).map(|ms| -ms),
    }
}

fn at_of(at: Option<&AtModifier>) -> Result<Option<At>, String> {
    Ok(match at {
        None => None,
        Some(AtModifier::Start) => Some(At::Start),
        Some(AtModifier::End) => Some(At::End),
        Some(AtModifier::At(time)) => Some(At::Time(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => moment(after),
            Err(before) => moment(before.duration()).map(|ms| -ms),
        }?)),
    })
}

fn range_selector(matrix: &parsed::MatrixSelector) -> Result<RangeSelector, String> {
    Ok(RangeSelector { selector: selector(&matrix.vs)?, width: milliseconds(matrix.range)? })
}

fn matcher(matcher: &parsed_label::Matcher) -> Matcher {
    let value = matcher.value.clone();
    let op = match &matcher.op {
        parsed_label::MatchOp::Equal => MatchOp::Equal(value),
        parsed_label::MatchOp::NotEqual => MatchOp::NotEqual(value),
        parsed_label::MatchOp::Re(regex) => MatchOp::Matches(regex.clone()),
        parsed_label::MatchOp::NotRe(regex) => MatchOp::NotMatches(regex.clone()),
    };
    Matcher { label: matcher.name.clone(), op }
}

fn moment(from_epoch: Duration) -> Result<i64, String> {
    i64::try_from(from_epoch.as_millis()).map_err(|_| "the time after `@` is out of range".into())
}

/// Go counts nanoseconds in 64 bits, so Prometheus knows no longer duration than 292 years.
fn milliseconds(duration: Duration) -> Result<i64, String> {
    i64::try_from(duration.as_nanos())
        .map(|ns| ns / 1_000_000)
        .map_err(|_| "a duration here is out of range".into())
}

fn function(name: &str, args: Vec<Expr>) -> Result<Expr, String> {
    let mut args = args.into_iter();
    let mut next = || args.next().ok_or_else(|| format!("`{name}` is given too few arguments"));
    let range = |arg: Expr| match arg {
        Expr::SelectRange(range) => Ok(range),
        _ => Err(format!("`{name}` needs a range such as `metric[5m]`")),
    };
    let text = |arg: Expr| match arg {
        Expr::Text(text) => Ok(text),
        _ => Err(format!("`{name}` needs a string in quotes here")),
    };
    if let Some(function) = RangeFunction::named(name) {
        return Ok(Expr::OverRange(function, range(next()?)?));
    }
    if let Some(function) = InstantFunction::named(name) {
        if function.is_date() && args.len() == 0 {
            let now = Expr::ToVector(Box::new(Expr::Time));
            return Ok(Expr::OfInstant(function, Box::new(now), Vec::new()));
        }
        let mut next = || args.next().ok_or_else(|| format!("`{name}` is given too few arguments"));
        return Ok(Expr::OfInstant(function, Box::new(next()?), args.collect()));
    }
    match name {
        "time" => Ok(Expr::Time),
        "scalar" => Ok(Expr::ToScalar(Box::new(next()?))),
        "vector" => Ok(Expr::ToVector(Box::new(next()?))),
        "quantile_over_time" => Ok(Expr::QuantileOverTime(Box::new(next()?), range(next()?)?)),
        "predict_linear" => Ok(Expr::PredictLinear(range(next()?)?, Box::new(next()?))),
        "label_join" => {
            let vector = Box::new(next()?);
            let (target, separator) = (text(next()?)?, text(next()?)?);
            check_label(&target)?;
            let sources = args.map(text).collect::<Result<Vec<_>, _>>()?;
            sources.iter().try_for_each(|source| check_label(source))?;
            Ok(Expr::LabelJoin(vector, LabelJoin { target, separator, sources }))
        }
        "label_replace" => {
            let vector = Box::new(next()?);
            let (target, replacement, source, pattern) =
                (text(next()?)?, text(next()?)?, text(next()?)?, text(next()?)?);
            let regex = anchored(&pattern).map_err(|_| {
                format!("`{pattern}` is not a valid regular expression `label_replace` can use")
            })?;
            check_label(&target)?;
            Ok(Expr::LabelReplace(vector, Relabel { target, replacement, source, pattern, regex }))
        }
        _ => Err(format!("the function `{name}` is not supported")),
    }
}

fn aggregation(op: u16, parameter: Option<Expr>) -> Result<Aggregation, String> {
    let scalar = || {
        parameter
            .clone()
            .map(Box::new)
            .ok_or_else(|| "this aggregation needs a parameter".to_owned())
    };
    Ok(match op {
        T_SUM => Aggregation::Sum,
        T_AVG => Aggregation::Avg,
        T_MIN => Aggregation::Min,
        T_MAX => Aggregation::Max,
        T_COUNT => Aggregation::Count,
        T_GROUP => Aggregation::Group,
        T_STDDEV => Aggregation::Stddev,
        T_STDVAR => Aggregation::Stdvar,
        T_TOPK => Aggregation::Topk(scalar()?),
        T_BOTTOMK => Aggregation::Bottomk(scalar()?),
        T_QUANTILE => Aggregation::Quantile(scalar()?),
        T_COUNT_VALUES => match parameter {
            Some(Expr::Text(label)) => {
                check_label(&label)?;
                Aggregation::CountValues(label)
            }
            _ => return Err("`count_values` needs the name of a label in quotes".into()),
        },
        _ => return Err("this aggregation is not supported".into()),
    })
}

fn operator(op: u16, returns_bool: bool) -> Result<BinaryOp, String> {
    let comparison = |relation| BinaryOp::Comparison(Comparison { relation, returns_bool });
    Ok(match op {
        T_ADD => BinaryOp::Arithmetic(Arithmetic::Add),
        T_SUB => BinaryOp::Arithmetic(Arithmetic::Sub),
        T_MUL => BinaryOp::Arithmetic(Arithmetic::Mul),
        T_DIV => BinaryOp::Arithmetic(Arithmetic::Div),
        T_MOD => BinaryOp::Arithmetic(Arithmetic::Mod),
        T_POW => BinaryOp::Arithmetic(Arithmetic::Pow),
        T_ATAN2 => BinaryOp::Arithmetic(Arithmetic::Atan2),
        T_EQLC => comparison(Relation::Equal),
        T_NEQ => comparison(Relation::NotEqual),
        T_GTR => comparison(Relation::Greater),
        T_LSS => comparison(Relation::Less),
        T_GTE => comparison(Relation::GreaterOrEqual),
        T_LTE => comparison(Relation::LessOrEqual),
        T_LAND => BinaryOp::Set(SetOp::And),
        T_LOR => BinaryOp::Set(SetOp::Or),
        T_LUNLESS => BinaryOp::Set(SetOp::Unless),
        _ => return Err("this operator is not supported".into()),
    })
}

fn matching(modifier: Option<&parsed::BinModifier>) -> Matching {
    let labels = match modifier.and_then(|m| m.matching.as_ref()) {
        None => MatchingLabels::Ignoring(Vec::new()),
        Some(LabelModifier::Include(labels)) => MatchingLabels::On(labels.labels.clone()),
        Some(LabelModifier::Exclude(labels)) => MatchingLabels::Ignoring(labels.labels.clone()),
    };
    let cardinality = match modifier.map(|m| &m.card) {
        None | Some(VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany) => {
            Cardinality::OneToOne
        }
        Some(VectorMatchCardinality::ManyToOne(labels)) => {
            Cardinality::ManyToOne(labels.labels.clone())
        }
        Some(VectorMatchCardinality::OneToMany(labels)) => {
            Cardinality::OneToMany(labels.labels.clone())
        }
    };
    Matching { labels, cardinality }
}

fn check_label(name: &str) -> Result<(), String> {
    let mut chars = name.chars();
    let valid = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if valid {
        Ok(())
    } else {
        Err(format!(
            "{name:?} is not a label name: letters, digits and `_`, not beginning with a digit"
        ))
    }
}
