//! Evaluation of an expression at one moment or many. Each part is evaluated for all moments at
//! once, so that labels are looked at once for each series and not once for each moment.
//!
//! `binary`, `matching`, `instant` and this file use each other, as parts of one recursion: what an
//! operator or a function does to the values of its operands stands with its kind.

use super::expr::{At, Expr, RangeSelector, Selector, Subquery};
use super::function::{InstantFunction, RangeFunction};
use super::limits::Budget;
use super::value::{Outcome, Track, distinct, merged};
use super::window::{LOOKBACK, SUBQUERY_STEP, Steps, Window};
use super::{aggregate, binary, instant, over_time, relabel};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::{Labels, Point, Series, SeriesSource, UnixMs, is_stale};

/// One evaluation: where series are read from, the moments, and what work is left.
pub struct Evaluation<'a> {
    source: &'a dyn SeriesSource,
    steps: Steps,
    /// What `@ start()` and `@ end()` mean, inside subqueries too.
    ends: (UnixMs, UnixMs),
    budget: Budget,
}

impl<'a> Evaluation<'a> {
    /// An evaluation at these moments.
    pub fn new(source: &'a dyn SeriesSource, steps: Steps) -> Self {
        Self { source, steps, ends: (steps.start, steps.end), budget: Budget::new() }
    }

    /// What the expression yields.
    pub fn of(&mut self, expr: &Expr) -> Result<Outcome, QueryError> {
        let outcome = self.outcome(expr)?;
        if let Outcome::Vector(tracks) = &outcome {
            self.source.look((tracks.len() * self.steps.count) as u64)?;
        }
        Ok(outcome)
    }

    fn outcome(&mut self, expr: &Expr) -> Result<Outcome, QueryError> {
        match expr {
            Expr::Number(number) => self.scalars(|_| *number),
            Expr::Text(text) => Ok(Outcome::Text(text.clone())),
            Expr::Time => self.scalars(|at| at as f64 / 1000.0),
            Expr::Select(selector) => {
                self.select(selector, |point| point.value).map(Outcome::Vector)
            }
            Expr::SelectRange(range) => self.samples(range).map(Outcome::Range),
            Expr::OverRange(RangeFunction::AbsentOverTime, range) => {
                let found = self.over_range(range, |_, _, _| Some(1.0))?;
                Ok(Outcome::Vector(self.absent(found, &range.selector)))
            }
            Expr::OverRange(function, range) => {
                let tracks = self.over_range(range, |_, points, window| {
                    over_time::apply(*function, points, window)
                })?;
                match function {
                    RangeFunction::LastOverTime => Ok(Outcome::Vector(tracks)),
                    _ => distinct(without_names(tracks)).map(Outcome::Vector),
                }
            }
            Expr::OverSubquery(function, sub) => {
                self.over_subquery(*function, sub).map(Outcome::Vector)
            }
            Expr::PredictLinear(range, ahead) => {
                let (ahead, steps) = (self.scalar(ahead)?, self.steps);
                let tracks = self.over_range(range, |step, points, _| {
                    over_time::predicted(points, steps.at(step), ahead[step])
                })?;
                distinct(without_names(tracks)).map(Outcome::Vector)
            }
            Expr::LabelJoin(vector, change) => {
                let tracks = self.vector(vector)?.into_iter();
                let tracks = tracks.map(|track| relabel::join(change, track));
                merged(tracks.collect::<Result<_, _>>()?).map(Outcome::Vector)
            }
            Expr::QuantileOverTime(quantile, range) => {
                let quantiles = self.scalar(quantile)?;
                let tracks = self.over_range(range, |step, points, _| {
                    Some(over_time::quantile(quantiles[step], points))
                })?;
                distinct(without_names(tracks)).map(Outcome::Vector)
            }
            Expr::OfInstant(function, vector, scalars) => {
                self.of_instant(*function, vector, scalars).map(Outcome::Vector)
            }
            Expr::LabelReplace(vector, change) => {
                let tracks = self.vector(vector)?;
                let tracks = tracks
                    .into_iter()
                    .map(|track| relabel::replace(change, track))
                    .collect::<Result<_, _>>()?;
                merged(tracks).map(Outcome::Vector)
            }
            Expr::ToScalar(vector) => {
                let tracks = self.vector(vector)?;
                Ok(Outcome::Scalar(
                    (0..self.steps.count).map(|step| instant::only_value(&tracks, step)).collect(),
                ))
            }
            Expr::ToVector(scalar) => {
                let values = self.scalar(scalar)?.into_iter().map(Some).collect();
                Ok(Outcome::Vector(vec![Track { labels: Labels::default(), values }]))
            }
            Expr::Negate(inner) => match self.of(inner)? {
                Outcome::Scalar(values) => {
                    Ok(Outcome::Scalar(values.into_iter().map(|value| -value).collect()))
                }
                Outcome::Vector(tracks) => {
                    distinct(mapped(tracks, |value| -value)).map(Outcome::Vector)
                }
                other => Err(misplaced(&other)),
            },
            Expr::Aggregate(aggregation, grouping, vector) => {
                let parameter =
                    aggregation.parameter().map(|scalar| self.scalar(scalar)).transpose()?;
                let tracks = self.vector(vector)?;
                let (parameter, steps) = (parameter.as_deref(), self.steps.count);
                aggregate::apply(aggregation, grouping, parameter, &tracks, steps, &mut self.budget)
                    .map(Outcome::Vector)
            }
            Expr::Binary(operation) => {
                let (lhs, rhs) = (self.of(&operation.lhs)?, self.of(&operation.rhs)?);
                binary::apply(operation, lhs, rhs, self.steps.count, &mut self.budget)
            }
        }
    }

