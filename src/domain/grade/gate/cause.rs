//! G1: the cause is right.

use super::Gate;
use crate::domain::grade::case::Case;

/// The cause is right.
pub struct Cause;

impl Gate for Cause {
    fn name(&self) -> &'static str {
        "G1"
    }

    fn demands(&self) -> &'static str {
        "the cause is right: the class scores three quarters at least"
    }

    fn cap(&self) -> u32 {
        49
    }

    fn judge(&self, _case: &Case<'_>, score: &dyn Fn(&str) -> Option<u32>) -> (bool, String) {
        let class = score("class").unwrap_or(0);
        (class >= 750, format!("the class scores {} of 100", class / 10))
    }
}
