//! Binary operators between scalars, between vectors and scalars, and the set operators; vector
//! matching stands in `matching`.

use super::evaluate::misplaced;
use super::expr::Binary;
use super::limits::Budget;
use super::matching::{Sides, combined};
use super::operator::{BinaryOp, SetOp};
use super::value::{Outcome, Track, merged};
use crate::domain::telemetry::QueryError;

/// What the operator makes of both sides.
pub fn apply(
    operation: &Binary,
    lhs: Outcome,
    rhs: Outcome,
    steps: usize,
    budget: &mut Budget,
) -> Result<Outcome, QueryError> {
    let op = operation.op;
    match (lhs, rhs) {
        (Outcome::Scalar(left), Outcome::Scalar(right)) => {
            let pairs = left.into_iter().zip(right);
            Ok(Outcome::Scalar(pairs.map(|(left, right)| scalar(op, left, right)).collect()))
        }
        (Outcome::Vector(tracks), Outcome::Scalar(right)) => {
            with_scalar(op, tracks, |value, step| element(op, value, right[step]))
                .map(Outcome::Vector)
        }
        (Outcome::Scalar(left), Outcome::Vector(tracks)) => {
            // A comparison keeps the element's value on whichever side the vector stands.
            let keeps_element =
                matches!(op, BinaryOp::Comparison(comparison) if !comparison.returns_bool);
            let change = |value: f64, step: usize| {
                element(op, left[step], value)
                    .map(|result| if keeps_element { value } else { result })
            };
            with_scalar(op, tracks, change).map(Outcome::Vector)
        }
        (Outcome::Vector(left), Outcome::Vector(right)) => match op {
            BinaryOp::Set(set) => {
                budget.keep(left.len() + right.len(), steps)?;
                set_operation(set, Sides::new(left, right, &operation.matching), steps)
                    .map(Outcome::Vector)
            }
            _ => combined(
                op,
                Sides::new(left, right, &operation.matching),
                &operation.matching,
                steps,
                budget,
            )
            .map(Outcome::Vector),
        },
        (Outcome::Scalar(_) | Outcome::Vector(_), other) | (other, _) => Err(misplaced(&other)),
    }
}

/// Between two scalars a comparison always answers 1 or 0.
fn scalar(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Arithmetic(arithmetic) => arithmetic.apply(left, right),
        BinaryOp::Comparison(comparison) => f64::from(comparison.relation.holds(left, right)),
        BinaryOp::Set(_) => f64::NAN,
    }
}

/// Between two elements, nothing when a comparison drops them.
pub fn element(op: BinaryOp, left: f64, right: f64) -> Option<f64> {
    match op {
        BinaryOp::Arithmetic(arithmetic) => Some(arithmetic.apply(left, right)),
        BinaryOp::Comparison(comparison) => {
            let holds = comparison.relation.holds(left, right);
            if comparison.returns_bool { Some(f64::from(holds)) } else { holds.then_some(left) }
        }
        BinaryOp::Set(_) => None,
    }
}

fn with_scalar(
    op: BinaryOp,
    mut tracks: Vec<Track>,
    change: impl Fn(f64, usize) -> Option<f64>,
) -> Result<Vec<Track>, QueryError> {
    for track in &mut tracks {
        for (step, value) in track.values.iter_mut().enumerate() {
            *value = value.and_then(|value| change(value, step));
        }
        if op.drops_name() {
            track.labels = std::mem::take(&mut track.labels).without_name();
        }
    }
    tracks.retain(Track::is_present);
    merged(tracks)
}

fn set_operation(set: SetOp, sides: Sides, steps: usize) -> Result<Vec<Track>, QueryError> {
    let presence = |tracks: &[Track], groups: &[usize]| {
        let mut present = vec![vec![false; steps]; sides.groups];
        for (track, &group) in tracks.iter().zip(groups) {
            present[group]
                .iter_mut()
                .zip(&track.values)
                .for_each(|(present, value)| *present |= value.is_some());
        }
        present
    };
    let masked = |mut track: Track, other: &[bool], keep: bool| {
        track
            .values
            .iter_mut()
            .zip(other)
            .filter(|(_, there)| **there != keep)
            .for_each(|(value, _)| *value = None);
        track
    };
    let (on_left, on_right) =
        (presence(&sides.left, &sides.left_groups), presence(&sides.right, &sides.right_groups));
    let left = sides.left.into_iter().zip(&sides.left_groups);
    let mut result: Vec<Track> = match set {
        SetOp::And => left.map(|(track, &group)| masked(track, &on_right[group], true)).collect(),
        SetOp::Unless => {
            left.map(|(track, &group)| masked(track, &on_right[group], false)).collect()
        }
        SetOp::Or => {
            let right = sides.right.into_iter().zip(&sides.right_groups);
            left.map(|(track, _)| track)
                .chain(right.map(|(track, &group)| masked(track, &on_left[group], false)))
                .collect()
        }
    };
    result.retain(Track::is_present);
    merged(result)
}
