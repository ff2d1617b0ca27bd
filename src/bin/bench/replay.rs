//! Hours of telemetry made of a real run: the recording as it was, then its last seconds over and
//! over, counters counting on. So names, labels, values and how many of them move each second are
//! those of a lab.

use chaoslab::domain::recording::Recording;
use chaoslab::domain::telemetry::log::LogLine;
use chaoslab::domain::telemetry::series::{Labels, NAME, UnixMs, is_stale};
use chaoslab::lab::store::{CommandEnd, CommandStart, Scrape, StoreError, Target, Writer};

/// How many of the last seconds go round.
const ROUND: usize = 20;

/// What recordings leave out and every run has: how long the read took.
const DURATION: &str = "scrape_duration_seconds";

/// How much besides samples is written.
pub struct Besides {
    /// Log lines over all seconds.
    pub lines: usize,
    /// Commands over all seconds.
    pub commands: usize,
}

/// A run that goes on for as long as one likes.
pub struct Replay<'a> {
    recording: &'a Recording,
    targets: Vec<Source>,
    /// The frames of each recorded second: target and place.
    seconds: Vec<Vec<(usize, usize)>>,
    /// How many seconds there are to be, and what is spread over them.
    length: usize,
    besides: Besides,
}

/// What one target gave.
struct Source {
    frames: Vec<Frame>,
    labels: Vec<Labels>,
    /// By how much each series grows in a round: nothing for what is no counter.
    gains: Vec<f64>,
    /// The scrape as it was last written, to be written again with other values.
    scrape: Scrape,
    /// Which series are in it.
    present: Vec<usize>,
}

/// One read of a target: the value of each series, if it was there; nothing when the read failed.
struct Frame {
    at: UnixMs,
    values: Option<Vec<Option<f64>>>,
}

impl<'a> Replay<'a> {
    /// Goes on with a recording for this many seconds.
    pub fn of(recording: &'a Recording, length: usize, besides: Besides) -> Self {
        let from = recording.head.facts.recorded.from;
        let targets: Vec<Source> =
            (0..recording.telemetry.targets.len()).map(|k| Source::of(recording, k)).collect();
        let mut seconds: Vec<Vec<(usize, usize)>> = Vec::new();
        for (target, source) in targets.iter().enumerate() {
            for (place, frame) in source.frames.iter().enumerate() {
                let second = usize::try_from((frame.at - from) / 1000).unwrap_or(0);
                if seconds.len() <= second {
                    seconds.resize(second + 1, Vec::new());
                }
                seconds[second].push((target, place));
            }
        }
        Self { recording, targets, seconds, length, besides }
    }

    /// How many series there are.
    pub fn series(&self) -> usize {
        self.targets.iter().map(|t| t.labels.len()).sum()
    }

    /// Writes one second as the keeper does before it commits: its scrapes, what was logged and run.
    pub fn write(&mut self, second: usize, writer: &mut Writer) -> Result<UnixMs, StoreError> {
        let recorded = self.seconds.len();
        let (source, round) = match second.checked_sub(recorded) {
            None => (second, 0),
            Some(after) => (recorded - ROUND + after % ROUND, after / ROUND + 1),
        };
        let shift = (round * ROUND * 1000) as i64;
        let at = self.recording.head.facts.recorded.from + (second * 1000) as i64 + 999;
        for &(target, place) in &self.seconds[source] {
            self.targets[target].write(place, round, shift, writer)?;
        }
        self.log(second, at, writer)?;
        self.run(second, at, writer)?;
        Ok(at)
    }

    /// So many of `all` were due before this second.
    fn due(&self, all: usize, second: usize) -> usize {
        all * second / self.length
    }

    fn log(&self, second: usize, at: UnixMs, writer: &mut Writer) -> Result<(), StoreError> {
        let lines = &self.recording.telemetry.lines;
        let besides = self.besides.lines;
        for k in self.due(besides, second)..self.due(besides, second + 1) {
            let line = &lines[k % lines.len()];
            writer.log(&LogLine { at, node: line.node.clone(), line: line.line.clone() })?;
        }
        Ok(())
    }

