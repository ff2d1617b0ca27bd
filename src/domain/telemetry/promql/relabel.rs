//! Changing labels: `label_replace`, `label_join`, and the labels `absent` gives to what is not there.

use super::expr::{LabelJoin, Relabel};
use super::limits;
use super::value::Track;
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::series::{Labels, MatchOp, Matcher, NAME};

/// The track with its target label set, when the pattern matches the whole source label.
pub fn replace(change: &Relabel, mut track: Track) -> Result<Track, QueryError> {
    if let Some(found) = change.regex.captures(track.labels.get(&change.source)) {
        let mut value = String::new();
        found.expand(&change.replacement, &mut value);
        if value.len() > limits::LABEL_VALUE {
            return Err(QueryError::TooCostly(format!(
                "`label_replace` makes a label of more than {} bytes here",
                limits::LABEL_VALUE
            )));
        }
        track.labels.set(&change.target, &value);
    }
    Ok(track)
}

/// The track with its target label set to the values of other labels.
pub fn join(change: &LabelJoin, mut track: Track) -> Result<Track, QueryError> {
    let values: Vec<&str> = change.sources.iter().map(|label| track.labels.get(label)).collect();
    let value = values.join(&change.separator);
    if value.len() > limits::LABEL_VALUE {
        return Err(QueryError::TooCostly(format!(
            "`label_join` makes a label of more than {} bytes here",
            limits::LABEL_VALUE
        )));
    }
    track.labels.set(&change.target, &value);
    Ok(track)
}

/// The labels a selector fixes: those it compares with `=` and mentions once.
pub fn of_absent(matchers: &[Matcher]) -> Labels {
    let mut labels = Labels::default();
    let mut fixed: Vec<&str> = Vec::new();
    for matcher in matchers.iter().filter(|matcher| matcher.label != NAME) {
        match &matcher.op {
            MatchOp::Equal(value) if !fixed.contains(&matcher.label.as_str()) => {
                labels.set(&matcher.label, value);
                fixed.push(&matcher.label);
            }
            _ => labels.set(&matcher.label, ""),
        }
    }
    labels
}
