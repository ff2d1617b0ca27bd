//! Senses, each in a task of its own: one that is slow, silent or broken costs the others nothing.
//!
//! Once a second all that are due are asked at the same time. The second is complete when all have
//! answered, and at [`SEALED_AFTER`] whether they have or not: who is late is down in it. An answer
//! that comes later belongs to no second any more.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, timeout, timeout_at};

use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::series::{Labels, UnixMs};
use crate::lab::store::{Scrape, Target};

/// Samples of one read.
pub type Samples = Vec<(Labels, f64)>;

/// When a second is complete without those that have not answered: enough before the next one for
/// writing it.
const SEALED_AFTER: Duration = Duration::from_millis(950);

/// What a sense reads, as `up` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The job and the machine.
    pub target: Target,
    /// Host and port, as Prometheus' label `instance`, of what is scraped.
    pub instance: Option<String>,
}

impl Source {
    /// A job that reads the lab as a whole.
    pub fn whole(job: &str) -> Self {
        Self::of(job, "")
    }

    /// A job that reads a machine, and not by scraping it.
    pub fn of(job: &str, node: &str) -> Self {
        Self { target: Target { job: job.to_owned(), node: node.to_owned() }, instance: None }
    }

    /// A job that scrapes a machine's port.
    pub fn scraped(job: &str, node: &str) -> Self {
        Self { instance: catalogue::instance(job, node), ..Self::of(job, node) }
    }

    fn labels(&self, name: &str) -> Labels {
        let pairs = [("job", self.target.job.as_str()), ("node", self.target.node.as_str())];
        let instance = self.instance.as_deref().map(|instance| ("instance", instance));
        Labels::of(name, pairs.into_iter().chain(instance))
    }
}

/// How often a sense is asked, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Seconds between two reads.
    pub every: u64,
    /// How long a read may take. Of one that may take longer than a second the answer belongs to
    /// the first second that is not complete when it comes.
    pub within: Duration,
    /// Whether it is told how long a read took.
    pub timed: bool,
}

impl Pace {
    /// Once a second, and in time for it.
    pub const SECOND: Self = Self { every: 1, within: Duration::from_millis(900), timed: true };

    fn outlasts_a_second(self) -> bool {
        self.within >= SEALED_AFTER
    }
}

/// Something that is read again and again.
#[allow(async_fn_in_trait)]
pub trait Sense {
    /// How often, and for how long.
    const PACE: Pace = Pace::SECOND;

    /// What it reads.
    fn sources(&self) -> Vec<Source>;

    /// The samples of each source, in their order; nothing of one that did not answer. It may be
    /// dropped at any point: the next read has to do without what this one would have told.
    async fn read(&mut self, now: UnixMs) -> Vec<Option<Samples>>;
}

/// The senses of a lab.
#[derive(Debug)]
pub struct Senses {
    watched: Vec<Watched>,
    answers: UnboundedReceiver<Answer>,
    answer: UnboundedSender<Answer>,
    second: u64,
}

/// A sense, as it is seen from outside its task.
#[derive(Debug)]
struct Watched {
    sources: Vec<Source>,
    pace: Pace,
    ask: UnboundedSender<UnixMs>,
    task: JoinHandle<()>,
    /// The second in which it is to be asked next.
    due: u64,
    /// The second in which it was asked, while it has not answered.
    asked: Option<u64>,
    /// What came of its last read, in the order of its sources.
    up: Vec<bool>,
    took: Duration,
}

/// What came of asking a sense.
struct Answer {
    sense: usize,
    took: Duration,
    read: Vec<Option<Samples>>,
}

impl Default for Senses {
    fn default() -> Self {
        let (answer, answers) = unbounded_channel();
        Self { watched: Vec::new(), answers, answer, second: 0 }
    }
}

impl Drop for Senses {
    fn drop(&mut self) {
        self.watched.iter().for_each(|watched| watched.task.abort());
    }
}

