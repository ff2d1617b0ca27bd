//! `docs/metrics.md` and a live lab say the same: what is recorded stands on the page, with these
//! labels, and what stands there is recorded.

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use chaoslab::domain::telemetry::catalogue::{self, Metric};
use chaoslab::domain::telemetry::series::{Matcher, NAME, SeriesSource};
use chaoslab::lab::store::Reader;
use program::{NOTHING, Program, standing, until};

/// Metrics of the page that this lab cannot show, and what they need. One that it does show has no
/// place here.
const NEED_MORE: &[(&str, &str)] = &[
    ("kafka_topic_partition_reassigning", "a reassignment"),
    ("kafka_transaction_state_info", "a transactional producer"),
    ("kafka_transaction_open_seconds", "an open transaction"),
    ("kafka_producer_transactions_total", "a transactional producer"),
    ("kafka_client_quota", "a quota"),
    ("kafka_server_quota_byte_rate", "a quota"),
    ("kafka_server_quota_throttle_time", "a quota"),
    ("kafka_server_followerreplication_byte_rate", "a list of throttled replicas"),
    ("kafka_producer_record_error_total", "a record given up"),
    ("kafka_consumer_records_skipped_total", "a record that cannot be decoded"),
    ("node_filter_packets_total", "a packet-filter rule"),
];

/// The label sets recorded, by the metric's name.
fn recorded(folder: &Path) -> BTreeMap<String, BTreeSet<Vec<String>>> {
    let reader = Reader::open(folder).expect("the record opens");
    let mut names: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    for series in reader.select(&[], 0, i64::MAX).expect("the record is read") {
        let labels: Vec<String> = series.labels.0.keys().filter(|l| *l != NAME).cloned().collect();
        names.entry(series.labels.name().to_owned()).or_default().insert(labels);
    }
    names
}

/// What is wrong with these label sets, if the page is right.
fn differs(metric: &Metric, sets: &BTreeSet<Vec<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for set in sets {
        let unknown: Vec<_> = set.iter().filter(|l| !metric.has_label(l)).cloned().collect();
        let missing: Vec<_> = metric
            .labels
            .iter()
            .filter(|l| !l.optional && !set.iter().any(|s| s == l.name))
            .map(|l| l.name)
            .collect();
        if !unknown.is_empty() {
            wrong.push(format!(
                "{}: recorded with the labels {}, of which the page knows nothing",
                metric.name,
                unknown.join(", ")
            ));
        }
        if !missing.is_empty() {
            wrong.push(format!(
                "{}: recorded without the labels {}",
                metric.name,
                missing.join(", ")
            ));
        }
    }
    wrong
}

#[test]
fn what_a_lab_records_and_what_the_page_says_are_the_same() {
    let program = Program::new();
    // Half a minute of the record, and a little more: so long this one may be worked on.
    program.ok(&[
        "start",
        "isr-shrink",
        "--scenario",
        "capped-link",
        "--profile",
        "exam",
        "--time-limit",
        "35s",
    ]);
    let run = program.json(&["status"])["run"].as_str().expect("an id").to_owned();
    let folder = program.run_folder(&run);
    program.ok(&["rca", "new"]);
    let form = std::fs::read_to_string(folder.join("rca.md")).expect("the form");
    std::fs::write(
        folder.join("rca.md"),
        form.replacen("- class:  ", "- class: broker.cpu.starved", 1),
    )
    .expect("written");
    let has_pressure = Path::new("/proc/pressure").exists();
    let needed = |name: &str| {
        NEED_MORE.iter().any(|(listed, _)| *listed == name)
            || (name.starts_with("node_pressure_") && !has_pressure)
    };
    // Most metrics are there within a second; some begin with the first request of their kind.
    let complete = || {
        catalogue::metrics()
            .iter()
            .all(|m| needed(m.name) || is_recorded(&folder, m.name))
            .then_some(())
    };
    let page = last(&folder);
    until("half a minute of the record, or all of it", Duration::from_secs(120), || {
        complete().or_else(|| (last(&folder) > page + 30_000).then_some(()))
    });
    // When the time of an exam is over, what was saved is handed in by itself.
    until("the grade of what was saved", Duration::from_secs(60), || {
        program.json(&["status"])["graded"].as_object().map(|_| ())
    });
    assert!(folder.join("report.html").exists());
    assert_eq!(program.run(&["submit"]).code, 9, "it is handed in once");
    program.ok(&["stop"]);
    assert_eq!(standing(&run), NOTHING);

    let recorded = recorded(&folder);
    let mut wrong = Vec::new();
    for (name, sets) in &recorded {
        match catalogue::find(name) {
            Some(metric) => wrong.extend(differs(metric, sets)),
            None => wrong
                .push(format!("{name}: recorded, and not on the page; its labels are {sets:?}")),
        }
    }
    for metric in catalogue::metrics() {
        match (recorded.contains_key(metric.name), needed(metric.name)) {
            (false, false) => wrong.push(format!("{}: on the page, and not recorded", metric.name)),
            (true, true) => wrong.push(format!(
                "{}: recorded, so it needs nothing that this lab has not: take it off the list",
                metric.name
            )),
            (true, false) | (false, true) => {}
        }
    }
    for (name, _) in NEED_MORE {
        if catalogue::find(name).is_none() {
            wrong.push(format!("{name}: listed as needing more, and not on the page"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_recorded(folder: &Path, name: &str) -> bool {
    let reader = Reader::open(folder).expect("the record opens");
    !reader
        .select(&[Matcher::equal(NAME, name)], 0, i64::MAX)
        .expect("the record is read")
        .is_empty()
}

fn last(folder: &Path) -> i64 {
    Reader::open(folder)
        .and_then(|r| r.span())
        .expect("the record is read")
        .map_or(0, |(_, last)| last)
}

#[test]
fn labels_are_compared_both_ways() {
    let metric =
        catalogue::find("kafka_server_brokertopicmetrics_bytesin_total").expect("on the page");
    let sets = |labels: &[&str]| BTreeSet::from([labels.iter().map(|l| (*l).to_owned()).collect()]);
    assert_eq!(differs(metric, &sets(&["broker", "instance", "node"])), Vec::<String>::new());
    assert_eq!(differs(metric, &sets(&["broker"])).len(), 1);
    assert_eq!(differs(metric, &sets(&["instance", "node", "partition"])).len(), 1);
}
