//! A machine as it is found by one script, which it is given on standard input: nothing of it
//! stands in an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::domain::rca::effect::{Fingerprint, Found, Part};
use crate::domain::telemetry::series::UnixMs;
use crate::lab::engine::{Chunk, EngineError, Exec, Lab};

const SCRIPT: &str = include_str!("machine.sh");
/// A machine that takes longer is not compared: nobody waits for it.
const WITHIN: Duration = Duration::from_millis(1500);
/// What stands before the name of a part.
const MARK: char = '\u{1e}';
/// What is printed last: without it the machine was not read to its end.
const END: &str = "end";

/// Looks at a machine; nothing when it could not be read in time.
pub(super) async fn look(
    engine: &impl Exec,
    lab: &Lab,
    machine: &str,
    now: impl Fn() -> UnixMs,
) -> Option<Fingerprint> {
    match timeout(WITHIN, printed(engine, lab, machine)).await {
        Ok(Ok(text)) => parse(&text, now()),
        Ok(Err(error)) => {
            tracing::debug!(machine, %error, "a machine could not be compared");
            None
        }
        Err(_) => {
            tracing::debug!(machine, "a machine took too long to be compared");
            None
        }
    }
}

async fn printed(engine: &impl Exec, lab: &Lab, machine: &str) -> Result<String, EngineError> {
    let exec = engine.create_exec(lab, machine, &["sh"], true).await?;
    let (mut chunks, mut input) = engine.start_exec(&exec).await?;
    // A shell that is gone already has printed no end.
    let _ = input.write_all(SCRIPT.as_bytes()).await;
    let _ = input.shutdown().await;
    let mut printed = Vec::new();
    while let Some(chunk) = chunks.next().await {
        if let Chunk::StdOut(bytes) = chunk? {
            printed.extend_from_slice(&bytes);
        }
    }
    Ok(String::from_utf8_lossy(&printed).into_owned())
}

/// The fingerprint of what the script printed at this time; nothing when its end is missing.
fn parse(text: &str, now: UnixMs) -> Option<Fingerprint> {
    let parts: BTreeMap<&str, Vec<&str>> = text
        .split(MARK)
        .skip(1)
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, lines)| (name, lines.lines().map(str::trim_end).collect()))
        .collect();
    parts.get(END)?;
    let lines = |name: &str| parts.get(name).into_iter().flatten().copied();
    let mut fingerprint = Fingerprint::default();
    listed(fingerprint.part(Part::Queueing), lines("queueing").map(str::to_owned));
    listed(fingerprint.part(Part::Packets), rules(lines("packets")));
    listed(fingerprint.part(Part::Network), lines("network").map(without_queueing));
    listed(fingerprint.part(Part::Mounts), lines("mounts").map(str::to_owned));
    for (file, value) in lines("kernel").filter_map(|line| line.split_once(':')) {
        let name = file.trim_start_matches("/proc/sys/").replace('/', ".");
        fingerprint.part(Part::Kernel).insert(name, Found::value(value));
    }
    fingerprint.part(Part::Kernel);
    fingerprint.part(Part::Supervised);
    for (name, state) in lines("supervised").filter_map(|line| line.split_once(' ')) {
        fingerprint.part(Part::Supervised).insert(name.to_owned(), Found::value(wanted(state)));
    }
    processes(&mut fingerprint, lines("process"), &Boot::of(lines("clock").next()?, now)?);
    files(&mut fingerprint, lines("files"), lines("sums"));
    data(&mut fingerprint, lines("data"));
    Some(fingerprint)
}

/// Lines that are there or not.
fn listed(part: &mut BTreeMap<String, Found>, lines: impl Iterator<Item = String>) {
    let lines = lines.filter(|line| !line.is_empty());
    part.extend(lines.map(|line| (line.replace(char::is_control, " "), Found::default())));
}

/// Rules by table, without counters, comments and what an empty table looks like: a look makes one.
fn rules<'a>(lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = String> {
    let mut table = String::new();
    lines.filter_map(move |line| {
        let (family, line) = line.strip_prefix("ip6 ").map_or(("", line), |line| ("ip6 ", line));
        if let Some(name) = line.strip_prefix('*') {
            table = name.to_owned();
            return None;
        }
        let line = line.split(" [").next().unwrap_or(line);
        let is_rule = line.starts_with("-A") || line.starts_with(':') && !line.ends_with(" ACCEPT");
        is_rule.then(|| format!("{family}{table} {line}"))
    })
}

