//! Following the logs of all machines, as their containers write them.

use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::series::UnixMs;
use crate::lab::engine::{Lab, Lines, Logs, Written};
use crate::lab::wait::pause;

const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// Longer lines are cut: a stack trace has many short ones, a dump has one that helps nobody.
const MAX_LINE_BYTES: usize = 16 * 1024;
/// What a machine may write at once ...
const LINES_AT_ONCE: i64 = 5_000;
/// ... and in a second, in the long run: a broker that retries without a pause writes thousands,
/// for as long as the drill takes.
const LINES_PER_SECOND: i64 = 200;

/// Follows the logs of a lab.
#[derive(Debug)]
pub struct MachineLogs {
    tasks: Vec<JoinHandle<()>>,
}

impl MachineLogs {
    /// Begins to follow, from lines after `since`. Must be called within a `LocalSet`.
    pub fn follow(
        engine: &(impl Logs + Clone + 'static),
        lab: &Lab,
        since: UnixMs,
        lines: &UnboundedSender<LogLine>,
    ) -> Self {
        let follow = |machine: &str| {
            let log = MachineLog {
                node: machine.to_owned(),
                since,
                last: None,
                repeated: None,
                allowance: Allowance::full(since),
            };
            let (engine, lab, machine) = (engine.clone(), lab.clone(), machine.to_owned());
            let open = move |since| engine.follow_log(&lab, &machine, since);
            tokio::task::spawn_local(log.follow(open, lines.clone()))
        };
        Self { tasks: lab.machines().map(follow).collect() }
    }
}

impl Drop for MachineLogs {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

struct MachineLog {
    node: String,
    /// Lines since then are wanted.
    since: UnixMs,
    /// When the last line that was taken was written.
    last: Option<Timestamp>,
    /// Up to the line of this time, what comes was taken before.
    repeated: Option<Timestamp>,
    allowance: Allowance,
}

impl MachineLog {
    async fn follow(mut self, open: impl Fn(UnixMs) -> Lines, lines: UnboundedSender<LogLine>) {
        loop {
            let mut stream = open(self.open_again(Timestamp::now().as_millisecond()));
            while let Some(Ok(written)) = stream.next().await {
                for line in
                    self.take(&written).into_iter().flat_map(|line| self.allowance.admit(line))
                {
                    if lines.send(line).is_err() {
                        return;
                    }
                }
            }
            pause(REOPEN_AFTER).await;
        }
    }

    /// From when on lines are asked for. Of a machine whose clock was set back the new ones are
    /// stamped with earlier times than the last one.
    fn open_again(&mut self, now: UnixMs) -> UnixMs {
        self.repeated = self.last;
        self.last.map_or(self.since, |last| last.as_millisecond().min(now))
    }

    /// The line, unless it was taken before: a stream that is opened again repeats some, up to the
    /// last one.
    fn take(&mut self, written: &Written) -> Option<LogLine> {
        if let Some(last) = self.repeated {
            if written.at < last {
                return None;
            }
            self.repeated = None;
            if written.at == last {
                return None;
            }
        }
        self.last = Some(written.at);
        let end = written.line.floor_char_boundary(MAX_LINE_BYTES);
        let line = written.line[..end].trim_end().to_owned();
        Some(LogLine { at: written.at.as_millisecond(), node: self.node.clone(), line })
    }
}

/// How much of a flood is recorded. Once it is used up, nothing is until a second's worth has come
/// together again.
#[derive(Debug)]
struct Allowance {
    /// What may be written, in thousandths of a line.
    milli: i64,
    at: UnixMs,
    left_out: u64,
}

impl Allowance {
    fn full(at: UnixMs) -> Self {
        Self { milli: LINES_AT_ONCE * 1000, at, left_out: 0 }
    }

