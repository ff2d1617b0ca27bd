//! How to investigate a symptom: the method, which is free, and the table of its causes with their
//! repairs, which costs points while a run of the symptom is not graded.

use serde::Serialize;

use super::choose::Home;
use super::error::{DrillError, InvalidRequest};
use crate::domain::grade::COST_OF_CAUSES;
use crate::domain::yaml::nearest;
use crate::lab::library::Library;
use crate::lab::run::Run;

/// The heading below which a playbook's file holds the causes.
const CAUSES: &str = "\n# Causes";

/// A playbook, or the part of it that was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Playbook {
    /// The symptom.
    pub symptom: String,
    /// What it says, in Markdown.
    pub text: String,
}

/// The table of causes, before it is shown.
#[derive(Debug)]
pub struct Causes {
    playbook: Playbook,
    /// Runs that have to pay for it.
    runs: Vec<Run>,
}

/// The symptoms there is a playbook for.
pub fn symptoms() -> Result<Vec<String>, DrillError> {
    Ok(Library::open()?.playbooks())
}

/// How a symptom is investigated.
pub fn method(symptom: &str) -> Result<Playbook, DrillError> {
    let (method, _) = parts(symptom)?;
    Ok(Playbook { symptom: symptom.to_owned(), text: method })
}

/// What may cause a symptom, and how each is repaired.
pub fn causes(home: &Home, symptom: &str) -> Result<Causes, DrillError> {
    let (_, text) = parts(symptom)?;
    let mut runs = Vec::new();
    for run in home.list()? {
        // A run that cannot be read is not graded either: it has nothing to pay from.
        let Ok(file) = run.read() else { continue };
        if file.family == symptom && file.can_be_graded() && !file.causes_read {
            runs.push(run);
        }
    }
    Ok(Causes { playbook: Playbook { symptom: symptom.to_owned(), text }, runs })
}

impl Causes {
    /// What it costs in points of 100, and in the grades of which runs; nothing when it is free.
    pub fn cost(&self) -> Option<(u32, Vec<&str>)> {
        let runs: Vec<_> = self.runs.iter().map(|run| run.id.as_str()).collect();
        (!runs.is_empty()).then_some((COST_OF_CAUSES, runs))
    }

    /// Takes it: it is paid for before it is shown.
    pub fn take(self) -> Result<Playbook, DrillError> {
        for run in &self.runs {
            run.update(|file| file.causes_read = true)?;
        }
        Ok(self.playbook)
    }
}

/// The method and the causes of a symptom.
fn parts(symptom: &str) -> Result<(String, String), DrillError> {
    let library = Library::open()?;
    let text = library.playbook(symptom).ok_or_else(|| {
        let all = library.playbooks();
        InvalidRequest::NoPlaybook {
            symptom: symptom.to_owned(),
            near: nearest(symptom, all.iter().map(String::as_str)).map(str::to_owned),
            all,
        }
    })?;
    Ok(split(&text))
}

fn split(text: &str) -> (String, String) {
    match text.find(CAUSES) {
        Some(at) => (text[..at].trim_end().to_owned() + "\n", text[at + 1..].to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_stand_below_their_heading() {
        let (method, causes) = split("# Symptom\nLook.\n\n# Causes and repairs\n| a | b |\n");
        assert_eq!(method, "# Symptom\nLook.\n");
        assert_eq!(causes, "# Causes and repairs\n| a | b |\n");
    }

    #[test]
    fn every_playbook_has_a_method_and_causes() {
        let symptoms = symptoms().expect("there are some");
        assert!(symptoms.len() >= 4, "{symptoms:?}");
        for symptom in symptoms {
            let (method, causes) = parts(&symptom).expect("there");
            assert!(method.contains("## Before anything else"), "{symptom}: the method");
            assert!(causes.contains("| cause"), "{symptom}: the table of causes");
            assert!(!method.contains("| cause"), "{symptom}: a table of causes in the method");
            assert!(method.contains("--causes"), "{symptom}: where the causes are");
        }
    }
}
