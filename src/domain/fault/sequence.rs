//! When the steps of a causal chain were first seen, and whether effects came after their causes.

use super::truth::Effect;
use crate::domain::rca::check::times;
use crate::domain::rca::record::Span;
use crate::domain::telemetry::series::{SeriesSource, SourceError, UnixMs};

/// A cause may show this much later than its effect: rates look back, and settings are read every
/// fifth second.
const OUT_OF_ORDER_MS: i64 = 10_000;

/// How a step of a chain was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It never held.
    Never,
    /// It held, first at this time, after what it follows from.
    InOrder(UnixMs),
    /// It held only before what it follows from was first seen, so many milliseconds at least.
    TooEarly(i64),
}

/// How each step of a chain was seen within a stretch of the record, in the chain's order.
pub fn sequence(
    chain: &[Effect],
    series: &dyn SeriesSource,
    within: Span,
) -> Result<Vec<Seen>, SourceError> {
    let mut firsts: Vec<Option<UnixMs>> = Vec::new();
    let mut seen = Vec::new();
    for effect in chain {
        let held = times(&effect.shows, series, within)?;
        let cause = effect.after.iter().filter_map(|k| firsts.get(*k).copied().flatten()).max();
        // What flickers while its cause is under way counts from where it follows it; what held when
        // the stretch began, since it looks back at a change before it, counts from its cause on.
        let first = held.iter().find_map(|span| match cause {
            Some(cause) if span.from + OUT_OF_ORDER_MS >= cause => Some(span.from),
            Some(cause) => (span.from == within.from && span.to >= cause).then_some(cause),
            None => Some(span.from),
        });
        firsts.push(first);
        seen.push(match (first, held.last()) {
            (Some(first), _) => Seen::InOrder(first),
            (None, Some(last)) => Seen::TooEarly(cause.unwrap_or(last.from) - last.from),
            (None, None) => Seen::Never,
        });
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telemetry::series::{Labels, Point, Series};

    /// A gauge that is 1 in these seconds of the first minute and 0 else.
    fn gauge(name: &str, on: &[i64]) -> Series {
        let value = |second: i64| if on.contains(&second) { 1.0 } else { 0.0 };
        Series {
            labels: Labels::of(name, []),
            points: (0..=60).map(|s| Point { at: s * 1000, value: value(s) }).collect(),
        }
    }

    fn effect(event: &str, after: &[usize]) -> Effect {
        Effect {
            event: event.to_owned(),
            on: Vec::new(),
            shows: format!("{event} == 1"),
            after: after.to_vec(),
        }
    }

    fn seen(cause: &[i64], result: &[i64]) -> Vec<Seen> {
        let series = vec![gauge("cause", cause), gauge("result", result)];
        let chain = [effect("cause", &[]), effect("result", &[0])];
        sequence(&chain, &series, Span { from: 0, to: 60_000 }).expect("readable")
    }

    #[test]
    fn an_effect_may_show_ten_seconds_before_its_cause_and_no_more() {
        assert_eq!(seen(&[15, 16], &[20]), [Seen::InOrder(15_000), Seen::InOrder(20_000)]);
        assert_eq!(seen(&[15, 16], &[5]), [Seen::InOrder(15_000), Seen::InOrder(5_000)]);
        assert_eq!(seen(&[15, 16], &[4, 5, 6]), [Seen::InOrder(15_000), Seen::TooEarly(11_000)]);
    }

    #[test]
    fn what_flickers_counts_from_where_it_follows_its_cause() {
        assert_eq!(seen(&[20], &[2, 3, 30]), [Seen::InOrder(20_000), Seen::InOrder(30_000)]);
    }

    #[test]
    fn what_held_before_the_fault_and_goes_on_counts_from_its_cause() {
        let on = |seconds: std::ops::RangeInclusive<i64>| seconds.collect::<Vec<_>>();
        let first = Seen::InOrder(20_000);
        assert_eq!(seen(&[20], &on(0..=40)), [first, first]);
        assert_eq!(seen(&[20], &on(0..=5)), [first, Seen::TooEarly(20_000)]);
        assert_eq!(seen(&[20], &on(1..=40)), [first, Seen::TooEarly(19_000)]);
    }

    #[test]
    fn a_cause_that_is_not_seen_hinders_no_effect() {
        assert_eq!(seen(&[], &[4]), [Seen::Never, Seen::InOrder(4_000)]);
    }

    #[test]
    fn what_is_no_expression_never_held() {
        let wrong = Effect { shows: "(".to_owned(), ..effect("cause", &[]) };
        assert_eq!(
            sequence(&[wrong], &Vec::new(), Span { from: 0, to: 1000 }).expect("readable"),
            [Seen::Never]
        );
    }
}
