//! The request to stop, and waits that end early because of it.

use std::{
    sync::{Condvar, Mutex},
    time::Instant,
};

/// Whether the service was asked to stop.
#[derive(Default)]
pub struct Stop {
    requested: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Asks every thread to finish.
    pub fn request(&self) {
        *self.requested.lock().expect("a panic ends the process") = true;
        self.changed.notify_all();
    }

    /// Whether it was asked.
    pub fn requested(&self) -> bool {
        *self.requested.lock().expect("a panic ends the process")
    }

    /// Sleeps until that instant, or until the service is asked to stop; returns whether it was.
    pub fn wait_until(&self, instant: Instant) -> bool {
        let mut requested = self.requested.lock().expect("a panic ends the process");
        while !*requested {
            let left = instant.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            requested =
                self.changed.wait_timeout(requested, left).expect("a panic ends the process").0;
        }
        true
    }
}
