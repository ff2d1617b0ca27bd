//! The fact a claim states: claims that differ in numbers, in sides, in a sum over one element, in a
//! window or in their time state one fact, and one fact counts once.

use crate::domain::rca::analysis::Claim;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::{Aggregation, Binary, Expr};
use crate::domain::telemetry::promql::function::RangeFunction;
use crate::domain::telemetry::promql::operator::{BinaryOp, Comparison, Relation};

/// A claim's fact, in one line that is the same for claims that state the same.
pub(super) fn of(claim: &Claim) -> String {
    match claim {
        Claim::Promql { query, .. } => format!("promql {}", plain(query)),
        Claim::Log { query, min, .. } => {
            let text = query.text().split_whitespace().collect::<Vec<_>>().join(" ");
            format!("log {text} {}", if min.is_some() { "is there" } else { "is not there" })
        }
        Claim::Command { contains, .. } => {
            let is_number = |c: char| c.is_ascii_digit() || c == '.';
            let words = contains.split_whitespace().map(|word| word.replace(is_number, "#"));
            format!("command {}", words.collect::<Vec<_>>().join(" "))
        }
        claim @ Claim::Intervention { .. } => claim.canonical(),
    }
}

/// A condition without what does not change what it says.
fn plain(query: &Query) -> String {
    let mut expr = query.expr().clone();
    expr.walk_mut(&mut |expr| {
        // What is taken away may stand around something else that has to go.
        while let Some(inner) = within(expr) {
            *expr = inner;
        }
        if let Some(selector) = expr.selector_mut() {
            (selector.offset, selector.at) = (0, None);
            selector.matchers.sort_by_key(|matcher| matcher.to_string());
        }
        match expr {
            Expr::OverRange(function, range) => {
                range.width = 0;
                if is_rate(*function) {
                    *function = RangeFunction::Rate;
                }
            }
            Expr::Binary(binary) => turned(binary),
            _ => {}
        }
    });
    Query::from(expr).text().to_owned()
}

/// What an expression says in other numbers, or of one element: the expression within it.
fn within(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Aggregate(
            Aggregation::Sum
            | Aggregation::Avg
            | Aggregation::Min
            | Aggregation::Max
            | Aggregation::Group
            | Aggregation::Topk(_)
            | Aggregation::Bottomk(_),
            _,
            inner,
        ) => Some((**inner).clone()),
        Expr::OfInstant(function, inner, _)
            if matches!(function.name(), "abs" | "ceil" | "floor" | "round") =>
        {
            Some((**inner).clone())
        }
        Expr::OverRange(
            RangeFunction::MaxOverTime
            | RangeFunction::MinOverTime
            | RangeFunction::AvgOverTime
            | RangeFunction::LastOverTime,
            range,
        ) => Some(Expr::Select(range.selector.clone())),
        // A number that is added or multiplied by moves the limit only.
        Expr::Binary(Binary { op: BinaryOp::Arithmetic(_), lhs, rhs, .. }) => {
            match (&**lhs, &**rhs) {
                (Expr::Number(_), Expr::Number(_)) => None,
                (side, Expr::Number(_)) => Some(side.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_rate(function: RangeFunction) -> bool {
    matches!(
        function,
        RangeFunction::Rate
            | RangeFunction::Irate
            | RangeFunction::Increase
            | RangeFunction::Delta
            | RangeFunction::Idelta
            | RangeFunction::Deriv
    )
}

/// A comparison with its number on the right; where the number only limits, any number.
fn turned(binary: &mut Binary) {
    let BinaryOp::Comparison(Comparison { relation, returns_bool }) = &mut binary.op else {
        return;
    };
    *returns_bool = false;
    if matches!(*binary.lhs, Expr::Number(_)) {
        std::mem::swap(&mut binary.lhs, &mut binary.rhs);
        *relation = relation.mirrored();
    }
    let is_limit = match relation {
        Relation::Greater | Relation::GreaterOrEqual => {
            *relation = Relation::Greater;
            true
        }
        Relation::Less | Relation::LessOrEqual => {
            *relation = Relation::Less;
            true
        }
        Relation::Equal | Relation::NotEqual => false,
    };
    if let Expr::Number(number) = &mut *binary.rhs
        && is_limit
    {
        *number = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(promql: &str) -> String {
        plain(&Query::parse(promql).expect("an expression"))
    }

    #[test]
    fn numbers_sides_windows_and_sums_make_no_other_fact() {
        let one = fact("rate(kafka_consumergroup_lag{topic=\"orders\"}[30s]) > 5");
        for same in [
            "rate(kafka_consumergroup_lag{topic=\"orders\"}[1m]) > 7",
            "5 < rate(kafka_consumergroup_lag{topic=\"orders\"}[30s])",
            "sum(rate(kafka_consumergroup_lag{topic=\"orders\"}[30s])) >= 5",
            "max(increase(kafka_consumergroup_lag{topic=\"orders\"}[2m])) > bool 5",
            "rate(kafka_consumergroup_lag{topic=\"orders\"}[30s] offset 5s) * 60 > 5",
            "topk(1, sum by (topic) (irate(kafka_consumergroup_lag{topic=\"orders\"}[9s]))) > 1",
        ] {
            assert_eq!(fact(same), one, "{same}");
        }
        for other in [
            "rate(kafka_consumergroup_lag{topic=\"orders\"}[30s]) < 5",
            "rate(kafka_consumergroup_lag{topic=\"payments\"}[30s]) > 5",
            "rate(kafka_consumergroup_lag{topic=\"orders\"}[30s]) == 0",
            "kafka_consumergroup_lag{topic=\"orders\"} > 5",
        ] {
            assert_ne!(fact(other), one, "{other}");
        }
        assert_ne!(fact("up == 0"), fact("up == 1"));
    }
}
