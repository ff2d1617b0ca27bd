//! From what is written to what is meant, against the facts of one run. Errors make a document
//! invalid; advice does not.

use std::collections::BTreeSet;

use super::{Analysis, Cause, Hypothesis, Link, Mitigation, Placed, Places, Prevention, Trigger};
use crate::domain::rca::document::{self, Document, Severity, Verdict};
use crate::domain::rca::moment::{Moment, since_page};
use crate::domain::rca::record::Facts;
use crate::domain::rca::vocab::classes::Class;
use crate::domain::rca::vocab::{self, Component, Kind};
use crate::domain::telemetry::series::UnixMs;
use crate::domain::yaml::{Position, Problem, Step, nearest};

/// The most entries a list may have: far more than count.
const LONGEST_LIST: usize = 64;

/// The section that says how the cause led to what was seen.
const MECHANISM: &str = "Root cause and mechanism";

/// What came of looking everything up.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What could be understood.
    pub analysis: Analysis,
    /// What makes the document invalid, in the order of the file.
    pub errors: Vec<Problem>,
    /// What its author may want to look at again, in the order of the file.
    pub advice: Vec<Problem>,
}

/// Looks up everything a document says, in the facts of its run.
pub fn resolve(document: &Document, facts: &Facts) -> Resolved {
    let mut resolving =
        Resolving { document, facts, ids: BTreeSet::new(), errors: Vec::new(), advice: Vec::new() };
    let analysis = resolving.analysis();
    let Resolving { mut errors, mut advice, .. } = resolving;
    for problems in [&mut errors, &mut advice] {
        problems.sort();
        problems.dedup();
    }
    Resolved { analysis, errors, advice }
}

pub(super) struct Resolving<'a> {
    pub(super) document: &'a Document,
    pub(super) facts: &'a Facts,
    /// Ids of claims met so far.
    pub(super) ids: BTreeSet<String>,
    errors: Vec<Problem>,
    advice: Vec<Problem>,
}

