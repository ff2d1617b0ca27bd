//! Functions of the samples a series has in a window. There is at least one sample, and no stale
//! marker among them.

use super::function::RangeFunction;
use super::numeric::{self, Sum, largest, smallest};
use super::window::Window;
use crate::domain::telemetry::series::{Point, UnixMs};

/// What the function makes of the samples; nothing when it needs two and there is one.
pub fn apply(function: RangeFunction, points: &[Point], window: Window) -> Option<f64> {
    let values = || points.iter().map(|point| point.value);
    let pairs = || points.windows(2).map(|pair| (pair[0].value, pair[1].value));
    match function {
        RangeFunction::Rate => extrapolated(points, window, true)
            .map(|(gained, stretch)| gained * (stretch / window.seconds())),
        RangeFunction::Increase => {
            extrapolated(points, window, true).map(|(gained, stretch)| gained * stretch)
        }
        RangeFunction::Delta => {
            extrapolated(points, window, false).map(|(gained, stretch)| gained * stretch)
        }
        RangeFunction::Irate => {
            let (previous, last) = last_two(points)?;
            let gained =
                if last.value < previous.value { last.value } else { last.value - previous.value };
            Some(gained / seconds(previous, last))
        }
        RangeFunction::Idelta => {
            last_two(points).map(|(previous, last)| last.value - previous.value)
        }
        RangeFunction::Deriv => slope(points),
        RangeFunction::Changes => {
            Some(pairs().filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count() as f64)
        }
        RangeFunction::Resets => Some(pairs().filter(|(a, b)| b < a).count() as f64),
        RangeFunction::AvgOverTime => Some(numeric::mean(values(), Sum::add)),
        RangeFunction::SumOverTime => Some(values().collect::<Sum>().total()),
        RangeFunction::MinOverTime => Some(smallest(values())),
        RangeFunction::MaxOverTime => Some(largest(values())),
        RangeFunction::CountOverTime => Some(points.len() as f64),
        RangeFunction::LastOverTime => values().next_back(),
        RangeFunction::PresentOverTime | RangeFunction::AbsentOverTime => Some(1.0),
        RangeFunction::StdvarOverTime => Some(variance(points)),
        RangeFunction::StddevOverTime => Some(variance(points).sqrt()),
    }
}

/// The quantile of the samples' values.
pub fn quantile(quantile: f64, points: &[Point]) -> f64 {
    numeric::quantile(quantile, &mut points.iter().map(|point| point.value).collect::<Vec<_>>())
}

fn last_two(points: &[Point]) -> Option<(&Point, &Point)> {
    match points {
        [.., previous, last] => Some((previous, last)),
        _ => None,
    }
}

fn seconds(from: &Point, to: &Point) -> f64 {
    (to.at - from.at) as f64 / 1000.0
}

/// The gain between the first and the last sample, and the factor that stretches it to the whole
/// window. A side of the window is filled when the samples reach nearly to it (to 1.1 times their
/// mean distance), else half a mean distance is added there. A counter is never stretched back
/// beyond the time at which it would have been zero.
fn extrapolated(points: &[Point], window: Window, is_counter: bool) -> Option<(f64, f64)> {
    let (first, last) = match points {
        [first, .., last] => (first, last),
        _ => return None,
    };
    let mut gained = last.value - first.value;
    for pair in points.windows(2).filter(|pair| is_counter && pair[1].value < pair[0].value) {
        gained += pair[0].value;
    }

    let sampled = seconds(first, last);
    let mean_distance = sampled / (points.len() - 1) as f64;
    let mut to_start = first.at.saturating_sub(window.start) as f64 / 1000.0;
    let to_end = window.end.saturating_sub(last.at) as f64 / 1000.0;
    if is_counter && gained > 0.0 && first.value >= 0.0 {
        let to_zero = sampled * (first.value / gained);
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    let stretched = |gap: f64| if gap < mean_distance * 1.1 { gap } else { mean_distance / 2.0 };
    Some((gained, (sampled + stretched(to_start) + stretched(to_end)) / sampled))
}

/// What the least-squares line is at this many seconds after a moment.
pub fn predicted(points: &[Point], moment: UnixMs, ahead: f64) -> Option<f64> {
    let (slope, at_moment) = line(points, moment)?;
    Some(slope * ahead + at_moment)
}

/// Slope of the least-squares line, per second. Times are counted from the first sample, where
/// doubles are exact.
fn slope(points: &[Point]) -> Option<f64> {
    line(points, points.first()?.at).map(|(slope, _)| slope)
}

/// Slope of the least-squares line, per second, and its value at a moment.
fn line(points: &[Point], moment: UnixMs) -> Option<(f64, f64)> {
    let [first, .., _] = points else { return None };
    if points.iter().all(|point| point.value == first.value) {
        let unknown = first.value.is_infinite();
        return Some(if unknown { (f64::NAN, f64::NAN) } else { (0.0, first.value) });
    }
    let count = points.len() as f64;
    let x = |point: &Point| (point.at - moment) as f64 / 1000.0;
    let total = |of: &dyn Fn(&Point) -> f64| points.iter().map(of).collect::<Sum>().exact();
    let (sum_x, sum_y) = (total(&x), total(&|point| point.value));
    let (sum_xy, sum_xx) =
        (total(&|point| x(point) * point.value), total(&|point| x(point) * x(point)));
    let slope = (sum_xy - sum_x * sum_y / count) / (sum_xx - sum_x * sum_x / count);
    Some((slope, sum_y / count - slope * sum_x / count))
}

/// Variance of the population (Welford's method).
fn variance(points: &[Point]) -> f64 {
    let (mut mean, mut squares) = (Sum::default(), Sum::default());
    for (index, point) in points.iter().enumerate() {
        let distance = point.value - mean.exact();
        mean.add(distance / (index + 1) as f64);
        squares.add(distance * (point.value - mean.exact()));
    }
    squares.exact() / points.len() as f64
}