impl Senses {
    /// Gives a sense a task of its own. Must be called within a `LocalSet`.
    pub fn add<S: Sense + 'static>(&mut self, sense: S) {
        let (ask, asked) = unbounded_channel();
        self.watched.push(Watched {
            sources: sense.sources(),
            pace: S::PACE,
            ask,
            due: 0,
            asked: None,
            up: Vec::new(),
            took: Duration::ZERO,
            task: spawn_local(answer(sense, self.watched.len(), asked, self.answer.clone())),
        });
    }

    /// One second: asks all that are due, and what is read rarely too when something `changed`.
    pub async fn second(&mut self, at: UnixMs, changed: bool) -> Vec<Scrape> {
        let sealed = Instant::now() + SEALED_AFTER;
        self.second += 1;
        let mut scrapes = Vec::new();
        while let Ok(answer) = self.answers.try_recv() {
            self.take(answer, at, &mut scrapes);
        }
        for watched in &mut self.watched {
            watched.ask(self.second, at, changed);
        }
        while self.watched.iter().any(|watched| watched.asked == Some(self.second)) {
            match timeout_at(sealed, self.answers.recv()).await {
                Ok(Some(answer)) => self.take(answer, at, &mut scrapes),
                Ok(None) | Err(_) => break,
            }
        }
        for watched in self.watched.iter_mut().filter(|w| w.is_late()) {
            watched.note(at, watched.pace.within, Vec::new(), &mut scrapes);
        }
        let told = self.watched.iter().flat_map(Watched::told).collect();
        let target = Source::whole("scrape").target;
        scrapes.push(Scrape { at, target, samples: Some(told) });
        scrapes
    }

    fn take(&mut self, answer: Answer, at: UnixMs, scrapes: &mut Vec<Scrape>) {
        let watched = &mut self.watched[answer.sense];
        let asked = watched.asked.take();
        // The second it was asked in is over: there it was down.
        if asked == Some(self.second) || watched.pace.outlasts_a_second() {
            watched.note(at, answer.took, answer.read, scrapes);
        }
    }
}

impl Watched {
    fn ask(&mut self, second: u64, at: UnixMs, changed: bool) {
        if changed {
            self.due = second;
        }
        if second >= self.due && self.asked.is_none() {
            self.due = second + self.pace.every;
            self.asked = Some(second);
            // One whose task has ended does not answer, and so is late in every second.
            let _ = self.ask.send(at);
        }
    }

    fn is_late(&self) -> bool {
        self.asked.is_some() && !self.pace.outlasts_a_second()
    }

    /// Notes what came of a read; what is missing in it did not answer.
    fn note(
        &mut self,
        at: UnixMs,
        took: Duration,
        mut read: Vec<Option<Samples>>,
        scrapes: &mut Vec<Scrape>,
    ) {
        read.resize(self.sources.len(), None);
        self.took = took;
        self.up = read.iter().map(Option::is_some).collect();
        scrapes.extend(self.sources.iter().zip(read).map(|(source, samples)| Scrape {
            at,
            target: source.target.clone(),
            samples,
        }));
    }

    /// What is recorded of its last read, in every second.
    fn told(&self) -> impl Iterator<Item = (Labels, f64)> {
        let ups = self.sources.iter().zip(&self.up);
        ups.flat_map(|(source, up)| {
            let up = (source.labels("up"), f64::from(u8::from(*up)));
            let took = self
                .pace
                .timed
                .then(|| (source.labels("scrape_duration_seconds"), self.took.as_secs_f64()));
            std::iter::once(up).chain(took)
        })
    }
}

/// Answers whenever it is asked, and in time: a read that takes too long is given up, and one that
/// fails for a mistake of ours costs its own second and no other.
async fn answer<S: Sense>(
    mut sense: S,
    number: usize,
    mut asked: UnboundedReceiver<UnixMs>,
    answers: UnboundedSender<Answer>,
) {
    while let Some(at) = asked.recv().await {
        let begun = Instant::now();
        let read = AssertUnwindSafe(timeout(S::PACE.within, sense.read(at))).catch_unwind().await;
        let read = match read {
            Ok(Ok(read)) => read,
            Ok(Err(_)) => Vec::new(),
            Err(_) => {
                tracing::error!(sources = ?sense.sources(), "a reading ended in a panic");
                Vec::new()
            }
        };
        if answers.send(Answer { sense: number, took: begun.elapsed(), read }).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
