//! Steady pacing: how many records are due, and when to look again.

use std::time::{Duration, Instant};

/// Records are sent in small groups this far apart: waking for each of 1500 a second would cost
/// more than sending them.
const TICK: Duration = Duration::from_millis(20);

/// What has been missed for longer than this is not caught up with: orders that could not be placed
/// are not placed twice as fast later.
const FORGIVE: Duration = Duration::from_secs(1);

/// A schedule of records at a constant rate. It is computed from its start, so that no rounding
/// adds up.
#[derive(Debug)]
pub struct Pace {
    rate: f64,
    start: Instant,
    taken: u64,
}

impl Pace {
    /// A schedule of `rate` records a second, the first of them at `start`.
    pub fn new(rate: f64, start: Instant) -> Self {
        Self { rate, start, taken: 0 }
    }

    /// Takes the records that are due and not yet taken.
    pub fn take(&mut self, now: Instant) -> u64 {
        let due = (now.saturating_duration_since(self.start).as_secs_f64() * self.rate) as u64 + 1;
        let mut take = due.saturating_sub(self.taken);
        let most = (FORGIVE.as_secs_f64() * self.rate).ceil() as u64 + 1;
        if take > most {
            take = most;
            (self.start, self.taken) = (now, 1);
        } else {
            self.taken += take;
        }
        take
    }

    /// When to take again: when the next record is due, yet not before one tick from now.
    pub fn next(&self, now: Instant) -> Instant {
        let due = self.start + Duration::from_secs_f64(self.taken as f64 / self.rate);
        due.max(now + TICK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes as the sending loop does for that long, and returns how many were taken in how many
    /// wake-ups.
    fn run(pace: &mut Pace, start: Instant, length: Duration) -> (u64, u64) {
        let (mut now, mut taken, mut wakes) = (start, 0, 0);
        while now < start + length {
            taken += pace.take(now);
            wakes += 1;
            now = pace.next(now);
        }
        (taken, wakes)
    }

    #[test]
    fn a_fast_pace_neither_drifts_nor_wakes_for_every_record() {
        let start = Instant::now();
        let (taken, wakes) = run(&mut Pace::new(1500.0, start), start, Duration::from_secs(3600));
        assert!((5_400_000 - 31..=5_400_000).contains(&taken), "{taken}");
        assert!(wakes <= 360_000, "{wakes}");
    }

    #[test]
    fn an_odd_rate_is_kept_exactly() {
        let start = Instant::now();
        let (taken, _) = run(&mut Pace::new(333.3, start), start, Duration::from_secs(10_000));
        assert!((3_332_992..=3_333_001).contains(&taken), "{taken}");
    }

    #[test]
    fn a_slow_pace_sends_its_first_record_at_once_and_sleeps_until_the_next() {
        let start = Instant::now();
        let mut pace = Pace::new(0.1, start);
        assert_eq!(pace.take(start), 1);
        assert_eq!(pace.next(start), start + Duration::from_secs(10));
        assert_eq!(pace.take(start + Duration::from_secs(9)), 0);
        assert_eq!(pace.take(start + Duration::from_secs(10)), 1);
    }

    #[test]
    fn a_short_stall_is_caught_up_a_long_one_is_not() {
        let start = Instant::now();
        let mut pace = Pace::new(100.0, start);
        assert_eq!(pace.take(start), 1);
        assert_eq!(pace.take(start + Duration::from_millis(900)), 90);
        let late = start + Duration::from_secs(60);
        assert_eq!(pace.take(late), 101);
        assert_eq!(pace.take(late), 0);
        assert_eq!(pace.take(late + Duration::from_secs(1)), 100);
    }
}
