//! One claim in one recording: true, false, or not to be asked there.

use super::cast::{Cast, Casting, singled_out};
use super::phase::Phases;
use super::threshold::Limits;
use super::{Comparison, Said, twin};
use crate::domain::fault::truth::Truth;
use crate::domain::rca::analysis::{Claim, Item};
use crate::domain::rca::check::{Finding, looks};
use crate::domain::rca::record::{Record, Role, Span};
use crate::domain::recording::{Recording, Roles};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::logql::{LineFilter, LogQuery};
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::promql::expr::Expr;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// The most looks at a phase.
const LOOKS: i64 = 40;
/// How far from the instant a claim is about it may hold there as well, in milliseconds: nothing comes to the second twice.
const NEAR: i64 = 5_000;
/// The share of the looks at a phase, in thousandths, from which on a condition was so in it.
const SOMETIMES: usize = 100;
/// The share up to which it was not.
const NEVER: usize = 50;
/// The most lines of one kind that a recording keeps for sure.
const KEPT_LINES: i64 = 20;

/// A claim, ready to be asked in recordings.
pub(super) struct Judge<'a> {
    claim: &'a Claim,
    at: Span,
    record: &'a Record<'a>,
    roles: &'a Roles,
    phases: Phases,
    /// How many brokers of the run are singled out.
    fixed: usize,
    tells_others_apart: bool,
    limits: Option<Limits>,
    /// The condition as the true cause's recordings have its limits.
    conditions: Vec<Query>,
}

impl<'a> Judge<'a> {
    /// The judge of a claim; none for an intervention, which other runs cannot repeat.
    pub(super) fn of(
        item: &'a Item,
        finding: &Finding,
        record: &'a Record<'a>,
        truth: &Truth,
        with: &'a Comparison,
    ) -> Result<Option<Self>, SourceError> {
        if matches!(item.claim, Claim::Intervention { .. }) {
            return Ok(None);
        }
        let fixed = singled_out(&with.roles, truth, &with.drawn, &record.facts.inventory);
        let others: Vec<String> = with.roles.brokers.iter().skip(fixed).map(ToString::to_string).collect();
        let phases = Phases::of_run(record.facts, truth);
        let mut judge = Self {
            claim: &item.claim,
            at: finding.at,
            record,
            roles: &with.roles,
            phases,
            fixed,
            tells_others_apart: tells_apart(&item.claim, &others, record),
            limits: None,
            conditions: Vec::new(),
        };
        if let Claim::Promql { query, .. } = &item.claim {
            let limits = Limits::of(query, record.series, phases.baseline, finding.at.from);
            judge.conditions = if limits.any() {
                let moved = with.own.iter().flat_map(|recording| judge.moved(query, &limits, recording)).collect::<Vec<_>>();
                if moved.is_empty() { vec![query.clone()] } else { moved }
            } else {
                vec![query.clone()]
            };
            judge.conditions.dedup();
            judge.limits = Some(limits);
        }
        Ok(Some(judge))
    }

    /// The limits that lie elsewhere in the other recordings of the true cause: here and there.
    pub(super) fn moved_limits(&self) -> Vec<(f64, f64)> {
        self.limits.iter().flat_map(|limits| self.conditions.iter().flat_map(|there| limits.moved(there))).collect()
    }

    /// What another recording of the true cause says of the claim.
    pub(super) fn own(&self, recording: &Recording) -> Result<Said, SourceError> {
        let mut said = Said::False;
        for casting in self.castings(recording) {
            let one = match (self.claim, &self.limits) {
                (Claim::Promql { query, .. }, Some(limits)) => {
                    let there = self.phases.transfer(self.at.from, &Phases::of_recording(&recording.head.phases)).0;
                    let cast = Cast { recording, casting: &casting, texts: false };
                    let query = limits.there(query, &cast, recording.head.phases.baseline, there);
                    self.condition(&query, recording, &casting)?
                }
                _ => self.in_other_words(recording, &casting)?,
            };
            said = said.or(one);
        }
        Ok(said)
    }

    /// What a recording of another cause says of the claim.
    pub(super) fn other(&self, recording: &Recording) -> Result<Said, SourceError> {
        let mut said = Said::False;
        for casting in self.castings(recording) {
            for query in &self.conditions {
                said = said.or(self.condition(query, recording, &casting)?);
            }
            if self.conditions.is_empty() {
                said = said.or(self.in_other_words(recording, &casting)?);
            }
        }
        Ok(said)
    }

    fn castings(&self, recording: &Recording) -> Vec<Casting> {
        let head = &recording.head;
        let fixed = singled_out(&head.roles, &head.truth, &head.drawn, &head.facts.inventory);
        Casting::all(&head.roles, self.roles, self.fixed.min(fixed), self.tells_others_apart || fixed < self.fixed)
    }

    /// The condition with its limits where a recording has them.
    fn moved(&self, query: &Query, limits: &Limits, recording: &Recording) -> Option<Query> {
        let casting = self.castings(recording).into_iter().next()?;
        let there = self.phases.transfer(self.at.from, &Phases::of_recording(&recording.head.phases)).0;
        let cast = Cast { recording, casting: &casting, texts: false };
        Some(limits.there(query, &cast, recording.head.phases.baseline, there))
    }

