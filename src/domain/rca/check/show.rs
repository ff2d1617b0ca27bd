//! Observed values in words.

use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::{Record, Span};
use crate::domain::telemetry::promql::expr::{Binary, Expr};
use crate::domain::telemetry::promql::operator::BinaryOp;
use crate::domain::telemetry::promql::{Query, Value};
use crate::domain::telemetry::series::{Labels, SourceError, UnixMs};

/// The most elements, or comparisons, that are shown.
const SHOWN: usize = 3;

/// What a condition is about, at an instant: the elements for which it holds, or the left side of
/// each comparison where it does not.
pub fn observed(query: &Query, record: &Record<'_>, at: UnixMs) -> Result<String, SourceError> {
    let value = super::answered(query.instant(record.series, at))?;
    if let Ok(Value::Vector(elements)) = &value
        && elements.len() > 1
        && !query.expr().is_truth()
    {
        return Ok(listed(elements));
    }
    let mut compared = Vec::new();
    query.expr().walk(&mut |expr| {
        if let Expr::Binary(Binary { op: BinaryOp::Comparison(_), lhs, rhs, .. }) = expr {
            compared
                .extend([lhs, rhs].into_iter().filter(|side| !matches!(***side, Expr::Number(_))));
        }
    });
    if compared.is_empty() {
        return shown(query, record, at);
    }
    let mut parts = Vec::new();
    for side in compared.iter().take(SHOWN) {
        let side = Query::from((***side).clone());
        parts.push(format!("{} is {}", side.text(), shown(&side, record, at)?));
    }
    Ok(parts.join("; "))
}

fn listed(elements: &[(Labels, f64)]) -> String {
    let shown =
        elements.iter().take(SHOWN).map(|(labels, value)| format!("{labels} {}", number(*value)));
    let more = elements.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.collect::<Vec<_>>().join(", ") + &more
}

fn shown(query: &Query, record: &Record<'_>, at: UnixMs) -> Result<String, SourceError> {
    Ok(match super::answered(query.instant(record.series, at))? {
        Err(failure) => failure,
        Ok(Value::Scalar(number)) => self::number(number),
        Ok(Value::Vector(elements)) => match elements.as_slice() {
            [] => "nothing".to_owned(),
            [(_, value)] => self::number(*value),
            several => listed(several),
        },
        Ok(Value::Matrix(_) | Value::String(_)) => "no condition".to_owned(),
    })
}

/// A number with at most six significant digits.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value}");
    }
    let digits = (5 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Intervals as a person reads them: `from T-00:00:14 to T+00:05:32`.
pub(super) fn intervals(spans: &[Span], page: UnixMs) -> String {
    let one = |span: &Span| match span.from == span.to {
        true => format!("at {}", since_page(span.from, page)),
        false => format!("from {} to {}", since_page(span.from, page), since_page(span.to, page)),
    };
    let shown: Vec<_> = spans.iter().take(SHOWN).map(one).collect();
    let more = spans.len().saturating_sub(SHOWN);
    shown.join(", ") + &if more > 0 { format!(" and {more} more times") } else { String::new() }
}

/// A line or text, shortened to what fits beside others.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 160;
    let text = text.trim();
    if text.chars().count() <= LONGEST {
        text.to_owned()
    } else {
        text.chars().take(LONGEST).collect::<String>() + "..."
    }
}

/// The command that asks the record what a condition is at an instant.
pub fn query_command(query: &str, at: UnixMs, page: UnixMs) -> String {
    format!("chaoslab query '{}' --at {}", query.replace('\'', "'\\''"), since_page(at, page))
}
