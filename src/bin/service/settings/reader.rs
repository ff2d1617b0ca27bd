//! Reads typed values of own keys and collects what is wrong with them.

use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

use crate::properties::Property;

/// One thing that is wrong with a properties file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, 0 when something is missing.
    pub line: usize,
    /// A sentence.
    pub message: String,
}

impl Problem {
    /// As `path:line: message`.
    pub fn at(&self, path: &str) -> String {
        if self.line == 0 {
            format!("{path}: {}", self.message)
        } else {
            format!("{path}:{}: {}", self.line, self.message)
        }
    }
}

/// Own keys on their way to settings. What cannot be read becomes a problem and a value that does
/// no harm, so that one reading finds every problem.
#[derive(Default)]
pub struct Reader {
    /// The properties that are the service's own.
    pub own: BTreeMap<String, Property>,
    /// Every value in force, defaults included.
    pub effective: Vec<(String, String)>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Reader {
    /// Notes what is wrong with an own key.
    pub fn wrong(&mut self, key: &str, why: impl Display) {
        let line = self.own.get(key).map_or(0, |p| p.line);
        self.problems.push(Problem { line, message: format!("`{key}` {why}") });
    }

    /// The value, the default, or a problem when there is neither.
    pub fn text(&mut self, key: &str, default: Option<&str>) -> String {
        let written = self.own.get(key).map(|p| p.value.clone());
        match &written {
            Some(value) if value.is_empty() => self.wrong(key, "is empty"),
            None if default.is_none() => self.wrong(key, "is missing"),
            _ => {}
        }
        let value = written.or(default.map(str::to_owned)).unwrap_or_default();
        self.effective.push((key.to_owned(), value.clone()));
        value
    }

    /// Values separated by commas.
    pub fn list(&mut self, key: &str, default: Option<&str>) -> Vec<String> {
        self.text(key, default)
            .split(',')
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// A value with a syntax of its own.
    pub fn parsed<T: FromStr<Err = String>>(&mut self, key: &str, default: &str) -> T {
        let text = self.text(key, Some(default));
        text.parse()
            .or_else(|why| {
                self.wrong(key, format_args!("is not valid: {why}"));
                default.parse()
            })
            .unwrap_or_else(|why| panic!("the default of `{key}` is not valid: {why}"))
    }

    /// A duration in milliseconds, fractions allowed, of a day at most.
    pub fn millis(&mut self, key: &str, default: &str) -> Duration {
        Duration::from_secs_f64(self.decimal(key, default, 0.0..=86_400_000.0) / 1000.0)
    }

    /// A whole number.
    pub fn whole(&mut self, key: &str, default: &str, range: RangeInclusive<u64>) -> u64 {
        self.ranged(key, default, range, "is not a whole number")
    }

    /// A number that may have a fraction.
    fn decimal(&mut self, key: &str, default: &str, range: RangeInclusive<f64>) -> f64 {
        self.ranged(key, default, range, "is not a number")
    }

    fn ranged<T: FromStr + PartialOrd + Display + Copy>(
        &mut self,
        key: &str,
        default: &str,
        range: RangeInclusive<T>,
        kind: &str,
    ) -> T {
        let text = self.text(key, Some(default));
        match text.parse::<T>() {
            Ok(value) if range.contains(&value) => return value,
            Ok(value) => self.wrong(
                key,
                format_args!("is {value}, not between {} and {}", range.start(), range.end()),
            ),
            Err(_) if text.is_empty() => {}
            Err(_) => self.wrong(key, format_args!("{kind}: `{text}`")),
        }
        *range.start()
    }
}
