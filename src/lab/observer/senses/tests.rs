use std::collections::BTreeMap;

use tokio::task::LocalSet;

use super::*;
use crate::lab::wait::pause;

/// How a scripted sense reads in its k-th second.
type Script = fn(k: u64) -> Duration;

struct Scripted {
    name: &'static str,
    reads: u64,
    takes: Script,
    panics_at: Option<u64>,
}

fn scripted(name: &'static str, takes: Script) -> Scripted {
    Scripted { name, reads: 0, takes, panics_at: None }
}

impl Sense for Scripted {
    fn sources(&self) -> Vec<Source> {
        vec![Source::of("test", self.name)]
    }

    async fn read(&mut self, _: UnixMs) -> Vec<Option<Samples>> {
        self.reads += 1;
        assert!(self.panics_at != Some(self.reads), "a mistake of ours");
        pause((self.takes)(self.reads)).await;
        vec![Some(vec![(Labels::of("reads", []), self.reads as f64)])]
    }
}

/// Read every five seconds, and slow: longer than a second.
struct Rare(Duration);

impl Sense for Rare {
    const PACE: Pace = Pace { every: 5, within: Duration::from_secs(4), timed: false };

    fn sources(&self) -> Vec<Source> {
        vec![Source::whole("rare")]
    }

    async fn read(&mut self, now: UnixMs) -> Vec<Option<Samples>> {
        pause(self.0).await;
        vec![Some(vec![(Labels::of("asked_at", []), now as f64)])]
    }
}

/// Per second: what was recorded of each target, and its `up`.
type Seconds = Vec<BTreeMap<String, (Option<f64>, Option<f64>)>>;

async fn seconds_of(mut senses: Senses, count: i64, changed_in: Option<i64>) -> Seconds {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut seconds = Seconds::new();
    for k in 0..count {
        ticks.tick().await;
        let begun = Instant::now();
        let scrapes = senses.second(k * 1000, changed_in == Some(k)).await;
        assert!(begun.elapsed() < Duration::from_secs(1), "second {k} takes {:?}", begun.elapsed());
        let ups = scrapes.iter().find(|s| s.target.job == "scrape").expect("there in every second");
        let ups = ups.samples.as_ref().expect("it cannot fail");
        let up = |target: &Target| {
            let of = |l: &Labels| {
                (l.name(), l.get("job"), l.get("node")) == ("up", &target.job, &target.node)
            };
            ups.iter().find(|(l, _)| of(l)).map(|(_, value)| *value)
        };
        let of = |scrape: &Scrape| {
            assert_eq!(scrape.at, k * 1000, "the time of a sample is its second's");
            let value = scrape.samples.as_ref().map(|samples| samples[0].1);
            (format!("{}{}", scrape.target.job, scrape.target.node), (value, up(&scrape.target)))
        };
        seconds.push(scrapes.iter().filter(|s| s.target.job != "scrape").map(of).collect());
    }
    seconds
}

async fn in_local_set<T>(run: impl Future<Output = T>) -> T {
    LocalSet::new().run_until(run).await
}

const QUICK: Script = |_| Duration::from_millis(20);

fn of(seconds: &Seconds, target: &str) -> Vec<Option<(Option<f64>, Option<f64>)>> {
    seconds.iter().map(|second| second.get(target).copied()).collect()
}

/// That the quick sense has a sample in every second.
fn assert_whole(seconds: &Seconds) {
    for (k, reading) in of(seconds, "testquick").into_iter().enumerate() {
        assert_eq!(reading, Some((Some(k as f64 + 1.0), Some(1.0))), "second {k}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_never_answers_is_down_in_every_second_and_costs_the_others_none() {
    let seconds = in_local_set(async {
        let mut senses = Senses::default();
        senses.add(scripted("silent", |_| Duration::MAX));
        senses.add(scripted("quick", QUICK));
        seconds_of(senses, 30, None).await
    });
    let seconds = seconds.await;
    assert_whole(&seconds);
    assert_eq!(of(&seconds, "testsilent"), vec![Some((None, Some(0.0))); 30]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_slow_in_every_third_second_is_down_in_those_alone() {
    let seconds = in_local_set(async {
        let mut senses = Senses::default();
        senses
            .add(scripted("slow", |k| Duration::from_millis(if k % 3 == 0 { 2500 } else { 300 })));
        senses.add(scripted("quick", QUICK));
        seconds_of(senses, 30, None).await
    });
    let seconds = seconds.await;
    assert_whole(&seconds);
    for (k, reading) in (1..).zip(of(&seconds, "testslow")) {
        let expected = if k % 3 == 0 { (None, Some(0.0)) } else { (Some(f64::from(k)), Some(1.0)) };
        assert_eq!(reading, Some(expected), "second {k}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_panics_is_down_in_that_second_and_goes_on() {
    let seconds = in_local_set(async {
        let mut senses = Senses::default();
        senses.add(Scripted { panics_at: Some(3), ..scripted("panics", QUICK) });
        senses.add(scripted("quick", QUICK));
        seconds_of(senses, 5, None).await
    });
    let seconds = seconds.await;
    assert_whole(&seconds);
    let up = |value: f64| Some((Some(value), Some(1.0)));
    assert_eq!(
        of(&seconds, "testpanics"),
        [up(1.0), up(2.0), Some((None, Some(0.0))), up(4.0), up(5.0)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_to_a_rare_question_belongs_to_the_second_after_it() {
    let seconds = in_local_set(async {
        let mut senses = Senses::default();
        senses.add(Rare(Duration::from_millis(2300)));
        senses.add(scripted("quick", QUICK));
        seconds_of(senses, 12, None).await
    });
    let seconds = seconds.await;
    assert_whole(&seconds);
    let came: Vec<_> =
        (0..).zip(of(&seconds, "rare")).filter_map(|(k, r)| Some((k, r?.0?))).collect();
    // Asked in the seconds 0, 5 and 10, answered when the seconds 2 and 7 are complete: it belongs
    // to the next ones. The last answer is still to come.
    assert_eq!(came, [(3, 0.0), (8, 5000.0)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_read_rarely_is_read_at_once_after_a_change() {
    let seconds = in_local_set(async {
        let mut senses = Senses::default();
        senses.add(Rare(Duration::from_millis(100)));
        seconds_of(senses, 10, Some(2)).await
    });
    let came: Vec<_> =
        (0..).zip(of(&seconds.await, "rare")).filter_map(|(k, r)| r.map(|_| k)).collect();
    assert_eq!(came, [0, 2, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_second_ends_at_its_own_deadline() {
    in_local_set(async {
        let mut senses = Senses::default();
        senses.add(scripted("gone", QUICK));
        // It is asked, and nothing comes: not even that it failed.
        senses.watched[0].task.abort();
        for k in 0..3 {
            let begun = Instant::now();
            let scrapes = senses.second(k, false).await;
            assert_eq!(scrapes[0].samples, None);
            assert!(begun.elapsed() <= SEALED_AFTER);
        }
    })
    .await;
}
