//! One claim in one recording: true, false, or not to be asked there.

use super::apart::{Apart, leaves_partitions_to_chance, names_somebody};
use super::cast::Cast;
use super::casting::{Casting, singled_out};
use super::phase::Phases;
use super::threshold::Limits;
use super::twin::Quote;
use super::{Comparison, Said};
use crate::domain::fault::truth::Truth;
use crate::domain::rca::analysis::{Claim, Item};
use crate::domain::rca::check::{Effort, Finding, looks};
use crate::domain::rca::record::{Machine, Record, Role, Span};
use crate::domain::recording::{Recording, Roles};
use crate::domain::telemetry::QueryError;
use crate::domain::telemetry::logql::LogQuery;
use crate::domain::telemetry::promql::Query;
use crate::domain::telemetry::series::{SourceError, UnixMs};

/// The most looks at a phase.
const LOOKS: i64 = 40;
/// How far from the instant a claim is about it may hold there as well, in milliseconds: nothing
/// comes to the second twice.
const NEAR: i64 = 5_000;
/// The share of the looks at a phase, in thousandths, from which on a condition was so in it.
const SOMETIMES: usize = 100;
/// The share from which on it was so for most of a phase: what a run of the same cause shows.
const MOSTLY: usize = 500;
/// The share up to which it was not.
const NEVER: usize = 50;
/// The most lines of one kind that a recording keeps for sure.
const KEPT_LINES: i64 = 20;

/// A claim, ready to be asked in recordings.
pub(super) struct Judge<'a> {
    claim: &'a Claim,
    at: Span,
    record: &'a Record<'a>,
    /// The work that is left for comparing it.
    effort: &'a Effort<'a>,
    roles: &'a Roles,
    phases: Phases,
    /// How many brokers of the run are singled out.
    fixed: usize,
    /// Whether its cause gives no partition a part.
    by_chance: bool,
    apart: Apart,
    limits: Option<Limits>,
    /// What a command printed, for a claim about one.
    quote: Option<Quote<'a>>,
    /// The condition as the true cause's recordings have its limits.
    conditions: Vec<Query>,
    /// What the true cause's recordings say of the claim together: true only when it is true in all
    /// of them.
    own: Said,
}

impl<'a> Judge<'a> {
    /// The judge of a claim; none for an intervention, which other runs cannot repeat.
    pub(super) fn of(
        item: &'a Item,
        finding: &Finding,
        record: &'a Record<'a>,
        truth: &Truth,
        with: &'a Comparison,
        effort: &'a Effort<'a>,
    ) -> Result<Option<Self>, SourceError> {
        if matches!(item.claim, Claim::Intervention { .. }) {
            return Ok(None);
        }
        let fixed = singled_out(&with.roles, truth, &with.drawn, &record.facts.inventory);
        let mut judge = Self {
            claim: &item.claim,
            at: finding.at,
            record,
            effort,
            roles: &with.roles,
            phases: Phases::of_run(record.facts, truth),
            fixed,
            by_chance: leaves_partitions_to_chance(truth),
            apart: Apart::of(&item.claim, &with.roles, fixed, record),
            limits: None,
            quote: None,
            conditions: Vec::new(),
            own: Said::True,
        };
        match &item.claim {
            Claim::Promql { query, .. } => judge.learn(query, &with.own)?,
            Claim::Command { number, contains } => {
                let command = record.facts.command(*number);
                judge.quote =
                    command.map(|command| Quote::of(command, contains, &record.facts.inventory));
                judge.ask_own(&with.own)?;
                let cast = |own| (own, judge.castings(own));
                let own: Vec<_> = with.own.iter().map(cast).collect();
                if let Some(quote) = &mut judge.quote {
                    quote.learn(&own);
                }
            }
            Claim::Log { .. } | Claim::Intervention { .. } => judge.ask_own(&with.own)?,
        }
        Ok(Some(judge))
    }

    fn ask_own(&mut self, own: &[Recording]) -> Result<(), SourceError> {
        for recording in own {
            self.own = self.own.and(self.said(recording)?);
        }
        Ok(())
    }

    /// Asks a condition in the true cause's recordings, and keeps it as they have its limits.
    fn learn(&mut self, query: &Query, own: &[Recording]) -> Result<(), SourceError> {
        let limits = Limits::of(query, self.record.series, self.phases.baseline, self.at.from);
        for recording in own {
            let asked = self.asked_of_each(query, &limits, recording)?;
            let said = asked.iter().fold(Said::False, |said, (_, one)| said.or(*one));
            self.own = self.own.and(said);
            // The condition as it is true of somebody there, if it is.
            let known = asked.iter().position(|(_, one)| *one == Said::True).unwrap_or(0);
            self.conditions.extend(asked.into_iter().nth(known).map(|(moved, _)| moved));
        }
        if !limits.any() || self.conditions.is_empty() {
            self.conditions = vec![query.clone()];
        }
        self.conditions.dedup();
        self.limits = Some(limits);
        Ok(())
    }

    /// The limits that lie elsewhere in the other recordings of the true cause: here and there.
    pub(super) fn moved_limits(&self) -> Vec<(f64, f64)> {
        self.limits
            .iter()
            .flat_map(|limits| self.conditions.iter().flat_map(|there| limits.moved(there)))
            .collect()
    }

