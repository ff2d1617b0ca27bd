//! Detections over recorded runs, without Docker: a detector that goes forward with the record says
//! at each second what one says that begins then.

mod program;

use std::path::Path;

use chaoslab::domain::rca::detect::{AlertRule, Detector, Scope, detect};
use chaoslab::domain::rca::record::{Detection, Span};
use chaoslab::domain::recording::Recording;
use chaoslab::lab::recording;
use program::root;

/// Numbers that look random and are the same at every run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end.unsigned_abs()) as i64
    }
}

fn alert(recording: &Recording) -> Option<AlertRule> {
    let alert = &recording.head.facts.alert;
    Some(AlertRule { name: alert.name.clone(), promql: alert.promql.clone(), hold: 5_000 })
}

/// What a detector says that reads everything until then at once.
fn at_once(recording: &Recording, to: i64) -> Vec<Detection> {
    let facts = &recording.head.facts;
    let span = Span { from: facts.baseline.from, to };
    let scope = Scope { span, alert: alert(recording) };
    detect(&recording.telemetry, &scope, &facts.inventory).expect("memory can be read")
}

#[test]
fn a_detector_that_goes_forward_says_at_each_second_what_one_says_that_begins_then() {
    let mut numbers = Numbers(514);
    for recording in recording::all(&root().join(Path::new(recording::FOLDER)), None).expect("read")
    {
        let facts = &recording.head.facts;
        let (from, end) = (facts.baseline.from, facts.recorded.to);
        let mut detector = Detector::new(from, alert(&recording), facts.inventory.clone());
        let compared = (numbers.below(end - from), numbers.below(end - from));
        let (mut to, mut told) = (from, Vec::new());
        while to < end {
            to = (to + 1 + numbers.below(12_000)).min(end);
            detector.advance(&recording.telemetry, to).expect("memory can be read");
            let now = detector.detections();
            keeps_its_numbers(&told, &now, &recording);
            told = now;
            // All of a recording from its beginning is much to read: at some of its seconds.
            let close = |at: i64| (to - from).abs_diff(at) < 9_000;
            if to == end || close(compared.0) || close(compared.1) {
                assert_eq!(told, at_once(&recording, to), "{} at {to}", recording.name());
            }
        }
        assert!(!told.is_empty(), "{}: nothing was detected", recording.name());
    }
}

/// What has a number keeps it: only how long it lasts is new.
fn keeps_its_numbers(before: &[Detection], now: &[Detection], recording: &Recording) {
    let known =
        |d: &Detection| (d.number, d.event.clone(), d.on.clone(), d.span.from, d.told.clone());
    let (before, now): (Vec<_>, Vec<_>) =
        (before.iter().map(known).collect(), now.iter().map(known).collect());
    assert_eq!(before[..], now[..before.len()], "{}", recording.name());
}
