//! The one clock of a run: samples, log lines and commands are placed on it. It follows the time of
//! day of the machine, which the engine stamps log lines with and `date` shows, but never goes
//! back: after the time of day was set back it runs on from where it was, and what the engine
//! stamps is shifted by as much. A time in which the machine slept passes on it, as it does for
//! everybody else. Under a paused clock of tests it moves with that clock.

use std::cell::RefCell;
use std::fmt;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

use crate::domain::telemetry::series::UnixMs;
use crate::lab::run::RunFile;

/// The time of day is taken for set when it moves apart from the steady clocks by more than this:
/// what time servers correct in passing is far less in a second.
const SET_MS: i64 = 100;
/// A time that is missing is told when it is longer than this.
const TOLD_MS: i64 = 2_000;

/// What the machine's clocks show at one instant, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The time of day (`CLOCK_REALTIME`).
    pub wall: UnixMs,
    /// How long the machine has been awake (`CLOCK_MONOTONIC`).
    pub awake: i64,
    /// How long it has been up, asleep or awake (`CLOCK_BOOTTIME`).
    pub up: i64,
}

impl Reading {
    /// The clocks of this machine.
    fn of_this_machine() -> Self {
        let steady = |clock| {
            let time = clock_gettime(clock);
            time.tv_sec * 1000 + time.tv_nsec / 1_000_000
        };
        Self { wall: now(), awake: steady(ClockId::Monotonic), up: steady(ClockId::Boottime) }
    }
}

/// Why times in a row do not lie where they should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The machine slept for so many milliseconds.
    Suspended(i64),
    /// The time of day was set forward by so many milliseconds, and the clock with it.
    SetForward(i64),
    /// The time of day was set back by so many milliseconds. The clock runs on.
    SetBack(i64),
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |ms: &i64| (ms + 500) / 1000;
        match self {
            Self::Suspended(ms) => write!(f, "the machine was asleep for {} s", seconds(ms)),
            Self::SetForward(ms) => {
                write!(f, "the machine's clock was set forward by {} s", seconds(ms))
            }
            Self::SetBack(ms) => write!(
                f,
                "the machine's clock was set back by {0} s; times from here on are {0} s ahead of it",
                seconds(ms)
            ),
        }
    }
}

/// The clock as it follows one reading after another.
#[derive(Debug, Clone)]
pub struct Timeline {
    last: Reading,
    shown: UnixMs,
    /// How far it runs ahead of the time of day.
    ahead: i64,
    breaks: Vec<Break>,
}

impl Timeline {
    /// A clock that begins with the time of day.
    pub fn beginning(reading: Reading) -> Self {
        Self { last: reading, shown: reading.wall, ahead: 0, breaks: Vec::new() }
    }

    /// The time at this reading. Never less than before.
    pub fn read(&mut self, reading: Reading) -> UnixMs {
        let passed = reading.up - self.last.up;
        let asleep = passed - (reading.awake - self.last.awake);
        let moved = (reading.wall - self.last.wall) - passed;
        if asleep > TOLD_MS {
            self.breaks.push(Break::Suspended(asleep));
        }
        if moved < -SET_MS {
            self.ahead -= moved;
            if moved < -TOLD_MS {
                self.breaks.push(Break::SetBack(-moved));
            }
        } else if moved > SET_MS {
            let caught_up = moved.min(self.ahead);
            self.ahead -= caught_up;
            if moved - caught_up > TOLD_MS {
                self.breaks.push(Break::SetForward(moved - caught_up));
            }
        }
        self.last = reading;
        self.shown = self.shown.max(reading.wall + self.ahead);
        self.shown
    }
}

/// The clock of a keeper.
#[derive(Debug)]
pub struct Clock {
    source: Source,
    timeline: RefCell<Timeline>,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Machine,
    /// The runtime's clock, which tests can pause; it showed `begun` at that instant.
    Runtime {
        begun: UnixMs,
        since: Instant,
    },
}

impl Source {
    fn reading(self) -> Reading {
        match self {
            Self::Machine => Reading::of_this_machine(),
            Self::Runtime { begun, since } => {
                let passed = i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX);
                Reading { wall: begun + passed, awake: passed, up: passed }
            }
        }
    }
}

impl Clock {
    /// The clock of this machine.
    pub fn start() -> Self {
        Self::from(Source::Machine)
    }

    /// A clock that shows `begun` now and goes with the runtime's.
    pub fn at(begun: UnixMs) -> Self {
        Self::from(Source::Runtime { begun, since: Instant::now() })
    }

    fn from(source: Source) -> Self {
        Self { source, timeline: RefCell::new(Timeline::beginning(source.reading())) }
    }

    /// Milliseconds since the epoch.
    pub fn now(&self) -> UnixMs {
        self.timeline.borrow_mut().read(self.source.reading())
    }

    /// Where something lies that was stamped with the machine's time of day just now.
    pub fn place(&self, stamped: UnixMs) -> UnixMs {
        self.now();
        stamped + self.timeline.borrow().ahead
    }

    /// What has interrupted the row of times since the breaks were taken.
    pub fn breaks(&self) -> Vec<Break> {
        self.timeline.borrow().breaks.clone()
    }