    fn condition(&self, query: &Query, recording: &Recording, casting: &Casting) -> Result<Said, SourceError> {
        let left_out = query.metrics().into_iter().any(|name| recording.head.left_out.contains(name));
        if left_out || !query.selectors().iter().all(|(selector, _)| casting.knows(&selector.matchers)) {
            return Ok(Said::Unknown);
        }
        let (there, phase) = self.phases.transfer(self.at.from, &Phases::of_recording(&recording.head.phases));
        let cast = Cast { recording, casting, texts: false };
        let seen = looks(query, &cast, phase, LOOKS)?;
        let held = seen.iter().filter(|(_, held)| *held).count();
        let share = held * 1000 / seen.len().max(1);
        let is_near = seen.iter().any(|(at, held)| *held && at.abs_diff(there) <= NEAR as u64) || holds(query, &cast, there)?;
        Ok(match share {
            share if is_near || share >= SOMETIMES => Said::True,
            share if share <= NEVER => Said::False,
            _ => Said::Unknown,
        })
    }

    /// Claims that are no conditions.
    fn in_other_words(&self, recording: &Recording, casting: &Casting) -> Result<Said, SourceError> {
        let phases = Phases::of_recording(&recording.head.phases);
        match self.claim {
            Claim::Log { query, from, to, min } => {
                let to = (*to).min(self.phases.steady.to);
                let there = Span { from: self.phases.transfer(*from, &phases).0, to: self.phases.transfer(to, &phases).0 };
                self.lines(query, Span { from: *from, to }, there, *min, recording, casting)
            }
            Claim::Command { number, contains } => {
                let Some(command) = self.record.facts.command(*number) else { return Ok(Said::Unknown) };
                twin::printed(command, contains, recording, casting, self.phases.transfer(command.started, &phases).0 + NEAR)
            }
            Claim::Promql { .. } | Claim::Intervention { .. } => Ok(Said::Unknown),
        }
    }

    fn lines(
        &self,
        query: &LogQuery,
        here: Span,
        there: Span,
        min: Option<u32>,
        recording: &Recording,
        casting: &Casting,
    ) -> Result<Said, SourceError> {
        let machines = self.record.facts.inventory.machines.iter().filter(|m| m.role != Role::Toolbox && query.wants(&m.name));
        if !machines.into_iter().all(|machine| casting.knows_machine(&machine.name)) {
            return Ok(Said::Unknown);
        }
        let texts = query.filters().iter().any(|filter| names_somebody(filter, self.record));
        let cast = Cast { recording, casting, texts };
        // That lines are missing is asked of the stretch itself; that they are there, a little around it, too.
        let around = if min.is_some() { NEAR } else { 0 };
        let found = match query.select(&cast, there.from - around, there.to + around) {
            Ok(lines) => lines.len() as i64,
            Err(QueryError::Source(error)) => return Err(error),
            Err(_) => return Ok(Said::Unknown),
        };
        let is_so = match min {
            None => found == 0,
            Some(min) => {
                let in_time = i64::from(min) * there.length() / here.length().max(1);
                found >= in_time.min(i64::from(min)).clamp(1, KEPT_LINES)
            }
        };
        Ok(if is_so { Said::True } else { Said::False })
    }
}

fn holds(query: &Query, source: &Cast<'_>, at: UnixMs) -> Result<bool, SourceError> {
    match query.instant(source, at) {
        Ok(value) => Ok(query.holds(&value)),
        Err(QueryError::Source(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Whether a claim treats some of these brokers unlike the others.
fn tells_apart(claim: &Claim, brokers: &[String], record: &Record<'_>) -> bool {
    let machines = || brokers.iter().map(|id| format!("kafka-{id}"));
    let differ = |accepted: Vec<bool>| accepted.iter().any(|a| *a) && accepted.iter().any(|a| !*a);
    match claim {
        Claim::Promql { query, .. } => {
            let matchers = query.selectors().into_iter().flat_map(|(selector, _)| selector.matchers.clone()).collect::<Vec<_>>();
            let by_matcher = matchers.iter().any(|matcher| match matcher.label.as_str() {
                "broker" => differ(brokers.iter().map(|id| matcher.op.accepts(id)).collect()),
                "node" | "instance" => differ(machines().map(|name| matcher.op.accepts(&name)).collect()),
                _ => false,
            });
            let holds_ids = query.metrics().into_iter().filter_map(catalogue::find).any(|metric| metric.unit == "broker id");
            let mut names_id = false;
            query.expr().walk(&mut |expr| names_id |= matches!(expr, Expr::Number(n) if brokers.contains(&n.to_string())));
            by_matcher || holds_ids && names_id
        }
        Claim::Log { query, .. } => {
            differ(machines().map(|name| query.wants(&name)).collect()) || query.filters().iter().any(|f| names_somebody(f, record))
        }
        Claim::Command { number, contains } => {
            let on = record.facts.command(*number).map_or("", |command| command.node.as_str());
            machines().any(|name| name == on) || contains.chars().any(|c| c.is_ascii_digit())
        }
        Claim::Intervention { .. } => false,
    }
}

/// Whether a filter may name an entity: a number, or the name of something.
fn names_somebody(filter: &LineFilter, record: &Record<'_>) -> bool {
    let text = match filter {
        LineFilter::Contains(text) | LineFilter::Lacks(text) => text.as_str(),
        LineFilter::Matches(regex) | LineFilter::MatchesNot(regex) => regex.as_str(),
    };
    let inventory = &record.facts.inventory;
    let mut names = inventory.machines.iter().map(|m| &m.name).chain(inventory.topics.keys()).chain(&inventory.groups);
    text.chars().any(|c| c.is_ascii_digit()) || names.any(|name| text.contains(name.as_str()))
}
