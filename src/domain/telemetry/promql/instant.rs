//! Functions of instant vectors.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::evaluate::without_names;
use super::function::InstantFunction;
use super::value::{Track, merged};
use crate::domain::telemetry::QueryError;

/// What the function makes of the tracks. `parameters` are its scalars at each step.
pub fn apply(
    function: InstantFunction,
    tracks: Vec<Track>,
    parameters: &[Vec<f64>],
) -> Result<Vec<Track>, QueryError> {
    let parameter = |index: usize, step: usize, default: f64| {
        parameters.get(index).map_or(default, |values| values[step])
    };
    let tracks = match function {
        InstantFunction::Sort => return Ok(sorted(tracks, |a, b| a.total_cmp(&b))),
        InstantFunction::SortDesc => return Ok(sorted(tracks, |a, b| b.total_cmp(&a))),
        InstantFunction::Abs => each(tracks, |value, _| Some(value.abs())),
        InstantFunction::Ceil => each(tracks, |value, _| Some(value.ceil())),
        InstantFunction::Floor => each(tracks, |value, _| Some(value.floor())),
        InstantFunction::Round => each(tracks, |value, step| {
            let per = 1.0 / parameter(0, step, 1.0);
            Some((value * per + 0.5).floor() / per)
        }),
        InstantFunction::Clamp => each(tracks, |value, step| {
            let (low, high) = (parameter(0, step, f64::NAN), parameter(1, step, f64::NAN));
            if high < low { None } else { Some(larger(low, smaller(high, value))) }
        }),
        InstantFunction::ClampMin => {
            each(tracks, |value, step| Some(larger(parameter(0, step, f64::NAN), value)))
        }
        InstantFunction::ClampMax => {
            each(tracks, |value, step| Some(smaller(parameter(0, step, f64::NAN), value)))
        }
        InstantFunction::DayOfMonth => dates(tracks, |date| f64::from(date.day())),
        InstantFunction::DayOfWeek => {
            dates(tracks, |date| f64::from(date.weekday().to_sunday_zero_offset()))
        }
        InstantFunction::DayOfYear => dates(tracks, |date| f64::from(date.day_of_year())),
        InstantFunction::DaysInMonth => dates(tracks, |date| f64::from(date.days_in_month())),
        InstantFunction::Hour => dates(tracks, |date| f64::from(date.hour())),
        InstantFunction::Minute => dates(tracks, |date| f64::from(date.minute())),
        InstantFunction::Month => dates(tracks, |date| f64::from(date.month())),
        InstantFunction::Year => dates(tracks, |date| f64::from(date.year())),
        // These two need more than values and are evaluated where the selector is known.
        InstantFunction::Absent | InstantFunction::Timestamp => tracks,
    };
    merged(without_names(tracks))
}

/// What a date in UTC says of each value, which is in seconds since the epoch. A value that is no
/// time of the years up to 9999 has none.
fn dates(tracks: Vec<Track>, says: impl Fn(DateTime) -> f64) -> Vec<Track> {
    each(tracks, |value, _| {
        let known = Timestamp::from_second(value as i64).ok();
        Some(known.map_or(f64::NAN, |known| says(Offset::UTC.to_datetime(known))))
    })
}

fn each(mut tracks: Vec<Track>, change: impl Fn(f64, usize) -> Option<f64>) -> Vec<Track> {
    for track in &mut tracks {
        for (step, value) in track.values.iter_mut().enumerate() {
            *value = value.and_then(|value| change(value, step));
        }
    }
    tracks.retain(Track::is_present);
    tracks
}

/// The larger of two numbers as Go's `math.Max` has it: NaN wins over all but infinity.
fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// The smaller of two numbers as Go's `math.Min` has it: NaN wins over all but negative infinity.
fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}

/// By their first value, NaN last either way. Only at one moment do tracks have an order; over
/// several each has its own values.
fn sorted(mut tracks: Vec<Track>, order: impl Fn(f64, f64) -> Ordering) -> Vec<Track> {
    let value = |track: &Track| track.values.first().copied().flatten().unwrap_or(f64::NAN);
    tracks.sort_by(|a, b| {
        let (a, b) = (value(a), value(b));
        a.is_nan()
            .cmp(&b.is_nan())
            .then_with(|| if a == b || a.is_nan() { Ordering::Equal } else { order(a, b) })
    });
    tracks
}

/// The value of the only track that has one at this step, NaN when none or several have.
pub fn only_value(tracks: &[Track], step: usize) -> f64 {
    let mut present = tracks.iter().filter_map(|track| track.values[step]);
    match (present.next(), present.next()) {
        (Some(value), None) => value,
        _ => f64::NAN,
    }
}
