//! Equalities on measurements, and limits from both sides that come to the same: they fit the one
//! value they were read off, and no other run's.

use std::collections::BTreeMap;

use crate::domain::telemetry::catalogue::{self, Quantity};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::{Aggregation, Binary, Expr};
use crate::domain::telemetry::promql::function::RangeFunction;
use crate::domain::telemetry::promql::operator::{Arithmetic, BinaryOp, Comparison, Relation};

/// The largest number a count of things is compared with for equality.
const SMALL: f64 = 100.0;

/// The share of the larger of two limits by which they differ when they only close in on a value.
const CLOSE: f64 = 0.25;

/// The metric of an equality on a measurement, when there is one.
pub(super) fn measured_equality(query: &Query) -> Option<String> {
    if let Some(metric) = closed_in(query) {
        return Some(metric);
    }
    let equalities = query
        .comparisons()
        .into_iter()
        .filter(|(relation, _)| matches!(relation, Relation::Equal | Relation::NotEqual));
    equalities.into_iter().find_map(|(relation, binary)| {
        let limit = [&binary.lhs, &binary.rhs].into_iter().find_map(|side| match **side {
            Expr::Number(limit) => Some(limit),
            _ => None,
        });
        // That nothing happened, or that nothing is left, is a state: no run hits it by chance.
        if limit == Some(0.0) && relation == Relation::Equal {
            return None;
        }
        let is_small = limit.is_none_or(|limit| limit.abs() <= SMALL);
        [&binary.lhs, &binary.rhs].into_iter().find_map(|side| measured(side, is_small))
    })
}

/// The metric that makes this operand a measurement, when one does.
fn measured(side: &Expr, small: bool) -> Option<String> {
    let name = |expr: &Expr| expr.selector().and_then(|(s, _)| s.metric()).map(str::to_owned);
    match side {
        // Counting yields a count whatever is counted; a truth is a state.
        Expr::Aggregate(Aggregation::Count | Aggregation::Group, ..) if small => None,
        Expr::Binary(Binary {
            op: BinaryOp::Comparison(Comparison { returns_bool: true, .. }),
            ..
        }) => None,
        Expr::Select(_) => quantity_of(side, small),
        Expr::OverRange(function, _) => match function {
            RangeFunction::LastOverTime
            | RangeFunction::MaxOverTime
            | RangeFunction::MinOverTime => quantity_of(side, small),
            RangeFunction::PresentOverTime
            | RangeFunction::AbsentOverTime
            | RangeFunction::Changes
            | RangeFunction::Resets => None,
            _ => name(side),
        },
        Expr::QuantileOverTime(..) | Expr::PredictLinear(..) => name(side),
        Expr::OfInstant(function, vector, _) => match function.name() {
            "absent" => None,
            _ => measured(vector, small),
        },
        Expr::Binary(Binary { op: BinaryOp::Arithmetic(_), lhs, rhs, .. }) => {
            // A difference of states or counts is a count; a quotient or product is measured like
            // its parts.
            measured(lhs, small).or_else(|| measured(rhs, small))
        }
        other => other.children().into_iter().find_map(|child| measured(child, small)),
    }
}

fn quantity_of(side: &Expr, small: bool) -> Option<String> {
    let name = side.selector().and_then(|(s, _)| s.metric())?;
    let quantity = catalogue::find(name).map(|metric| metric.quantity())?;
    let is_fair = quantity == Quantity::State || quantity == Quantity::Count && small;
    (!is_fair).then(|| name.to_owned())
}

/// The metric of a measurement that limits from both sides close in on, when there is one.
fn closed_in(query: &Query) -> Option<String> {
    let mut bounds: BTreeMap<String, (f64, f64, Expr)> = BTreeMap::new();
    for (relation, binary) in query.comparisons() {
        let (side, limit, relation) = match (&*binary.lhs, &*binary.rhs) {
            (side, Expr::Number(limit)) => (side, *limit, relation),
            (Expr::Number(limit), side) => (side, *limit, relation.mirrored()),
            _ => continue,
        };
        if let Some((side, least, most)) = around(side, limit, relation) {
            let of = bounds.entry(side.to_string()).or_insert((
                f64::NEG_INFINITY,
                f64::INFINITY,
                side.clone(),
            ));
            (of.0, of.1) = (of.0.max(least), of.1.min(most));
        }
    }
    bounds.into_values().find_map(|(least, most, side)| {
        let is_close = most - least <= CLOSE * least.abs().max(most.abs());
        (is_close && least.is_finite() && most.is_finite()).then(|| measured(&side, true)).flatten()
    })
}

/// Between which limits a comparison puts an expression, numbers added to it or multiplied by taken
/// off.
fn around(side: &Expr, limit: f64, relation: Relation) -> Option<(&Expr, f64, f64)> {
    let open = f64::INFINITY;
    let (side, least, most) = match (side, relation) {
        // `abs(x - 540) < 5`
        (Expr::OfInstant(function, inner, _), Relation::Less | Relation::LessOrEqual)
            if function.name() == "abs" =>
        {
            (&**inner, -limit, limit)
        }
        (side, Relation::Greater | Relation::GreaterOrEqual) => (side, limit, open),
        (side, Relation::Less | Relation::LessOrEqual) => (side, -open, limit),
        (_, Relation::Equal | Relation::NotEqual) => return None,
    };
    let (mut side, mut least, mut most) = (side, least, most);
    loop {
        match side {
            // `x > 530 < 545`: a comparison that lets values through.
            Expr::Binary(Binary {
                op: BinaryOp::Comparison(Comparison { returns_bool: false, .. }),
                lhs,
                rhs,
                ..
            }) => match (&**lhs, &**rhs) {
                (Expr::Number(_), Expr::Number(_)) => return None,
                (inner, Expr::Number(_)) | (Expr::Number(_), inner) => side = inner,
                _ => break,
            },
            Expr::Binary(Binary { op: BinaryOp::Arithmetic(by), lhs, rhs, .. }) => {
                let Expr::Number(number) = **rhs else { break };
                let back = |limit: f64| match by {
                    Arithmetic::Add => Some(limit - number),
                    Arithmetic::Sub => Some(limit + number),
                    Arithmetic::Mul if number > 0.0 => Some(limit / number),
                    Arithmetic::Div if number > 0.0 => Some(limit * number),
                    _ => None,
                };
                let (Some(from), Some(to)) = (back(least), back(most)) else { break };
                (side, least, most) = (&**lhs, from, to);
            }
            _ => break,
        }
    }
    Some((side, least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_close_in_are_an_equality() {
        let metric = |promql: &str| measured_equality(&Query::parse(promql).expect("PromQL"));
        for close in [
            "process_resident_memory_bytes > 530 < 545",
            "process_resident_memory_bytes > 530 and process_resident_memory_bytes < 545",
            "545 > process_resident_memory_bytes and 530 <= process_resident_memory_bytes",
            "abs(process_resident_memory_bytes - 540) < 5",
            "process_resident_memory_bytes / 1024 > 530 < 545",
            "process_resident_memory_bytes == 540",
        ] {
            assert!(metric(close).is_some(), "{close}");
        }
        for wide in [
            "process_resident_memory_bytes > 100 < 545",
            "process_resident_memory_bytes > 530",
            "process_resident_memory_bytes > 530 and jvm_memory_used_bytes < 545",
            "rate(process_cpu_seconds_total[1m]) == 0",
            "up == 1",
        ] {
            assert_eq!(metric(wide), None, "{wide}");
        }
    }
}
