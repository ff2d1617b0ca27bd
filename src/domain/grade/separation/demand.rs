//! What the numbers of a quote must be in other runs: a number is the point of a quote when the
//! runs of the cause show that it is.

use super::words::Slot;

/// The share of the larger of two values by which they differ when a fault has changed them: less
/// is what any two looks show.
const CHANGED: f64 = 0.2;
/// The share by which a value has moved the same way in another run.
const MOVED: f64 = 0.1;
/// How many times larger or smaller a number is at most that is of the same order.
const ORDER: f64 = 10.0;
/// What a number of a quote must be in another run.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Demand {
    /// It is not the point of the quote.
    Any,
    /// The same: every run of the cause shows it, and it goes when the cause does.
    Same(f64),
    /// The cause moved it from its healthy value, the first, towards the second.
    Moved(f64, f64),
    /// It goes when the cause does, and lies between these two in the runs of the cause: of the same
    /// order elsewhere.
    About(f64, f64),
}

impl Demand {
    /// Whether a value of another run is what the quote says, beside the healthy value there.
    pub(super) fn is_met(&self, there: f64, healthy_there: Option<f64>) -> bool {
        match (self, healthy_there) {
            (Self::Any, _) => true,
            (Self::Same(value), _) => there == *value,
            (Self::About(least, most), _) => (least / ORDER..=most * ORDER).contains(&there),
            (Self::Moved(healthy, broken), Some(healthy_there)) => {
                let least = MOVED * there.abs().max(healthy_there.abs());
                if broken > healthy {
                    there - healthy_there > least
                } else {
                    healthy_there - there > least
                }
            }
            (Self::Moved(healthy, broken), None) => {
                (there - broken).abs() <= (there - healthy).abs()
            }
        }
    }
}

/// What one number of a quote must be elsewhere, by what it was in each recording of the cause while
/// it was broken and after it was repaired.
pub(super) fn demand(seen: &[(Vec<Slot>, Option<Vec<Slot>>)], at: usize) -> Demand {
    let values: Option<Vec<(f64, Option<f64>)>> = seen
        .iter()
        .map(|(broken, healthy)| {
            let healthy = healthy.as_ref().and_then(|slots| slots.get(at)?.value());
            Some((broken.get(at)?.value()?, healthy))
        })
        .collect();
    let Some(values) = values.filter(|values| !values.is_empty()) else { return Demand::Any };
    let first = values[0].0;
    let is_constant = values.iter().all(|(broken, _)| *broken == first);
    let goes = values.iter().all(|(broken, healthy)| healthy.is_none_or(|value| value != *broken));
    if is_constant && goes {
        return Demand::Same(first);
    }
    if values.iter().all(|(_, healthy)| healthy.is_none()) {
        let broken = || values.iter().map(|(broken, _)| *broken);
        let (least, most) = (broken().fold(first, f64::min), broken().fold(first, f64::max));
        return Demand::About(least, most);
    }
    let ways = values.iter().map(|(broken, healthy)| {
        let by = broken - (*healthy)?;
        let least = CHANGED * broken.abs().max(healthy.unwrap_or(0.0).abs());
        (by.abs() > least).then_some((healthy.unwrap_or(0.0), *broken))
    });
    let Some(ways) = ways.collect::<Option<Vec<(f64, f64)>>>() else { return Demand::Any };
    let rises = |(healthy, broken): &(f64, f64)| broken > healthy;
    let (healthy, broken) = ways[0];
    match ways.iter().all(|way| rises(way) == (broken > healthy)) {
        true => Demand::Moved(healthy, broken),
        false => Demand::Any,
    }
}

/// Whether a quoted number is what another run shows where all is well, and that run's cause makes
/// another one of it: then the quote says that this is not the cause.
pub(super) fn is_healthy(quoted: Option<f64>, there: f64, healthy_there: Option<f64>) -> bool {
    let (Some(quoted), Some(healthy)) = (quoted, healthy_there) else { return false };
    let differ = |a: f64, b: f64| (a - b).abs() > CHANGED * a.abs().max(b.abs());
    let is_beyond = (quoted - healthy) * (there - healthy) < 0.0;
    differ(there, healthy) && (is_beyond || !differ(quoted, healthy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_the_healthy_time_contradicts_what_moves_it() {
        // A volume that is a third full where the cause fills it; and drops, fewer than elsewhere.
        assert!(is_healthy(Some(37.0), 100.0, Some(35.0)));
        assert!(is_healthy(Some(12.0), 100.0, Some(35.0)));
        assert!(!is_healthy(Some(99.0), 100.0, Some(35.0)));
        assert!(!is_healthy(Some(364.0), 5808.0, Some(0.0)));
        assert!(!is_healthy(Some(37.0), 36.0, Some(35.0)));
        assert!(!is_healthy(Some(37.0), 100.0, None));
    }
}
