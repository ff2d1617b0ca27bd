//! The next hint of a run. Its cost is known before it is taken, and paid before it is told.

use serde::Serialize;

use super::choose::Chosen;
use super::error::{DrillError, Integrity, Refusal};
use crate::domain::grade::cost_of_hints;
use crate::domain::scenario::Plan;
use crate::lab::run::RunFile;

/// A hint that was not taken yet.
#[derive(Debug)]
pub struct Offer {
    chosen: Chosen,
    text: String,
    /// Its number, from 1.
    pub number: u32,
    /// How many there are.
    pub of: usize,
    /// What it costs, in points of 100.
    pub cost: u32,
}

/// A hint.
#[derive(Debug, Clone, Serialize)]
pub struct Hint {
    /// The run.
    pub run: String,
    /// What it says.
    pub hint: String,
    /// Its number, from 1.
    pub number: u32,
    /// How many there are.
    pub of: usize,
    /// What it cost, in points of 100.
    pub cost: u32,
    /// What all hints taken so far cost.
    pub spent: u32,
    /// The command that shows the playbook.
    pub playbook: String,
}

/// The next hint of a run, and what it costs.
pub fn next(chosen: &Chosen) -> Result<Offer, DrillError> {
    let file = &chosen.file;
    if file.graded.is_some() || file.given_up {
        return Err(Refusal::HintAfterTruth(file.id.clone()).into());
    }
    chosen.in_time()?;
    let (mut hints, taken) = (hints(chosen)?, file.hints);
    let (of, position) = (hints.len(), taken as usize);
    if position >= of {
        let playbook = playbook(file);
        // Of none, none can have been taken.
        let taken = if of == 0 { 0 } else { taken };
        return Err(Refusal::NoHint { run: file.id.clone(), taken, playbook }.into());
    }
    Ok(Offer {
        chosen: chosen.clone(),
        text: hints.swap_remove(position),
        number: taken + 1,
        of,
        cost: cost_of_hints(taken + 1) - cost_of_hints(taken),
    })
}

impl Offer {
    /// Takes it: it is paid for before it is told.
    pub fn take(self) -> Result<Hint, DrillError> {
        let run = &self.chosen.run;
        run.update(|file| file.hints = file.hints.max(self.number))?;
        Ok(Hint {
            run: run.id.clone(),
            hint: self.text,
            number: self.number,
            of: self.of,
            cost: self.cost,
            spent: cost_of_hints(self.number),
            playbook: playbook(&self.chosen.file),
        })
    }
}

fn playbook(file: &RunFile) -> String {
    format!("chaoslab playbook {}", file.family)
}

/// The hints of a run, the cheapest first.
fn hints(chosen: &Chosen) -> Result<Vec<String>, DrillError> {
    let plan = chosen.run.sealed().read::<Plan>("plan")?;
    let so = "there is nothing to take a hint from";
    let missing = || Integrity::Missing { what: "plan", run: chosen.file.id.clone(), so };
    Ok(plan.ok_or_else(missing)?.hints)
}
