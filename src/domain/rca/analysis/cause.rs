//! What broke, where, and what started it.

use super::resolve::Resolving;
use super::{Cause, Placed, Trigger};
use crate::domain::rca::document;
use crate::domain::rca::vocab::{self, Component, Kind};
use crate::domain::yaml::{Step, nearest};

impl Resolving<'_> {
    /// The causes that are named.
    pub(super) fn causes(&mut self, written: &[document::Cause]) -> Vec<Cause> {
        if written.is_empty() {
            self.error(
                &["root_cause".into()],
                "name the cause: `root_cause` is empty (`chaoslab vocab classes --search WORD` lists causes)",
            );
        }
        if written.len() > 1 {
            let path = ["root_cause".into(), 1.into()];
            self.advise(
                &path,
                "two causes are for two independent faults; did you mean a contributing factor? Each cause too many costs points",
            );
        }
        let causes: Vec<Cause> =
            written.iter().enumerate().filter_map(|(n, cause)| self.cause(cause, n)).collect();
        for (n, cause) in causes.iter().enumerate() {
            if causes[..n].iter().any(|before| before.class.value.id == cause.class.value.id) {
                self.error_at(
                    cause.class.place,
                    format!("the cause `{}` is given twice", cause.class.value.id),
                );
            }
        }
        causes
    }

    fn cause(&mut self, cause: &document::Cause, index: usize) -> Option<Cause> {
        let at = |field: &'static str| ["root_cause".into(), index.into(), field.into()];
        let components = cause.component.iter().enumerate().filter_map(|(n, text)| {
            let path = ["root_cause".into(), index.into(), "component".into(), n.into()];
            let value = self.component(text, &path)?;
            Some(Placed { value, place: self.document.front.at(&path) })
        });
        let components: Vec<_> = components.collect();
        let trigger = cause.trigger.as_deref().and_then(|text| {
            let value = self.trigger(text, &at("trigger"))?;
            Some(Placed { value, place: self.document.front.at(&at("trigger")) })
        });
        let id = cause.class.as_deref().unwrap_or("").trim();
        if id.is_empty() {
            self.error(&at("class"), "name the cause: write a class here (`chaoslab vocab classes --search WORD` lists them)");
            return None;
        }
        let class = match vocab::class(id) {
            Ok(class) => class,
            Err(message) => {
                self.error(&at("class"), message);
                return None;
            }
        };
        let is_control = vocab::domain(class.id) == "none";
        if is_control && !cause.component.is_empty() {
            self.error(
                &at("component"),
                format!(
                    "`{}` says that nothing has to be repaired: leave the component out",
                    class.id
                ),
            );
        }
        if is_control && !self.document.front.value.causal_chain.is_empty() {
            self.error(
                &["causal_chain".into()],
                format!("`{}` says that nothing has to be repaired: leave the chain out", class.id),
            );
        }
        if !is_control && cause.component.is_empty() {
            self.advise(
                &at("component"),
                "say where it originates: `component` is empty (`chaoslab vocab components` shows how to write one)",
            );
        }
        Some(Cause {
            class: Placed { value: class, place: self.document.front.at(&at("class")) },
            components,
            trigger,
        })
    }

    pub(super) fn component(&mut self, text: &str, path: &[Step<'_>]) -> Option<Component> {
        let component = match Component::parse(text.trim()) {
            Ok(component) => component,
            Err(message) => {
                self.error(path, message);
                return None;
            }
        };
        let inventory = &self.facts.inventory;
        let exists = match inventory.names(component.kind) {
            None => true,
            // A directory of a disk is as good as the disk.
            Some(names) if component.kind == Kind::Disk => {
                names.contains(&component.name)
                    || names.contains(component.name.split('/').next().unwrap_or(""))
            }
            Some(names) => names.contains(&component.name),
        };
        if exists {
            return Some(component);
        }
        let names = inventory.names(component.kind).unwrap_or_default();
        let meant = match names.len() {
            0 => "; it has none".to_owned(),
            1..=12 => format!("; it has {}", names.iter().cloned().collect::<Vec<_>>().join(", ")),
            _ => nearest(&component.name, names.iter().map(String::as_str))
                .map(|near| format!("; did you mean `{}:{near}`?", component.kind.word()))
                .unwrap_or_default(),
        };
        self.error(
            path,
            format!("this lab has no {} `{}`{meant}", component.kind.word(), component.name),
        );
        None
    }

    fn trigger(&mut self, text: &str, path: &[Step<'_>]) -> Option<Trigger> {
        if text == "not_listed" {
            return Some(Trigger::NotListed);
        }
        let number = text
            .strip_prefix("change:C")
            .or_else(|| text.strip_prefix('C'))
            .and_then(|n| n.parse::<u32>().ok());
        match number {
            Some(number) if self.facts.changes.iter().any(|c| c.number == number) => {
                Some(Trigger::Change(number))
            }
            Some(number) => {
                let last = self.facts.changes.iter().map(|c| c.number).max();
                let known = last.map_or("the feed is empty".to_owned(), |last| {
                    format!("they go up to C{last}")
                });
                self.error(
                    path,
                    format!("there is no change C{number}; {known} (`chaoslab changes`)"),
                );
                None
            }
            None => {
                self.error(path, format!("`{text}` is no trigger: write `change:C4`, an entry of `chaoslab changes`, or `not_listed`"));
                None
            }
        }
    }
}
