//! From what is written to what is meant, against the facts of one run. Errors make a document
//! invalid; advice does not.

use std::collections::BTreeSet;

use super::{Analysis, Hypothesis, Placed, Places};
use crate::domain::rca::document::{Document, Severity};
use crate::domain::rca::moment::{Moment, since_page};
use crate::domain::rca::record::Facts;
use crate::domain::telemetry::series::UnixMs;
use crate::domain::yaml::{Position, Problem, Step};

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
            Err(error) => {
                self.error(path, error.to_string());
                None
            }
        }
    }
}
