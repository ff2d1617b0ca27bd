//! Wall time that never steps back: the time of day at the start, and a steady clock from there on.
//! Under a paused clock of tests it moves with that clock.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::domain::telemetry::series::UnixMs;

/// A clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    begun: UnixMs,
    steady: Instant,
}

impl Clock {
    /// The time of day from now on.
    pub fn start() -> Self {
        Self::at(now())
    }

    /// A clock that shows `begun` now.
    pub fn at(begun: UnixMs) -> Self {
        Self { begun, steady: Instant::now() }
    }

    /// Milliseconds since the epoch.
    pub fn now(&self) -> UnixMs {
        self.begun + i64::try_from(self.steady.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// The time of day, in milliseconds since the epoch.
pub fn now() -> UnixMs {
    Timestamp::now().as_millisecond()
}
