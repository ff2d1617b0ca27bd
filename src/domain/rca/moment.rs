//! Instants as people write them: RFC 3339 with an offset, or the distance to the page,
//! `T+00:02:10` and `T-00:00:40`.

use std::fmt::Write;

use jiff::Timestamp;

use crate::domain::telemetry::series::UnixMs;

/// An instant as written, to be placed once the page's time is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A point in time.
    Absolute(UnixMs),
    /// Milliseconds after the page, negative before it.
    SincePage(i64),
}

/// Why a text names no instant, and how one is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// It begins as a distance to the page does, and is none.
    #[error(
        "`{text}` is not a distance to the page: write hours, minutes and seconds, \
         `T{sign}00:02:10`"
    )]
    Distance {
        /// The text.
        text: String,
        /// `+` after the page, `-` before it.
        sign: String,
    },
    /// It is a date with a time, at which of the world's clocks it does not say.
    #[error(
        "`{0}` has no offset, so it could mean several instants: end it with `Z` for UTC or with \
         an offset as `+02:00`"
    )]
    NoOffset(String),
    /// It is nothing like a time.
    #[error(
        "`{0}` is not a time: write `2026-01-31T12:00:00Z` or the distance to the page, \
         `T+00:02:10` or `T-00:00:40`"
    )]
    NoTime(String),
}

impl Moment {
    /// Reads an instant.
    pub fn parse(text: &str) -> Result<Self, MomentError> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix(['T', 't']).filter(|r| r.starts_with(['+', '-'])) {
            let (sign, rest) = rest.split_at(1);
            let length = length_ms(rest).ok_or_else(|| MomentError::Distance {
                text: text.to_owned(),
                sign: sign.to_owned(),
            })?;
            return Ok(Self::SincePage(if sign == "-" { -length } else { length }));
        }
        match text.parse::<Timestamp>() {
            Ok(at) => Ok(Self::Absolute(at.as_millisecond())),
            Err(_) if text.parse::<jiff::civil::DateTime>().is_ok() => {
                Err(MomentError::NoOffset(text.to_owned()))
            }
            Err(_) => Err(MomentError::NoTime(text.to_owned())),
        }
    }

    /// The instant, the page's time being known.
    pub fn place(self, page: UnixMs) -> UnixMs {
        match self {
            Self::Absolute(at) => at,
            Self::SincePage(distance) => page.saturating_add(distance),
        }
    }
}

/// `HH:MM:SS`, with up to three digits of a second's fraction.
fn length_ms(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<&str> = whole.split(':').collect();
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        (digits.contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit()))
            .then(|| part.parse::<i64>().ok())
            .flatten()
    };
    let (hours, minutes, seconds) =
        (number(hours, 2..=4)?, number(minutes, 2..=2)?, number(seconds, 2..=2)?);
    let fraction = number(&format!("{fraction:0<3}"), 3..=3)?;
    (minutes < 60 && seconds < 60)
        .then_some(((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction)
}

/// An instant in RFC 3339, UTC, with milliseconds only when it has some.
pub fn rfc3339(at: UnixMs) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| format!("{at} ms"), |t| t.to_string())
}

/// The distance to the page, as `T+00:02:10`.
pub fn since_page(at: UnixMs, page: UnixMs) -> String {
    let distance = at.saturating_sub(page);
    let length = distance.unsigned_abs();
    let (seconds, fraction) = (length / 1000, length % 1000);
    let sign = if distance < 0 { '-' } else { '+' };
    let mut text =
        format!("T{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        write!(text, ".{fraction:03}").expect("writing to a string does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: UnixMs = 1_795_352_019_000;

    #[test]
    fn what_is_printed_is_read_back() {
        for at in [PAGE, PAGE + 130_000, PAGE - 40_250, PAGE + 100 * 3_600_000] {
            assert_eq!(Moment::parse(&since_page(at, PAGE)).map(|m| m.place(PAGE)), Ok(at));
            assert_eq!(Moment::parse(&rfc3339(at)).map(|m| m.place(0)), Ok(at));
        }
        assert_eq!(since_page(PAGE - 40_250, PAGE), "T-00:00:40.250");
        assert_eq!(rfc3339(PAGE), "2026-11-22T12:53:39Z");
    }

    #[test]
    fn any_offset_names_the_same_instant() {
        let utc = Moment::parse("2026-11-22T12:53:39Z");
        assert_eq!(Moment::parse("2026-11-22T14:53:39+02:00"), utc);
        assert_eq!(Moment::parse("2026-11-22 07:53:39-05:00"), utc);
    }

    #[test]
    fn a_time_that_could_mean_two_is_refused() {
        insta::assert_snapshot!(Moment::parse("2026-11-22T12:53:39").unwrap_err(), @"`2026-11-22T12:53:39` has no offset, so it could mean several instants: end it with `Z` for UTC or with an offset as `+02:00`");
        insta::assert_snapshot!(Moment::parse("T+2:10").unwrap_err(), @"`T+2:10` is not a distance to the page: write hours, minutes and seconds, `T+00:02:10`");
        insta::assert_snapshot!(Moment::parse("12:00").unwrap_err(), @"`12:00` is not a time: write `2026-01-31T12:00:00Z` or the distance to the page, `T+00:02:10` or `T-00:00:40`");
        for wrong in [
            "",
            "T+",
            "T+00:61:00",
            "T+00:00:00.1234",
            "T+aa:bb:cc",
            "T+00:00:-1",
            "T+９９:00:00",
            "T+99999:00:00",
        ] {
            assert!(Moment::parse(wrong).is_err(), "{wrong}");
        }
    }
}
