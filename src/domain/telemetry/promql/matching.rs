//! Vector matching: which elements of two vectors belong together, and what becomes of their
//! labels.

use std::collections::HashMap;

use super::binary::element;
use super::expr::{Cardinality, Matching, MatchingLabels};
use super::limits::Budget;
use super::operator::BinaryOp;
use super::value::Track;
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::Labels;

/// Two vectors whose elements are numbered by match group: those that agree in the labels that
/// count.
pub struct Sides {
    /// The left vector.
    pub left: Vec<Track>,
    /// The right vector.
    pub right: Vec<Track>,
    /// The group of each element on the left.
    pub left_groups: Vec<usize>,
    /// The group of each element on the right.
    pub right_groups: Vec<usize>,
    /// How many groups there are.
    pub groups: usize,
}

impl Sides {
    /// Numbers the elements' groups.
    pub fn new(left: Vec<Track>, right: Vec<Track>, matching: &Matching) -> Self {
        let mut numbers: HashMap<Labels, usize> = HashMap::new();
        let mut number = |tracks: &[Track]| -> Vec<usize> {
            let group = |track: &Track| {
                let next = numbers.len();
                *numbers.entry(group_labels(&matching.labels, &track.labels)).or_insert(next)
            };
            tracks.iter().map(group).collect()
        };
        let (left_groups, right_groups) = (number(&left), number(&right));
        Self { left, right, left_groups, right_groups, groups: numbers.len() }
    }
}

fn group_labels(matching: &MatchingLabels, labels: &Labels) -> Labels {
    match matching {
        MatchingLabels::On(kept) => labels.only(kept),
        MatchingLabels::Ignoring(dropped) => labels.without(dropped).without_name(),
    }
}

/// An arithmetic operator or comparison between elements that match.
pub fn combined(
    op: BinaryOp,
    sides: Sides,
    matching: &Matching,
    steps: usize,
    budget: &mut Budget,
) -> Result<Vec<Track>, QueryError> {
    let many_is_left = !matches!(matching.cardinality, Cardinality::OneToMany(_));
    let (many, many_groups, one, one_groups) = match many_is_left {
        true => (&sides.left, &sides.left_groups, &sides.right, &sides.right_groups),
        false => (&sides.right, &sides.right_groups, &sides.left, &sides.left_groups),
    };
    budget.keep(many.len(), steps)?;
    let mut results =
        Results { steps, tracks: Vec::new(), of_pair: HashMap::new(), of_labels: HashMap::new() };
    let mut partners: Vec<Option<usize>> = vec![None; sides.groups];
    let mut taken = vec![false; sides.groups];
    for step in 0..steps {
        let present = |tracks: &[Track]| tracks.iter().any(|track| track.values[step].is_some());
        if !present(many) || !present(one) {
            continue;
        }
        partners.fill(None);
        taken.fill(false);
        for (index, &group) in
            one_groups.iter().enumerate().filter(|(index, _)| one[*index].values[step].is_some())
        {
            if let Some(other) = partners[group].replace(index) {
                return Err(not_unique(
                    &one[other].labels,
                    &one[index].labels,
                    many_is_left,
                    matching,
                ));
            }
        }
        for (index, &group) in many_groups.iter().enumerate() {
            let (Some(partner), Some(value)) = (partners[group], many[index].values[step]) else {
                continue;
            };
            let Some(partner_value) = one[partner].values[step] else { continue };
            let (left, right) =
                if many_is_left { (value, partner_value) } else { (partner_value, value) };
            let Some(result) = element(op, left, right) else { continue };
            if matching.cardinality == Cardinality::OneToOne
                && std::mem::replace(&mut taken[group], true)
            {
                return Err(many_to_one(&many[index].labels, &one[partner].labels));
            }
            let track = results.track((index, partner), budget, || {
                result_labels(op, matching, &many[index].labels, &one[partner].labels)
            })?;
            if track.values[step].replace(result).is_some() {
                return Err(not_kept_apart(&track.labels));
            }
        }
    }
    Ok(results.tracks)
}

/// The tracks an operator makes, each under its labels.
struct Results {
    steps: usize,
    tracks: Vec<Track>,
    of_pair: HashMap<(usize, usize), usize>,
    of_labels: HashMap<Labels, usize>,
}

impl Results {
    /// The track of what these two elements make.
    fn track(
        &mut self,
        pair: (usize, usize),
        budget: &mut Budget,
        labels: impl Fn() -> Labels,
    ) -> Result<&mut Track, QueryError> {
        let place = match self.of_pair.get(&pair) {
            Some(place) => *place,
            None => {
                let labels = labels();
                let place = *self.of_labels.entry(labels.clone()).or_insert(self.tracks.len());
                if place == self.tracks.len() {
                    budget.keep(1, self.steps)?;
                    self.tracks.push(Track { labels, values: vec![None; self.steps] });
                }
                self.of_pair.insert(pair, place);
                place
            }
        };
        Ok(&mut self.tracks[place])
    }
}

/// The labels of a result: those of the "many" side, less what the operator and the matching take
/// away, plus what `group_left` or `group_right` brings from the other.
fn result_labels(op: BinaryOp, matching: &Matching, many: &Labels, one: &Labels) -> Labels {
    let mut labels = if op.drops_name() { many.clone().without_name() } else { many.clone() };
    match (&matching.cardinality, &matching.labels) {
        (Cardinality::OneToOne, MatchingLabels::On(kept)) => labels = labels.only(kept),
        (Cardinality::OneToOne, MatchingLabels::Ignoring(dropped)) => {
            labels = labels.without(dropped)
        }
        (Cardinality::ManyToOne(brought) | Cardinality::OneToMany(brought), _) => {
            brought.iter().for_each(|label| labels.set(label, one.get(label)));
        }
    }
    match op {
        BinaryOp::Comparison(comparison) if comparison.returns_bool => labels.without_name(),
        _ => labels,
    }
}

fn not_kept_apart(labels: &Labels) -> QueryError {
    let message =
        "the labels of `on`, `ignoring` and `group_left` or `group_right` must keep them apart";
    QueryError::Failed(format!("several elements are left with the labels {labels}; {message}"))
}

fn not_unique(
    first: &Labels,
    second: &Labels,
    one_is_right: bool,
    matching: &Matching,
) -> QueryError {
    let side = if one_is_right { "right" } else { "left" };
    let group = group_labels(&matching.labels, second);
    QueryError::Failed(format!(
        "many-to-many matching not allowed: the {side} side has {first} and {second} for the same match group {group}; name in `on (...)` the labels that \
         tell them apart, or aggregate that side first"
    ))
}

fn many_to_one(many: &Labels, one: &Labels) -> QueryError {
    QueryError::Failed(format!(
        "several elements on the left, {many} among them, match {one} on the right; if that is meant, say so with `group_left`, after `on (...)` or `ignoring (...)`"
    ))
}
