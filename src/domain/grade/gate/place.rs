//! G2: the place is right.

use super::Gate;
use crate::domain::grade::case::Case;
use crate::domain::grade::criterion::component::{Rightness, rightness};

/// The place is right, and named first.
pub struct Place;

impl Gate for Place {
    fn name(&self) -> &'static str {
        "G2"
    }

    fn demands(&self) -> &'static str {
        "the place is right: the components score half at least, and the one named first is an origin"
    }

    fn cap(&self) -> u32 {
        59
    }

    fn judge(&self, case: &Case<'_>, score: &dyn Fn(&str) -> Option<u32>) -> (bool, String) {
        // A control has no place.
        let Some(component) = score("component") else {
            return (true, "there is no place to name".to_owned());
        };
        let first = case.analysis.causes.first().and_then(|cause| cause.components.first());
        let pair = case.pairs.iter().find(|pair| pair.claimed.is_some_and(|(n, _)| n == 0));
        let is_origin = first.zip(pair).is_some_and(|(component, pair)| {
            matches!(
                rightness(&component.value, &case.truth.causes[pair.truth].place),
                Rightness::Origin(_)
            )
        });
        let named = match first {
            None => "none is named".to_owned(),
            Some(component) if is_origin => {
                format!("`{}`, named first, is an origin", component.value)
            }
            Some(component) => format!("`{}`, named first, is not an origin", component.value),
        };
        (
            component >= 500 && is_origin,
            format!("the components score {} of 100; {named}", component / 10),
        )
    }
}
