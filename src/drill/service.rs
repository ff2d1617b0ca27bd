//! What an operator may do to an application.

use std::collections::BTreeMap;

use serde::Serialize;

use super::choose::Chosen;
use super::error::{DrillError, InvalidRequest};
use super::machine;
use super::notice::Notices;
use super::recorded::{Entry, Numbered, Recorded};
use crate::domain::workload::{VERSION, edit_properties, properties_path};
use crate::lab::engine::{Files, Lab, supervisor};

pub use crate::lab::engine::supervisor::Control;

/// The configuration of a service.
#[derive(Debug, Clone, Serialize)]
pub struct Properties {
    /// The service.
    pub service: String,
    /// Its properties file, on its machine.
    pub file: String,
    /// What is in it.
    pub properties: String,
}

/// A service that was configured anew and restarted.
#[derive(Debug, Clone, Serialize)]
pub struct Changed {
    /// The service.
    pub service: String,
    /// Lines that are gone from its properties file.
    pub gone: Vec<String>,
    /// Lines that have come.
    pub come: Vec<String>,
}

/// A service of an open run.
#[derive(Debug, Clone)]
pub struct Service {
    pub(super) chosen: Chosen,
    pub(super) lab: Lab,
    name: String,
}

/// A service, by its name.
pub fn service(chosen: &Chosen, name: &str) -> Result<Service, DrillError> {
    let lab = chosen.lab()?;
    machine::known_service(&lab, name)?;
    Ok(Service { chosen: chosen.clone(), lab, name: name.to_owned() })
}

impl Service {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shows its properties file.
    pub async fn show(&self, notices: &dyn Notices) -> Result<Numbered<Properties>, DrillError> {
        let recorded = self.begin("show", false, notices).await?;
        Ok(Numbered { value: self.properties().await?, recorded })
    }

    /// Its properties, which an editor is opened on; not recorded.
    pub async fn properties(&self) -> Result<Properties, DrillError> {
        let file = properties_path(&self.name);
        let properties =
            self.chosen.engine().await?.read_file(&self.lab, &self.name, &file).await?;
        Ok(Properties { service: self.name.clone(), file, properties })
    }

    /// Sets properties, each given as `key=value`, and restarts it.
    pub async fn set(
        &self,
        properties: &[String],
        notices: &dyn Notices,
    ) -> Result<Numbered<Changed>, DrillError> {
        let changes = properties.iter().map(|p| pair(p)).collect::<Result<BTreeMap<_, _>, _>>()?;
        let before = self.properties().await?.properties;
        let after = edit_properties(&before, &changes);
        if changes.contains_key(VERSION) {
            self.must_be_there(&after).await?;
        }
        let action = format!("set {}", properties.join(" "));
        let recorded = self.begin(&action, true, notices).await?;
        Ok(Numbered { value: self.put(&before, after).await?, recorded })
    }

    /// Puts an edited properties file in place of the one that was read before, and restarts it.
    pub async fn replace(
        &self,
        before: &str,
        after: String,
        notices: &dyn Notices,
    ) -> Result<Numbered<Changed>, DrillError> {
        self.must_be_there(&after).await?;
        let recorded = self.begin("edit", true, notices).await?;
        Ok(Numbered { value: self.put(before, after).await?, recorded })
    }

    /// Starts, stops or restarts it.
    pub async fn control(
        &self,
        what: Control,
        notices: &dyn Notices,
    ) -> Result<Numbered<()>, DrillError> {
        let recorded = self.begin(what.name(), true, notices).await?;
        let engine = self.chosen.engine().await?;
        supervisor::control(&engine, &self.lab, &self.name, &self.name, what).await?;
        Ok(Numbered { value: (), recorded })
    }

    pub(super) async fn begin(
        &self,
        action: &str,
        mutating: bool,
        notices: &dyn Notices,
    ) -> Result<Recorded, DrillError> {
        let text = format!("chaoslab service {} {action}", self.name);
        let entry = Entry { kind: "service", node: &self.name, text: &text, mutating };
        Recorded::begin(&self.chosen, entry, notices).await
    }

    pub(super) async fn put(&self, before: &str, after: String) -> Result<Changed, DrillError> {
        let engine = self.chosen.engine().await?;
        let changed = changed(&self.name, before, &after);
        let file = (properties_path(&self.name), after);
        engine.write_files(&self.lab, &self.name, &[file]).await?;
        supervisor::control(&engine, &self.lab, &self.name, &self.name, Control::Restart).await?;
        Ok(changed)
    }
}

fn changed(service: &str, before: &str, after: &str) -> Changed {
    let only_in = |one: &str, other: &str| -> Vec<String> {
        one.lines().filter(|l| !other.lines().any(|o| o == *l)).map(str::to_owned).collect()
    };
    let (gone, come) = (only_in(before, after), only_in(after, before));
    Changed { service: service.to_owned(), gone, come }
}

/// A property as it is typed.
fn pair(text: &str) -> Result<(String, String), InvalidRequest> {
    let pair = text.split_once('=').map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()));
    pair.filter(|(k, _)| !k.is_empty()).ok_or_else(|| InvalidRequest::NotAProperty(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_has_a_key() {
        assert_eq!(pair("rate = 100").expect("one"), ("rate".to_owned(), "100".to_owned()));
        assert_eq!(pair("a=b=c").expect("one").1, "b=c");
        for wrong in ["rate", "=100", " = "] {
            assert_eq!(
                pair(wrong).expect_err(wrong).to_string(),
                format!("`{wrong}` is not KEY=VALUE")
            );
        }
    }

    #[test]
    fn what_changed_is_told_line_by_line() {
        let changed = changed("billing", "a=1\nb=2\n", "a=1\nb=3\nc=4\n");
        assert_eq!(changed.gone, ["b=2"]);
        assert_eq!(changed.come, ["b=3", "c=4"]);
    }
}
