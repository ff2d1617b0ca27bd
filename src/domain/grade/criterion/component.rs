//! Item 2: where the cause originates. Naming much costs more than naming little: F0.5 over what is
//! listed.

use std::collections::BTreeSet;

use super::{Criterion, Outcome, Slip, first_look};
use crate::domain::fault::truth::Place;
use crate::domain::grade::case::Case;
use crate::domain::rca::vocab::Component as Named;
use crate::domain::telemetry::series::SourceError;

/// Where the cause originates.
pub struct Component;

/// How right one listed component is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rightness {
    /// It is this place of origin, by its own name or another that is as right.
    Origin(Named),
    /// It is near the origin.
    Near,
    /// The fault only shows there.
    Victim,
    /// It has nothing to do with it.
    Wrong,
}

/// How right a component is for a place.
pub fn rightness(component: &Named, place: &Place) -> Rightness {
    let origin =
        place.must.iter().find(|(must, aliases)| *must == component || aliases.contains(component));
    match origin {
        Some((must, _)) => Rightness::Origin(must.clone()),
        None if place.near.contains(component) => Rightness::Near,
        None if place.victims.contains(component) => Rightness::Victim,
        None => Rightness::Wrong,
    }
}

impl Criterion for Component {
    fn name(&self) -> &'static str {
        "component"
    }

    fn weight(&self) -> u32 {
        15
    }

    fn not_asked(&self, case: &Case<'_>) -> Option<String> {
        case.truth
            .is_control()
            .then(|| "nothing was broken in the end, so there is no place to name".to_owned())
    }

    fn judge(&self, case: &Case<'_>) -> Result<Outcome, SourceError> {
        let musts: usize = case.truth.causes.iter().map(|cause| cause.place.must.len()).sum();
        let mut right = 0;
        let mut listed = 0;
        let mut slips: Vec<(String, crate::domain::yaml::Position)> = Vec::new();
        for (number, cause) in case.analysis.causes.iter().enumerate() {
            let pair =
                case.pairs.iter().find(|pair| pair.claimed.is_some_and(|(n, _)| n == number));
            let place = pair.map(|pair| &case.truth.causes[pair.truth].place);
            let mut origins = BTreeSet::new();
            let mut distinct = BTreeSet::new();
            let mut near = 0;
            for component in &cause.components {
                match place.map_or(Rightness::Wrong, |place| rightness(&component.value, place)) {
                    // Two names of one origin are one component.
                    Rightness::Origin(must) => {
                        origins.insert(must);
                    }
                    rightness if distinct.insert(&component.value) => {
                        near += (rightness == Rightness::Near) as usize;
                        slips.push((says(&component.value, &rightness), component.place));
                    }
                    _ => {}
                }
            }
            let open = place.map_or(0, |place| place.must.len()) - origins.len();
            right += 1000 * origins.len() + 500 * near.min(open);
            listed += origins.len() + distinct.len();
        }
        // F0.5 = 1.25 PR / (0.25 P + R), with P = right/listed and R = right/musts.
        let score = (5 * right).checked_div(musts + 4 * listed).unwrap_or(0).min(1000) as u32;
        let origins: Vec<_> = case
            .truth
            .causes
            .iter()
            .flat_map(|c| c.place.must.keys())
            .map(ToString::to_string)
            .collect();
        let truth = format!("it originates in {}", origins.join(" and "));
        if listed < musts {
            let place = case
                .analysis
                .causes
                .first()
                .map_or(case.analysis.places.root_cause, |cause| cause.class.place);
            slips.push((
                if listed == 0 {
                    "no component is named".to_owned()
                } else {
                    "a component is missing".to_owned()
                },
                place,
            ));
        }
        let (at, observed, look) = first_look(case);
        let mut outcome = Outcome::full();
        // The loss is one figure; each wrong component bears its share.
        let share = (1000 - score) / slips.len().max(1) as u32;
        let mut left = 1000 - score;
        for (number, (says, place)) in slips.iter().enumerate() {
            let cost = if number + 1 == slips.len() { left } else { share };
            left -= cost;
            let says = format!("{says}; {truth}");
            outcome.slip(Slip {
                cost,
                says,
                place: *place,
                at,
                observed: observed.clone(),
                look: look.clone(),
            });
        }
        Ok(outcome)
    }
}

fn says(component: &Named, rightness: &Rightness) -> String {
    match rightness {
        Rightness::Near => format!("`{component}` is near the origin"),
        Rightness::Victim => format!("`{component}` is where it shows"),
        _ => format!("`{component}` is not where it originates"),
    }
}
