//! The write-ups of a rehearsed scenario and its siblings, graded: references pass, decoys do not.

use super::Rehearsed;
use super::one::Rehearsal;
use crate::domain::grade::{Comparison, Terms, is_right};
use crate::domain::review::seen::{Paper, Verdict, marked};
use crate::domain::review::write_ups::{REFERENCE, is_reference};
use crate::drill::error::DrillError;
use crate::drill::sealed::Secret;
use crate::drill::write_up::Opened;

impl Rehearsal<'_> {
    /// Grades, before anything is repaired, every reference and decoy of the scenario, and every
    /// reference of its siblings. The run is not graded by it.
    pub(super) fn grade(
        &self,
        opened: &Opened,
        secret: &Secret,
        with: &Comparison,
        rehearsed: &mut Rehearsed,
    ) -> Result<(), DrillError> {
        let files = self.library.family_files(&self.plan.family)?;
        // A sibling whose class is as right here, another control mostly, has a reference that may
        // pass.
        let rival = |slug: &str| {
            !self
                .plan
                .siblings
                .iter()
                .any(|s| s.scenario == slug && is_right(&s.class, &secret.truth))
        };
        for scenario in files.scenarios.iter().filter(|s| rival(&s.slug)) {
            let is_own = scenario.slug == self.plan.scenario;
            let drawn = if is_own {
                self.plan.drawn.clone()
            } else {
                self.library.plan(&self.plan.family, &scenario.slug, self.plan.seed)?.drawn
            };
            for (name, file) in
                scenario.write_ups.iter().filter(|(name, _)| is_own || is_reference(name))
            {
                let paper = Paper { name, template: &file.text, drawn: &drawn };
                let marked =
                    marked(paper, &opened.record(), &secret.truth, with, &self.terms(false))?;
                let must_pass = is_own && is_reference(name);
                let what =
                    if is_own { name.clone() } else { format!("{} of {}", name, scenario.slug) };
                let verb = if marked.passed { "passes" } else { "does not pass" };
                let mut says = format!("it {verb} with {}", marked.told());
                if marked.passed != must_pass {
                    says += &format!(" ({})", marked.why);
                }
                self.step(&format!("{what}: {says}"));
                rehearsed.verdicts.push(Verdict::new(what, marked.passed == must_pass, says));
            }
        }
        Ok(())
    }

    /// Grades the reference once more, as a learner who has repaired it hands it in.
    pub(super) fn grade_repaired(
        &self,
        secret: &Secret,
        with: &Comparison,
        rehearsed: &mut Rehearsed,
    ) -> Result<(), DrillError> {
        let Some(template) =
            self.library.write_up(&self.plan.family, &self.plan.scenario, REFERENCE)
        else {
            return Ok(());
        };
        let opened = Opened::of(&self.chosen)?;
        let paper = Paper { name: REFERENCE, template: &template, drawn: &self.plan.drawn };
        let terms = self.terms(self.plan.recovery_required);
        let marked = marked(paper, &opened.record(), &secret.truth, with, &terms)?;
        let verb = if marked.passed { "passes" } else { "does not pass" };
        let why = if marked.passed { String::new() } else { format!(" ({})", marked.why) };
        let says = format!("it {verb} with {}{why}", marked.told());
        rehearsed.verdicts.push(Verdict::new(
            format!("{REFERENCE} after the fix"),
            marked.passed,
            says,
        ));
        Ok(())
    }

    fn terms(&self, recovery_required: bool) -> Terms {
        Terms {
            hints: 0,
            causes_read: false,
            playbook: None,
            recovery_required,
            exam: false,
            allowed: self.plan.allows.clone(),
        }
    }
}