    fn scalar(&mut self, expr: &Expr) -> Result<Vec<f64>, QueryError> {
        match self.of(expr)? {
            Outcome::Scalar(values) => Ok(values),
            other => Err(misplaced(&other)),
        }
    }

    fn vector(&mut self, expr: &Expr) -> Result<Vec<Track>, QueryError> {
        match self.of(expr)? {
            Outcome::Vector(tracks) => Ok(tracks),
            other => Err(misplaced(&other)),
        }
    }

    fn scalars(&mut self, value: impl Fn(UnixMs) -> f64) -> Result<Outcome, QueryError> {
        self.budget.keep(1, self.steps.count)?;
        Ok(Outcome::Scalar(self.steps.times().map(value).collect()))
    }

    fn of_instant(
        &mut self,
        function: InstantFunction,
        vector: &Expr,
        scalars: &[Expr],
    ) -> Result<Vec<Track>, QueryError> {
        let parameters =
            scalars.iter().map(|scalar| self.scalar(scalar)).collect::<Result<Vec<_>, _>>()?;
        match (function, vector) {
            // Only of a selector is the time of the sample itself known; all else happens at the
            // moment of evaluation.
            (InstantFunction::Timestamp, Expr::Select(selector)) => {
                merged(without_names(self.select(selector, |point| point.at as f64 / 1000.0)?))
            }
            (InstantFunction::Timestamp, _) => {
                let mut tracks = without_names(self.vector(vector)?);
                for track in &mut tracks {
                    track.values = self
                        .steps
                        .times()
                        .zip(&track.values)
                        .map(|(at, value)| value.map(|_| at as f64 / 1000.0))
                        .collect();
                }
                merged(tracks)
            }
            (InstantFunction::Absent, _) => {
                let found = self.vector(vector)?;
                Ok(match vector {
                    Expr::Select(selector) => self.absent(found, selector),
                    _ => self.absent_with(found, Labels::default()),
                })
            }
            _ => instant::apply(function, self.vector(vector)?, &parameters),
        }
    }

