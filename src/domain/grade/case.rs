//! Everything a criterion or a gate may look at: the analysis, what the record says of its claims,
//! and the truth, seen in this record.

use crate::domain::fault::truth::Truth;
use crate::domain::rca::analysis::Analysis;
use crate::domain::rca::check::{Finding, Verdict};
use crate::domain::rca::record::{Record, Span};
use crate::domain::telemetry::series::SourceError;

use super::chain::{Seen, seen};
use super::matching::{Pair, pairs};
use super::separation::{Comparison, Separation};
use super::{Collateral, Recovery, Terms, collateral};

/// One document to be graded.
pub struct Case<'a> {
    /// What the document says.
    pub analysis: &'a Analysis,
    /// What the record says of its evidence.
    pub findings: Vec<Finding>,
    /// The record.
    pub record: &'a Record<'a>,
    /// The truth.
    pub truth: &'a Truth,
    /// The truth's chain, as it was seen in this record.
    pub chain: Vec<Seen<'a>>,
    /// Which claimed cause stands for which true one.
    pub pairs: Vec<Pair<'a>>,
    /// What the record says of its claims about the impact.
    pub impact: Vec<Finding>,
    /// What became of the incident.
    pub recovery: Recovery,
    /// What was damaged on the way.
    pub collateral: Vec<Collateral>,
    /// What else the grade depends on.
    pub terms: &'a Terms,
    /// What it is compared with.
    pub with: &'a Comparison,
    separations: Vec<Option<Separation>>,
    /// What each piece of evidence is worth, in the order of the document. Filled in last:
    /// weighing looks at all the rest.
    pub weighed: Vec<Weighed>,
}

/// A piece of evidence, weighed.
#[derive(Debug, Clone)]
pub struct Weighed {
    /// Its place among the evidence, from 0.
    pub number: usize,
    /// Whether it is among those that count.
    pub counted: bool,
    /// What it is worth, in thousandths.
    pub worth: u32,
    /// Why.
    pub why: String,
}

impl<'a> Case<'a> {
    /// Looks up the truth in the record and the claims in the truth. Nothing is weighed yet.
    pub fn new(
        analysis: &'a Analysis,
        (findings, impact): (Vec<Finding>, Vec<Finding>),
        record: &'a Record<'a>,
        truth: &'a Truth,
        with: &'a Comparison,
        terms: &'a Terms,
    ) -> Result<Self, SourceError> {
        let chain = seen(truth, record)?;
        let pairs = pairs(analysis, truth);
        let mut separations = Vec::new();
        let counted = analysis.form.evidence_counted();
        for (number, (item, finding)) in analysis.evidence.iter().zip(&findings).enumerate() {
            let is_asked =
                number < counted && finding.verdict == Verdict::True && !finding.is_duplicate();
            separations.push(if is_asked {
                Separation::of(item, finding, record, truth, with)?
            } else {
                None
            });
        }
        let recovery = Recovery::of(record, truth, &chain)?;
        let collateral = collateral::found(record, &terms.allowed)?;
        Ok(Self {
            analysis,
            findings,
            record,
            truth,
            chain,
            pairs,
            impact,
            recovery,
            collateral,
            terms,
            with,
            separations,
            weighed: Vec::new(),
        })
    }

    /// From which other causes a piece of evidence tells the true one, by its place; nothing when
    /// there is nothing to compare it with.
    pub fn separation(&self, number: usize) -> Option<&Separation> {
        self.separations.get(number)?.as_ref()
    }

    /// From the injection to the end of the record.
    pub fn incident(&self) -> Span {
        let from = self.truth.onset.map_or(self.record.facts.recorded.from, |onset| onset.from);
        Span { from, to: self.record.facts.recorded.to }
    }

    /// How many pieces of evidence are false, repetitions left out.
    pub fn false_ones(&self) -> usize {
        let distinct = self.findings.iter().filter(|f| !f.is_duplicate());
        distinct.filter(|f| f.verdict == Verdict::False).count()
    }

    /// The first step of the chain that was seen: where to look for the cause.
    pub fn first_seen(&self) -> Option<(&Seen<'a>, Span)> {
        self.chain.iter().find_map(|seen| Some((seen, *seen.spans.first()?)))
    }
}
