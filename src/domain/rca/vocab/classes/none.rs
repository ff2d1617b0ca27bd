//! Nothing has to be repaired.

use super::{Class, class};

pub(super) const NONE: &[Class] = &[
    class(
        "none.healthy",
        "Nothing is broken: the alert fired on something that is normal or harmless.",
    )
    .found_by(
        "false alarm, false positive, nothing broken, nothing wrong, no problem, no fault, \
         noise, flaky alert, bad alert, alert too sensitive, wrong threshold, expected, by \
         design, harmless, planned maintenance, normal load",
    ), // control
    class(
        "none.self_healed",
        "Something was disturbed for a short while and came back without anyone's action.",
    )
    .found_by(
        "blip, transient, hiccup, went away, recovered by itself, resolved itself, fixed \
         itself, came back, short disturbance, spike, temporary, over already, gone already, \
         rolled back already, rollback, rolling restart, deploy that ended well",
    ), // control
];
