//! How to investigate a symptom.

use serde::Serialize;

use super::error::{DrillError, InvalidRequest};
use crate::domain::yaml::nearest;
use crate::lab::library::Library;

/// A playbook.
#[derive(Debug, Clone, Serialize)]
pub struct Playbook {
    /// The symptom.
    pub symptom: String,
    /// How to investigate it, in Markdown.
    pub text: String,
}

/// The symptoms there is a playbook for.
pub fn symptoms() -> Result<Vec<String>, DrillError> {
    Ok(Library::open()?.playbooks())
}

/// The playbook of a symptom.
pub fn playbook(symptom: &str) -> Result<Playbook, DrillError> {
    let library = Library::open()?;
    let text = library.playbook(symptom).ok_or_else(|| {
        let all = library.playbooks();
        InvalidRequest::NoPlaybook {
            symptom: symptom.to_owned(),
            near: nearest(symptom, all.iter().map(String::as_str)).map(str::to_owned),
            all,
        }
    })?;
    Ok(Playbook { symptom: symptom.to_owned(), text })
}