/// An interface's line names its queueing discipline, which is a part of its own.
fn without_queueing(line: &str) -> String {
    match line.split_once(" qdisc ") {
        Some((before, after)) => {
            let after = after.split_once(' ').map_or("", |(_, after)| after);
            format!("{before} {after}")
        }
        None => line.to_owned(),
    }
}

/// What a supervisor is to do with a service, from its `stat`: `run`, `down, want up`, ...
fn wanted(state: &str) -> &'static str {
    let is_down = state.contains("want down") || state == "down";
    if is_down { "down" } else { "up" }
}

/// When the machine's kernel began to count.
struct Boot {
    at: UnixMs,
    ticks_per_second: f64,
}

impl Boot {
    fn of(clock: &str, now: UnixMs) -> Option<Self> {
        let (uptime, ticks) = clock.split_once(' ')?;
        let uptime: f64 = uptime.parse().ok()?;
        Some(Self { at: now - (uptime * 1000.0) as i64, ticks_per_second: ticks.parse().ok()? })
    }

    fn at(&self, ticks: f64) -> UnixMs {
        self.at + (ticks / self.ticks_per_second * 1000.0) as i64
    }
}

/// Main processes: who they are, whether they are stopped, since when they run, and their limits.
fn processes<'a>(fingerprint: &mut Fingerprint, lines: impl Iterator<Item = &'a str>, boot: &Boot) {
    fingerprint.part(Part::Process);
    fingerprint.part(Part::Limits);
    let mut of = "";
    for line in lines {
        let Some(main) = line.strip_prefix("main ") else {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at =
                words.iter().position(|w| w.starts_with(|c: char| c.is_ascii_digit() || c == 'u'));
            let (what, value) = words.split_at(at.unwrap_or(words.len()).max(1).min(words.len()));
            let what = format!("{of}: {}", what.join(" ").trim_end_matches(':'));
            fingerprint.part(Part::Limits).insert(what, Found::value(value.join(" ")));
            continue;
        };
        // proc(5): pid (comm) state ...; the program's name may hold blanks.
        let (Some((name, stat)), Some((_, after))) = (main.split_once(' '), main.rsplit_once(") "))
        else {
            continue;
        };
        of = name;
        let pid = stat.split(' ').next().unwrap_or("");
        let fields: Vec<&str> = after.split(' ').collect();
        let field = |number: usize| fields.get(number - 3).copied().unwrap_or("");
        let state = if matches!(field(3), "T" | "t") { "stopped" } else { "running" };
        let since = field(22).parse().ok().map(|ticks| boot.at(ticks));
        let found = Found { value: format!("{state} as {pid}"), since };
        fingerprint.part(Part::Process).insert(name.to_owned(), found);
        for (what, number) in [("nice", 19), ("policy", 41)] {
            let what = format!("{name}: {what}");
            fingerprint.part(Part::Limits).insert(what, Found::value(field(number)));
        }
    }
}

/// A time as `find` prints it: seconds with a fraction.
fn seconds(text: &str) -> Option<UnixMs> {
    text.parse::<f64>().ok().map(|seconds| (seconds * 1000.0) as i64)
}

fn files<'a>(
    fingerprint: &mut Fingerprint,
    lines: impl Iterator<Item = &'a str>,
    sums: impl Iterator<Item = &'a str>,
) {
    let sums: BTreeMap<&str, &str> = sums
        .filter_map(|line| {
            let mut words = line.splitn(3, ' ');
            let sum = words.next()?;
            Some((words.nth(1)?, sum))
        })
        .collect();
    let part = fingerprint.part(Part::Files);
    for line in lines {
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        let [changed, size, mode, owner, path] = words[..] else { continue };
        let (path, link) = path.split_once(" ->").unwrap_or((path, ""));
        let sum = sums.get(path).copied().unwrap_or("");
        let value = format!("{size} {mode} {owner} {sum} {link}");
        part.insert(path.to_owned(), Found { value, since: seconds(changed) });
    }
}

/// What Kafka's user owns it writes and removes by itself.
fn data<'a>(fingerprint: &mut Fingerprint, lines: impl Iterator<Item = &'a str>) {
    fingerprint.part(Part::Data);
    fingerprint.part(Part::Written);
    for line in lines {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let [changed, size, owner, path] = words[..] else { continue };
        let (part, found) = match owner {
            "root" => (Part::Data, Found { value: String::new(), since: seconds(changed) }),
            _ => (Part::Written, Found { value: size.to_owned(), since: seconds(changed) }),
        };
        fingerprint.part(part).insert(path.to_owned(), found);
    }
}

#[cfg(test)]
mod tests;
