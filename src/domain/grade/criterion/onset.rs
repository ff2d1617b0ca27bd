//! Item 3: when it began. The truth is an interval, from the injection to the first instant at
//! which anyone could see an effect.

use super::{Criterion, Outcome, Slip, first_look};
use crate::domain::grade::case::Case;
use crate::domain::rca::moment::since_page;
use crate::domain::rca::record::Span;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// When it began.
pub struct Onset;

impl Criterion for Onset {
    fn name(&self) -> &'static str {
        "onset"
    }

    fn weight(&self) -> u32 {
        5
    }

    fn not_asked(&self, case: &Case<'_>) -> Option<String> {
        case.truth.onset.is_none().then(|| "nothing was broken, so nothing began".to_owned())
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let mut outcome = Outcome::full();
        let Some(truth) = case.truth.onset else { return Ok(outcome) };
        let page = case.record.facts.page;
        let (_, observed, look) = first_look(case);
        let interval =
            format!("between {} and {}", since_page(truth.from, page), since_page(truth.to, page));
        let (cost, says, place) = match case.analysis.onset {
            None => (
                1000,
                format!("no onset is given; it began {interval}"),
                case.analysis.places.timeline,
            ),
            Some(onset) => {
                let distance = distance(onset.value, truth);
                let says = format!(
                    "{} is {} s away; it began {interval}",
                    since_page(onset.value, page),
                    distance / 1000
                );
                (1000 - score(distance / u64::from(case.truth.slow.max(1))), says, onset.place)
            }
        };
        outcome.slip(Slip { cost, says, place, at: Some(truth.to), observed, look });
        Ok(outcome)
    }
}

fn distance(at: UnixMs, interval: Span) -> u64 {
    if interval.contains(at) { 0 } else { at.abs_diff(interval.from).min(at.abs_diff(interval.to)) }
}

/// Full up to 15 s, half at 60 s, nothing from 180 s on, straight lines between.
fn score(distance: u64) -> u32 {
    let points = match distance {
        0..=15_000 => 1000,
        15_001..=60_000 => 1000 - (distance - 15_000) * 500 / 45_000,
        60_001..=180_000 => 500 - (distance - 60_000) * 500 / 120_000,
        _ => 0,
    };
    points as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_farther_the_less() {
        let seconds = [0, 15, 37, 60, 120, 180, 600];
        assert_eq!(seconds.map(|s| score(s * 1000)), [1000, 1000, 756, 500, 250, 0, 0]);
        let interval = Span { from: 10_000, to: 20_000 };
        assert_eq!(
            [5_000, 10_000, 15_000, 20_000, 26_000].map(|at| distance(at, interval)),
            [5_000, 0, 0, 0, 6_000]
        );
    }
}
