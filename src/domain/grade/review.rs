//! What a person says of a grade: a finding may be disputed, and a reviewer's answer, always with a
//! reason, may give its points back.

use serde::{Deserialize, Serialize};

use super::Grade;
use crate::domain::yaml::{self, Located, Problem, Step};

/// A finding its author does not agree with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The finding, `L3`.
    pub finding: String,
    /// Why it is wrong.
    pub reason: String,
}

/// What a reviewer says of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The finding, `L3`.
    pub finding: String,
    /// Whether the author is right: then the finding is struck and its points are given back.
    pub struck: bool,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A file of a reviewer's answers: a list, each finding once, each with a reason.
pub fn read_overrides(text: &str, grade: &Grade) -> Result<Vec<Override>, Vec<Problem>> {
    let file: Located<Vec<Override>> = yaml::read(text, 1)?;
    let mut problems = Vec::new();
    for (number, one) in file.value.iter().enumerate() {
        let mut wrong = |key: &str, message: String| {
            problems.push(file.problem(&[Step::Item(number), Step::Key(key)], message))
        };
        if let Err(message) = known(grade, &one.finding) {
            wrong("finding", message);
        }
        if file.value[..number].iter().any(|before| before.finding == one.finding) {
            wrong("finding", format!("{} is answered above", one.finding));
        }
        if one.reason.trim().is_empty() {
            wrong("reason", "an answer has a reason".to_owned());
        }
        if one.by.trim().is_empty() {
            wrong("by", "an answer names who gives it".to_owned());
        }
    }
    if problems.is_empty() { Ok(file.value) } else { Err(problems) }
}

/// Refuses what is no finding of a grade, in a sentence that tells which there are.
pub fn known(grade: &Grade, finding: &str) -> Result<(), String> {
    if grade.losses.iter().any(|loss| loss.loss == finding) {
        return Ok(());
    }
    let there = grade.losses.last().map_or_else(
        || "there are none".to_owned(),
        |last| format!("they are L1 to {}", last.loss),
    );
    Err(format!("{finding} is no finding of {}: {there}", grade.run))
}

/// The disputed findings nobody has answered.
pub fn unanswered<'a>(disputes: &'a [Dispute], answers: &[Override]) -> Vec<&'a Dispute> {
    disputes
        .iter()
        .filter(|dispute| !answers.iter().any(|answer| answer.finding == dispute.finding))
        .collect()
}

impl Grade {
    /// The grade as reviewed: struck findings are gone and their points given back; gates, hints
    /// and damage count as before. Each answer is a note.
    pub fn reviewed(&self, answers: &[Override]) -> Self {
        let mut grade = self.clone();
        for answer in answers {
            let Some(index) = grade.losses.iter().position(|loss| loss.loss == answer.finding)
            else {
                continue;
            };
            let verdict = if answer.struck {
                let loss = grade.losses.remove(index);
                if let Some(item) = grade.items.iter_mut().find(|item| item.item == loss.item) {
                    item.earned = (item.earned + loss.lost).min(item.possible);
                    item.score =
                        (u64::from(item.earned) * 1000 / u64::from(item.possible.max(1))) as u32;
                }
                "struck"
            } else {
                "upheld"
            };
            grade.notes.push(format!(
                "{} was {verdict} by {}: {}",
                answer.finding, answer.by, answer.reason
            ));
        }
        grade.add_up();
        grade
    }
}