impl Resolving<'_> {
    pub(super) fn error(&mut self, path: &[Step<'_>], message: impl Into<String>) {
        self.errors.push(self.document.front.problem(path, message));
    }

    pub(super) fn error_at(&mut self, at: Position, message: String) {
        self.errors.push(Problem { at, message });
    }

    pub(super) fn advise(&mut self, path: &[Step<'_>], message: impl Into<String>) {
        self.advice.push(self.document.front.problem(path, message));
    }

    fn analysis(&mut self) -> Analysis {
        let front = &self.document.front.value;
        if let Some(run) = front.run.as_ref().filter(|run| **run != self.facts.run) {
            self.error(
                &["run".into()],
                format!(
                    "this document is about run `{run}`, but it is read against run `{}`",
                    self.facts.run
                ),
            );
        }
        let lists = [
            ("root_cause", front.root_cause.len()),
            ("evidence", front.evidence.len()),
            ("impact", front.impact.len()),
            ("causal_chain", front.causal_chain.len()),
            ("hypotheses", front.hypotheses.len()),
        ];
        for (list, length) in lists.into_iter().filter(|(_, length)| *length > LONGEST_LIST) {
            self.error(
                &[list.into()],
                format!(
                    "{length} entries are more than anyone can weigh; keep it below {LONGEST_LIST}"
                ),
            );
        }
        let times = front.timeline.clone().unwrap_or_default();
        let mut timed = |text: &Option<String>, field: &'static str| {
            let path = ["timeline".into(), field.into()];
            let value = self.time(text.as_deref()?, &path)?;
            Some(Placed { value, place: self.document.front.at(&path) })
        };
        let (onset, detected) = (timed(&times.onset, "onset"), timed(&times.detected, "detected"));
        let (mitigated, recovered) =
            (timed(&times.mitigated, "mitigated"), timed(&times.recovered, "recovered"));
        let (acknowledged, escalated) =
            (timed(&times.acknowledged, "acknowledged"), timed(&times.escalated, "escalated"));
        self.doubtful_times(&[
            ("onset", onset),
            ("detected", detected),
            ("acknowledged", acknowledged),
            ("escalated", escalated),
            ("mitigated", mitigated),
            ("recovered", recovered),
        ]);
        let severity = front.severity.as_deref().filter(|s| !s.trim().is_empty());
        let severity = severity.and_then(|written| {
            Severity::parse(written).map_err(|says| self.error(&["severity".into()], says)).ok()
        });
        let causes = self.causes(&front.root_cause);
        // Nobody reads claims beyond the limit, which is an error already.
        let counted = front.evidence.iter().take(LONGEST_LIST).enumerate();
        let evidence = counted.filter_map(|(n, entry)| self.item(entry, "evidence", n)).collect();
        let impact = front
            .impact
            .iter()
            .take(LONGEST_LIST)
            .enumerate()
            .filter_map(|(n, entry)| self.item(entry, "impact", n))
            .collect();
        let chain = front
            .causal_chain
            .iter()
            .enumerate()
            .filter_map(|(n, link)| self.link(link, n))
            .collect();
        let hypotheses: Vec<Hypothesis> = front
            .hypotheses
            .iter()
            .enumerate()
            .filter_map(|(n, h)| self.hypothesis(h, n, &causes))
            .collect();
        let factors = front.contributing_factors.iter().enumerate();
        let contributing = factors.filter_map(|(n, text)| self.contributing(text, n)).collect();
        let mitigation = front
            .mitigation
            .iter()
            .enumerate()
            .filter_map(|(n, m)| self.mitigation(m, n))
            .collect();
        let prevention = front
            .prevention
            .iter()
            .enumerate()
            .filter_map(|(n, p)| self.prevention(p, n))
            .collect();
        let section = self.document.section(MECHANISM);
        let ids = front.evidence.iter().filter_map(|entry| entry.id.as_ref());
        let cited = ids.filter(|id| section.is_some_and(|s| s.cites(id))).cloned().collect();
        let at = |list: &'static str| {
            self.document.front.key_at(&[list.into()]).unwrap_or(self.document.front.at(&[]))
        };
        Analysis {
            form: front.form,
            author: front.author.clone(),
            severity,
            onset,
            detected,
            mitigated,
            recovered,
            causes,
            evidence,
            impact,
            chain,
            hypotheses,
            contributing,
            mitigation,
            prevention,
            cited,
            places: Places {
                timeline: at("timeline"),
                root_cause: at("root_cause"),
                evidence: at("evidence"),
                causal_chain: at("causal_chain"),
                impact: at("impact"),
                hypotheses: at("hypotheses"),
                mitigation: at("mitigation"),
                prevention: at("prevention"),
            },
        }
    }

    /// Advises about times outside the record and times before the onset.
    fn doubtful_times(&mut self, times: &[(&'static str, Option<Placed<UnixMs>>)]) {
        let (recorded, page) = (self.facts.recorded, self.facts.page);
        let onset = times.iter().find(|(name, _)| *name == "onset").and_then(|(_, time)| *time);
        for (name, time) in times.iter().filter_map(|(name, time)| Some((*name, time.as_ref()?))) {
            if !recorded.contains(time.value) {
                let (from, to) = (since_page(recorded.from, page), since_page(recorded.to, page));
                let message = format!(
                    "{} lies outside the record, which goes from {from} to {to}",
                    since_page(time.value, page)
                );
                self.advise(&["timeline".into(), name.into()], message);
            }
            if onset.is_some_and(|onset| time.value < onset.value) {
                self.advise(
                    &["timeline".into(), name.into()],
                    format!("`{name}` is before `onset`: one of them is wrong"),
                );
            }
        }
    }

    pub(super) fn time(&mut self, text: &str, path: &[Step<'_>]) -> Option<UnixMs> {
        match Moment::parse(text) {
            Ok(moment) => Some(moment.place(self.facts.page)),
            Err(message) => {
                self.error(path, message);
                None
            }
        }
    }

    fn causes(&mut self, written: &[document::Cause]) -> Vec<Cause> {
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

    fn component(&mut self, text: &str, path: &[Step<'_>]) -> Option<Component> {
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

    fn link(&mut self, link: &document::Link, index: usize) -> Option<Placed<Link>> {
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

    fn hypothesis(
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
    fn contributing(&mut self, text: &str, index: usize) -> Option<Placed<&'static Class>> {
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

    fn mitigation(
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

    fn prevention(
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
