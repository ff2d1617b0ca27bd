//! How much work a claim may make. Work is counted in samples looked at, so that the same document
//! gets the same answer on every machine.

use std::cell::Cell;

use crate::domain::rca::record::{Facts, Record};
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::domain::telemetry::series::{Matcher, Series, SeriesSource, SourceError, UnixMs};

/// What picking out a series costs besides its samples, in samples.
const SERIES: u64 = 20;
/// What reading a log line costs besides its text, in samples, and how many bytes of the text cost
/// as much as a sample.
const LINE: (u64, u64) = (20, 8);

/// Work that is left, of its own and of what it is a part of.
#[derive(Debug)]
pub struct Effort<'a> {
    left: Cell<u64>,
    is_spent: Cell<bool>,
    whole: Option<&'a Effort<'a>>,
}

impl<'a> Effort<'a> {
    /// So many samples may be looked at.
    pub fn of(samples: u64) -> Self {
        Self { left: Cell::new(samples), is_spent: Cell::new(false), whole: None }
    }

    /// A part of it that may look at so many samples.
    pub fn part(&'a self, samples: u64) -> Self {
        Self { whole: Some(self), ..Self::of(samples) }
    }

    /// Takes work away; an error says that nothing is left, which [`Self::is_spent`] tells from a
    /// record that cannot be read.
    pub fn take(&self, samples: u64) -> Result<(), SourceError> {
        let left = self.left.get().checked_sub(samples);
        self.left.set(left.unwrap_or(0));
        let goes_on = left.is_some() && self.whole.is_none_or(|whole| whole.take(samples).is_ok());
        if goes_on {
            return Ok(());
        }
        self.is_spent.set(true);
        Err(SourceError("this looks at more samples than one claim may".to_owned()))
    }

    /// What reading so many lines costs.
    pub fn take_lines(&self, lines: &[LogLine]) -> Result<(), SourceError> {
        let cost = |line: &LogLine| LINE.0 + line.line.len() as u64 / LINE.1;
        self.take(lines.iter().map(cost).sum())
    }

    /// What selecting these series costs, of so many that were looked through.
    pub fn take_series(&self, series: &[Series], of: usize) -> Result<(), SourceError> {
        let samples: usize = series.iter().map(|one| one.points.len()).sum();
        self.take(samples as u64 + SERIES * of as u64)
    }

    /// Whether more was asked for than there was.
    pub fn is_spent(&self) -> bool {
        self.is_spent.get()
    }
}

/// A record of which only so much may be read.
pub struct Metered<'a> {
    series: &'a dyn SeriesSource,
    logs: &'a dyn LogSource,
    facts: &'a Facts,
    effort: Effort<'a>,
}

impl<'a> Metered<'a> {
    /// The record, with a part of an effort.
    pub fn of(record: &Record<'a>, effort: Effort<'a>) -> Self {
        Self { series: record.series, logs: record.logs, facts: record.facts, effort }
    }

    /// The record to read.
    pub fn record(&self) -> Record<'_> {
        Record { series: self, logs: self, facts: self.facts }
    }

    /// Whether more was read than may be: then answers say nothing.
    pub fn is_spent(&self) -> bool {
        self.effort.is_spent()
    }
}

impl SeriesSource for Metered<'_> {
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        let series = self.series.select(matchers, from, to)?;
        self.effort.take_series(&series, series.len())?;
        Ok(series)
    }

    fn newest(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        let series = self.series.newest(matchers, from, to)?;
        self.effort.take_series(&series, series.len())?;
        Ok(series)
    }

    fn look(&self, samples: u64) -> Result<(), SourceError> {
        self.series.look(samples)?;
        self.effort.take(samples)
    }
}

impl LogSource for Metered<'_> {
    fn lines(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, SourceError> {
        let lines = self.logs.lines(wanted, from, to)?;
        self.effort.take_lines(&lines)?;
        Ok(lines)
    }
}