    /// What the other recordings of the true cause say of the claim together.
    pub(super) fn own(&self) -> Said {
        self.own
    }

    /// What a recording says of the claim, its limits where the true cause's recordings have them.
    pub(super) fn said(&self, recording: &Recording) -> Result<Said, SourceError> {
        let castings = self.castings(recording);
        if let (Claim::Command { number, .. }, Some(quote)) = (self.claim, &self.quote) {
            let there = Phases::of_recording(&recording.head.phases);
            let started = self.record.facts.command(*number).map_or(0, |c| c.started);
            let until = self.phases.transfer(started, &there).0 + NEAR;
            return quote.printed(recording, &castings, until, self.effort);
        }
        let mut said = Said::False;
        for casting in castings {
            for query in &self.conditions {
                said = said.or(self.condition(query, recording, &casting, SOMETIMES)?);
            }
            if self.conditions.is_empty() {
                said = said.or(self.in_other_words(recording, &casting)?);
            }
            // It is true there of somebody: the others need not be asked.
            if said == Said::True {
                break;
            }
        }
        Ok(said)
    }

    fn cast<'c>(&'c self, recording: &'c Recording, casting: &'c Casting, texts: bool) -> Cast<'c> {
        Cast { recording, casting, texts, effort: self.effort }
    }

    fn castings(&self, recording: &Recording) -> Vec<Casting> {
        let head = &recording.head;
        let fixed = singled_out(&head.roles, &head.truth, &head.drawn, &head.facts.inventory);
        let apart = Apart {
            brokers: self.apart.brokers || fixed < self.fixed,
            partitions: self.apart.partitions
                && (self.by_chance || leaves_partitions_to_chance(&head.truth)),
            ..self.apart
        };
        Casting::all(&head.roles, self.roles, self.fixed.min(fixed), apart)
    }

    /// A condition asked of everybody in a recording whom it may be about: with its limits where
    /// they lie there, and what is said of it.
    fn asked_of_each(
        &self,
        query: &Query,
        limits: &Limits,
        recording: &Recording,
    ) -> Result<Vec<(Query, Said)>, SourceError> {
        let there =
            self.phases.transfer(self.at.from, &Phases::of_recording(&recording.head.phases)).0;
        let ask = |casting: Casting| {
            let cast = self.cast(recording, &casting, false);
            let moved = limits.there(query, &cast, recording.head.phases.baseline, there);
            let said = self.condition(&moved, recording, &casting, MOSTLY)?;
            Ok((moved, said))
        };
        self.castings(recording).into_iter().map(ask).collect()
    }

    /// Whether a condition was so in a recording: at the instant it is about, or in enough of the
    /// looks at that phase.
    fn condition(
        &self,
        query: &Query,
        recording: &Recording,
        casting: &Casting,
        enough: usize,
    ) -> Result<Said, SourceError> {
        let left_out =
            query.metrics().into_iter().any(|name| recording.head.left_out.contains(name));
        if left_out
            || !query.selectors().iter().all(|(selector, _)| casting.knows(&selector.matchers))
        {
            return Ok(Said::Unknown);
        }
        let (there, phase) =
            self.phases.transfer(self.at.from, &Phases::of_recording(&recording.head.phases));
        let cast = self.cast(recording, casting, false);
        let Some(seen) = looks(query, &cast, phase, LOOKS)? else { return Ok(Said::Unknown) };
        let held = seen.iter().filter(|(_, held)| *held).count();
        let share = held * 1000 / seen.len().max(1);
        let is_near = seen.iter().any(|(at, held)| *held && at.abs_diff(there) <= NEAR as u64)
            || holds(query, &cast, there)?;
        Ok(match share {
            share if is_near || share >= enough => Said::True,
            share if share <= NEVER || enough == MOSTLY => Said::False,
            _ => Said::Unknown,
        })
    }

    /// Claims that are no conditions.
    fn in_other_words(
        &self,
        recording: &Recording,
        casting: &Casting,
    ) -> Result<Said, SourceError> {
        let phases = Phases::of_recording(&recording.head.phases);
        match self.claim {
            Claim::Log { query, from, to, min } => {
                let to = (*to).min(self.phases.steady.to);
                let there = Span {
                    from: self.phases.transfer(*from, &phases).0,
                    to: self.phases.transfer(to, &phases).0,
                };
                self.lines(query, Span { from: *from, to }, there, *min, recording, casting)
            }
            Claim::Promql { .. } | Claim::Command { .. } | Claim::Intervention { .. } => {
                Ok(Said::Unknown)
            }
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
        let inventory = &self.record.facts.inventory;
        let is_asked = |m: &&Machine| m.role != Role::Toolbox && query.wants(&m.name);
        let mut asked = inventory.machines.iter().filter(is_asked);
        if !asked.all(|machine| casting.knows_machine(&machine.name)) {
            return Ok(Said::Unknown);
        }
        let texts = query.filters().iter().any(|filter| names_somebody(filter, self.record));
        let cast = self.cast(recording, casting, texts);
        // That lines are missing is asked of the stretch itself; that they are there, a little
        // around it, too.
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