    /// The line, unless it is left out; before the first one after such a gap, a line that says so.
    fn admit(&mut self, line: LogLine) -> Vec<LogLine> {
        self.milli =
            (self.milli + (line.at - self.at).max(0) * LINES_PER_SECOND).min(LINES_AT_ONCE * 1000);
        // The clock that stamps lines may have been set back.
        let is_set_back = line.at + 1000 < self.at;
        self.at = if is_set_back { line.at } else { self.at.max(line.at) };
        let wanted = if self.left_out > 0 { LINES_PER_SECOND * 1000 } else { 1000 };
        if self.milli < wanted {
            self.left_out += 1;
            return Vec::new();
        }
        self.milli -= 1000;
        match std::mem::take(&mut self.left_out) {
            0 => vec![line],
            n => {
                let gap =
                    format!("[{n} lines are not recorded: more than {LINES_PER_SECOND} a second]");
                vec![LogLine { line: gap, ..line.clone() }, line]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(allowance: &mut Allowance, at: impl Iterator<Item = UnixMs>) -> Vec<String> {
        let line = |at| LogLine { at, node: "kafka-1".to_owned(), line: at.to_string() };
        at.flat_map(|at| allowance.admit(line(at))).map(|line| line.line).collect()
    }

    #[test]
    fn a_burst_is_recorded_whole() {
        let mut allowance = Allowance::full(0);
        assert_eq!(
            admitted(&mut allowance, (0..LINES_AT_ONCE).map(|_| 0)).len() as i64,
            LINES_AT_ONCE
        );
    }

    #[test]
    fn of_a_flood_a_part_is_recorded_and_each_gap_is_told() {
        let mut allowance = Allowance::full(0);
        // Four lines a millisecond, for a minute.
        let lines = admitted(&mut allowance, (0..240_000).map(|k| k / 4));
        let told = |line: &String| line.strip_prefix('[')?.split(' ').next()?.parse::<u64>().ok();
        let gaps: Vec<u64> = lines.iter().filter_map(told).collect();
        let recorded = lines.len() - gaps.len();
        assert_eq!(
            recorded as u64 + gaps.iter().sum::<u64>() + allowance.left_out,
            240_000,
            "each line is recorded or counted"
        );
        let most = LINES_AT_ONCE + 60 * LINES_PER_SECOND;
        assert!(
            (most - 2 * LINES_PER_SECOND..=most).contains(&(recorded as i64)),
            "{recorded} of {most}"
        );
        assert!(gaps.len() > 50, "a gap is told about once a second, and not {} times", gaps.len());
    }

    #[test]
    fn what_comes_after_a_flood_is_recorded() {
        let mut allowance = Allowance::full(0);
        admitted(&mut allowance, (0..10_000).map(|_| 0));
        assert_eq!(
            admitted(&mut allowance, [2_000, 2_001].into_iter()),
            ["[5000 lines are not recorded: more than 200 a second]", "2000", "2001"]
        );
    }

    fn machine() -> MachineLog {
        let node = "kafka-1".to_owned();
        MachineLog { node, since: 0, last: None, repeated: None, allowance: Allowance::full(0) }
    }

    fn taken(log: &mut MachineLog, at: &[i64]) -> Vec<UnixMs> {
        let written = |ms: &i64| Written {
            at: Timestamp::from_millisecond(*ms).expect("a time"),
            line: "INFO".to_owned(),
        };
        at.iter().filter_map(|ms| log.take(&written(ms))).map(|line| line.at).collect()
    }

    #[test]
    fn what_a_stream_repeats_when_it_is_opened_again_is_taken_once() {
        let mut log = machine();
        assert_eq!(log.open_again(9_000), 0);
        assert_eq!(taken(&mut log, &[1_100, 1_500, 1_500]), [1_100, 1_500, 1_500]);
        assert_eq!(log.open_again(9_000), 1_500);
        assert_eq!(taken(&mut log, &[1_100, 1_500, 1_700]), [1_700]);
    }

    #[test]
    fn lines_that_are_stamped_with_earlier_times_after_a_clock_was_set_back_are_taken() {
        let mut log = machine();
        log.open_again(60_000);
        assert_eq!(taken(&mut log, &[50_000, 20_000, 21_000]), [50_000, 20_000, 21_000]);
        assert_eq!(log.open_again(21_500), 21_000);
        assert_eq!(taken(&mut log, &[21_000, 22_000]), [22_000]);
        let mut log = machine();
        log.open_again(60_000);
        taken(&mut log, &[50_000]);
        assert_eq!(log.open_again(20_000), 20_000, "not from the future");
    }
}
