//! A recording as text. Times and whole numbers are written as distances to the one before, so that
//! it packs small:
//!
//! ```text
//! {"format":1,...}                          the head
//! T kafka kafka-1 1795352000000 1000 1000!  a target: its reads, `!` one that failed
//! S 0 {"__name__":"up",...} :+1 3:+0 :=0.5  a series of target 0: reads skipped, then the change; `S` stale, `N` not a number
//! L kafka-1 1795352000123 text              a log line
//! ```

use std::collections::BTreeMap;

use super::{FORMAT, Head, Kept, Recording, Target, Telemetry};
use crate::domain::telemetry::catalogue;
use crate::domain::telemetry::log::LogLine;
use crate::domain::telemetry::series::{Labels, Point, UnixMs, is_stale, stale};

/// Whole numbers up to here have a float of their own.
const WHOLE: f64 = 9_007_199_254_740_992.0;

pub(super) fn write(recording: &Recording) -> String {
    let telemetry = &recording.telemetry;
    let mut text = serde_json::to_string(&recording.head).expect("a head is data");
    text.push('\n');
    let times: Vec<Vec<UnixMs>> =
        (0..telemetry.targets.len()).map(|k| times(telemetry, k)).collect();
    for (target, times) in telemetry.targets.iter().zip(&times) {
        text += &target_line(target, times);
    }
    for kept in telemetry.series.values().flatten() {
        let labels = serde_json::to_string(&kept.labels.0).expect("a map of strings is JSON");
        let changes = changes(&kept.changes, &times[kept.target]);
        text += &format!("S {} {labels}{changes}\n", kept.target);
    }
    for line in &telemetry.lines {
        let one_line = line.line.replace(['\n', '\r'], " ");
        text += &format!("L {} {} {one_line}\n", line.node, line.at);
    }
    text
}

fn target_line(target: &Target, times: &[UnixMs]) -> String {
    let node = if target.node.is_empty() { "-" } else { &target.node };
    let mut line = format!("T {} {node}", target.job);
    let mut before = 0;
    for at in times {
        let failed = if target.reads.binary_search(at).is_ok() { "" } else { "!" };
        line += &format!(" {}{failed}", at - before);
        before = *at;
    }
    line + "\n"
}

/// All times of a target: its reads, and those of the stale markers that failed ones left.
fn times(telemetry: &Telemetry, target: usize) -> Vec<UnixMs> {
    let series = telemetry.series.values().flatten().filter(|kept| kept.target == target);
    let changed = series.flat_map(|kept| &kept.changes).map(|point| point.at);
    let mut times = telemetry.targets[target].reads.clone();
    times.extend(changed);
    times.sort_unstable();
    times.dedup();
    times
}

/// The changes of a series, each as the reads skipped since the one before and its value.
fn changes(changes: &[Point], times: &[UnixMs]) -> String {
    let mut text = String::new();
    let (mut next, mut before) = (0, 0);
    for point in changes {
        let place = times.partition_point(|at| *at < point.at);
        let skipped = if place > next { (place - next).to_string() } else { String::new() };
        next = place + 1;
        let value = point.value;
        let change = if is_stale(value) {
            "S".to_owned()
        } else if value.is_nan() {
            "N".to_owned()
        } else if is_whole(value) {
            let whole = value as i64;
            let distance = whole - before;
            before = whole;
            format!("{distance:+}")
        } else {
            format!("={value:?}")
        };
        text += &format!(" {skipped}:{change}");
    }
    text
}

/// Whether a value can be written as a distance. Negative zero cannot.
fn is_whole(value: f64) -> bool {
    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    value.fract() == 0.0 && value.abs() < WHOLE && !is_negative_zero
}

