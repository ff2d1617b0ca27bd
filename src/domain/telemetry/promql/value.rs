//! What an evaluation yields, and the shape values have on the way there.

use std::collections::{HashMap, HashSet};

use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::{Labels, Point, Series};

use super::window::Steps;

/// The answer to an instant query.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(f64),
    /// One value for each series. The same record gives the same order; `sort`, `sort_desc`, `topk`
    /// and `bottomk` order by value.
    Vector(Vec<(Labels, f64)>),
    /// The samples in a range, for each series in the order of their labels.
    Matrix(Vec<Series>),
    /// A string.
    String(String),
}

/// A series on the way: its labels and its value at each step, if it has one there.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Name and labels.
    pub labels: Labels,
    /// One entry for each step.
    pub values: Vec<Option<f64>>,
}

/// What a part of an expression yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A number at each step.
    Scalar(Vec<f64>),
    /// Series with values at the steps.
    Vector(Vec<Track>),
    /// Series with their own samples.
    Range(Vec<Series>),
    /// A string.
    Text(String),
}

impl Track {
    /// The track with each value replaced, under new labels.
    pub fn map(self, labels: Labels, change: impl Fn(f64) -> f64) -> Self {
        Self { labels, values: self.values.into_iter().map(|value| value.map(&change)).collect() }
    }

    /// Whether it has a value at any step.
    pub fn is_present(&self) -> bool {
        self.values.iter().any(Option::is_some)
    }

    /// The track as a series with a sample at each step that has a value.
    pub fn into_series(self, steps: Steps) -> Series {
        let points = steps
            .times()
            .zip(self.values)
            .filter_map(|(at, value)| value.map(|value| Point { at, value }))
            .collect();
        Series { labels: self.labels, points }
    }
}

fn duplicate(labels: &Labels) -> QueryError {
    let message = "several series are left with the same labels";
    QueryError::Failed(format!(
        "{message}, {labels}; select one metric, or aggregate with `sum by (...)` and the like"
    ))
}

/// Puts together tracks that changed their labels and now are one series. Two values for it at the
/// same step are an error.
pub fn merged(tracks: Vec<Track>) -> Result<Vec<Track>, QueryError> {
    if all_distinct(&tracks).is_ok() {
        return Ok(tracks);
    }
    let mut merged: Vec<Track> = Vec::new();
    let mut places = HashMap::new();
    for track in tracks {
        let place = *places.entry(track.labels.clone()).or_insert(merged.len());
        match merged.get_mut(place) {
            None => merged.push(track),
            Some(first) => {
                for (kept, value) in first.values.iter_mut().zip(&track.values) {
                    if kept.is_some() && value.is_some() {
                        return Err(duplicate(&track.labels));
                    }
                    *kept = kept.or(*value);
                }
            }
        }
    }
    Ok(merged)
}

/// The tracks, unless two of them have the same labels, be it at different steps.
pub fn distinct(tracks: Vec<Track>) -> Result<Vec<Track>, QueryError> {
    match all_distinct(&tracks) {
        Ok(()) => Ok(tracks),
        Err(labels) => Err(duplicate(&labels)),
    }
}

fn all_distinct(tracks: &[Track]) -> Result<(), Labels> {
    let mut seen = HashSet::with_capacity(tracks.len());
    match tracks.iter().find(|track| !seen.insert(&track.labels)) {
        None => Ok(()),
        Some(track) => Err(track.labels.clone()),
    }
}
