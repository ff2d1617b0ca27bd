//! What belongs to a cause: how it led to the symptom, what else it could have been, what was done,
//! and what keeps it from coming back.

use super::resolve::Resolving;
use super::{Cause, Hypothesis, Link, Mitigation, Placed, Prevention};
use crate::domain::rca::document::{self, Verdict};
use crate::domain::rca::vocab::classes::Class;
use crate::domain::rca::vocab::{self, Component};
use crate::domain::yaml::Step;

impl Resolving<'_> {
    fn known_ids(&mut self, ids: &[String], path: &[Step<'_>]) {
        for id in ids.iter().filter(|id| !self.ids.contains(*id)).cloned().collect::<Vec<_>>() {
            // An entry that could not be read has told its own problem.
            let written = &self.document.front.value;
            if !written
                .evidence
                .iter()
                .chain(&written.impact)
                .any(|entry| entry.id.as_deref() == Some(id.as_str()))
            {
                self.error(path, format!("there is no evidence `{id}`"));
            }
        }
    }

    pub(super) fn link(&mut self, link: &document::Link, index: usize) -> Option<Placed<Link>> {
        let path: [Step<'static>; 2] = ["causal_chain".into(), index.into()];
        let place = self.document.front.at(&path);
        let told = match link {
            document::Link::Detected(text) => {
                let number = text.strip_prefix('V').and_then(|n| n.parse::<u32>().ok());
                let known = number.filter(|n| self.facts.detections.iter().any(|d| d.number == *n));
                if known.is_none() {
                    self.error(
                        &path,
                        format!(
                            "`{text}` is no entry of `chaoslab events`; write one as `V7`, or tell an event: `{{event: ..., on: ...}}`"
                        ),
                    );
                }
                return known.map(|number| Placed { value: Link::Detected(number), place });
            }
            document::Link::Told(told) => told,
        };
        let field = |name: &'static str| [path[0], path[1], name.into()];
        let event =
            vocab::event(&told.event).map_err(|message| self.error(&field("event"), message)).ok();
        let on: Vec<Component> =
            told.on.iter().filter_map(|text| self.component(text, &field("on"))).collect();
        if let Some(event) = event {
            for component in on.iter().filter(|c| !event.on.contains(&c.kind)) {
                let kinds: Vec<_> = event.on.iter().map(|k| k.word()).collect();
                let message = format!(
                    "`{}` does not happen on a {}; it happens on: {}",
                    event.id,
                    component.kind.word(),
                    kinds.join(", ")
                );
                self.error(&field("on"), message);
            }
        }
        let at = told.at.as_deref().and_then(|text| self.time(text, &field("at")));
        self.known_ids(&told.evidence, &field("evidence"));
        Some(Placed {
            value: Link::Told { event: event?, on, at, evidence: told.evidence.clone() },
            place,
        })
    }

    pub(super) fn hypothesis(
        &mut self,
        hypothesis: &document::Hypothesis,
        index: usize,
        causes: &[Cause],
    ) -> Option<Hypothesis> {
        let field = |name: &'static str| ["hypotheses".into(), index.into(), name.into()];
        self.known_ids(&hypothesis.by, &field("by"));
        let class = match vocab::class(hypothesis.class.as_deref().unwrap_or("").trim()) {
            Ok(class) => class,
            Err(message) => {
                self.error(&field("class"), message);
                return None;
            }
        };
        let verdict = hypothesis.verdict.unwrap_or(Verdict::RuledOut);
        if verdict == Verdict::RuledOut
            && causes.iter().any(|cause| cause.class.value.id == class.id)
        {
            self.advise(
                &field("class"),
                format!(
                    "`{}` is ruled out here and named as the cause above: one of them is wrong",
                    class.id
                ),
            );
        }
        let place = self.document.front.at(&["hypotheses".into(), index.into()]);
        Some(Hypothesis { class, verdict, by: hypothesis.by.clone(), place })
    }

    /// The class a contributing factor names, if it does not use words.
    pub(super) fn contributing(
        &mut self,
        text: &str,
        index: usize,
    ) -> Option<Placed<&'static Class>> {
        let path = ["contributing_factors".into(), index.into()];
        match vocab::class(text.trim()) {
            Ok(value) => Some(Placed { value, place: self.document.front.at(&path) }),
            Err(message) => {
                // What looks like a name was meant as one.
                if text.contains('.') && !text.trim().contains(char::is_whitespace) {
                    self.advise(&path, message);
                }
                None
            }
        }
    }

    pub(super) fn mitigation(
        &mut self,
        mitigation: &document::Mitigation,
        index: usize,
    ) -> Option<Mitigation> {
        let path: [Step<'static>; 2] = ["mitigation".into(), index.into()];
        let numbered = mitigation.commands.iter().enumerate();
        let commands = numbered.filter_map(|(n, number)| {
            self.command_number(*number, &[path[0], path[1], "commands".into(), n.into()])
        });
        let commands = commands.collect();
        Some(Mitigation {
            action: mitigation.action.clone().unwrap_or_default(),
            commands,
            place: self.document.front.at(&path),
        })
    }

    pub(super) fn prevention(
        &mut self,
        prevention: &document::Prevention,
        index: usize,
    ) -> Option<Prevention> {
        let field = |name: &'static str| ["prevention".into(), index.into(), name.into()];
        let is_date = |due: &&str| {
            let day = |due: &str| due.parse::<jiff::civil::Date>().is_ok();
            day(due) || due.len() == "2026-12".len() && day(&format!("{due}-01"))
        };
        let due = prevention.due.as_deref().map(str::trim);
        if let Some(due) = due.filter(|due| !is_date(due)) {
            let says = "is no date, so it does not count as one; write `2026-01-31`";
            self.advise(&field("due"), format!("`{due}` {says}"));
        }
        let written = prevention.action.as_deref().unwrap_or("").trim();
        let action = match vocab::prevention(written) {
            Ok(action) => action,
            Err(_) if written.contains(char::is_whitespace) => {
                self.advise(
                    &field("action"),
                    "a measure in words is for people; one of `chaoslab vocab preventions \
                     --search WORDS` counts",
                );
                return None;
            }
            Err(message) => {
                self.error(&field("action"), message);
                return None;
            }
        };
        Some(Prevention {
            action,
            owner: prevention.owner.clone(),
            due: due.filter(is_date).map(str::to_owned),
            done_when: prevention.done_when.clone(),
            place: self.document.front.at(&["prevention".into(), index.into()]),
        })
    }
}