/// Why a text is no recording this program reads.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// There is a head at most.
    #[error("it has one line only")]
    OneLine,
    /// The first line is not what it should be.
    #[error("its head cannot be read: {0}")]
    Head(#[source] serde_json::Error),
    /// It is of another format.
    #[error("it is of format {0}; this program reads format {FORMAT}")]
    Format(u32),
    /// A line that no recording has, by its number.
    #[error("its line {0} cannot be read")]
    Line(usize),
}

pub(super) fn parse(text: &str) -> Result<Recording, TextError> {
    let (first, rest) = text.split_once('\n').ok_or(TextError::OneLine)?;
    let Versioned { format } = serde_json::from_str(first).map_err(TextError::Head)?;
    if format != FORMAT {
        return Err(TextError::Format(format));
    }
    let mut head: Head = serde_json::from_str(first).map_err(TextError::Head)?;
    head.roles.machines.clone_from(&head.facts.inventory.machines);
    let mut telemetry = Telemetry::default();
    let mut times: Vec<Vec<UnixMs>> = Vec::new();
    for (number, line) in rest.lines().enumerate() {
        let read = match line.split_once(' ') {
            Some(("T", rest)) => read_target(rest).map(|(target, all)| {
                telemetry.targets.push(target);
                times.push(all);
            }),
            Some(("S", rest)) => read_series(rest, &times).map(|kept| {
                telemetry.series.entry(kept.labels.name().to_owned()).or_default().push(kept);
            }),
            Some(("L", rest)) => read_line(rest).map(|line| telemetry.lines.push(line)),
            _ => None,
        };
        read.ok_or(TextError::Line(number + 2))?;
    }
    if telemetry.name_instances() {
        let unknown = catalogue::metrics()
            .iter()
            .map(|metric| metric.name)
            .filter(|name| SINCE_INSTANCES.iter().any(|prefix| name.starts_with(prefix)));
        head.left_out.extend(unknown.map(str::to_owned));
    }
    Ok(Recording { head, telemetry })
}

/// What metrics begin with that are recorded since scraped series carry `instance`: of them an
/// older recording says nothing.
const SINCE_INSTANCES: [&str; 19] = [
    "jvm_buffer_pool_capacity_bytes",
    "jvm_buffer_pool_used_buffers",
    "jvm_memory_pool_committed_bytes",
    "jvm_threads_daemon",
    "jvm_threads_peak",
    "jvm_threads_state",
    "kafka_cluster_partition_atminisr",
    "kafka_cluster_partition_under",
    "kafka_log_logcleanermanager_",
    "kafka_server_brokertopicmetrics_fetchmessageconversions",
    "kafka_server_brokertopicmetrics_producemessageconversions",
    "kafka_server_brokertopicmetrics_total",
    "node_cpu_",
    "node_disk_",
    "node_load",
    "node_memory_",
    "node_pressure_",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
];

/// As much of a head as every format has.
#[derive(serde::Deserialize)]
struct Versioned {
    format: u32,
}

fn read_target(rest: &str) -> Option<(Target, Vec<UnixMs>)> {
    let mut words = rest.split(' ');
    let (job, node) = (words.next()?, words.next()?);
    let mut target = Target {
        job: job.to_owned(),
        node: if node == "-" { String::new() } else { node.to_owned() },
        reads: Vec::new(),
    };
    let (mut all, mut at) = (Vec::new(), 0);
    for word in words {
        let failed = word.ends_with('!');
        at += word.trim_end_matches('!').parse::<i64>().ok()?;
        all.push(at);
        if !failed {
            target.reads.push(at);
        }
    }
    Some((target, all))
}