    /// Forgets the breaks there were.
    pub fn take_breaks(&self) -> Vec<Break> {
        std::mem::take(&mut self.timeline.borrow_mut().breaks)
    }
}

/// For how long the machine has slept since it was started, in milliseconds.
pub fn slept() -> i64 {
    let reading = Reading::of_this_machine();
    reading.up - reading.awake
}

/// The time of day that a run's time limit is reckoned by: less what the machine has slept since
/// the run opened.
pub fn charged(file: &RunFile) -> UnixMs {
    // A machine that was started anew has forgotten what it slept before.
    now() - file.slept_before_ms.map_or(0, |before| (slept() - before).max(0))
}

/// The time of day, in milliseconds since the epoch.
pub fn now() -> UnixMs {
    Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose clocks can be moved.
    struct Machine(Reading);

    impl Machine {
        fn new() -> (Self, Timeline) {
            let reading = Reading { wall: 1_000_000, awake: 5_000, up: 7_000 };
            (Self(reading), Timeline::beginning(reading))
        }

        fn runs(&mut self, ms: i64) -> Reading {
            self.0 =
                Reading { wall: self.0.wall + ms, awake: self.0.awake + ms, up: self.0.up + ms };
            self.0
        }

        fn sleeps(&mut self, ms: i64) {
            self.0 = Reading { wall: self.0.wall + ms, up: self.0.up + ms, ..self.0 };
        }

        fn is_set(&mut self, by: i64) {
            self.0.wall += by;
        }
    }

    #[test]
    fn it_follows_the_time_of_day_while_that_is_corrected_in_passing() {
        let (mut machine, mut timeline) = Machine::new();
        for _ in 0..3_600 {
            // A time server that slows the clock down by half a millisecond a second.
            machine.is_set(if machine.0.up % 2_000 == 0 { -1 } else { 0 });
            let reading = machine.runs(1_000);
            assert_eq!(timeline.read(reading), reading.wall);
        }
        assert_eq!((timeline.ahead, timeline.breaks), (0, Vec::new()));
    }

    #[test]
    fn a_time_asleep_passes_and_is_told() {
        let (mut machine, mut timeline) = Machine::new();
        timeline.read(machine.runs(1_000));
        machine.sleeps(1_200_000);
        let reading = machine.runs(400);
        assert_eq!((timeline.read(reading), timeline.ahead), (reading.wall, 0));
        assert_eq!(timeline.breaks, [Break::Suspended(1_200_000)]);
        assert_eq!(timeline.breaks[0].to_string(), "the machine was asleep for 1200 s");
    }

    #[test]
    fn it_goes_forward_with_a_clock_that_is_set_forward() {
        let (mut machine, mut timeline) = Machine::new();
        machine.is_set(30_000);
        let reading = machine.runs(1_000);
        assert_eq!((timeline.read(reading), timeline.ahead), (reading.wall, 0));
        assert_eq!(timeline.breaks, [Break::SetForward(30_000)]);
    }

    #[test]
    fn it_never_goes_back_and_what_the_engine_stamps_goes_with_it() {
        let (mut machine, mut timeline) = Machine::new();
        let before = timeline.read(machine.runs(1_000));
        machine.is_set(-30_000);
        let reading = machine.runs(1_000);
        assert_eq!(timeline.read(reading), before + 1_000, "a second later it shows a second more");
        assert_eq!(timeline.breaks, [Break::SetBack(30_000)]);
        assert_eq!(reading.wall + timeline.ahead, before + 1_000, "a line stamped at this instant");
        // Set right again: what was ahead is caught up, and no time is missing.
        machine.is_set(30_000);
        let reading = machine.runs(1_000);
        assert_eq!((timeline.read(reading), timeline.ahead), (before + 2_000, 0));
        assert_eq!(timeline.breaks.len(), 1);
    }

    #[test]
    fn small_steps_back_do_not_make_it_stand_still() {
        let (mut machine, mut timeline) = Machine::new();
        let mut shown = vec![timeline.read(machine.runs(1_000))];
        for _ in 0..5 {
            machine.is_set(-1_500);
            shown.push(timeline.read(machine.runs(1_000)));
        }
        assert!(shown.windows(2).all(|pair| pair[1] == pair[0] + 1_000), "{shown:?}");
        assert_eq!(timeline.breaks, []);
    }

    #[test]
    fn it_shows_what_this_machine_shows() {
        let clock = Clock::start();
        let (before, shown, after) = (now(), clock.now(), now());
        assert!(before <= shown && shown <= after, "{before} {shown} {after}");
        assert_eq!(clock.place(before), before);
        assert_eq!(clock.breaks(), []);
    }

    #[test]
    fn what_the_machine_sleeps_after_a_run_opened_is_not_charged() {
        let mut file = RunFile::new("r-000001", "isr-shrink", "image", 1);
        assert!((now() - charged(&file)).abs() < 60_000);
        file.slept_before_ms = Some(slept() - 1_200_000);
        let apart = now() - charged(&file);
        assert!((1_190_000..1_260_000).contains(&apart), "{apart} ms of 20 minutes asleep");
        file.slept_before_ms = Some(slept() + 1_200_000);
        assert!((now() - charged(&file)).abs() < 60_000, "it was started anew");
    }
}
