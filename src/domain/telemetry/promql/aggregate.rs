//! Aggregations: one element for each group of elements, or the elements of each group with the
//! largest or smallest values.

use std::collections::HashMap;

use super::display::number;
use super::expr::{Aggregation, Grouping};
use super::limits::Budget;
use super::numeric::{Sum, largest, mean, quantile, smallest};
use super::top::{Rank, top};
use super::value::{Track, merged};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::Labels;

/// The groups' values. `parameter` is the scalar of the aggregation at each of the `steps` steps.
pub fn apply(
    aggregation: &Aggregation,
    grouping: &Grouping,
    parameter: Option<&[f64]>,
    tracks: &[Track],
    steps: usize,
    budget: &mut Budget,
) -> Result<Vec<Track>, QueryError> {
    let parameter =
        |step: usize| parameter.and_then(|values| values.get(step)).copied().unwrap_or(f64::NAN);
    let groups = || groups(grouping, tracks);
    let of_each = |value: &dyn Fn(&mut Vec<f64>, usize) -> f64| {
        Ok(summarised(groups(), tracks, steps, value))
    };
    match aggregation {
        Aggregation::Sum => of_each(&|values, _| values.iter().sum()),
        Aggregation::Avg => of_each(&|values, _| mean(values.iter().copied(), Sum::add_rounding)),
        Aggregation::Min => of_each(&|values, _| smallest(values.iter().copied())),
        Aggregation::Max => of_each(&|values, _| largest(values.iter().copied())),
        Aggregation::Count => of_each(&|values, _| values.len() as f64),
        Aggregation::Group => of_each(&|_, _| 1.0),
        Aggregation::Stdvar => of_each(&|values, _| variance(values)),
        Aggregation::Stddev => of_each(&|values, _| variance(values).sqrt()),
        Aggregation::Quantile(_) => of_each(&|values, step| quantile(parameter(step), values)),
        Aggregation::Topk(_) => chosen(groups(), tracks, steps, Rank::Largest, parameter),
        Aggregation::Bottomk(_) => chosen(groups(), tracks, steps, Rank::Smallest, parameter),
        Aggregation::CountValues(label) => merged(counted(grouping, label, tracks, steps, budget)?),
    }
}

/// The labels a group has in common.
fn group_labels(grouping: &Grouping, labels: &Labels) -> Labels {
    match grouping {
        Grouping::By(kept) => labels.only(kept),
        Grouping::Without(dropped) => labels.without(dropped).without_name(),
    }
}

/// The groups in the order in which their first elements stand, and the places of their elements.
fn groups(grouping: &Grouping, tracks: &[Track]) -> Vec<(Labels, Vec<usize>)> {
    let mut groups: Vec<(Labels, Vec<usize>)> = Vec::new();
    let mut places = HashMap::new();
    for (index, track) in tracks.iter().enumerate() {
        let labels = group_labels(grouping, &track.labels);
        let place = *places.entry(labels.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, members)) => members.push(index),
            None => groups.push((labels, vec![index])),
        }
    }
    groups
}

/// One track for each group, with what `value` makes of the values its members have at each step.
fn summarised(
    groups: Vec<(Labels, Vec<usize>)>,
    tracks: &[Track],
    steps: usize,
    value: &dyn Fn(&mut Vec<f64>, usize) -> f64,
) -> Vec<Track> {
    let mut present = Vec::new();
    let mut at_step = |members: &[usize], step: usize| {
        present.clear();
        present.extend(members.iter().filter_map(|&member| tracks[member].values[step]));
        if present.is_empty() { None } else { Some(value(&mut present, step)) }
    };
    groups
        .into_iter()
        .map(|(labels, members)| Track {
            labels,
            values: (0..steps).map(|step| at_step(&members, step)).collect(),
        })
        .collect()
}

/// The tracks themselves, with only the values that are among the first of their group, in that
/// order.
fn chosen(
    groups: Vec<(Labels, Vec<usize>)>,
    tracks: &[Track],
    steps: usize,
    rank: Rank,
    parameter: impl Fn(usize) -> f64,
) -> Result<Vec<Track>, QueryError> {
    let counts = (0..steps).map(|step| how_many(parameter(step))).collect::<Result<Vec<_>, _>>()?;
    let mut chosen: Vec<Track> = Vec::new();
    for (_, members) in groups {
        let mut places: HashMap<usize, usize> = HashMap::new();
        for (step, &count) in counts.iter().enumerate() {
            let candidates = members
                .iter()
                .filter_map(|&member| tracks[member].values[step].map(|value| (value, member)));
            for (value, member) in top(count, rank, candidates) {
                let place = *places.entry(member).or_insert(chosen.len());
                if place == chosen.len() {
                    chosen.push(Track {
                        labels: tracks[member].labels.clone(),
                        values: vec![None; steps],
                    });
                }
                chosen[place].values[step] = Some(value);
            }
        }
    }
    Ok(chosen)
}

/// How many elements `topk` and `bottomk` are to choose, from their scalar.
fn how_many(scalar: f64) -> Result<usize, QueryError> {
    if scalar.is_nan() || scalar.abs() > i64::MAX as f64 {
        return Err(QueryError::Failed(format!(
            "the number of elements to choose is {}, which is no whole number",
            number(scalar)
        )));
    }
    Ok(scalar as usize)
}

/// How many elements of each group have each value: a track for each, with the value in the label.
fn counted(
    grouping: &Grouping,
    label: &str,
    tracks: &[Track],
    steps: usize,
    budget: &mut Budget,
) -> Result<Vec<Track>, QueryError> {
    let grouping = match grouping {
        Grouping::By(kept) => {
            Grouping::By(kept.iter().cloned().chain([label.to_owned()]).collect())
        }
        without => without.clone(),
    };
    let mut counted: Vec<Track> = Vec::new();
    let mut places = HashMap::new();
    for step in 0..steps {
        for track in tracks {
            let Some(value) = track.values[step] else { continue };
            let mut labels = track.labels.clone();
            labels.set(label, &number(value));
            let labels = group_labels(&grouping, &labels);
            let place = *places.entry(labels.clone()).or_insert(counted.len());
            if place == counted.len() {
                budget.keep(1, steps)?;
                counted.push(Track { labels, values: vec![None; steps] });
            }
            let count = &mut counted[place].values[step];
            *count = Some(count.unwrap_or(0.0) + 1.0);
        }
    }
    Ok(counted)
}

/// Variance of the population (Welford's method, begun at the first value so that one infinity
/// alone varies by 0).
fn variance(values: &[f64]) -> f64 {
    let (mut mean, mut squares) = (values.first().copied().unwrap_or(f64::NAN), 0.0);
    for (index, value) in values.iter().enumerate().skip(1) {
        let distance = value - mean;
        mean += distance / (index + 1) as f64;
        squares += distance * (value - mean);
    }
    squares / values.len() as f64
}