fn read_series(rest: &str, times: &[Vec<UnixMs>]) -> Option<Kept> {
    let (target, rest) = rest.split_once(' ')?;
    let target: usize = target.parse().ok()?;
    let times = times.get(target)?;
    // Label values may hold blanks and braces: the JSON reader knows where the labels end.
    let mut labels =
        serde_json::Deserializer::from_str(rest).into_iter::<BTreeMap<String, String>>();
    let map = labels.next()?.ok()?;
    let mut kept = Kept { labels: Labels(map), target, changes: Vec::new() };
    let (mut next, mut before) = (0, 0);
    for word in rest[labels.byte_offset()..].split_ascii_whitespace() {
        let (skipped, change) = word.split_once(':')?;
        let place = next + if skipped.is_empty() { 0 } else { skipped.parse::<usize>().ok()? };
        next = place + 1;
        let value = match change {
            "S" => stale(),
            "N" => f64::NAN,
            _ => match change.strip_prefix('=') {
                Some(number) => number.parse().ok()?,
                None => {
                    before += change.parse::<i64>().ok()?;
                    before as f64
                }
            },
        };
        kept.changes.push(Point { at: *times.get(place)?, value });
    }
    Some(kept)
}

fn read_line(rest: &str) -> Option<LogLine> {
    let (node, rest) = rest.split_once(' ')?;
    let (at, line) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(LogLine { at: at.parse().ok()?, node: node.to_owned(), line: line.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(telemetry: &Telemetry) -> String {
        let mut text = String::new();
        for kept in telemetry.series.values().flatten() {
            text += &changes(&kept.changes, &times(telemetry, kept.target));
            text.push('\n');
        }
        text
    }

    #[test]
    fn what_is_written_is_read_again_value_by_value() {
        let values = [
            1.0,
            0.1,
            f64::INFINITY,
            -3.0,
            f64::NEG_INFINITY,
            -0.0,
            1e300,
            9.1e15,
            123_456_789_012.0,
            f64::NAN,
            stale(),
            7.0,
        ];
        let times: Vec<UnixMs> =
            (0..).map(|k| 1_795_352_000_000 + k * 1003).take(values.len()).collect();
        let points: Vec<Point> =
            times.iter().zip(values).map(|(at, value)| Point { at: *at, value }).collect();
        let labels = Labels::of("x", [("a", "b } :+1 c"), ("d", "\"")]);
        // The last but one read failed.
        let reads = times.iter().copied().filter(|at| *at != times[values.len() - 2]).collect();
        let target = Target { job: "kafka".to_owned(), node: String::new(), reads };
        let kept = Kept { labels, target: 0, changes: points.clone() };
        let telemetry = Telemetry {
            targets: vec![target.clone()],
            series: [("x".to_owned(), vec![kept])].into(),
            lines: Vec::new(),
        };
        insta::assert_snapshot!(written(&telemetry), @" :+1 :=0.1 :=inf :-4 :=-inf :=-0.0 :=1e300 :=9100000000000000.0 :+123456789015 :N :S :-123456789005");
        let mut line = "0 ".to_owned()
            + &serde_json::to_string(&telemetry.series["x"][0].labels.0).expect("JSON");
        line += &changes(&points, &times);
        let read = read_series(&line, std::slice::from_ref(&times)).expect("it can be read");
        let bits =
            |all: &[Point]| all.iter().map(|p| (p.at, p.value.to_bits())).collect::<Vec<_>>();
        assert_eq!(bits(&read.changes), bits(&points));
        assert_eq!(read.labels, telemetry.series["x"][0].labels);
    }

    #[test]
    fn a_target_keeps_what_failed_apart() {
        let (target, all) = read_target("kafka kafka-1 1000 1000! 1500").expect("it can be read");
        assert_eq!((target.reads, all), (vec![1000, 3500], vec![1000, 2000, 3500]));
        assert!(read_target("kafka kafka-1 x").is_none());
    }

    #[test]
    fn another_format_and_torn_lines_are_told() {
        assert_eq!(
            parse("{\"format\":2}\n").expect_err("refused").to_string(),
            "it is of format 2; this program reads format 1"
        );
        let no_format = parse("{}\n").expect_err("refused").to_string();
        assert!(no_format.starts_with("its head cannot be read"), "{no_format}");
        assert!(parse("").is_err());
    }
}
