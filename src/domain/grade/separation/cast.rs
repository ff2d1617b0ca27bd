//! A recording under the names of the graded run: a claim is asked there as it was written, whatever
//! its selectors look like.

use super::casting::Casting;
use crate::domain::rca::check::Effort;
use crate::domain::recording::Recording;
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::log::{LogLine, LogSource};
use crate::domain::telemetry::series::{
    Labels, Matcher, NAME, Series, SeriesSource, SourceError, UnixMs,
};

/// A recording, cast.
pub(super) struct Cast<'a> {
    pub(super) recording: &'a Recording,
    pub(super) casting: &'a Casting,
    /// Whether the text of log lines is asked for names, too.
    pub(super) texts: bool,
    /// The work that is left for the claim.
    pub(super) effort: &'a Effort<'a>,
}

impl Cast<'_> {
    fn cast(&self, series: &mut Series, holds_ids: bool) {
        if !holds_ids {
            return;
        }
        for point in &mut series.points {
            let id = self.casting.ids.get(&point.value.to_string()).and_then(|id| id.parse().ok());
            point.value = id.unwrap_or(point.value);
        }
    }
}

impl SeriesSource for Cast<'_> {
    fn select(
        &self,
        matchers: &[Matcher],
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<Series>, SourceError> {
        let (name, others): (Vec<Matcher>, Vec<Matcher>) =
            matchers.iter().cloned().partition(|m| m.label == NAME);
        // Names of metrics are the same everywhere, and so is every label that names nobody.
        let called = |labels: &Labels| {
            let is_named = name.iter().all(|m| m.accepts(labels));
            let called = is_named.then(|| self.casting.labels(labels))?;
            others.iter().all(|m| m.accepts(&called)).then_some(called)
        };
        let telemetry = &self.recording.telemetry;
        let mut selected = telemetry.select_as(&name, called, from, to);
        self.effort.take_series(&selected, telemetry.count_named(&name))?;
        for series in &mut selected {
            let unit = catalogue::find(series.labels.name()).map_or("", |metric| metric.unit);
            self.cast(series, matches!(unit, "broker id" | "node id"));
        }
        Ok(selected)
    }

    fn look(&self, samples: u64) -> Result<(), SourceError> {
        self.effort.take(samples)
    }
}

impl LogSource for Cast<'_> {
    fn lines(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<LogLine>, SourceError> {
        let mut lines =
            self.recording.telemetry.lines(&|node| wanted(self.casting.machine(node)), from, to)?;
        self.effort.take_lines(&lines)?;
        for line in &mut lines {
            line.node = self.casting.machine(&line.node).to_owned();
            if self.texts {
                line.line = self.casting.text(&line.line);
            }
        }
        Ok(lines)
    }
}