    fn absent(&self, found: Vec<Track>, selector: &Selector) -> Vec<Track> {
        self.absent_with(found, relabel::of_absent(&selector.matchers))
    }

    /// 1 at each step at which nothing was found.
    fn absent_with(&self, found: Vec<Track>, labels: Labels) -> Vec<Track> {
        let nothing_at = |step: usize| found.iter().all(|track| track.values[step].is_none());
        let values: Vec<_> =
            (0..self.steps.count).map(|step| nothing_at(step).then_some(1.0)).collect();
        if values.iter().all(Option::is_none) { Vec::new() } else { vec![Track { labels, values }] }
    }

    /// The moment a selector looks at from a moment of evaluation.
    fn moment(&self, selector: &Selector, at: UnixMs) -> UnixMs {
        self.moment_of(selector.at, selector.offset, at)
    }

    fn moment_of(&self, fixed: Option<At>, offset: i64, at: UnixMs) -> UnixMs {
        let at = match fixed {
            None => at,
            Some(At::Time(time)) => time,
            Some(At::Start) => self.ends.0,
            Some(At::End) => self.ends.1,
        };
        at.saturating_sub(offset)
    }

    /// For each series its newest sample at each step, unless that is too old or says that the
    /// series ended.
    fn select(
        &mut self,
        selector: &Selector,
        of: impl Fn(&Point) -> f64,
    ) -> Result<Vec<Track>, QueryError> {
        let first = Window::ending(self.moment(selector, self.steps.start), LOOKBACK);
        let last = self.moment(selector, self.steps.last());
        let series = match first.end == last {
            true => self.source.newest(&selector.matchers, first.earliest(), last)?,
            false => self.source.select(&selector.matchers, first.earliest(), last)?,
        };
        let series = self.loaded(series)?;
        self.budget.keep(series.len(), self.steps.count)?;
        let seen = |points: &[Point], at: UnixMs| {
            let window = Window::ending(self.moment(selector, at), LOOKBACK);
            window.of(points).last().filter(|point| !is_stale(point.value)).map(&of)
        };
        let tracks = series.into_iter().map(|series| Track {
            values: self.steps.times().map(|at| seen(&series.points, at)).collect(),
            labels: series.labels,
        });
        Ok(tracks.filter(Track::is_present).collect())
    }

    /// For each series what `function` makes of its samples in the window of each step; windows
    /// without samples have no value.
    fn over_range(
        &mut self,
        range: &RangeSelector,
        function: impl Fn(usize, &[Point], Window) -> Option<f64>,
    ) -> Result<Vec<Track>, QueryError> {
        let window =
            |this: &Self, at: UnixMs| Window::ending(this.moment(&range.selector, at), range.width);
        let (first, last) = (window(self, self.steps.start), window(self, self.steps.last()));
        let series = self.source.select(&range.selector.matchers, first.earliest(), last.end)?;
        let series = self.loaded(series)?;
        self.budget.keep(series.len(), self.steps.count)?;
        self.look_at(&series, range.width, range.selector.at)?;
        let mut tracks = Vec::with_capacity(series.len());
        for Series { labels, mut points } in series {
            points.retain(|point| !is_stale(point.value));
            let of_step = |(step, at)| {
                let window = window(self, at);
                let seen = window.of(&points);
                if seen.is_empty() { None } else { function(step, seen, window) }
            };
            let values = self.steps.times().enumerate().map(of_step).collect();
            tracks.push(Track { labels, values });
        }
        tracks.retain(Track::is_present);
        Ok(tracks)
    }