    /// A command of the battery, with what it printed.
    fn run(&self, second: usize, at: UnixMs, writer: &mut Writer) -> Result<(), StoreError> {
        let battery = &self.recording.head.battery;
        let besides = self.besides.commands;
        // None before the page.
        let open = self.seconds.len();
        if second < open {
            return Ok(());
        }
        for k in self.due(besides, second)..self.due(besides, second + 1) {
            let taken = &battery[k % battery.len()];
            let number = writer.command_started(&CommandStart {
                at,
                who: None,
                kind: "exec".to_owned(),
                node: taken.machine.clone(),
                text: taken.line.clone(),
                mutating: false,
            })?;
            let head = taken.output.clone().into_bytes();
            let end = CommandEnd { at, exit: Some(taken.exit), head, ..CommandEnd::default() };
            writer.command_ended(number, &end)?;
        }
        Ok(())
    }
}

impl Source {
    fn of(recording: &Recording, number: usize) -> Self {
        let telemetry = &recording.telemetry;
        let target = &telemetry.targets[number];
        let kept: Vec<_> =
            telemetry.series.values().flatten().filter(|kept| kept.target == number).collect();
        let mut times = target.reads.clone();
        times.extend(kept.iter().flat_map(|kept| &kept.changes).map(|point| point.at));
        times.sort_unstable();
        times.dedup();
        let mut labels: Vec<Labels> = kept.iter().map(|kept| kept.labels.clone()).collect();
        let durations: Vec<Labels> = labels
            .iter()
            .filter(|labels| labels.name() == "up")
            .map(|labels| {
                let mut duration = labels.clone();
                duration.set(NAME, DURATION);
                duration
            })
            .collect();
        let frame = |at: &UnixMs| {
            let values = target.reads.binary_search(at).is_ok().then(|| {
                let value = |changes: &[chaoslab::domain::telemetry::series::Point]| {
                    let next = changes.partition_point(|point| point.at <= *at);
                    let last = changes.get(next.checked_sub(1)?)?;
                    Some(last.value).filter(|value| !is_stale(*value))
                };
                let of_kept = kept.iter().map(|kept| value(&kept.changes));
                // Different at each read, and far from what a refused connection takes.
                let took = |k: usize| 0.01 + ((*at as usize / 1000 + k) % 17) as f64 / 1000.0;
                of_kept.chain((0..durations.len()).map(|k| Some(took(k)))).collect()
            });
            Frame { at: *at, values }
        };
        let frames: Vec<Frame> = times.iter().map(frame).collect();
        labels.extend(durations.iter().cloned());
        let gains = (0..labels.len()).map(|k| gain(&frames, k, recording)).collect();
        let target = Target {
            job: target.job.clone(),
            node: if target.node == "-" { String::new() } else { target.node.clone() },
        };
        let scrape = Scrape { at: 0, target, samples: None };
        Self { frames, labels, gains, scrape, present: Vec::new() }
    }

    fn write(
        &mut self,
        place: usize,
        round: usize,
        shift: i64,
        writer: &mut Writer,
    ) -> Result<(), StoreError> {
        let frame = &self.frames[place];
        self.scrape.at = frame.at + shift;
        let Some(values) = &frame.values else {
            (self.scrape.samples, self.present) = (None, Vec::new());
            return writer.scrape(&self.scrape);
        };
        let now = || values.iter().enumerate().filter_map(|(k, value)| Some((k, (*value)?)));
        if !now().map(|(k, _)| k).eq(self.present.iter().copied()) {
            self.present = now().map(|(k, _)| k).collect();
            let samples = self.present.iter().map(|k| (self.labels[*k].clone(), 0.0));
            self.scrape.samples = Some(samples.collect());
        }
        for ((k, value), sample) in now().zip(self.scrape.samples.iter_mut().flatten()) {
            sample.1 = value + self.gains[k] * round as f64;
        }
        writer.scrape(&self.scrape)
    }
}

/// By how much a series grows in a round, when it only grows.
fn gain(frames: &[Frame], series: usize, recording: &Recording) -> f64 {
    let begin = recording.head.facts.recorded.to - (ROUND * 1000) as i64;
    let values: Vec<f64> = frames
        .iter()
        .filter(|frame| frame.at >= begin)
        .filter_map(|frame| frame.values.as_ref()?.get(series).copied().flatten())
        .collect();
    match (values.first(), values.last()) {
        (Some(first), Some(last)) if values.is_sorted() => last - first,
        _ => 0.0,
    }
}
