//! A broker that hangs costs nobody else a sample: on a real lab one is stopped, not ended, and what
//! was recorded of all the others is counted.

mod program;

use std::path::Path;
use std::time::Duration;

use chaoslab::domain::telemetry::series::{Matcher, NAME, Series, SeriesSource};
use chaoslab::lab::store::Reader;
use program::{NOTHING, Program, standing, until};

/// How long it hangs while it is counted.
const STRETCH_MS: i64 = 30_000;

fn select(folder: &Path, matchers: &[Matcher], from: i64, to: i64) -> Vec<Series> {
    let reader = Reader::open(folder).expect("the record opens");
    reader.select(matchers, from, to).expect("the record is read")
}

/// What hangs, and since when.
fn hanging(folder: &Path) -> Option<(String, i64)> {
    let ups =
        select(folder, &[Matcher::equal(NAME, "up"), Matcher::equal("job", "kafka")], 0, i64::MAX);
    ups.iter().find_map(|series| {
        // One that was late once on a busy machine is up again.
        let ran = series.points.iter().rposition(|p| p.value == 1.0)?;
        let down = series.points.get(ran + 1)?;
        Some((series.labels.get("node").to_owned(), down.at))
    })
}

fn last(folder: &Path) -> i64 {
    let span = Reader::open(folder).and_then(|reader| reader.span()).expect("the record is read");
    span.map_or(0, |(_, last)| last)
}

/// Of each series: how often it was recorded in the stretch, and how often with the value 1.
fn counted(folder: &Path, name: &str, (from, to): (i64, i64)) -> Vec<(String, usize, usize)> {
    let series = select(folder, &[Matcher::equal(NAME, name)], from, to);
    let count = |s: &Series| {
        let ones = s.points.iter().filter(|p| p.value == 1.0).count();
        (s.labels.to_string(), s.points.len(), ones)
    };
    series.iter().map(count).collect()
}

#[test]
fn a_broker_that_hangs_costs_nobody_else_a_sample() {
    let program = Program::new();
    program.ok(&["start", "isr-shrink", "--scenario", "frozen-broker", "--seed", "3"]);
    let run = program.json(&["status"])["run"].as_str().expect("an id").to_owned();
    let folder = program.run_folder(&run);
    let (node, since) = hanging(&folder).expect("a broker hangs when the page is out");
    // From the first second that is wholly without it.
    let stretch = (since + 1000, since + 1000 + STRETCH_MS);
    until("half a minute of it", Duration::from_secs(90), || {
        (last(&folder) > stretch.1).then_some(())
    });
    program.ok(&["stop"]);
    assert_eq!(standing(&run), NOTHING);

    let scrapes = counted(&folder, "up", stretch);
    let seconds = scrapes.iter().map(|(_, recorded, _)| *recorded).max().unwrap_or(0);
    assert!(seconds as i64 >= STRETCH_MS / 1000 - 1, "{seconds} seconds were recorded");
    let hangs = |labels: &str| {
        labels.contains("job=\"kafka\"") && labels.contains(&format!("node=\"{node}\""))
    };
    for (labels, recorded, up) in &scrapes {
        let expected = if hangs(labels) { 0 } else { seconds };
        assert_eq!((*recorded, *up), (seconds, expected), "{labels}");
    }
    assert!(scrapes.iter().any(|(labels, ..)| hangs(labels)), "{scrapes:?}");

    let id = node.rsplit('-').next().unwrap_or_default();
    let probes = counted(&folder, "kafka_probe_success", stretch);
    for (labels, recorded, answered) in probes.iter().filter(|(l, ..)| l.contains("Metadata")) {
        let expected = if labels.contains(&format!("broker=\"{id}\"")) { 0 } else { seconds };
        assert_eq!((*recorded, *answered), (seconds, expected), "{labels}");
    }
    // What concerns the whole cluster is told by whichever broker answers.
    for name in ["kafka_topic_partition_leader", "kafka_broker_fenced"] {
        for (labels, recorded, _) in counted(&folder, name, stretch) {
            assert_eq!(recorded, seconds, "{labels}");
        }
    }
}