    /// For each element of a subquery what `function` makes of its values in the window of each
    /// step. They are evaluated at multiples of the subquery's step.
    fn over_subquery(
        &mut self,
        function: RangeFunction,
        sub: &Subquery,
    ) -> Result<Vec<Track>, QueryError> {
        let outer = self.steps;
        let window =
            |this: &Self, at| Window::ending(this.moment_of(sub.at, sub.offset, at), sub.width);
        let (first, last) = (window(self, outer.start).start, window(self, outer.last()).end);
        let step = sub.step.unwrap_or(SUBQUERY_STEP);
        let start = first.div_euclid(step).saturating_mul(step);
        let start = if start < first { start.saturating_add(step) } else { start };
        let series: Vec<Series> = if start <= last {
            let count = (last.saturating_sub(start) / step) as usize + 1;
            let inner = Steps { start, step, count, end: last };
            self.steps = inner;
            let tracks = self.vector(&sub.expr);
            self.steps = outer;
            tracks?.into_iter().map(|track| track.into_series(inner)).collect()
        } else {
            Vec::new()
        };
        self.budget.keep(series.len(), outer.count)?;
        self.look_at(&series, sub.width, sub.at)?;
        let mut found = Vec::with_capacity(series.len());
        for Series { labels, points } in series {
            let of_step = |at| {
                let window = window(self, at);
                let seen = window.of(&points);
                if seen.is_empty() { None } else { over_time::apply(function, seen, window) }
            };
            found.push(Track { labels, values: outer.times().map(of_step).collect() });
        }
        found.retain(Track::is_present);
        match function {
            RangeFunction::AbsentOverTime => Ok(self.absent_with(found, Labels::default())),
            RangeFunction::LastOverTime => Ok(found),
            _ => distinct(without_names(found)),
        }
    }

    /// Takes away what looking at these samples in windows of this width costs, before it is done.
    fn look_at(
        &mut self,
        series: &[Series],
        width: i64,
        fixed: Option<At>,
    ) -> Result<(), QueryError> {
        // In so many windows a sample may lie, at most.
        let windows = match fixed {
            Some(_) => self.steps.count,
            None => self.steps.count.min((width / self.steps.step) as usize + 1),
        };
        let samples: usize = series.iter().map(|one| one.points.len()).sum();
        let looks = samples.saturating_mul(windows);
        self.source.look(looks as u64)?;
        self.budget.look(looks)
    }

    /// The samples in a range on its own, which only an instant query may ask for.
    fn samples(&mut self, range: &RangeSelector) -> Result<Vec<Series>, QueryError> {
        let window = Window::ending(self.moment(&range.selector, self.steps.start), range.width);
        let series = self.source.select(&range.selector.matchers, window.earliest(), window.end)?;
        let mut series = self.loaded(series)?;
        for one in &mut series {
            one.points.retain(|point| !is_stale(point.value));
        }
        series.retain(|one| !one.points.is_empty());
        Ok(series)
    }

    /// In the order of their labels, whatever order the source has them in: the same record gives
    /// the same answer.
    fn loaded(&mut self, mut series: Vec<Series>) -> Result<Vec<Series>, QueryError> {
        self.budget.spend(series.iter().map(|one| one.points.len() as u64).sum())?;
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(series)
    }
}

/// The tracks with the metric name gone and each value changed.
pub fn mapped(tracks: Vec<Track>, change: impl Fn(f64) -> f64 + Copy) -> Vec<Track> {
    let rename = |mut track: Track| {
        let labels = std::mem::take(&mut track.labels).without_name();
        track.map(labels, change)
    };
    tracks.into_iter().map(rename).collect()
}

/// The tracks with the metric name gone.
pub fn without_names(tracks: Vec<Track>) -> Vec<Track> {
    mapped(tracks, |value| value)
}

/// The parser lets no expression through whose parts have the wrong kind; this is what an
/// expression put together by hand gets.
pub fn misplaced(outcome: &Outcome) -> QueryError {
    let kind = match outcome {
        Outcome::Scalar(_) => "a scalar",
        Outcome::Vector(_) => "an instant vector",
        Outcome::Range(_) => "a range vector",
        Outcome::Text(_) => "a string",
    };
    QueryError::Failed(format!("{kind} stands where a value of another kind is needed"))
}
